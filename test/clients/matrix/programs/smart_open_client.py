"""smart_open: streams up (always by parts) and down."""

import boto3
from common import *
from smart_open import open as smart

transport = {"client": boto3.client("s3", endpoint_url=ENDPOINT)}
for file in FILES:
    with smart(f"s3://{BUCKET}/kept/{file['key']}", "wb", transport_params=transport) as target:
        target.write(content(file))
    with smart(f"s3://{BUCKET}/kept/{file['key']}", "rb", transport_params=transport) as source:
        expect(sha256(source.read()) == file["sha256"], file["key"])
did(f"write, read of {len(FILES)} sizes and names")
with smart(f"s3://{BUCKET}/kept/{FILES[-1]['key']}", "rb", transport_params=transport) as source:
    source.seek(-100, 2)
    expect(source.read() == content(FILES[-1])[-100:], "seek")
did("seek from the end")
with smart(f"s3://{BUCKET}/lines.txt.gz", "w", transport_params=transport) as target:
    target.write("one\ntwo\n")
with smart(f"s3://{BUCKET}/lines.txt.gz", transport_params=transport) as source:
    expect(list(source) == ["one\n", "two\n"], "lines")
did("compressed lines")
