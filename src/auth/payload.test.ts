import test from "ava";
import { S3Error, type S3ErrorCode } from "../s3/errors.ts";
import { emptySha256, lookup, nowMs, signedRequest, timestamp } from "./signing-client-fixture.ts";
import { authenticate } from "./sigv4.ts";

test("payload modes say how the body is framed and what it must hash to", (t) => {
  const streaming = { "x-amz-decoded-content-length": "3" };
  const payload = (headers: Record<string, string>) => authenticate(signedRequest({ headers }), lookup, nowMs).payload;
  t.deepEqual(payload({}), { framing: { kind: "plain" }, sha256: emptySha256 });
  t.deepEqual(payload({ "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }), { framing: { kind: "plain" }, sha256: null });
  const trailer = { "x-amz-trailer": "X-Amz-Checksum-CRC32" };
  t.deepEqual(payload({ "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", ...streaming, ...trailer }), {
    framing: { kind: "aws-chunked", signing: null, trailers: ["x-amz-checksum-crc32"] },
    sha256: null,
  });
  const signed = payload({ "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ...streaming });
  t.like(signed, { sha256: null, framing: { kind: "aws-chunked", trailers: [], signing: { timestamp } } });
});

const payloadRefusals: readonly (readonly [name: string, code: S3ErrorCode, headers: Record<string, string>])[] = [
  ["an upper-case hash", "InvalidArgument", { "x-amz-content-sha256": emptySha256.toUpperCase() }],
  ["a short hash", "InvalidArgument", { "x-amz-content-sha256": "abc" }],
  ["an unknown mode", "InvalidArgument", { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD" }],
  [
    "an unsigned payload in aws-chunked encoding",
    "InvalidArgument",
    { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "content-encoding": "gzip, AWS-chunked" },
  ],
  ["SigV4A chunks", "NotImplemented", { "x-amz-content-sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD" }],
  ["SigV4A trailers", "NotImplemented", { "x-amz-content-sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER" }],
  [
    "streaming without x-amz-decoded-content-length",
    "MissingContentLength",
    { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" },
  ],
  ...["-1", "1.5", "1e3", "", "0x10", "99999999999999999999"].map(
    (length) =>
      [
        `x-amz-decoded-content-length "${length}"`,
        "InvalidArgument",
        { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-decoded-content-length": length },
      ] as const,
  ),
  ["a trailer that is no checksum", "InvalidRequest", streamingTrailer("x-amz-meta-a")],
  ["two trailers", "InvalidRequest", streamingTrailer("x-amz-checksum-crc32,x-amz-checksum-sha1")],
  ["the trailer of an unserved algorithm", "NotImplemented", streamingTrailer("x-amz-checksum-xxhash64")],
  [
    "a trailer in a mode without trailers",
    "InvalidRequest",
    { ...streamingTrailer("x-amz-checksum-crc32"), "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" },
  ],
];

function streamingTrailer(names: string): Record<string, string> {
  return {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "3",
    "x-amz-trailer": names,
  };
}

for (const [name, code, headers] of payloadRefusals) {
  test(`refuses ${name}`, (t) => {
    const request = signedRequest({ method: "PUT", path: "/b/k", headers });
    const error = t.throws(() => authenticate(request, lookup, nowMs), { instanceOf: S3Error });
    t.is(error?.code, code);
  });
}
