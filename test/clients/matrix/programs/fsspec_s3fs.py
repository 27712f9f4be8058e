"""s3fs (fsspec): files, walks, copies, removal, appends by parts."""

import s3fs
from common import *

fs = s3fs.S3FileSystem(key=ACCESS_KEY, secret=SECRET_KEY, endpoint_url=ENDPOINT)
for file in FILES:
    fs.put_file(file["path"], f"{BUCKET}/kept/{file['key']}")
    with fs.open(f"{BUCKET}/opened/{file['key']}", "wb") as target:
        target.write(content(file))
    for folder in ["kept", "opened"]:
        expect(sha256(fs.cat_file(f"{BUCKET}/{folder}/{file['key']}")) == file["sha256"], file["key"])
    fs.get_file(f"{BUCKET}/kept/{file['key']}", f"{SCRATCH}/got")
    with open(f"{SCRATCH}/got", "rb") as got:
        expect(sha256(got.read()) == file["sha256"], file["key"])
    with fs.open(f"{BUCKET}/kept/{file['key']}", "rb") as source:
        source.seek(file["bytes"] // 2)
        expect(source.read(100) == content(file)[file["bytes"] // 2 :][:100], "seek")
did(f"put, open for writing and reading, get of {len(FILES)} sizes and names")
expect(len(fs.find(f"{BUCKET}/opened")) == len(FILES), "find")
expect(len(fs.ls(MANY_BUCKET)) == MANY_KEYS, "ls")
did(f"find, ls of {MANY_KEYS} keys")
fs.copy(f"{BUCKET}/opened", f"{BUCKET}/copied", recursive=True)
# A recursive move gives up on folders, which are no objects; one by one it works.
for file in FILES:
    fs.mv(f"{BUCKET}/copied/{file['key']}", f"{BUCKET}/moved/{file['key']}")
    expect(sha256(fs.cat_file(f"{BUCKET}/moved/{file['key']}")) == file["sha256"], file["key"])
did("copy a tree, move")
with fs.open(f"{BUCKET}/appended", "wb") as target:
    target.write(b"one ")
with fs.open(f"{BUCKET}/appended", "ab") as target:
    target.write(b"two")
expect(fs.cat_file(f"{BUCKET}/appended") == b"one two", "append")
did("append")
status, body = fetch(fs.sign(f"{BUCKET}/appended"))
expect(status == 200 and body == b"one two", "sign")
did("sign")
fs.rm(f"{BUCKET}/moved", recursive=True)
expect(not fs.exists(f"{BUCKET}/moved"), "rm")
fs.touch(f"{BUCKET}/touched")
expect(fs.info(f"{BUCKET}/touched")["size"] == 0, "touch")
fs.mkdir(f"{BUCKET}-made")
fs.rmdir(f"{BUCKET}-made")
did("rm, touch, mkdir, rmdir")
wrong = s3fs.S3FileSystem(key=ACCESS_KEY, secret=WRONG_SECRET, endpoint_url=ENDPOINT, skip_instance_cache=True)
try:
    wrong.ls(f"{BUCKET}/kept")
except PermissionError:
    did("wrong secret")
