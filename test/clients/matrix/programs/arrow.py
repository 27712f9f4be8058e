"""pyarrow's own S3 (the AWS SDK for C++): files, listings, Parquet data sets."""

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from common import *
from pyarrow import fs

TLS_OPTION = "tls_ca_file_path" in (fs.S3FileSystem.__doc__ or "")


def connect(secret: str) -> fs.S3FileSystem:
    scheme, host = ENDPOINT.split("://")
    return fs.S3FileSystem(
        access_key=ACCESS_KEY, secret_key=secret, endpoint_override=host, scheme=scheme, region="us-east-1", **({"tls_ca_file_path": CA} if CA and TLS_OPTION else {})
    )


s3 = connect(SECRET_KEY)
for file in FILES:
    with s3.open_output_stream(f"{BUCKET}/kept/{file['key']}") as target:
        target.write(content(file))
    with s3.open_input_stream(f"{BUCKET}/kept/{file['key']}") as source:
        expect(sha256(source.read()) == file["sha256"], file["key"])
    s3.copy_file(f"{BUCKET}/kept/{file['key']}", f"{BUCKET}/copied")
    expect(s3.get_file_info(f"{BUCKET}/copied").size == file["bytes"], "copy")
did(f"write, read, copy of {len(FILES)} sizes and names")
table = pa.table({"number": range(100_000), "word": [f"word {number % 7}" for number in range(100_000)]})
pq.write_to_dataset(table, f"{BUCKET}/table", partition_cols=["word"], filesystem=s3)
read = ds.dataset(f"{BUCKET}/table", filesystem=s3, partitioning="hive").to_table()
expect(read.num_rows == 100_000 and sum(read["number"].to_pylist()) == sum(range(100_000)), "data set")
did("partitioned Parquet data set")
expect(len(s3.get_file_info(fs.FileSelector(MANY_BUCKET, recursive=True))) == MANY_KEYS, "list")
did(f"list {MANY_KEYS} keys")
s3.move(f"{BUCKET}/copied", f"{BUCKET}/moved")
s3.delete_file(f"{BUCKET}/moved")
s3.delete_dir(f"{BUCKET}/table")
expect(s3.get_file_info(f"{BUCKET}/table").type == fs.FileType.NotFound, "delete_dir")
did("move, delete, delete a tree")
try:
    connect(WRONG_SECRET).get_file_info(fs.FileSelector(f"{BUCKET}/kept"))
except OSError as error:
    expect("ACCESS_DENIED" in str(error) or "SignatureDoesNotMatch" in str(error) or "SIGNATURE" in str(error).upper(), str(error))
    did("wrong secret")
