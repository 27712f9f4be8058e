/** Every way a client may frame and sign a body, by hand-made requests: what is right is stored, what is wrong leaves nothing. */

import { createHash } from "node:crypto";
import type { ExecutionContext } from "ava";
import { eachFront, outcome, type Stand, someBytes } from "../support/each-front.ts";
import {
  type AwsChunkedOptions,
  awsChunked,
  type ChunkSigning,
  type HandMadeRequest,
} from "../support/signed-request.ts";

const test = eachFront();
const data = someBytes(200_000);
const checks = {
  "x-amz-checksum-crc32": "",
  "x-amz-checksum-crc32c": "",
  "x-amz-checksum-crc64nvme": "",
  "x-amz-checksum-sha1": createHash("sha1").update(data).digest("base64"),
  "x-amz-checksum-sha256": createHash("sha256").update(data).digest("base64"),
};
const md5 = createHash("md5").update(data).digest("hex");

type Frame = Omit<AwsChunkedOptions, "signing">;

/** A PUT with AWS's chunks; `mode` is the value of x-amz-content-sha256. */
function chunkedPut(target: string, mode: string, frame: Frame, more: Partial<HandMadeRequest> = {}): HandMadeRequest {
  const isSigned = mode.startsWith("STREAMING-AWS4");
  const [trailer] = frame.trailers ?? [];
  return {
    method: "PUT",
    target,
    payload: mode,
    ...more,
    headers: {
      "content-encoding": "aws-chunked",
      "x-amz-decoded-content-length": String(data.length),
      ...(trailer === undefined ? {} : { "x-amz-trailer": trailer[0] }),
      ...more.headers,
    },
    frame: (signing: ChunkSigning) => awsChunked(data, { ...frame, signing: isSigned ? signing : null }),
  };
}

async function holds(t: ExecutionContext, stand: Stand, target: string): Promise<void> {
  const answer = await stand.signed({ method: "GET", target });
  t.is(answer.status, 200);
  t.true(answer.body.equals(data));
  t.is(answer.headers["etag"], `"${md5}"`);
  t.is(answer.headers["content-encoding"], undefined);
}

test("PutObject_sha256_of_the_payload_200", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  t.is(outcome(await stand.signed({ method: "PUT", target, body: data })), "200");
  await holds(t, stand, target);
});

test("PutObject_sha256_of_another_payload_400", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const payload = createHash("sha256").update("another").digest("hex");
  t.is(outcome(await stand.signed({ method: "PUT", target, body: data, payload })), "400 XAmzContentSHA256Mismatch");
  t.is(outcome(await stand.signed({ method: "GET", target })), "404 NoSuchKey");
});

test("PutObject_unsigned_payload_200", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  t.is(outcome(await stand.signed({ method: "PUT", target, body: data, payload: "UNSIGNED-PAYLOAD" })), "200");
  await holds(t, stand, target);
});

for (const pieceBytes of [undefined, 7_001]) {
  const carriage = pieceBytes === undefined ? "content_length" : "http_chunks";
  test(`PutObject_signed_chunks_${carriage}_200`, async (t, stand) => {
    const target = `/${stand.bucket}/k`;
    const mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    const more = pieceBytes === undefined ? {} : { pieceBytes };
    t.is(outcome(await stand.signed(chunkedPut(target, mode, {}, more))), "200");
    await holds(t, stand, target);
  });

  test(`PutObject_signed_trailer_${carriage}_200`, async (t, stand) => {
    const target = `/${stand.bucket}/k`;
    const mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
    const trailers = [["x-amz-checksum-sha256", checks["x-amz-checksum-sha256"]]] as const;
    const more = pieceBytes === undefined ? {} : { pieceBytes };
    const answer = await stand.signed(chunkedPut(target, mode, { trailers }, more));
    t.is(outcome(answer), "200");
    t.is(answer.headers["x-amz-checksum-sha256"], checks["x-amz-checksum-sha256"]);
    await holds(t, stand, target);
  });

  test(`PutObject_unsigned_trailer_${carriage}_200`, async (t, stand) => {
    const target = `/${stand.bucket}/k`;
    const mode = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    const trailers = [["x-amz-checksum-sha1", checks["x-amz-checksum-sha1"]]] as const;
    const more = pieceBytes === undefined ? {} : { pieceBytes };
    const answer = await stand.signed(chunkedPut(target, mode, { trailers, chunkBytes: 30_000 }, more));
    t.is(outcome(answer), "200");
    t.is(answer.headers["x-amz-checksum-sha1"], checks["x-amz-checksum-sha1"]);
    await holds(t, stand, target);
  });
}

test("PutObject_wrong_signature_of_the_second_chunk_403", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const request = chunkedPut(target, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", { spoil: 1 });
  t.is(outcome(await stand.signed(request)), "403 SignatureDoesNotMatch");
  t.is(outcome(await stand.signed({ method: "GET", target })), "404 NoSuchKey");
});

test("PutObject_wrong_signature_of_the_trailers_403", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const trailers = [["x-amz-checksum-sha256", checks["x-amz-checksum-sha256"]]] as const;
  const request = chunkedPut(target, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", { spoil: -1, trailers });
  t.is(outcome(await stand.signed(request)), "403 SignatureDoesNotMatch");
  t.is(outcome(await stand.signed({ method: "GET", target })), "404 NoSuchKey");
});

test("PutObject_wrong_checksum_in_the_trailer_400", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const trailers = [["x-amz-checksum-crc32", "AAAAAA=="]] as const;
  const request = chunkedPut(target, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", { trailers });
  t.is(outcome(await stand.signed(request)), "400 BadDigest");
  t.is(outcome(await stand.signed({ method: "GET", target })), "404 NoSuchKey");
});

test("PutObject_announced_trailer_that_does_not_come_400", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const request = chunkedPut(
    target,
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    {},
    {
      headers: { "x-amz-trailer": "x-amz-checksum-crc32" },
    },
  );
  t.is(outcome(await stand.signed(request)), "400 MalformedTrailerError");
  t.is(outcome(await stand.signed({ method: "GET", target })), "404 NoSuchKey");
});

test("PutObject_decoded_length_too_small_or_large_400", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  for (const length of [data.length - 1, data.length + 1]) {
    const request = chunkedPut(
      target,
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      {},
      {
        headers: { "x-amz-decoded-content-length": String(length) },
      },
    );
    t.is(outcome(await stand.signed(request)), "400 IncompleteBody", String(length));
  }
  t.is(outcome(await stand.signed({ method: "GET", target })), "404 NoSuchKey");
});

test("PutObject_chunks_cut_short_400", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const request = chunkedPut(target, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", {});
  const frame = (signing: ChunkSigning): Uint8Array => request.frame?.(signing).subarray(0, 150_000) ?? data;
  t.is(outcome(await stand.signed({ ...request, frame })), "400 IncompleteBody");
  t.is(outcome(await stand.signed({ method: "GET", target })), "404 NoSuchKey");
});

test("PutObject_content_encoding_keeps_all_but_aws_chunked", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const request = chunkedPut(
    target,
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    {},
    {
      headers: { "content-encoding": "gzip,aws-chunked" },
    },
  );
  t.is(outcome(await stand.signed(request)), "200");
  const { headers } = await stand.signed({ method: "HEAD", target });
  t.is(headers["content-encoding"], "gzip");
  t.is(headers["content-length"], String(data.length));
});

test("PutObject_no_length_411", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const request = { method: "PUT", target, body: data, payload: "UNSIGNED-PAYLOAD", pieceBytes: 50_000 };
  t.is(outcome(await stand.signed(request)), "411 MissingContentLength");
});

test("PutObject_sigv4a_streaming_501", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const payload = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD";
  t.is(outcome(await stand.signed({ method: "PUT", target, body: data, payload })), "501 NotImplemented");
});

test("PutObject_unknown_payload_mode_400", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  t.is(
    outcome(await stand.signed({ method: "PUT", target, body: "x", payload: "STREAMING-NONSENSE" })),
    "400 InvalidArgument",
  );
});

test("PutObject_content_md5_right_wrong_and_malformed", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const put = async (contentMd5: string): Promise<string> =>
    outcome(await stand.signed({ method: "PUT", target, body: data, headers: { "content-md5": contentMd5 } }));
  t.is(await put(Buffer.alloc(16).toString("base64")), "400 BadDigest");
  t.is(await put("garbage"), "400 InvalidDigest");
  t.is(outcome(await stand.signed({ method: "GET", target })), "404 NoSuchKey");
  t.is(await put(Buffer.from(md5, "hex").toString("base64")), "200");
});

test("PutObject_checksum_header_right_wrong_malformed_and_twice", async (t, stand) => {
  const target = `/${stand.bucket}/k`;
  const put = (headers: Record<string, string>) => stand.signed({ method: "PUT", target, body: data, headers });
  const sha1 = checks["x-amz-checksum-sha1"];
  t.is(outcome(await put({ "x-amz-checksum-crc32": "AAAAAA==" })), "400 BadDigest");
  t.is(outcome(await put({ "x-amz-checksum-crc32": "AAAA" })), "400 InvalidRequest");
  t.is(outcome(await put({ "x-amz-checksum-sha1": sha1, "x-amz-checksum-crc32": "AAAAAA==" })), "400 InvalidRequest");
  t.is(outcome(await put({ "x-amz-checksum-xxhash3": "AAAAAAAAAAA=" })), "501 NotImplemented");
  t.is(outcome(await stand.signed({ method: "GET", target })), "404 NoSuchKey");
  t.is((await put({ "x-amz-checksum-sha1": sha1 })).headers["x-amz-checksum-sha1"], sha1);
  const shown = { "x-amz-checksum-mode": "ENABLED" };
  t.is((await stand.signed({ method: "HEAD", target })).headers["x-amz-checksum-sha1"], undefined);
  t.is((await stand.signed({ method: "HEAD", target, headers: shown })).headers["x-amz-checksum-sha1"], sha1);
  const range = await stand.signed({ method: "GET", target, headers: { ...shown, range: "bytes=0-9" } });
  t.is(range.headers["x-amz-checksum-sha1"], undefined);
});

test("PutObject_empty_body_in_every_mode_200", async (t, stand) => {
  const target = `/${stand.bucket}/empty`;
  const headers = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "0" };
  const empty = new Uint8Array(0);
  for (const request of [
    { body: empty },
    { body: empty, payload: "UNSIGNED-PAYLOAD" },
    { body: empty, headers: { expect: "100-continue" } },
    {
      headers,
      payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      frame: (signing: ChunkSigning) => awsChunked(empty, { signing }),
    },
    {
      headers: { ...headers, "x-amz-trailer": "x-amz-checksum-crc32" },
      payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      frame: () => awsChunked(empty, { signing: null, trailers: [["x-amz-checksum-crc32", "AAAAAA=="]] }),
    },
  ]) {
    const answer = await stand.signed({ method: "PUT", target, ...request });
    t.is(outcome(answer), "200", request.payload ?? "whole");
    t.is(answer.headers["etag"], '"d41d8cd98f00b204e9800998ecf8427e"');
  }
});
