import test from "ava";
import type { SignedPayload } from "../auth/sigv4.ts";
import { limits } from "../base/limits.ts";
import type { HttpRequest } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import { testBucket } from "./operations.testing.ts";
import { planBody } from "./request-body.ts";

const plain: SignedPayload = { framing: { kind: "plain" }, sha256: null };
const chunked = (...trailers: string[]): SignedPayload => ({
  framing: { kind: "aws-chunked", signing: null, trailers },
  sha256: null,
});

const request = (contentLength: number | null, headers: Readonly<Record<string, string>>): HttpRequest => ({
  method: "PUT",
  rawPath: "/bucket/key",
  rawQuery: "",
  headers: { get: (name) => headers[name], has: (name) => name in headers, entries: () => Object.entries(headers) },
  remoteAddress: "",
  secure: false,
  body: { contentLength, consume: () => {}, pause: () => {}, resume: () => {} },
});
const bounds = { bytesMax: limits.singlePutBytesMax, inlineBytesMax: 100 };
const plan = (payload: SignedPayload, contentLength: number | null, headers: Readonly<Record<string, string>> = {}) =>
  planBody(request(contentLength, headers), payload, testBucket, bounds);
const code = (...args: Parameters<typeof plan>): string => {
  try {
    plan(...args);
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
  return "accepted";
};

test("a plain body needs its length", (t) => {
  t.like(plan(plain, 5), { wireBytes: 5, decodedBytes: 5, checksum: null, md5: null, inlineBytesMax: 100 });
  t.is(code(plain, null), "MissingContentLength");
  t.is(code(plain, limits.singlePutBytesMax + 1), "EntityTooLarge");
  t.is(code(plain, limits.singlePutBytesMax), "accepted");
});

test("an aws-chunked body needs its decoded length, in either HTTP framing", (t) => {
  const decoded = { "x-amz-decoded-content-length": "5" };
  t.like(plan(chunked(), null, decoded), { wireBytes: null, decodedBytes: 5 });
  t.like(plan(chunked(), 90, decoded), { wireBytes: 90, decodedBytes: 5 });
  t.is(code(chunked(), 90), "MissingContentLength");
  t.is(code(chunked(), 90, { "x-amz-decoded-content-length": "-5" }), "InvalidArgument");
  t.is(code(chunked(), 90, { "x-amz-decoded-content-length": "6000000000" }), "EntityTooLarge");
});

test("a checksum comes in a header or is announced as a trailer, not both", (t) => {
  const decoded = { "x-amz-decoded-content-length": "5" };
  const trailer = chunked("x-amz-checksum-crc32c");
  const announced = { ...decoded, "x-amz-sdk-checksum-algorithm": "CRC32C" };
  t.deepEqual(plan(trailer, null, announced).checksum, { algorithm: "CRC32C", expected: null });
  t.is(code(trailer, null, { ...decoded, "x-amz-sdk-checksum-algorithm": "CRC32" }), "InvalidRequest");
  t.is(code(trailer, null, { ...decoded, "x-amz-checksum-crc32": "NhCmhg==" }), "InvalidRequest");
});
