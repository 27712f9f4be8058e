"""Downloads every object of a bucket with boto3 (default settings) and compares bytes and ETags with a local tree."""

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3

PART = 8 * 1024 * 1024


def etag_of(data: bytes) -> str:
    """The ETag that the AWS command line's upload of these bytes must have."""
    if len(data) < PART:
        return hashlib.md5(data).hexdigest()
    parts = [hashlib.md5(data[at : at + PART]).digest() for at in range(0, len(data), PART)]
    return f"{hashlib.md5(b''.join(parts)).hexdigest()}-{len(parts)}"


def main() -> None:
    endpoint, bucket, root = sys.argv[1:4]
    client = boto3.client("s3", endpoint_url=endpoint)
    wrong = []

    def compare(entry: dict) -> None:
        body = client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        with open(os.path.join(root, entry["Key"]), "rb") as file:
            expected = file.read()
        if body != expected:
            wrong.append(f"{entry['Key']}: bytes differ")
        elif entry["ETag"].strip('"') != etag_of(expected):
            wrong.append(f"{entry['Key']}: ETag {entry['ETag']}")

    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    entries = [entry for page in pages for entry in page.get("Contents", [])]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(compare, entries))
    for line in wrong[:10]:
        print(line, file=sys.stderr)
    print(f"{len(entries)} {len(wrong)}")


main()
