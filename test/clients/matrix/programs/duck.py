"""DuckDB with its httpfs extension: Parquet and CSV written to and read from S3, wildcards."""

import duckdb
from common import *

scheme, host = ENDPOINT.split("://")


def connect(secret: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    from duckdb_extensions import import_extension

    import_extension("httpfs", con=connection)
    connection.execute("load httpfs")
    if CA:
        connection.execute(f"set ca_cert_file='{CA}'")
    connection.execute(
        f"create secret (type s3, key_id '{ACCESS_KEY}', secret '{secret}', endpoint '{host}', region 'us-east-1', "
        f"url_style 'path', use_ssl {'true' if scheme == 'https' else 'false'})"
    )
    return connection


db = connect(SECRET_KEY)
db.execute(f"copy (select range as number, range % 7 as seventh from range(1000000)) to 's3://{BUCKET}/table one.parquet'")
expect(db.sql(f"select count(*), sum(number) from 's3://{BUCKET}/table one.parquet'").fetchone() == (1_000_000, 499_999_500_000), "parquet")
did("write, read Parquet")
db.execute(f"copy (select range as number, range % 7 as seventh from range(10000)) to 's3://{BUCKET}/parts' (format csv, partition_by (seventh))")
expect(db.sql(f"select count(*), count(distinct seventh) from read_csv('s3://{BUCKET}/parts/*/*.csv', hive_partitioning=true)").fetchone() == (10_000, 7), "csv")
did("partitioned CSV, wildcards")
expect(db.sql(f"select count(*) from glob('s3://{MANY_BUCKET}/*')").fetchone() == (MANY_KEYS,), "glob")
did(f"glob {MANY_KEYS} keys")
try:
    connect(WRONG_SECRET).sql(f"select count(*) from 's3://{BUCKET}/table one.parquet'").fetchone()
except duckdb.Error as error:
    expect("403" in str(error) or "Forbidden" in str(error), str(error))
    did("wrong secret")
db.execute(f"copy (select 'x') to 's3://{BUCKET}/small.csv' (header false)")
expect(db.sql(f"select size from read_blob('s3://{BUCKET}/small.csv')").fetchone() == (2,), "blob")
did("read_blob")
