"""Drives the sub-resources of the web with boto3: CORS, websites, replication, request payment, reports. Prints one line per claim."""

import sys
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, ACCESS_KEY, SECRET_KEY = sys.argv[1:4]
BUCKET = "web-suite"
COPIES = "web-suite-copies"
ORIGIN = "https://app.example.com"
S3 = boto3.client(
    "s3",
    endpoint_url=ENDPOINT,
    region_name="us-east-1",
    aws_access_key_id=ACCESS_KEY,
    aws_secret_access_key=SECRET_KEY,
    config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
)


def check(claim, holds):
    print(f"{'ok' if holds else 'FAILED'} {claim}", flush=True)


def code_of(call, **arguments):
    """The code that a call is refused with; None when it succeeds."""
    try:
        call(**arguments)
        return None
    except ClientError as error:
        return error.response["Error"]["Code"]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def visit(method, path, headers):
    """Status, headers and body of an unsigned request."""
    request = urllib.request.Request(f"{ENDPOINT}{path}", method=method, headers=headers)
    try:
        with urllib.request.build_opener(NoRedirect).open(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def cors():
    rules = [
        {
            "ID": "app",
            "AllowedOrigins": [ORIGIN],
            "AllowedMethods": ["GET", "PUT"],
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 60,
        }
    ]
    absent = code_of(S3.get_bucket_cors, Bucket=BUCKET)
    check("GetBucketCors_not_configured_404", absent == "NoSuchCORSConfiguration")
    S3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": rules})
    check("PutBucketCors_round_trip", S3.get_bucket_cors(Bucket=BUCKET)["CORSRules"] == rules)
    bad = [{"AllowedOrigins": ["*"], "AllowedMethods": ["PATCH"]}]
    refused = code_of(S3.put_bucket_cors, Bucket=BUCKET, CORSConfiguration={"CORSRules": bad})
    check("PutBucketCors_method_400", refused == "InvalidRequest")
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    status, headers, _ = visit("OPTIONS", f"/{BUCKET}/key", asked)
    check("OPTIONS_preflight_200", status == 200 and headers["access-control-allow-origin"] == ORIGIN)
    status, headers, _ = visit("GET", f"/{BUCKET}/key", {"Origin": ORIGIN})
    check("GetObject_unsigned_403_with_headers", status == 403 and headers["access-control-allow-origin"] == ORIGIN)
    S3.delete_bucket_cors(Bucket=BUCKET)
    status, _, body = visit("OPTIONS", f"/{BUCKET}/key", asked)
    check("OPTIONS_preflight_without_rules_403", status == 403 and b"CORS is not enabled" in body)


def website():
    host = {"Host": f"{BUCKET}.s3-website.localhost"}
    absent = code_of(S3.get_bucket_website, Bucket=BUCKET)
    check("GetBucketWebsite_not_configured_404", absent == "NoSuchWebsiteConfiguration")
    configuration = {
        "IndexDocument": {"Suffix": "index.html"},
        "ErrorDocument": {"Key": "error.html"},
        "RoutingRules": [
            {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}},
        ],
    }
    S3.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration=configuration)
    got = S3.get_bucket_website(Bucket=BUCKET)
    check("PutBucketWebsite_round_trip", all(got[name] == configuration[name] for name in configuration))
    S3.put_object(Bucket=BUCKET, Key="index.html", Body=b"private")
    check("website_of_a_private_bucket_403", visit("GET", "/", host)[0] == 403)
    S3.put_bucket_acl(Bucket=BUCKET, ACL="private")
    S3.put_object(Bucket=BUCKET, Key="index.html", Body=b"home", ContentType="text/html", ACL="public-read")
    S3.put_object(Bucket=BUCKET, Key="error.html", Body=b"sorry", ACL="public-read")
    status, headers, body = visit("GET", "/", host)
    check("website_by_public_read_objects", (status, headers["content-type"], body) == (200, "text/html", b"home"))
    status, _, body = visit("GET", "/nothing", host)
    check("website_error_document_403", (status, body) == (403, b"sorry"))
    status, headers, _ = visit("GET", "/old/page", host)
    check("website_routing_rule_301", status == 301 and headers["location"].endswith("/new/page"))
    S3.delete_bucket_website(Bucket=BUCKET)
    check("website_deleted_404", visit("GET", "/", host)[0] == 404)


def replication():
    def rules(**more):
        rule = {
            "ID": "all",
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {"Prefix": ""},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{COPIES}"},
        }
        return {"Role": "arn:aws:iam::111122223333:role/replication", "Rules": [{**rule, **more}]}

    absent = code_of(S3.get_bucket_replication, Bucket=BUCKET)
    check("GetBucketReplication_not_configured_404", absent == "ReplicationConfigurationNotFoundError")
    put = {"Bucket": BUCKET, "ReplicationConfiguration": rules()}
    check("PutBucketReplication_without_versions_400", code_of(S3.put_bucket_replication, **put) == "InvalidRequest")
    for bucket in (BUCKET, COPIES):
        S3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    S3.put_bucket_replication(**put)
    got = S3.get_bucket_replication(Bucket=BUCKET)["ReplicationConfiguration"]
    check("PutBucketReplication_round_trip", got == rules())
    suspend = {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Suspended"}}
    check("PutBucketVersioning_with_replication_409", code_of(S3.put_bucket_versioning, **suspend) == "InvalidBucketState")
    S3.delete_bucket_replication(Bucket=BUCKET)
    check("PutBucketVersioning_without_replication_200", code_of(S3.put_bucket_versioning, **suspend) is None)


def answers():
    check("GetBucketRequestPayment", S3.get_bucket_request_payment(Bucket=BUCKET)["Payer"] == "BucketOwner")
    check("GetBucketAccelerateConfiguration", "Status" not in S3.get_bucket_accelerate_configuration(Bucket=BUCKET))
    for name in ("analytics", "inventory", "metrics"):
        listed = getattr(S3, f"list_bucket_{name}_configurations")(Bucket=BUCKET)
        check(f"list_bucket_{name}_configurations_empty", listed["IsTruncated"] is False)
        refused = code_of(getattr(S3, f"get_bucket_{name}_configuration"), Bucket=BUCKET, Id="daily")
        check(f"get_bucket_{name}_configuration_404", refused == "NoSuchConfiguration")


for made in (BUCKET, COPIES):
    S3.create_bucket(Bucket=made)
cors()
website()
replication()
answers()
print("done", flush=True)
