"""The MinIO SDK for Python."""

import io
from datetime import timedelta

import urllib3
from common import *
from minio import Minio
from minio.commonconfig import CopySource
from minio.deleteobjects import DeleteObject
from minio.error import S3Error


def connect(secret: str) -> Minio:
    host = ENDPOINT.split("://")[1]
    return Minio(endpoint=host, access_key=ACCESS_KEY, secret_key=secret, secure=ENDPOINT.startswith("https"))


client = connect(SECRET_KEY)
for file in FILES:
    client.fput_object(bucket_name=BUCKET, object_name="kept/" + file["key"], file_path=file["path"])
    client.fget_object(bucket_name=BUCKET, object_name="kept/" + file["key"], file_path=f"{SCRATCH}/got")
    with open(f"{SCRATCH}/got", "rb") as got:
        expect(sha256(got.read()) == file["sha256"], file["key"])
    stream = io.BytesIO(content(file))
    client.put_object(
        bucket_name=BUCKET, object_name="stream", data=stream, length=-1, part_size=5 * 1024 * 1024, metadata={"note": "x"}
    )
    answer = client.get_object(bucket_name=BUCKET, object_name="stream")
    expect(sha256(answer.read()) == file["sha256"], file["key"])
    answer.close()
    answer.release_conn()
    client.copy_object(bucket_name=BUCKET, object_name="copied", source=CopySource(bucket_name=BUCKET, object_name="kept/" + file["key"]))
    expect(client.stat_object(bucket_name=BUCKET, object_name="copied").size == file["bytes"], "copy")
    if file["bytes"] > 6_000_000:
        continue
    expect(fetch(client.presigned_put_object(bucket_name=BUCKET, object_name="signed/" + file["key"]), "PUT", content(file))[0] == 200, "put")
    status, body = fetch(client.presigned_get_object(bucket_name=BUCKET, object_name="signed/" + file["key"], expires=timedelta(minutes=5)))
    expect(status == 200 and sha256(body) == file["sha256"], "presigned get")
did(f"fput, fget, stream of unknown length, copy of {len(FILES)} sizes and names")
did("presigned PUT, GET")
expect(client.stat_object(bucket_name=BUCKET, object_name="stream").metadata.get("x-amz-meta-note") == "x", "metadata")
did("metadata")
expect(len(list(client.list_objects(bucket_name=MANY_BUCKET, recursive=True))) == MANY_KEYS, "list")
expect({"kept/" + file["key"] for file in FILES} == {entry.object_name for entry in client.list_objects(bucket_name=BUCKET, prefix="kept/", recursive=True)}, "names")
did(f"list {MANY_KEYS} keys")
errors = list(client.remove_objects(bucket_name=BUCKET, delete_object_list=[DeleteObject("stream"), DeleteObject("copied")]))
expect(errors == [], "remove_objects")
client.make_bucket(bucket_name=BUCKET + "-made")
expect(client.bucket_exists(bucket_name=BUCKET + "-made"), "bucket")
client.remove_bucket(bucket_name=BUCKET + "-made")
did("remove objects, buckets")
try:
    list(connect(WRONG_SECRET).list_objects(bucket_name=BUCKET))
except S3Error as error:
    expect(error.code == "SignatureDoesNotMatch", str(error))
    did("wrong secret")
