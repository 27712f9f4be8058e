import test from "ava";
import type { Headers } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import { parseQuery } from "../s3/uri.ts";
import { parseQuery as parsePairs } from "./canonical-request.ts";
import { hoists, presignedHeaders } from "./presigned-headers.ts";

const headersOf = (values: Readonly<Record<string, string>>): Headers => ({
  get: (name) => values[name],
  has: (name) => Object.hasOwn(values, name),
  entries: () => Object.entries(values),
});

function seen(rawQuery: string, { wire = {}, contentLength = 5 as number | null } = {}): Record<string, string> {
  const headers = headersOf({ host: "h", ...wire });
  return Object.fromEntries(presignedHeaders({ headers, query: parsePairs(rawQuery), contentLength }).entries());
}

test("x-amz-* words of the query are headers, whatever their case; the signature's own words are none", (t) => {
  const query =
    "X-Amz-Date=d&X-Amz-Signature=s&X-Amz-Content-Sha256=x&X-Amz-SignedHeaders=host&X-Amz-Meta-A=b%20c&x-amz-tagging=k%3Dv&x-id=1&versionId=2";
  t.deepEqual(seen(query), { "x-amz-meta-a": "b c", "x-amz-tagging": "k=v", host: "h" });
});

test("a type, a digest and a cache rule may be in the query, where the wire has none", (t) => {
  t.deepEqual(seen("Content-Type=image%2Fpng&Cache-Control=no-store"), {
    "content-type": "image/png",
    "cache-control": "no-store",
    host: "h",
  });
  const wire = { "content-type": "text/html" };
  t.deepEqual(seen("Content-Type=image%2Fpng", { wire }), { "content-type": "text/html", host: "h" });
});

test("the checksum of no bytes is dropped when there are some", (t) => {
  const query = "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32";
  const both = { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-sdk-checksum-algorithm": "CRC32", host: "h" };
  t.deepEqual(seen(query), { host: "h" });
  t.deepEqual(seen(query, { contentLength: null }), { host: "h" });
  t.deepEqual(seen(query, { contentLength: 0 }), both);
  t.deepEqual(seen(query.replace("AAAAAA", "AAAAAQ")), { ...both, "x-amz-checksum-crc32": "AAAAAQ==" });
});

test("a checksum on the wire stands for itself", (t) => {
  const wire = { "x-amz-checksum-sha1": "w" };
  const query = "x-amz-checksum-crc32=AAAAAQ%3D%3D&x-amz-sdk-checksum-algorithm=CRC32";
  t.deepEqual(seen(query, { wire }), { ...wire, host: "h" });
});

test("control characters in the query are refused, as in a header", (t) => {
  for (const value of ["b%0D%0Aset-cookie%3A%20c", "b%0A", "%00", "%7F"]) {
    t.is(t.throws(() => seen(`x-amz-meta-a=${value}`), { instanceOf: S3Error }).code, "InvalidArgument", value);
  }
  t.like(seen("x-amz-meta-a=b%09c"), { "x-amz-meta-a": "b\tc" });
});

test("a header twice in the query is refused", (t) => {
  const error = t.throws(() => seen("x-amz-acl=private&X-Amz-Acl=public-read"), { instanceOf: S3Error });
  t.is(error.code, "AuthorizationQueryParametersError");
});

test("routing sees hoisted headers of presigned queries only", (t) => {
  t.true(hoists(parseQuery("X-Amz-Copy-Source=b%2Fk&X-Amz-Signature=s"), "x-amz-copy-source"));
  t.false(hoists(parseQuery("x-amz-copy-source=b%2Fk"), "x-amz-copy-source"));
});
