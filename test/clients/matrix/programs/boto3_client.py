"""boto3 with its defaults: client, resource, transfers, paginators, presigned requests and forms, versions, conditions."""

import io

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from common import *

client = boto3.client("s3", endpoint_url=ENDPOINT)
# In us-east-1 it presigns with version 2 by default.
presigners = [client, boto3.client("s3", endpoint_url=ENDPOINT, config=Config(signature_version="s3v4"))]


def refused(code: str, call, **arguments) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        expect(error.response["Error"]["Code"] == code, f"{code} expected: {error}")
        return
    raise AssertionError(f"{code} expected")


for file in FILES:
    data = content(file)
    client.put_object(Bucket=BUCKET, Key="kept/" + file["key"], Body=data, Metadata={"note": "from boto3"})
    answer = client.get_object(Bucket=BUCKET, Key="kept/" + file["key"])
    expect(sha256(answer["Body"].read()) == file["sha256"], file["key"])
    expect(answer["Metadata"] == {"note": "from boto3"}, "metadata")
    head = client.head_object(Bucket=BUCKET, Key="kept/" + file["key"], ChecksumMode="ENABLED")
    expect("ChecksumCRC32" in head or "ChecksumCRC64NVME" in head, "the default checksum is kept")
did(f"put_object, get_object of {len(FILES)} sizes and names")
for file in FILES:
    client.upload_file(file["path"], BUCKET, "kept/" + file["key"])
    target = f"{SCRATCH}/downloaded"
    client.download_file(BUCKET, "kept/" + file["key"], target)
    with open(target, "rb") as opened:
        expect(sha256(opened.read()) == file["sha256"], file["key"])
    if 6_000_000 < file["bytes"] < 10_000_000:
        continue
    client.upload_fileobj(io.BytesIO(content(file)), BUCKET, "stream")
    sink = io.BytesIO()
    client.download_fileobj(BUCKET, "stream", sink)
    expect(sha256(sink.getvalue()) == file["sha256"], file["key"])
large = FILES[-1]
expect("-" in client.head_object(Bucket=BUCKET, Key="kept/" + large["key"])["ETag"], "multipart ETag")
did("upload_file, download_file, fileobj; multipart")
for algorithm in ["CRC32", "SHA1", "SHA256"]:
    data = content(FILES[1])
    answer = client.put_object(Bucket=BUCKET, Key=algorithm, Body=data, ChecksumAlgorithm=algorithm)
    stored = client.get_object(Bucket=BUCKET, Key=algorithm, ChecksumMode="ENABLED")
    expect(stored[f"Checksum{algorithm}"] == answer[f"Checksum{algorithm}"], algorithm)
    stored["Body"].read()
did("checksums CRC32, SHA1, SHA256")
for file in FILES[:3] + FILES[-1:]:
    client.copy_object(Bucket=BUCKET, Key="copied", CopySource={"Bucket": BUCKET, "Key": "kept/" + file["key"]})
    expect(client.head_object(Bucket=BUCKET, Key="copied")["ContentLength"] == file["bytes"], "copy_object")
    client.copy({"Bucket": BUCKET, "Key": "kept/" + file["key"]}, BUCKET, "copied")
    expect(sha256(client.get_object(Bucket=BUCKET, Key="copied")["Body"].read()) == file["sha256"], "copy")
did("copy_object, managed copy by parts")
part = client.get_object(Bucket=BUCKET, Key="kept/" + large["key"], Range="bytes=5-104")
expect(part["Body"].read() == content(large)[5:105] and part["ContentRange"].startswith("bytes 5-104/"), "range")
did("range")
for name in ["list_objects", "list_objects_v2"]:
    pages = client.get_paginator(name).paginate(Bucket=MANY_BUCKET)
    keys = [entry["Key"] for page in pages for entry in page["Contents"]]
    expect(len(keys) == MANY_KEYS and keys == sorted(keys), name)
pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Delimiter="/")
expect("kept/" in [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])], "delimiter")
expect({"kept/" + file["key"] for file in FILES} == {entry.key for entry in boto3.resource("s3", endpoint_url=ENDPOINT).Bucket(BUCKET).objects.filter(Prefix="kept/")}, "resource")
did(f"paginators over {MANY_KEYS} keys, delimiter, resource")
for presigner in presigners:
    for file in FILES[:3]:
        url = presigner.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "signed/" + file["key"]})
        expect(fetch(url, "PUT", content(file))[0] == 200, "presigned PUT")
        url = presigner.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "signed/" + file["key"]})
        status, body = fetch(url)
        expect(status == 200 and sha256(body) == file["sha256"], "presigned GET")
    url = presigner.generate_presigned_url("list_objects_v2", Params={"Bucket": BUCKET, "Prefix": "signed/"})
    expect(fetch(url)[0] == 200, "presigned listing")
    url = presigner.generate_presigned_url("delete_object", Params={"Bucket": BUCKET, "Key": "stream"})
    expect(fetch(url, "DELETE")[0] == 204, "presigned DELETE")
did("presigned PUT, GET, listing, DELETE (signature versions 2 and 4)")
refused("NoSuchKey", client.get_object, Bucket=BUCKET, Key="nothing")
refused("NoSuchBucket", client.list_objects_v2, Bucket="there-is-no-such-bucket")
refused("PreconditionFailed", client.put_object, Bucket=BUCKET, Key="CRC32", Body=b"x", IfNoneMatch="*")
refused("404", client.head_object, Bucket=BUCKET, Key="nothing")
did("NoSuchKey, NoSuchBucket, If-None-Match")
upload = client.create_multipart_upload(Bucket=BUCKET, Key="aborted")
client.upload_part(Bucket=BUCKET, Key="aborted", UploadId=upload["UploadId"], PartNumber=1, Body=b"part")
expect(len(client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]) == 1, "uploads")
expect(len(client.list_parts(Bucket=BUCKET, Key="aborted", UploadId=upload["UploadId"])["Parts"]) == 1, "parts")
client.abort_multipart_upload(Bucket=BUCKET, Key="aborted", UploadId=upload["UploadId"])
expect("Uploads" not in client.list_multipart_uploads(Bucket=BUCKET), "aborted")
did("multipart by hand, abort")
wrong = boto3.client("s3", endpoint_url=ENDPOINT, aws_secret_access_key=WRONG_SECRET, aws_access_key_id=ACCESS_KEY)
refused("SignatureDoesNotMatch", wrong.list_objects_v2, Bucket=BUCKET)
wrong = boto3.client("s3", endpoint_url=ENDPOINT, aws_secret_access_key=SECRET_KEY, aws_access_key_id="AKIDOFNOBODY00000001")
refused("InvalidAccessKeyId", wrong.list_objects_v2, Bucket=BUCKET)
did("wrong secret, unknown key")
client.create_bucket(Bucket=BUCKET + "-gone")
client.put_object(Bucket=BUCKET + "-gone", Key="a", Body=b"a")
refused("BucketNotEmpty", client.delete_bucket, Bucket=BUCKET + "-gone")
deleted = client.delete_objects(Bucket=BUCKET + "-gone", Delete={"Objects": [{"Key": "a"}, {"Key": "nothing"}]})
expect(len(deleted["Deleted"]) == 2, "delete_objects")
client.delete_bucket(Bucket=BUCKET + "-gone")
expect(BUCKET in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]], "list_buckets")
did("delete_objects, buckets")
