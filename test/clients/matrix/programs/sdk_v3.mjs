/** aws-sdk-js v3 with its defaults: buffers, streams, lib-storage, presigner, paginators, conditions. */

import { createReadStream } from "node:fs";
import { Readable } from "node:stream";

import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { bucket, collect, content, did, env, expect, files, refused, sha256 } from "./common.mjs";

const sdk = await import("@aws-sdk/client-s3");
const connect = (secret = env.AWS_SECRET_ACCESS_KEY) =>
  new sdk.S3Client({
    endpoint: env.TROUPE_ENDPOINT,
    region: "us-east-1",
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: secret },
  });
const s3 = connect();
const send = (name, input) => s3.send(new sdk[`${name}Command`]({ Bucket: bucket, ...input }));
const large = files.at(-1);

for (const file of files) {
  const Key = `kept/${file.key}`;
  const body = content(file);
  const put = await send("PutObject", { Key, Body: body, Metadata: { note: "from v3" } });
  expect(put.ChecksumCRC32 || put.ChecksumCRC64NVME, "the default checksum is answered");
  const got = await send("GetObject", { Key });
  expect(got.Metadata.note === "from v3", "metadata");
  expect(sha256(await got.Body.transformToByteArray()) === file.sha256, file.key);
  await send("PutObject", { Key: "stream", Body: createReadStream(file.path), ContentLength: file.bytes });
  if (file.bytes < 6_000_000)
    expect(sha256(await collect((await send("GetObject", { Key: "stream" })).Body)) === file.sha256, file.key);
  await send("PutObject", { Key: "measured", Body: createReadStream(file.path) });
  expect((await send("HeadObject", { Key: "measured" })).ContentLength === file.bytes, "a file's stream");
  const attributes = await send("HeadObject", { Key: "measured" });
  expect(attributes.ContentEncoding === undefined, "aws-chunked is not kept");
}
did(`PutObject, GetObject of buffers and streams, ${files.length} sizes and names`);
for (const file of files) {
  const Key = `kept/${file.key}`;
  await new Upload({ client: s3, params: { Bucket: bucket, Key, Body: Readable.from([content(file)]) } }).done();
  expect(sha256(await collect((await send("GetObject", { Key })).Body)) === file.sha256, file.key);
}
expect(/-\d+"$/.test((await send("HeadObject", { Key: `kept/${large.key}` })).ETag), "lib-storage uploads parts");
did("lib-storage");
for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"]) {
  try {
    await send("PutObject", { Key: ChecksumAlgorithm, Body: content(files[1]), ChecksumAlgorithm });
  } catch (error) {
    // CRC64NVME needs a package of its own in Node.
    if (ChecksumAlgorithm === "CRC64NVME" && /@aws-sdk\/crc64-nvme|dependency/i.test(String(error))) continue;
    throw error;
  }
  const got = await send("GetObject", { Key: ChecksumAlgorithm, ChecksumMode: "ENABLED" });
  expect(got[`Checksum${ChecksumAlgorithm}`], ChecksumAlgorithm);
  await got.Body.transformToByteArray();
}
did("every checksum algorithm");
for (const file of files.slice(0, 3)) {
  const url = await getSignedUrl(s3, new sdk.PutObjectCommand({ Bucket: bucket, Key: `signed/${file.key}` }));
  expect((await fetch(url, { method: "PUT", body: content(file) })).status === 200, "presigned PUT");
  const read = await getSignedUrl(s3, new sdk.GetObjectCommand({ Bucket: bucket, Key: `signed/${file.key}` }));
  expect(sha256(Buffer.from(await (await fetch(read)).arrayBuffer())) === file.sha256, "presigned GET");
  await send("CopyObject", {
    Key: "copied",
    CopySource: encodeURI(`${bucket}/kept/${file.key}`).replaceAll("+", "%2B"),
  });
  expect((await send("HeadObject", { Key: "copied" })).ContentLength === file.bytes, "copy");
}
did("presigner, CopyObject");
const range = await send("GetObject", { Key: `kept/${large.key}`, Range: "bytes=-100" });
expect(
  content(large)
    .subarray(-100)
    .equals(await collect(range.Body)),
  "range",
);
did("range");
let keys = 0;
for await (const page of sdk.paginateListObjectsV2({ client: s3 }, { Bucket: env.TROUPE_MANY_BUCKET }))
  keys += page.Contents.length;
expect(keys === Number(env.TROUPE_MANY_KEYS), "paginator");
did(`paginator over ${keys} keys`);
const { UploadId } = await send("CreateMultipartUpload", { Key: "aborted" });
await send("UploadPart", { Key: "aborted", UploadId, PartNumber: 1, Body: content(files[1]) });
expect((await send("ListParts", { Key: "aborted", UploadId })).Parts.length === 1, "parts");
await send("AbortMultipartUpload", { Key: "aborted", UploadId });
did("multipart by hand, abort");
await refused("NoSuchKey", send("GetObject", { Key: "nothing" }));
await refused("NotFound", send("HeadObject", { Key: "nothing" }));
await refused("PreconditionFailed", send("PutObject", { Key: "copied", Body: "x", IfNoneMatch: "*" }));
await refused("NoSuchBucket", send("ListObjectsV2", { Bucket: "there-is-no-such-bucket" }));
did("NoSuchKey, NoSuchBucket, If-None-Match");
await refused("SignatureDoesNotMatch", connect(env.TROUPE_WRONG_SECRET).send(new sdk.ListBucketsCommand({})));
did("wrong secret");
const { Deleted } = await send("DeleteObjects", { Delete: { Objects: [{ Key: "copied" }, { Key: "stream" }] } });
expect(Deleted.length === 2, "DeleteObjects");
await send("CreateBucket", { Bucket: `${bucket}-made` });
await sdk.waitUntilBucketExists({ client: s3, maxWaitTime: 30 }, { Bucket: `${bucket}-made` });
await send("DeleteBucket", { Bucket: `${bucket}-made` });
did("DeleteObjects, buckets, waiter");
