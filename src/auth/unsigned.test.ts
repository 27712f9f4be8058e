import test from "ava";
import type { Headers } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import { isUnsigned, unsignedPayloadOf } from "./unsigned.ts";

const headersOf = (values: Readonly<Record<string, string>>): Headers => ({
  get: (name) => values[name],
  has: (name) => Object.hasOwn(values, name),
  entries: () => Object.entries(values),
});
const codeOf = (values: Readonly<Record<string, string>>): string => {
  try {
    unsignedPayloadOf(headersOf(values));
    return "none";
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
};

test("whatever stands for a signature makes a request a signed one", (t) => {
  const none = new Map<string, string>();
  t.true(isUnsigned(headersOf({}), none));
  t.true(isUnsigned(headersOf({ "x-amz-date": "20260101T000000Z" }), new Map([["x-id", "GetObject"]])));
  for (const authorization of ["", " ", "AWS", "Bearer x"]) t.false(isUnsigned(headersOf({ authorization }), none));
  for (const word of ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "AWSAccessKeyId", "Signature"]) {
    t.false(isUnsigned(headersOf({}), new Map([[word, ""]])), word);
  }
});

test("a body needs no signature unless it says that its chunks have one", (t) => {
  t.deepEqual(unsignedPayloadOf(headersOf({})), { framing: { kind: "plain" }, sha256: null });
  t.deepEqual(unsignedPayloadOf(headersOf({ "x-amz-content-sha256": "UNSIGNED-PAYLOAD" })).sha256, null);
  const sha256 = "a".repeat(64);
  t.is(unsignedPayloadOf(headersOf({ "x-amz-content-sha256": sha256 })).sha256, sha256);
  const length = { "x-amz-decoded-content-length": "3" };
  const streaming = (name: string) => ({ ...length, "x-amz-content-sha256": `STREAMING-${name}` });
  const { framing } = unsignedPayloadOf(
    headersOf({ ...streaming("UNSIGNED-PAYLOAD-TRAILER"), "x-amz-trailer": "x-amz-checksum-crc32" }),
  );
  t.deepEqual(framing, { kind: "aws-chunked", signing: null, trailers: ["x-amz-checksum-crc32"] });
  t.is(codeOf(streaming("AWS4-HMAC-SHA256-PAYLOAD")), "InvalidRequest");
  t.is(codeOf(streaming("AWS4-HMAC-SHA256-PAYLOAD-TRAILER")), "InvalidRequest");
  t.is(codeOf(streaming("AWS4-ECDSA-P256-SHA256-PAYLOAD")), "NotImplemented");
  t.is(codeOf({ "x-amz-content-sha256": "x" }), "InvalidArgument");
  t.is(codeOf({ "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" }), "MissingContentLength");
});
