/** What clients do only over TLS: bodies in AWS's chunks with an unsigned trailer, and the SDK's own streams. */

import { Readable } from "node:stream";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, someBytes } from "../support/each-front.ts";
import { awsChunked } from "../support/signed-request.ts";

const test = eachFront({ tls: true });

test("PutObject_over_TLS_every_size_by_buffer_and_stream", async (t, { s3, bucket }) => {
  for (const size of [0, 1, 65_535, 65_537, 1_048_577, 9_000_000]) {
    const body = someBytes(size);
    for (const Body of [
      body,
      Readable.from(size === 0 ? [] : [body.subarray(0, size >> 1), body.subarray(size >> 1)]),
    ]) {
      const put = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body, ContentLength: size }));
      t.truthy(put.ChecksumCRC32);
      const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k", ChecksumMode: "ENABLED" }));
      t.is(got.ChecksumCRC32, put.ChecksumCRC32);
      t.true(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body), String(size));
    }
  }
});

/** As boto3 and the AWS command line send it: HTTP chunks around AWS's chunks, and no Content-Length. */
test("PutObject_over_TLS_unsigned_trailer_in_http_chunks", async (t, { bucket, signed }) => {
  const data = someBytes(3_000_000);
  for (const [value, expected] of [
    [crc32(data), "200"],
    ["AAAAAA==", "400 BadDigest"],
  ] as const) {
    const answer = await signed({
      method: "PUT",
      target: `/${bucket}/k`,
      payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      headers: {
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": String(data.length),
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-sdk-checksum-algorithm": "CRC32",
      },
      frame: () =>
        awsChunked(data, { signing: null, chunkBytes: 1_048_576, trailers: [["x-amz-checksum-crc32", value]] }),
      pieceBytes: 70_001,
    });
    t.is(outcome(answer), expected);
  }
  t.true((await signed({ method: "GET", target: `/${bucket}/k` })).body.equals(data));
});

test("UploadPart_over_TLS_with_trailers", async (t, { s3, bucket }) => {
  const place = { Bucket: bucket, Key: "k" };
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ ...place, ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" }),
  );
  const bodies = [someBytes(5_242_880), someBytes(100)];
  const Parts = [];
  for (const [index, Body] of bodies.entries()) {
    const { ETag } = await s3.send(
      new UploadPartCommand({ ...place, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: "CRC32" }),
    );
    Parts.push({ ETag, PartNumber: index + 1 });
  }
  const done = await s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
  t.is(done.ChecksumCRC32, crc32(Buffer.concat(bodies)));
  t.true(done.Location?.startsWith("https://"));
});

test("ListObjectsV2_over_TLS", async (t, { s3, bucket }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  t.is((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount, 1);
});

/** Bitwise, so that nothing is shared with the server. @returns base64 of the big-endian value */
function crc32(data: Uint8Array): string {
  const table = Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 255] ?? 0);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return bytes.toString("base64");
}
