/** minio-js. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { bucket, collect, content, did, env, expect, files, refused, sha256 } from "./common.mjs";

const minio = createRequire(import.meta.url)("minio");
const url = new URL(env.TROUPE_ENDPOINT);
const connect = (secretKey = env.AWS_SECRET_ACCESS_KEY) =>
  new minio.Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: url.protocol === "https:",
    accessKey: env.AWS_ACCESS_KEY_ID,
    secretKey,
  });
const client = connect();
for (const file of files) {
  const key = `kept/${file.key}`;
  await client.putObject(bucket, key, content(file), file.bytes, { note: "x" });
  expect(sha256(await collect(await client.getObject(bucket, key))) === file.sha256, file.key);
  // An empty stream it would complete without a part, which S3 refuses.
  if (file.bytes > 0) {
    await client.putObject(bucket, "stream", Readable.from([content(file)]));
    expect((await client.statObject(bucket, "stream")).size === file.bytes, "stream");
  }
  await client.fPutObject(bucket, key, file.path);
  await client.fGetObject(bucket, key, `${env.TROUPE_SCRATCH}/got`);
  expect(sha256(readFileSync(`${env.TROUPE_SCRATCH}/got`)) === file.sha256, file.key);
  // A plus sign in the source of a copy it does not encode, and S3 takes it for a space.
  if (!key.includes("+")) {
    const source = new minio.CopySourceOptions({ Bucket: bucket, Object: key });
    await client.copyObject(source, new minio.CopyDestinationOptions({ Bucket: bucket, Object: "copied" }));
    expect((await client.statObject(bucket, "copied")).size === file.bytes, "copy");
  }
  if (file.bytes > 6_000_000) continue;
  const put = await client.presignedPutObject(bucket, `signed/${file.key}`);
  expect((await fetch(put, { method: "PUT", body: content(file) })).status === 200, "presigned PUT");
  const get = await client.presignedGetObject(bucket, `signed/${file.key}`);
  expect(sha256(Buffer.from(await (await fetch(get)).arrayBuffer())) === file.sha256, "presigned GET");
}
did(`putObject, streams, fPutObject, fGetObject, copyObject of ${files.length} sizes and names`);
did("presigned PUT, GET");
const small = new minio.Client({
  ...{ endPoint: url.hostname, port: Number(url.port), useSSL: url.protocol === "https:" },
  accessKey: env.AWS_ACCESS_KEY_ID,
  secretKey: env.AWS_SECRET_ACCESS_KEY,
  partSize: 5 * 1024 * 1024,
});
const large = files.at(-1);
await small.putObject(bucket, `kept/${large.key}`, Readable.from([content(large)]));
expect(/-\d+$/.test((await client.statObject(bucket, `kept/${large.key}`)).etag), "parts");
did("stream of unknown length, by parts");
for (const list of ["listObjects", "listObjectsV2"]) {
  let keys = 0;
  for await (const _entry of client[list](env.TROUPE_MANY_BUCKET, "", true)) keys += 1;
  expect(keys === Number(env.TROUPE_MANY_KEYS), list);
}
did(`list ${env.TROUPE_MANY_KEYS} keys`);
expect(
  content(large)
    .subarray(7, 107)
    .equals(await collect(await client.getPartialObject(bucket, `kept/${large.key}`, 7, 100))),
  "range",
);
did("range");
await refused("NoSuchKey", client.getObject(bucket, "nothing"));
await refused("SignatureDoesNotMatch", connect(env.TROUPE_WRONG_SECRET).listBuckets());
did("NoSuchKey, wrong secret");
await client.removeObjects(bucket, ["stream", "copied"]);
await client.makeBucket(`${bucket}-made`);
expect(await client.bucketExists(`${bucket}-made`), "bucket");
await client.removeBucket(`${bucket}-made`);
did("removeObjects, buckets");
