"""What the Python programs of the matrix share: the plan of files, and how they tell what they did."""

import hashlib
import http.client
import json
import os
import ssl
import urllib.parse

ENDPOINT = os.environ["TROUPE_ENDPOINT"]
BUCKET = os.environ["TROUPE_BUCKET"]
MANY_BUCKET = os.environ["TROUPE_MANY_BUCKET"]
MANY_KEYS = int(os.environ["TROUPE_MANY_KEYS"])
SCRATCH = os.environ["TROUPE_SCRATCH"]
WRONG_SECRET = os.environ["TROUPE_WRONG_SECRET"]
ACCESS_KEY = os.environ["AWS_ACCESS_KEY_ID"]
SECRET_KEY = os.environ["AWS_SECRET_ACCESS_KEY"]
CA = os.environ["TROUPE_CA"] or None

with open(os.environ["TROUPE_PLAN"], encoding="utf-8") as plan:
    FILES = json.load(plan)["files"]


def did(what: str) -> None:
    print(f"did: {what}", flush=True)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def content(file: dict) -> bytes:
    with open(file["path"], "rb") as opened:
        return opened.read()


def expect(condition: bool, claim: str) -> None:
    if not condition:
        raise AssertionError(claim)


def fetch(url: str, method: str = "GET", body: bytes | None = None, headers: dict | None = None) -> tuple[int, bytes]:
    """A plain request without credentials, nor the Content-Type that urllib adds. @returns status and body"""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.netloc, context=ssl.create_default_context(cafile=CA))
    else:
        connection = http.client.HTTPConnection(parts.netloc)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
