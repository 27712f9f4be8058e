"""boto3 beyond objects' bytes: access, tags, locks, lifecycle, encryption, forms, websites and the other sub-resources."""

import datetime
import hashlib
import json
import uuid

import boto3
from botocore.exceptions import ClientError
from common import *

client = boto3.client("s3", endpoint_url=ENDPOINT)
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
ORIGIN = "https://app.example.com"
URL = f"{ENDPOINT}/{BUCKET}"


def refused(code: str, call, **arguments) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        expect(error.response["Error"]["Code"] == code, f"{code} expected: {error}")
        return
    raise AssertionError(f"{code} expected")


def same(found, wanted, claim: str) -> None:
    expect(found == wanted, f"{claim}: {found!r}")


def get(key: str, **more) -> bytes:
    return client.get_object(Bucket=BUCKET, Key=key, **more)["Body"].read()


def access() -> None:
    client.put_object(Bucket=BUCKET, Key="page", Body=b"page")
    same(fetch(f"{URL}/page")[0], 403, "a new bucket is private")
    refused("NoSuchBucketPolicy", client.get_bucket_policy, Bucket=BUCKET)
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    client.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    same(json.loads(client.get_bucket_policy(Bucket=BUCKET)["Policy"]), json.loads(policy), "the policy as it was put")
    same(client.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"]["IsPublic"], True, "public by policy")
    same(fetch(f"{URL}/page"), (200, b"page"), "the policy lets everybody read")
    refused("MalformedPolicy", client.put_bucket_policy, Bucket=BUCKET, Policy="{}")
    did("bucket policy, its status, MalformedPolicy")
    refused("NoSuchPublicAccessBlockConfiguration", client.get_public_access_block, Bucket=BUCKET)
    names = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
    block = {name: True for name in names}
    client.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)
    same(client.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"], block, "the block")
    same(fetch(f"{URL}/page")[0], 403, "the block closes a public bucket")
    refused("AccessDenied", client.put_bucket_policy, Bucket=BUCKET, Policy=policy)
    refused("AccessDenied", client.put_object_acl, Bucket=BUCKET, Key="page", ACL="public-read")
    client.delete_public_access_block(Bucket=BUCKET)
    same(fetch(f"{URL}/page")[0], 200, "without the block")
    client.delete_bucket_policy(Bucket=BUCKET)
    same(fetch(f"{URL}/page")[0], 403, "without the policy")
    did("public access block")


def ownership_and_acls() -> None:
    owner = client.get_bucket_acl(Bucket=BUCKET)
    same([grant["Permission"] for grant in owner["Grants"]], ["FULL_CONTROL"], "the owner's grant alone")
    same(owner["Grants"][0]["Grantee"]["ID"], owner["Owner"]["ID"], "whom it is to")
    client.put_object_acl(Bucket=BUCKET, Key="page", ACL="public-read")
    same(fetch(f"{URL}/page"), (200, b"page"), "a canned ACL lets everybody read")
    uris = [grant["Grantee"].get("URI", "") for grant in client.get_object_acl(Bucket=BUCKET, Key="page")["Grants"]]
    expect(any(uri.endswith("/global/AllUsers") for uri in uris), f"the group is shown: {uris}")
    client.put_object(Bucket=BUCKET, Key="granted", Body=b"x", GrantRead='uri="http://acs.amazonaws.com/groups/global/AllUsers"')
    same(fetch(f"{URL}/granted")[0], 200, "a grant by header")
    mine = {"Grantee": {"Type": "CanonicalUser", "ID": owner["Owner"]["ID"]}, "Permission": "FULL_CONTROL"}
    logs = {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}, "Permission": "READ_ACP"}
    client.put_object_acl(Bucket=BUCKET, Key="granted", AccessControlPolicy={"Owner": owner["Owner"], "Grants": [mine, logs]})
    same(fetch(f"{URL}/granted")[0], 403, "the grants of a body replace those before")
    same(len(client.get_object_acl(Bucket=BUCKET, Key="granted")["Grants"]), 2, "grants by body")
    client.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    same(fetch(f"{URL}?list-type=2")[0], 200, "the bucket's ACL lets everybody list")
    client.put_bucket_acl(Bucket=BUCKET, ACL="private")
    did("ACLs: canned, by header, by body")
    refused("OwnershipControlsNotFoundError", client.get_bucket_ownership_controls, Bucket=BUCKET)
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    client.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=enforced)
    same(client.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"], enforced, "ownership")
    refused("AccessControlListNotSupported", client.put_object_acl, Bucket=BUCKET, Key="page", ACL="public-read")
    same(fetch(f"{URL}/page")[0], 403, "ACLs are off")
    client.delete_bucket_ownership_controls(Bucket=BUCKET)
    same(fetch(f"{URL}/page")[0], 200, "ACLs are on again")
    did("ownership controls")


def tags() -> None:
    refused("NoSuchTagSet", client.get_bucket_tagging, Bucket=BUCKET)
    two = [{"Key": "team", "Value": "blue + green = @home"}, {"Key": "ünï", "Value": ""}]
    client.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": two})
    same(sorted(client.get_bucket_tagging(Bucket=BUCKET)["TagSet"], key=str), sorted(two, key=str), "bucket tags")
    client.delete_bucket_tagging(Bucket=BUCKET)
    refused("NoSuchTagSet", client.get_bucket_tagging, Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="tagged", Body=b"x", Tagging="state=new&note=a%20b")
    tagged = {"Bucket": BUCKET, "Key": "tagged"}
    by_key = {tag["Key"]: tag["Value"] for tag in client.get_object_tagging(**tagged)["TagSet"]}
    same(by_key, {"state": "new", "note": "a b"}, "tags by header")
    same(client.get_object(**tagged)["TagCount"], 2, "their number")
    client.copy_object(Bucket=BUCKET, Key="copied", CopySource=tagged)
    same(len(client.get_object_tagging(Bucket=BUCKET, Key="copied")["TagSet"]), 2, "a copy keeps tags")
    client.put_object_tagging(**tagged, Tagging={"TagSet": two})
    same(sorted(client.get_object_tagging(**tagged)["TagSet"], key=str), sorted(two, key=str), "object tags")
    client.delete_object_tagging(**tagged)
    same(client.get_object_tagging(**tagged)["TagSet"], [], "deleted")
    many = [{"Key": str(number), "Value": ""} for number in range(11)]
    refused("BadRequest", client.put_object_tagging, **tagged, Tagging={"TagSet": many})
    did("tagging of buckets and objects, by header, through copies")


def versions() -> None:
    same(client.get_bucket_versioning(Bucket=BUCKET).get("Status"), None, "unversioned")
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    same(client.get_bucket_versioning(Bucket=BUCKET)["Status"], "Enabled", "versioning")
    first = client.put_object(Bucket=BUCKET, Key="versioned", Body=b"one")["VersionId"]
    client.put_object(Bucket=BUCKET, Key="versioned", Body=b"two")
    marker = client.delete_object(Bucket=BUCKET, Key="versioned")
    same(marker["DeleteMarker"], True, "delete marker")
    refused("NoSuchKey", client.get_object, Bucket=BUCKET, Key="versioned")
    same(get("versioned", VersionId=first), b"one", "the first version")
    listed = client.list_object_versions(Bucket=BUCKET, Prefix="versioned")
    same((len(listed["Versions"]), len(listed["DeleteMarkers"])), (2, 1), "list_object_versions")
    client.delete_object(Bucket=BUCKET, Key="versioned", VersionId=marker["VersionId"])
    same(get("versioned"), b"two", "the marker is gone")
    did("versioning, delete markers, list_object_versions")


def lifecycle() -> None:
    refused("NoSuchLifecycleConfiguration", client.get_bucket_lifecycle_configuration, Bucket=BUCKET)
    rules = [
        {"ID": "old", "Filter": {"Prefix": "logs/"}, "Status": "Enabled", "Expiration": {"Days": 3}},
        {
            "ID": "rest",
            "Filter": {"And": {"Prefix": "tmp/", "Tags": [{"Key": "a", "Value": "b"}], "ObjectSizeGreaterThan": 10}},
            "Status": "Disabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": 4, "NewerNoncurrentVersions": 2},
        },
        {"ID": "uploads", "Filter": {}, "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}},
    ]
    client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": rules})
    found = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    same([rule["ID"] for rule in found], ["old", "rest", "uploads"], "rules")
    same(found[0]["Expiration"], {"Days": 3}, "expiration")
    same(found[1]["Filter"], rules[1]["Filter"], "filter")
    put = client.put_object(Bucket=BUCKET, Key="logs/today", Body=b"x")
    expect('rule-id="old"' in put["Expiration"], "x-amz-expiration of a put")
    expect('rule-id="old"' in client.head_object(Bucket=BUCKET, Key="logs/today")["Expiration"], "and of a head")
    bad = {"Rules": [{"ID": "zero", "Filter": {}, "Status": "Enabled", "Expiration": {"Days": 0}}]}
    refused("InvalidArgument", client.put_bucket_lifecycle_configuration, Bucket=BUCKET, LifecycleConfiguration=bad)
    client.delete_bucket_lifecycle(Bucket=BUCKET)
    refused("NoSuchLifecycleConfiguration", client.get_bucket_lifecycle_configuration, Bucket=BUCKET)
    did("lifecycle configuration, Expiration")


def cors() -> None:
    refused("NoSuchCORSConfiguration", client.get_bucket_cors, Bucket=BUCKET)
    rule = {"AllowedOrigins": [ORIGIN], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 60}
    client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    same(client.get_bucket_cors(Bucket=BUCKET)["CORSRules"], [rule], "rules")
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    same(fetch(f"{URL}/page", "OPTIONS", headers=asked)[0], 200, "preflight")
    same(fetch(f"{URL}/page", "OPTIONS", headers={**asked, "Origin": "https://other.example.com"})[0], 403, "another origin")
    client.delete_bucket_cors(Bucket=BUCKET)
    same(fetch(f"{URL}/page", "OPTIONS", headers=asked)[0], 403, "without rules")
    did("CORS configuration, preflight")


def locks() -> None:
    locked = f"{BUCKET}-locked"
    client.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True)
    same(client.get_bucket_versioning(Bucket=locked)["Status"], "Enabled", "a bucket with locks has versions")
    refused("ObjectLockConfigurationNotFoundError", client.get_object_lock_configuration, Bucket=BUCKET)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 2}}
    wanted = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    client.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=wanted)
    same(client.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"], wanted, "the default")
    at = {"Bucket": locked, "Key": "held"}
    one = {**at, "VersionId": client.put_object(**at, Body=b"one")["VersionId"]}
    kept = client.get_object_retention(**one)["Retention"]
    same(kept["Mode"], "GOVERNANCE", "retention by default")
    expect(abs(kept["RetainUntilDate"] - NOW - 2 * DAY) < DAY / 2, f"until in two days: {kept}")
    refused("AccessDenied", client.delete_object, **one)
    errors = client.delete_objects(Bucket=locked, Delete={"Objects": [{"Key": "held", "VersionId": one["VersionId"]}]})
    same(errors["Errors"][0]["Code"], "AccessDenied", "in a batch too")
    longer = {"Mode": "GOVERNANCE", "RetainUntilDate": NOW + 5 * DAY}
    client.put_object_retention(**one, Retention=longer)
    same(client.head_object(**one)["ObjectLockRetainUntilDate"], longer["RetainUntilDate"], "longer")
    shorter = {**longer, "RetainUntilDate": NOW + DAY}
    refused("AccessDenied", client.put_object_retention, **one, Retention=shorter)
    client.put_object_retention(**one, Retention=shorter, BypassGovernanceRetention=True)
    client.put_object_legal_hold(**one, LegalHold={"Status": "ON"})
    same(client.get_object_legal_hold(**one)["LegalHold"]["Status"], "ON", "legal hold")
    refused("AccessDenied", client.delete_object, **one, BypassGovernanceRetention=True)
    client.put_object_legal_hold(**one, LegalHold={"Status": "OFF"})
    client.delete_object(**one, BypassGovernanceRetention=True)
    strict = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": NOW + DAY}
    two = client.put_object(Bucket=locked, Key="strict", Body=b"two", **strict)["VersionId"]
    refused("AccessDenied", client.delete_object, Bucket=locked, Key="strict", VersionId=two, BypassGovernanceRetention=True)
    same(client.delete_object(Bucket=locked, Key="strict")["DeleteMarker"], True, "a marker may cover it")
    did("object lock: bucket default, retention, legal hold, refused deletes, bypass")


def encrypted(name: str, arguments: dict, shown: dict, reading: dict, source: dict) -> None:
    """Put, managed transfer by parts, copy and range of one way to encrypt."""
    put = client.put_object(Bucket=BUCKET, Key=name, Body=content(FILES[2]), **arguments)
    expect(shown.items() <= put.items(), f"{name}: {put}")
    head = client.head_object(Bucket=BUCKET, Key=name, **reading)
    expect(shown.items() <= head.items() and head["ContentLength"] == FILES[2]["bytes"], f"{name}: {head}")
    same(sha256(get(name, **reading)), FILES[2]["sha256"], name)
    client.upload_file(FILES[-1]["path"], BUCKET, f"{name}-parts", ExtraArgs=arguments)
    head = client.head_object(Bucket=BUCKET, Key=f"{name}-parts", **reading)
    expect("-" in head["ETag"] and shown.items() <= head.items(), f"{name} by parts: {head}")
    same(sha256(get(f"{name}-parts", **reading)), FILES[-1]["sha256"], f"{name} by parts")
    same(get(f"{name}-parts", **reading, Range="bytes=9000000-9000099"), content(FILES[-1])[9000000:9000100], "range")
    client.copy_object(Bucket=BUCKET, Key=f"{name}-plain", CopySource={"Bucket": BUCKET, "Key": name}, **source)
    same(sha256(get(f"{name}-plain")), FILES[2]["sha256"], f"{name}, a copy in the clear")
    client.copy_object(Bucket=BUCKET, Key=f"{name}-again", CopySource={"Bucket": BUCKET, "Key": f"{name}-plain"}, **arguments)
    same(sha256(get(f"{name}-again", **reading)), FILES[2]["sha256"], f"{name}, a copy encrypted")


def encryption() -> None:
    encrypted("sse-s3", {"ServerSideEncryption": "AES256"}, {"ServerSideEncryption": "AES256"}, {}, {})
    by_kms = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "second"}
    encrypted("sse-kms", by_kms, {"ServerSideEncryption": "aws:kms"}, {}, {})
    absent = {**by_kms, "SSEKMSKeyId": "absent"}
    refused("KMS.NotFoundException", client.put_object, Bucket=BUCKET, Key="absent", Body=b"x", **absent)
    refused("ServerSideEncryptionConfigurationNotFoundError", client.get_bucket_encryption, Bucket=BUCKET)
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "first"}, "BucketKeyEnabled": True}
    client.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [default]})
    found = client.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0]
    expect(default.items() <= found.items(), f"default encryption: {found}")
    put = client.put_object(Bucket=BUCKET, Key="by default", Body=b"x")
    same((put["ServerSideEncryption"], put["BucketKeyEnabled"]), ("aws:kms", True), "by default")
    client.delete_bucket_encryption(Bucket=BUCKET)
    did("SSE-S3, SSE-KMS by parts and through copies; bucket default")
    key = hashlib.sha256(b"a customer's key").digest()
    own = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}
    if CA is None:
        refused("InvalidRequest", client.put_object, Bucket=BUCKET, Key="c", Body=b"x", **own)
        did("SSE-C refused without TLS")
        return
    source = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": key}
    encrypted("sse-c", own, {"SSECustomerAlgorithm": "AES256"}, own, source)
    refused("InvalidRequest", client.get_object, Bucket=BUCKET, Key="sse-c")
    other = {**own, "SSECustomerKey": bytes(32)}
    refused("AccessDenied", client.get_object, Bucket=BUCKET, Key="sse-c", **other)
    did("SSE-C by parts and through copies, wrong key")


def form(fields: dict, data: bytes, url: str) -> tuple[int, bytes]:
    boundary = uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    start = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a file.txt"\r\nContent-Type: text/plain\r\n\r\n'
    body = "".join(parts).encode() + start.encode() + data + f"\r\n--{boundary}--\r\n".encode()
    return fetch(url, "POST", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


def forms() -> None:
    fields = {"success_action_status": "201", "x-amz-meta-note": "form"}
    conditions = [{"success_action_status": "201"}, {"x-amz-meta-note": "form"}, ["content-length-range", 1, 1000]]
    made = client.generate_presigned_post(BUCKET, "posted/${filename}", fields, conditions, 600)
    status, body = form(made["fields"], b"by form", made["url"])
    expect(status == 201 and b"<PostResponse>" in body, f"{status} {body!r}")
    same(get("posted/a file.txt"), b"by form", "posted")
    same(client.head_object(Bucket=BUCKET, Key="posted/a file.txt")["Metadata"], {"note": "form"}, "metadata of a form")
    status, body = form(made["fields"], bytes(2000), made["url"])
    expect(status == 400 and b"EntityTooLarge" in body, f"too long: {status} {body!r}")
    status, body = form({**made["fields"], "key": "elsewhere"}, b"x", made["url"])
    expect(status == 403 and b"AccessDenied" in body, f"another key: {status} {body!r}")
    did("generate_presigned_post: conditions, content-length-range, ${filename}")


def others() -> None:
    refused("NoSuchWebsiteConfiguration", client.get_bucket_website, Bucket=BUCKET)
    site = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}
    client.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration=site)
    shown = client.get_bucket_website(Bucket=BUCKET)
    same({name: shown[name] for name in site}, site, "website")
    client.put_object(Bucket=BUCKET, Key="index.html", Body=b"home", ACL="public-read", ContentType="text/html")
    host = {"Host": f"{BUCKET}.s3-website.localhost"}
    same(fetch(f"{ENDPOINT}/", headers=host), (200, b"home"), "the website's index")
    client.delete_bucket_website(Bucket=BUCKET)
    same(fetch(f"{ENDPOINT}/", headers=host)[0], 404, "no website")
    did("website")
    configuration = client.get_bucket_notification_configuration(Bucket=BUCKET)
    same([name for name in configuration if name != "ResponseMetadata"], [], "no notifications")
    client.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    nowhere = [{"QueueArn": "arn:aws:sqs:us-east-1:111122223333:nowhere", "Events": ["s3:ObjectCreated:*"]}]
    to_nothing = {"QueueConfigurations": nowhere}
    refused("InvalidArgument", client.put_bucket_notification_configuration, Bucket=BUCKET, NotificationConfiguration=to_nothing)
    same(client.get_bucket_logging(Bucket=BUCKET).get("LoggingEnabled"), None, "no logging")
    refused("InvalidTargetBucketForLogging", client.put_bucket_logging, Bucket=BUCKET, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "absent", "TargetPrefix": ""}})
    did("notification: empty, unknown target; logging: none, unknown target")
    refused("ReplicationConfigurationNotFoundError", client.get_bucket_replication, Bucket=BUCKET)
    rule = {
        "ID": "all",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{BUCKET}-locked"},
    }
    replication = {"Role": "arn:aws:iam::111122223333:role/replication", "Rules": [rule]}
    client.put_bucket_replication(Bucket=BUCKET, ReplicationConfiguration=replication)
    same(client.get_bucket_replication(Bucket=BUCKET)["ReplicationConfiguration"], replication, "replication")
    client.delete_bucket_replication(Bucket=BUCKET)
    did("replication configuration")
    same(client.list_bucket_inventory_configurations(Bucket=BUCKET)["IsTruncated"], False, "inventories")
    inventory = {
        "Id": "daily",
        "IsEnabled": True,
        "IncludedObjectVersions": "Current",
        "Schedule": {"Frequency": "Daily"},
        "Destination": {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{BUCKET}", "Format": "CSV"}},
    }
    refused("NotImplemented", client.put_bucket_inventory_configuration, Bucket=BUCKET, Id="daily", InventoryConfiguration=inventory)
    same(client.get_bucket_request_payment(Bucket=BUCKET)["Payer"], "BucketOwner", "payer")
    expect("Status" not in client.get_bucket_accelerate_configuration(Bucket=BUCKET), "no acceleration")
    did("inventory 501, request payment, acceleration")


for exercise in [access, ownership_and_acls, tags, cors, forms, versions, lifecycle, locks, encryption, others]:
    exercise()
