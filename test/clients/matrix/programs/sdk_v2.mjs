/** aws-sdk-js v2 with its defaults, but for the path style that it needs with an address. */

import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { bucket, content, did, env, expect, files, refused, sha256 } from "./common.mjs";

const AWS = createRequire(import.meta.url)("aws-sdk");
const connect = (secretAccessKey = env.AWS_SECRET_ACCESS_KEY) =>
  new AWS.S3({
    endpoint: env.TROUPE_ENDPOINT,
    s3ForcePathStyle: true,
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey,
  });
const s3 = connect();
// Without a version it presigns with the old one.
const presigners = [s3, new AWS.S3({ ...s3.config, signatureVersion: "v4" })];
const call = (name, input) => s3[name]({ Bucket: bucket, ...input }).promise();

for (const file of files) {
  const Key = `kept/${file.key}`;
  await call("putObject", { Key, Body: content(file), Metadata: { note: "from v2" } });
  const got = await call("getObject", { Key });
  expect(sha256(got.Body) === file.sha256 && got.Metadata.note === "from v2", file.key);
  await call("putObject", { Key: "stream", Body: createReadStream(file.path) });
  expect((await call("headObject", { Key: "stream" })).ContentLength === file.bytes, "stream");
  await s3.upload({ Bucket: bucket, Key, Body: createReadStream(file.path) }).promise();
  expect(sha256((await call("getObject", { Key })).Body) === file.sha256, file.key);
  await call("copyObject", { Key: "copied", CopySource: encodeURI(`${bucket}/${Key}`).replaceAll("+", "%2B") });
  expect((await call("headObject", { Key: "copied" })).ContentLength === file.bytes, "copy");
  if (file.bytes > 6_000_000) continue;
  for (const presigner of presigners) {
    const url = presigner.getSignedUrl("putObject", { Bucket: bucket, Key: `signed/${file.key}` });
    expect((await fetch(url, { method: "PUT", body: content(file) })).status === 200, `presigned PUT ${url}`);
    const read = presigner.getSignedUrl("getObject", { Bucket: bucket, Key: `signed/${file.key}` });
    expect(sha256(Buffer.from(await (await fetch(read)).arrayBuffer())) === file.sha256, "presigned GET");
  }
}
did(`putObject, getObject, upload, copyObject of ${files.length} sizes and names`);
did("presigned PUT, GET (signature versions 2 and 4)");
let token;
let keys = 0;
do {
  const page = await call("listObjectsV2", { Bucket: env.TROUPE_MANY_BUCKET, ContinuationToken: token });
  keys += page.Contents.length;
  token = page.NextContinuationToken;
} while (token);
expect(keys === Number(env.TROUPE_MANY_KEYS), "list");
did(`list ${keys} keys`);
await refused("NoSuchKey", call("getObject", { Key: "nothing" }));
await refused("NoSuchBucket", call("listObjects", { Bucket: "there-is-no-such-bucket" }));
await refused("SignatureDoesNotMatch", connect(env.TROUPE_WRONG_SECRET).listBuckets().promise());
did("NoSuchKey, NoSuchBucket, wrong secret");
await call("deleteObjects", { Delete: { Objects: [{ Key: "copied" }, { Key: "stream" }] } });
await call("createBucket", { Bucket: `${bucket}-made` });
await call("deleteBucket", { Bucket: `${bucket}-made` });
did("deleteObjects, buckets");
