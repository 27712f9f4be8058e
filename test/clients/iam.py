"""Drives IAM and STS with boto3 as an administrator would, and uses what it made on S3. Prints one line per claim."""

import json
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, ACCESS_KEY, SECRET_KEY = sys.argv[1:4]
BUCKET = "iam-suite"
KEY = "reports/2026 report.txt"
CONFIG = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


def client(service, credentials, region="eu-west-3"):
    access_key, secret_key, token = credentials
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=token,
        config=CONFIG,
    )


def session(issued):
    return issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"]


def check(claim, holds):
    print(f"{'ok' if holds else 'FAILED'} {claim}", flush=True)


def code_of(call, **arguments):
    """The code that a call is refused with; None when it succeeds."""
    try:
        call(**arguments)
        return None
    except ClientError as error:
        return error.response["Error"]["Code"]


def allow(actions, resource):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}]})


def trust(principal, condition=None):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    if condition is not None:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ROOT = (ACCESS_KEY, SECRET_KEY, None)
OBJECTS = f"arn:aws:s3:::{BUCKET}/*"


def users(iam, sts):
    account = sts.get_caller_identity()["Account"]
    user = iam.create_user(UserName="ann", Path="/staff/", Tags=[{"Key": "team", "Value": "red"}])["User"]
    check("a user is made", user["Arn"] == f"arn:aws:iam::{account}:user/staff/ann")
    check("and found", iam.get_user(UserName="ann")["User"]["Tags"] == [{"Key": "team", "Value": "red"}])
    check("a second of its name is refused", code_of(iam.create_user, UserName="ann") == "EntityAlreadyExists")
    for number in range(5):
        iam.create_user(UserName=f"worker{number}", Path="/workers/")
    pages = iam.get_paginator("list_users").paginate(PathPrefix="/workers/", PaginationConfig={"PageSize": 2})
    names = [user["UserName"] for page in pages for user in page["Users"]]
    check("pages hold every user once", names == [f"worker{number}" for number in range(5)])
    for name in names:
        iam.delete_user(UserName=name)
    check("a user that is gone is not found", code_of(iam.get_user, UserName="worker0") == "NoSuchEntity")
    return account


def policies(iam, account):
    document = allow(["s3:PutObject", "s3:GetObject"], OBJECTS)
    arn = iam.create_policy(PolicyName="objects", PolicyDocument=document)["Policy"]["Arn"]
    check("a policy is made", arn == f"arn:aws:iam::{account}:policy/objects")
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    check("and read back as it was written", version["Document"] == json.loads(document))
    malformed = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]})
    refused = code_of(iam.create_policy, PolicyName="bad", PolicyDocument=malformed)
    check("a malformed one is refused", refused == "MalformedPolicyDocument")
    return arn


def access(iam, root_s3, policy):
    issued = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = (issued["AccessKeyId"], issued["SecretAccessKey"], None)
    s3 = client("s3", ann)
    root_s3.create_bucket(Bucket=BUCKET)
    put = dict(Bucket=BUCKET, Key=KEY, Body=b"figures")
    check("without a policy nothing is allowed", code_of(s3.put_object, **put) == "AccessDenied")
    iam.attach_user_policy(UserName="ann", PolicyArn=policy)
    attached = iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"]
    check("the attachment is listed", attached == [{"PolicyName": "objects", "PolicyArn": policy}])
    check("what the policy allows works on the next request", code_of(s3.put_object, **put) is None)
    check("the bytes come back", s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"figures")
    check("what it does not allow is refused", code_of(s3.delete_object, Bucket=BUCKET, Key=KEY) == "AccessDenied")
    check("listing too", code_of(s3.list_objects_v2, Bucket=BUCKET) == "AccessDenied")
    iam.create_group(GroupName="listers")
    iam.put_group_policy(GroupName="listers", PolicyName="list", PolicyDocument=allow("s3:ListBucket", f"arn:aws:s3:::{BUCKET}"))
    iam.add_user_to_group(GroupName="listers", UserName="ann")
    check("a group's policy works for its members", s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1)
    iam.remove_user_from_group(GroupName="listers", UserName="ann")
    check("and no more when they leave", code_of(s3.list_objects_v2, Bucket=BUCKET) == "AccessDenied")
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=allow("s3:PutObject", "*"))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=bound)
    check("a boundary takes away", code_of(s3.get_object, Bucket=BUCKET, Key=KEY) == "AccessDenied")
    iam.delete_user_permissions_boundary(UserName="ann")
    check("and gives back", code_of(s3.get_object, Bucket=BUCKET, Key=KEY) is None)
    check("a user may not manage users", code_of(client("iam", ann).create_user, UserName="x") == "AccessDenied")
    decisions = iam.simulate_principal_policy(
        PolicySourceArn=iam.get_user(UserName="ann")["User"]["Arn"],
        ActionNames=["s3:GetObject", "s3:DeleteObject"],
        ResourceArns=[f"arn:aws:s3:::{BUCKET}/x"],
    )["EvaluationResults"]
    check("the simulator agrees", [each["EvalDecision"] for each in decisions] == ["allowed", "implicitDeny"])
    used = iam.get_access_key_last_used(AccessKeyId=ann[0])
    check("the key's use is told", used["UserName"] == "ann")
    return ann


def sessions(iam, account, ann):
    sts = client("sts", ann)
    arn = f"arn:aws:iam::{account}:user/staff/ann"
    check("a user knows who it is", sts.get_caller_identity()["Arn"] == arn)
    condition = {"StringEquals": {"sts:ExternalId": "outside-42"}}
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust(arn, condition))["Role"]
    check("a role is made", role["AssumeRolePolicyDocument"] == json.loads(trust(arn, condition)))
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=allow("s3:GetObject", OBJECTS))
    wanted = dict(RoleArn=role["Arn"], RoleSessionName="nightly")
    check("its condition is asked", code_of(sts.assume_role, **wanted) == "AccessDenied")
    wanted["ExternalId"] = "outside-42"
    assumed = sts.assume_role(**wanted)
    check("it is assumed", assumed["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/reader/nightly")
    reader = client("s3", session(assumed["Credentials"]))
    check("its session reads", reader.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"figures")
    check("and does not write", code_of(reader.put_object, Bucket=BUCKET, Key=KEY, Body=b"x") == "AccessDenied")
    url = reader.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": KEY}, ExpiresIn=60)
    check("its presigned link works", urllib.request.urlopen(url).read() == b"figures")
    nothing = sts.assume_role(**wanted, Policy=allow("s3:ListBucket", "*"))
    narrowed = client("s3", session(nothing["Credentials"]))
    check("a session policy narrows", code_of(narrowed.get_object, Bucket=BUCKET, Key=KEY) == "AccessDenied")
    check("a session that is too long is refused", code_of(sts.assume_role, **wanted, DurationSeconds=7200) == "ValidationError")
    unknown = code_of(sts.assume_role, RoleArn=role["Arn"] + "x", RoleSessionName="nightly")
    check("a role that is not there is refused like one that may not be assumed", unknown == "AccessDenied")
    own = session(sts.get_session_token(DurationSeconds=900)["Credentials"])
    check("credentials of GetSessionToken work", code_of(client("s3", own).get_object, Bucket=BUCKET, Key=KEY) is None)
    tampered = (own[0], own[1], own[2][:-4] + "AAAA")
    check("a token that was changed does not", code_of(client("s3", tampered).get_object, Bucket=BUCKET, Key=KEY) is not None)
    refused = code_of(sts.get_federation_token, Name="nobody")
    check("what is not served is refused by its name", refused == "InvalidAction")
    return reader, client("s3", own)


def revocation(iam, ann, reader, own):
    s3 = client("s3", ann)
    check("the key still works", code_of(s3.get_object, Bucket=BUCKET, Key=KEY) is None)
    iam.update_access_key(UserName="ann", AccessKeyId=ann[0], Status="Inactive")
    check("a key that is disabled is refused on the next request", code_of(s3.get_object, Bucket=BUCKET, Key=KEY) == "InvalidAccessKeyId")
    check("so are the credentials that it asked for", code_of(own.get_object, Bucket=BUCKET, Key=KEY) is not None)
    check("and the role's session", code_of(reader.get_object, Bucket=BUCKET, Key=KEY) is not None)
    check("STS refuses it too", code_of(client("sts", ann).get_caller_identity) == "InvalidClientTokenId")
    iam.update_access_key(UserName="ann", AccessKeyId=ann[0], Status="Active")
    check("enabled again it works", code_of(s3.get_object, Bucket=BUCKET, Key=KEY) is None)
    iam.delete_access_key(UserName="ann", AccessKeyId=ann[0])
    check("deleted it does not", code_of(s3.get_object, Bucket=BUCKET, Key=KEY) == "InvalidAccessKeyId")


def refusals(iam):
    check("users have no login profile", code_of(iam.get_login_profile, UserName="ann") == "NoSuchEntity")
    refused = code_of(iam.create_login_profile, UserName="ann", Password="a long password")
    check("and get none", refused == "InvalidAction")
    wrong = client("iam", (ACCESS_KEY, "wrong", None))
    check("a wrong secret is refused", code_of(wrong.list_users) == "SignatureDoesNotMatch")
    check("an unknown key is refused", code_of(client("iam", ("NOSUCHKEY1234567", "x", None)).list_users) == "InvalidClientTokenId")
    request = urllib.request.Request(ENDPOINT + "/", data=b"Action=ListUsers&Version=2010-05-08")
    try:
        urllib.request.urlopen(request)
        check("who did not sign is refused", False)
    except urllib.error.HTTPError as error:
        check("who did not sign is refused", error.code == 403 and b"MissingAuthenticationToken" in error.read())


def tags_of_buckets(account):
    control = boto3.client(
        "s3control",
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(retries={"total_max_attempts": 1}),
    )
    # The account stands before the endpoint's name, which an address has none of.
    def to_endpoint(request, **_):
        request.url = ENDPOINT + request.url[request.url.index("/v20180820/") :]

    control.meta.events.register("before-sign.s3-control", to_endpoint)
    arn = f"arn:aws:s3:::{BUCKET}"
    resource = dict(AccountId=account, ResourceArn=arn)
    check("a bucket has no tags at first", control.list_tags_for_resource(**resource)["Tags"] == [])
    control.tag_resource(**resource, Tags=[{"Key": "team", "Value": "red + blue"}, {"Key": "cost", "Value": "7"}])
    control.tag_resource(**resource, Tags=[{"Key": "cost", "Value": "8"}])
    tags = {tag["Key"]: tag["Value"] for tag in control.list_tags_for_resource(**resource)["Tags"]}
    check("tags are merged", tags == {"team": "red + blue", "cost": "8"})
    control.untag_resource(**resource, TagKeys=["team"])
    check("and taken away", control.list_tags_for_resource(**resource)["Tags"] == [{"Key": "cost", "Value": "8"}])
    check("other calls are not served", code_of(control.list_access_points, AccountId=account) == "MethodNotAllowed")


def cleaning(iam, policy):
    check("a user with policies is not deleted", code_of(iam.delete_user, UserName="ann") == "DeleteConflict")
    iam.detach_user_policy(UserName="ann", PolicyArn=policy)
    iam.delete_user(UserName="ann")
    iam.delete_policy(PolicyArn=policy)
    iam.delete_group_policy(GroupName="listers", PolicyName="list")
    iam.delete_group(GroupName="listers")
    iam.delete_role_policy(RoleName="reader", PolicyName="read")
    iam.delete_role(RoleName="reader")
    summary = iam.get_account_summary()["SummaryMap"]
    check("nothing is left", (summary["Users"], summary["Groups"], summary["Roles"]) == (0, 0, 0))


def main():
    iam, sts = client("iam", ROOT), client("sts", ROOT)
    account = users(iam, sts)
    policy = policies(iam, account)
    ann = access(iam, client("s3", ROOT), policy)
    reader, own = sessions(iam, account, ann)
    revocation(iam, ann, reader, own)
    refusals(iam)
    tags_of_buckets(account)
    cleaning(iam, policy)
    print("done")


main()
