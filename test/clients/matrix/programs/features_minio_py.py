"""minio-py beyond objects' bytes: policies, tags, locks, lifecycle, encryption, forms, versions."""

import datetime
import json
import os
import uuid

import urllib3
from common import *
from minio import Minio
from minio.commonconfig import ENABLED, GOVERNANCE, CopySource, Filter, Tags
from minio.datatypes import PostPolicy
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.retention import Retention
from minio.sse import SseCustomerKey, SseKMS, SseS3
from minio.sseconfig import Rule as EncryptionRule
from minio.sseconfig import SSEConfig
from minio.versioningconfig import VersioningConfig

HOST = urllib.parse.urlsplit(ENDPOINT).netloc
POOL = urllib3.PoolManager(ca_certs=CA) if CA else None
client = Minio(HOST, access_key=ACCESS_KEY, secret_key=SECRET_KEY, secure=CA is not None, http_client=POOL)
SMALL = FILES[1]
LARGE = FILES[-1]
URL = f"{ENDPOINT}/{BUCKET}"


def refused(code: str, call, *arguments, **named) -> None:
    try:
        call(*arguments, **named)
    except S3Error as error:
        expect(error.code == code, f"{code} expected: {error}")
        return
    raise AssertionError(f"{code} expected")


def put(key: str, bucket: str = BUCKET, **more):
    return client.fput_object(bucket, key, SMALL["path"], **more)


def access_and_tags() -> None:
    put("page")
    refused("NoSuchBucketPolicy", client.get_bucket_policy, BUCKET)
    allow = {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{BUCKET}/*"]}
    policy = {"Version": "2012-10-17", "Statement": [allow]}
    client.set_bucket_policy(BUCKET, json.dumps(policy))
    expect(json.loads(client.get_bucket_policy(BUCKET))["Statement"] == policy["Statement"], "policy")
    expect(fetch(f"{URL}/page")[0] == 200, "the policy lets everybody read")
    client.delete_bucket_policy(BUCKET)
    expect(fetch(f"{URL}/page")[0] == 403, "without the policy")
    did("bucket policy")
    tags = Tags.new_bucket_tags()
    tags["team"] = "blue green"
    expect(client.get_bucket_tags(BUCKET) is None, "no tags")
    client.set_bucket_tags(BUCKET, tags)
    expect(client.get_bucket_tags(BUCKET) == tags, "bucket tags")
    client.delete_bucket_tags(BUCKET)
    of_object = Tags.new_object_tags()
    of_object["state"] = "new + old"
    put("tagged", tags=of_object)
    expect(client.get_object_tags(BUCKET, "tagged") == of_object, "tags of an upload")
    client.copy_object(BUCKET, "copied", CopySource(BUCKET, "tagged"))
    expect(client.get_object_tags(BUCKET, "copied") == of_object, "a copy keeps them")
    client.delete_object_tags(BUCKET, "tagged")
    expect(client.get_object_tags(BUCKET, "tagged") is None, "deleted")
    did("tagging of buckets and objects")


def configurations() -> None:
    expect(client.get_bucket_lifecycle(BUCKET) is None, "no lifecycle")
    rule = Rule(ENABLED, rule_filter=Filter(prefix="logs/"), rule_id="old", expiration=Expiration(days=3))
    client.set_bucket_lifecycle(BUCKET, LifecycleConfig([rule]))
    found = client.get_bucket_lifecycle(BUCKET).rules[0]
    expect((found.rule_id, found.expiration.days, found.rule_filter.prefix) == ("old", 3, "logs/"), "lifecycle")
    client.delete_bucket_lifecycle(BUCKET)
    did("lifecycle configuration")
    expect(client.get_bucket_notification(BUCKET).queue_config_list in (None, []), "no notification")
    client.delete_bucket_notification(BUCKET)
    expect(client.get_bucket_replication(BUCKET) is None, "no replication")
    client.set_bucket_versioning(BUCKET, VersioningConfig(ENABLED))
    expect(client.get_bucket_versioning(BUCKET).status == ENABLED, "versioning")
    first, second = put("versioned").version_id, put("versioned").version_id
    expect(first and second and first != second, "versions")
    client.remove_object(BUCKET, "versioned")
    listed = list(client.list_objects(BUCKET, prefix="versioned", include_version=True))
    expect([entry.is_delete_marker for entry in listed].count(True) == 1 and len(listed) == 3, "list of versions")
    did("notification, replication: none; versioning")


def locks() -> None:
    locked = f"{BUCKET}-locked"
    client.make_bucket(locked, object_lock=True)
    client.set_object_lock_config(locked, ObjectLockConfig(GOVERNANCE, 2, DAYS))
    found = client.get_object_lock_config(locked)
    expect((found.mode, found.duration) == (GOVERNANCE, 2), "bucket default")
    until = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=5)
    lock = {"retention": Retention(GOVERNANCE, until), "legal_hold": True}
    if CA is None:
        # Without TLS it signs the body and sends no checksum, which S3 asks for under a lock.
        refused("InvalidRequest", put, "held", locked)
        client.delete_object_lock_config(locked)
        refused("InvalidRequest", put, "held", locked, **lock)
        version = put("held", locked).version_id
        client.set_object_retention(locked, "held", lock["retention"], version)
        client.enable_object_legal_hold(locked, "held", version)
    else:
        version = put("held", locked, **lock).version_id
    expect(client.get_object_retention(locked, "held", version).mode == GOVERNANCE, "retention")
    expect(client.is_object_legal_hold_enabled(locked, "held", version), "legal hold")
    held = [DeleteObject("held", version)]
    errors = list(client.remove_objects(locked, held, bypass_governance_mode=True))
    expect([error.code for error in errors] == ["AccessDenied"], f"a hold is not bypassed: {errors}")
    client.disable_object_legal_hold(locked, "held", version)
    refused("AccessDenied", client.remove_object, locked, "held", version)
    expect(list(client.remove_objects(locked, held, bypass_governance_mode=True)) == [], "bypass")
    did("object lock: bucket default, retention, legal hold, refused deletes, bypass")


def encryption() -> None:
    def stored(key: str, sse, reading=None) -> None:
        client.fput_object(BUCKET, key, LARGE["path"], sse=sse, part_size=6 * 1024 * 1024)
        answer = client.get_object(BUCKET, key, ssec=reading)
        expect(sha256(answer.read()) == LARGE["sha256"], key)
        answer.close()

    stored("sse-s3", SseS3())
    expect(client.stat_object(BUCKET, "sse-s3").metadata["x-amz-server-side-encryption"] == "AES256", "SSE-S3")
    client.set_bucket_encryption(BUCKET, SSEConfig(EncryptionRule.new_sse_s3_rule()))
    expect(client.get_bucket_encryption(BUCKET).rule.sse_algorithm == "AES256", "bucket encryption")
    client.delete_bucket_encryption(BUCKET)
    expect(client.get_bucket_encryption(BUCKET) is None, "no bucket encryption")
    did("SSE-S3 by parts; bucket default")
    # Without TLS it sends neither.
    if CA is None:
        return
    stored("sse-kms", SseKMS("second", {"purpose": "matrix"}))
    expect(client.stat_object(BUCKET, "sse-kms").metadata["x-amz-server-side-encryption"] == "aws:kms", "SSE-KMS")
    own = SseCustomerKey(os.urandom(32))
    stored("sse-c", own, own)
    refused("InvalidRequest", client.get_object, BUCKET, "sse-c")
    client.copy_object(BUCKET, "clear", CopySource(BUCKET, "sse-c", ssec=own))
    expect(client.stat_object(BUCKET, "clear").size == LARGE["bytes"], "a copy in the clear")
    did("SSE-KMS with a context, SSE-C by parts and through a copy")


def forms() -> None:
    policy = PostPolicy(BUCKET, datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=10))
    policy.add_starts_with_condition("key", "posted/")
    policy.add_content_length_range_condition(1, 1000)
    fields = {"key": "posted/one", **client.presigned_post_policy(policy)}

    def post(data: bytes) -> tuple[int, bytes]:
        body, kind = urllib3.encode_multipart_formdata([*fields.items(), ("file", ("one", data, "text/plain"))], uuid.uuid4().hex)
        return fetch(URL, "POST", body, {"Content-Type": kind})

    expect(post(b"by form")[0] == 204, "posted")
    expect(client.get_object(BUCKET, "posted/one").read() == b"by form", "what was posted")
    status, body = post(bytes(2000))
    expect(status == 400 and b"EntityTooLarge" in body, f"too long: {status} {body!r}")
    did("presigned_post_policy")


for exercise in [access_and_tags, forms, configurations, locks, encryption]:
    exercise()
