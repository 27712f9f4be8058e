/** minio-js beyond objects' bytes: policies, tags, locks, lifecycle, encryption, forms, versions. */

import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";
import { bucket, collect, content, did, env, expect, files, refused, sha256 } from "./common.mjs";

const minio = createRequire(import.meta.url)("minio");
const url = new URL(env.TROUPE_ENDPOINT);
const client = new minio.Client({
  endPoint: url.hostname,
  port: Number(url.port),
  useSSL: url.protocol === "https:",
  accessKey: env.AWS_ACCESS_KEY_ID,
  secretKey: env.AWS_SECRET_ACCESS_KEY,
});
const [, one] = files;
const large = files.at(-1);
const same = (found, wanted, claim) =>
  expect(isDeepStrictEqual(found, wanted), `${claim}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
const everybodyGets = async (key) => {
  const answer = await fetch(`${env.TROUPE_ENDPOINT}/${bucket}/${key}`);
  await answer.arrayBuffer();
  return answer.status;
};

async function accessAndTags() {
  await client.putObject(bucket, "page", content(one));
  await refused("NoSuchBucketPolicy", client.getBucketPolicy(bucket));
  const Statement = [
    { Effect: "Allow", Principal: { AWS: ["*"] }, Action: ["s3:GetObject"], Resource: [`arn:aws:s3:::${bucket}/*`] },
  ];
  await client.setBucketPolicy(bucket, JSON.stringify({ Version: "2012-10-17", Statement }));
  same(JSON.parse(await client.getBucketPolicy(bucket)).Statement, Statement, "policy");
  same(await everybodyGets("page"), 200, "public");
  await client.setBucketPolicy(bucket, "");
  same(await everybodyGets("page"), 403, "private again");
  did("bucket policy");
  await client.setBucketTagging(bucket, { team: "blue green" });
  same(await client.getBucketTagging(bucket), [{ Key: "team", Value: "blue green" }], "bucket tags");
  await client.removeBucketTagging(bucket);
  await refused("NoSuchTagSet", client.getBucketTagging(bucket));
  await client.setObjectTagging(bucket, "page", { state: "new" });
  same(await client.getObjectTagging(bucket, "page"), [{ Key: "state", Value: "new" }], "object tags");
  await client.removeObjectTagging(bucket, "page");
  did("tagging of buckets and objects");
}

async function configurations() {
  await client.setBucketLifecycle(bucket, {
    Rule: [{ ID: "old", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 3 } }],
  });
  const { Rule } = await client.getBucketLifecycle(bucket);
  same(JSON.stringify(Rule).includes('"old"'), true, "lifecycle");
  await client.removeBucketLifecycle(bucket);
  did("lifecycle configuration");
  await client.setBucketVersioning(bucket, { Status: "Enabled" });
  same((await client.getBucketVersioning(bucket)).Status, "Enabled", "versioning");
  const { versionId } = await client.putObject(bucket, "versioned", content(one));
  await client.removeObject(bucket, "versioned");
  await refused("NotFound", client.statObject(bucket, "versioned"));
  same(sha256(await collect(await client.getObject(bucket, "versioned", { versionId }))), one.sha256, "a version");
  did("versioning");
  await client.setBucketEncryption(bucket, {
    Rule: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
  });
  expect(JSON.stringify(await client.getBucketEncryption(bucket)).includes("AES256"), "bucket encryption");
  await client.fPutObject(bucket, "default", large.path);
  same(
    (await client.statObject(bucket, "default")).metaData["server-side-encryption"] ?? "AES256",
    "AES256",
    "default",
  );
  same(sha256(await collect(await client.getObject(bucket, "default"))), large.sha256, "encrypted by default");
  await client.removeBucketEncryption(bucket);
  did("bucket default encryption, by parts");
}

async function locks() {
  const locked = `${bucket}-locked`;
  await client.makeBucket(locked, "us-east-1", { ObjectLocking: true });
  await client.setObjectLockConfig(locked, { mode: "GOVERNANCE", unit: "Days", validity: 2 });
  const { mode, validity } = await client.getObjectLockConfig(locked);
  same([mode, validity], ["GOVERNANCE", 2], "bucket default");
  if (url.protocol === "http:") {
    // Without TLS it signs the body and sends no checksum, which S3 asks for under a lock.
    await refused("InvalidRequest", client.putObject(locked, "held", content(one)));
    await client.setObjectLockConfig(locked, {});
  }
  const { versionId } = await client.putObject(locked, "held", content(one));
  const retainUntilDate = new Date(Date.now() + 86_400_000).toISOString();
  if (url.protocol === "http:")
    await client.putObjectRetention(locked, "held", { mode: "GOVERNANCE", retainUntilDate, versionId });
  const retention = await client.getObjectRetention(locked, "held", { versionId });
  same(retention.mode, "GOVERNANCE", "retention");
  await refused("AccessDenied", client.removeObject(locked, "held", { versionId }));
  await client.setObjectLegalHold(locked, "held", { versionId, status: "ON" });
  await refused("AccessDenied", client.removeObject(locked, "held", { versionId, governanceBypass: true }));
  await client.setObjectLegalHold(locked, "held", { versionId, status: "OFF" });
  await client.removeObject(locked, "held", { versionId, governanceBypass: true });
  did("object lock: bucket default, retention, legal hold, refused deletes, bypass");
}

async function forms() {
  const policy = client.newPostPolicy();
  policy.setBucket(bucket);
  policy.setKey("posted");
  policy.setContentLengthRange(1, 1000);
  policy.setExpires(new Date(Date.now() + 600_000));
  const { postURL, formData } = await client.presignedPostPolicy(policy);
  const post = (bytes) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(formData)) form.set(name, value);
    form.set("file", new Blob([bytes]), "one");
    return fetch(postURL, { method: "POST", body: form });
  };
  same((await post(content(one))).status, 204, "posted");
  same(sha256(await collect(await client.getObject(bucket, "posted"))), one.sha256, "what was posted");
  const long = await post(Buffer.alloc(2000));
  expect(long.status === 400 && (await long.text()).includes("EntityTooLarge"), `too long: ${long.status}`);
  did("presignedPostPolicy");
}

for (const exercise of [accessAndTags, forms, configurations, locks]) await exercise();
// Its removals of tags leave the answer unread: their connections would stay open until the server closes them.
process.exit(0);
