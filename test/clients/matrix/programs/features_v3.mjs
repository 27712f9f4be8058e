/** aws-sdk-js v3 beyond objects' bytes: access, tags, locks, lifecycle, encryption, forms and sub-resources of buckets. */

import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";

import { Upload } from "@aws-sdk/lib-storage";
import { bucket, content, did, env, expect, files, refused, sha256 } from "./common.mjs";

const sdk = await import("@aws-sdk/client-s3");
const { createPresignedPost } = createRequire(`${env.TROUPE_FORMS}/`)("@aws-sdk/s3-presigned-post");
const s3 = new sdk.S3Client({ endpoint: env.TROUPE_ENDPOINT, region: "us-east-1" });
const send = (name, input) => s3.send(new sdk[`${name}Command`]({ Bucket: bucket, ...input }));
const url = `${env.TROUPE_ENDPOINT}/${bucket}`;
const day = 86_400_000;
const statusOf = async (path, options) => {
  const answer = await fetch(`${url}${path}`, options);
  await answer.arrayBuffer();
  return answer.status;
};
const same = (found, wanted, claim) =>
  expect(isDeepStrictEqual(found, wanted), `${claim}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
const bytesOf = async (Key, more) =>
  Buffer.from(await (await send("GetObject", { Key, ...more })).Body.transformToByteArray());
const [, one, medium] = files;
const large = files.at(-1);

async function access() {
  await send("PutObject", { Key: "page", Body: "page" });
  await refused("NoSuchBucketPolicy", send("GetBucketPolicy"));
  const statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket}/*` };
  const onlyHere = { ...statement, Condition: { IpAddress: { "aws:SourceIp": "127.0.0.0/8" } } };
  const policyOf = (one) => JSON.stringify({ Version: "2012-10-17", Statement: [one] });
  await send("PutBucketPolicy", { Policy: policyOf(onlyHere) });
  same(JSON.parse((await send("GetBucketPolicy")).Policy).Statement, [onlyHere], "policy");
  same(await statusOf("/page"), 200, "from this address");
  await send("PutBucketPolicy", { Policy: policyOf(statement) });
  same((await send("GetBucketPolicyStatus")).PolicyStatus.IsPublic, true, "public");
  await refused("MalformedPolicy", send("PutBucketPolicy", { Policy: "no JSON" }));
  const block = {
    BlockPublicAcls: false,
    IgnorePublicAcls: false,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  };
  await send("PutPublicAccessBlock", { PublicAccessBlockConfiguration: block });
  same((await send("GetPublicAccessBlock")).PublicAccessBlockConfiguration, block, "block");
  same(await statusOf("/page"), 403, "restricted");
  await refused("AccessDenied", send("PutBucketPolicy", { Policy: policyOf(statement) }));
  await send("DeletePublicAccessBlock");
  await send("DeleteBucketPolicy");
  same(await statusOf("/page"), 403, "private again");
  did("bucket policy, conditions, its status, public access block");
  await send("PutObject", { Key: "shown", Body: "x", ACL: "public-read" });
  same(await statusOf("/shown"), 200, "canned ACL");
  const { Owner, Grants } = await send("GetObjectAcl", { Key: "shown" });
  same(Grants.map(({ Permission }) => Permission).sort(), ["FULL_CONTROL", "READ"], "grants");
  const own = { Grantee: { Type: "CanonicalUser", ID: Owner.ID }, Permission: "FULL_CONTROL" };
  await send("PutObjectAcl", { Key: "shown", AccessControlPolicy: { Owner, Grants: [own] } });
  same(await statusOf("/shown"), 403, "grants by body");
  await refused("OwnershipControlsNotFoundError", send("GetBucketOwnershipControls"));
  const Rules = [{ ObjectOwnership: "BucketOwnerEnforced" }];
  await send("PutBucketOwnershipControls", { OwnershipControls: { Rules } });
  same((await send("GetBucketOwnershipControls")).OwnershipControls.Rules, Rules, "ownership");
  await refused("AccessControlListNotSupported", send("PutObject", { Key: "acl", Body: "x", ACL: "public-read" }));
  await send("DeleteBucketOwnershipControls");
  did("ACLs: canned, by body; ownership controls");
}

async function tags() {
  await refused("NoSuchTagSet", send("GetBucketTagging"));
  const TagSet = [{ Key: "команда", Value: "blue + green" }];
  await send("PutBucketTagging", { Tagging: { TagSet } });
  same((await send("GetBucketTagging")).TagSet, TagSet, "bucket tags");
  await send("DeleteBucketTagging");
  await send("PutObject", { Key: "tagged", Body: "x", Tagging: "state=new" });
  same((await send("GetObjectTagging", { Key: "tagged" })).TagSet, [{ Key: "state", Value: "new" }], "by header");
  await send("PutObjectTagging", { Key: "tagged", Tagging: { TagSet } });
  same((await send("GetObjectTagging", { Key: "tagged" })).TagSet, TagSet, "object tags");
  const CopySource = `${bucket}/tagged`;
  await send("CopyObject", { Key: "replaced", CopySource, TaggingDirective: "REPLACE", Tagging: "state=copied" });
  same((await send("GetObjectTagging", { Key: "replaced" })).TagSet[0].Value, "copied", "replaced by a copy");
  await send("DeleteObjectTagging", { Key: "tagged" });
  same((await send("GetObjectTagging", { Key: "tagged" })).TagSet, [], "deleted");
  did("tagging of buckets and objects, by header, replaced by a copy");
}

async function locks() {
  const locked = { Bucket: `${bucket}-locked` };
  await send("CreateBucket", { ...locked, ObjectLockEnabledForBucket: true });
  const ObjectLockConfiguration = {
    ObjectLockEnabled: "Enabled",
    Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } },
  };
  await send("PutObjectLockConfiguration", { ...locked, ObjectLockConfiguration });
  same((await send("GetObjectLockConfiguration", locked)).ObjectLockConfiguration, ObjectLockConfiguration, "default");
  const upload = new Upload({ client: s3, params: { ...locked, Key: "held", Body: content(large) } });
  const { VersionId } = await upload.done();
  const at = { ...locked, Key: "held", VersionId };
  same((await send("GetObjectRetention", at)).Retention.Mode, "GOVERNANCE", "of an upload by parts");
  await refused("AccessDenied", send("DeleteObject", at));
  await send("PutObjectLegalHold", { ...at, LegalHold: { Status: "ON" } });
  same((await send("HeadObject", at)).ObjectLockLegalHoldStatus, "ON", "legal hold");
  await refused("AccessDenied", send("DeleteObject", { ...at, BypassGovernanceRetention: true }));
  await send("PutObjectLegalHold", { ...at, LegalHold: { Status: "OFF" } });
  await send("DeleteObject", { ...at, BypassGovernanceRetention: true });
  const RetainUntilDate = new Date(Math.floor(Date.now() / 1000) * 1000 + day);
  const strict = { ...locked, Key: "strict" };
  const put = await send("PutObject", {
    ...strict,
    Body: "x",
    ObjectLockMode: "COMPLIANCE",
    ObjectLockRetainUntilDate: RetainUntilDate,
  });
  const kept = { ...strict, VersionId: put.VersionId };
  same((await send("GetObjectRetention", kept)).Retention, { Mode: "COMPLIANCE", RetainUntilDate }, "compliance");
  await refused("AccessDenied", send("DeleteObject", { ...kept, BypassGovernanceRetention: true }));
  const shorter = { Mode: "COMPLIANCE", RetainUntilDate: new Date(RetainUntilDate.getTime() - day / 2) };
  await refused(
    "AccessDenied",
    send("PutObjectRetention", { ...kept, Retention: shorter, BypassGovernanceRetention: true }),
  );
  did("object lock: bucket default on parts, retention, legal hold, refused deletes, bypass");
}

async function documents() {
  await refused("NoSuchLifecycleConfiguration", send("GetBucketLifecycleConfiguration"));
  const Rules = [{ ID: "old", Filter: { Prefix: "logs/" }, Status: "Enabled", Expiration: { Days: 3 } }];
  await send("PutBucketLifecycleConfiguration", { LifecycleConfiguration: { Rules } });
  same((await send("GetBucketLifecycleConfiguration")).Rules, Rules, "lifecycle");
  expect((await send("PutObject", { Key: "logs/a", Body: "x" })).Expiration.includes('rule-id="old"'), "Expiration");
  await send("DeleteBucketLifecycle");
  did("lifecycle configuration, Expiration");
  const CORSRules = [
    {
      AllowedOrigins: ["https://*.example.com"],
      AllowedMethods: ["PUT"],
      AllowedHeaders: ["*"],
      ExposeHeaders: ["ETag"],
    },
  ];
  await send("PutBucketCors", { CORSConfiguration: { CORSRules } });
  same((await send("GetBucketCors")).CORSRules, CORSRules, "CORS");
  const origin = "https://app.example.com";
  const preflight = await fetch(`${url}/page`, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "PUT" },
  });
  same([preflight.status, preflight.headers.get("access-control-allow-origin")], [200, origin], "preflight");
  await send("DeleteBucketCors");
  await refused("NoSuchCORSConfiguration", send("GetBucketCors"));
  did("CORS configuration, preflight");
  const WebsiteConfiguration = { RedirectAllRequestsTo: { HostName: "example.com", Protocol: "https" } };
  await send("PutBucketWebsite", { WebsiteConfiguration });
  same((await send("GetBucketWebsite")).RedirectAllRequestsTo, WebsiteConfiguration.RedirectAllRequestsTo, "website");
  await send("DeleteBucketWebsite");
  await send("PutBucketNotificationConfiguration", { NotificationConfiguration: {} });
  same((await send("GetBucketNotificationConfiguration")).QueueConfigurations, undefined, "no notification");
  same((await send("GetBucketLogging")).LoggingEnabled, undefined, "no logging");
  await refused("ReplicationConfigurationNotFoundError", send("GetBucketReplication"));
  did("website, notification, logging, replication: put, get, absent");
  same((await send("ListBucketInventoryConfigurations")).InventoryConfigurationList, undefined, "inventories");
  const InventoryConfiguration = {
    Id: "daily",
    IsEnabled: true,
    IncludedObjectVersions: "All",
    Schedule: { Frequency: "Daily" },
    Destination: { S3BucketDestination: { Bucket: `arn:aws:s3:::${bucket}`, Format: "CSV" } },
  };
  const once = new sdk.S3Client({ endpoint: env.TROUPE_ENDPOINT, region: "us-east-1", maxAttempts: 1 });
  const inventory = new sdk.PutBucketInventoryConfigurationCommand({
    Bucket: bucket,
    Id: "daily",
    InventoryConfiguration,
  });
  await refused("NotImplemented", once.send(inventory));
  did("inventory 501");
}

async function versions() {
  await send("PutBucketVersioning", { VersioningConfiguration: { Status: "Enabled" } });
  const { VersionId } = await send("PutObject", { Key: "versioned", Body: "one" });
  await send("PutObject", { Key: "versioned", Body: "two" });
  await send("DeleteObject", { Key: "versioned" });
  await refused("NoSuchKey", send("GetObject", { Key: "versioned" }));
  same((await bytesOf("versioned", { VersionId })).toString(), "one", "first version");
  const { Versions, DeleteMarkers } = await send("ListObjectVersions", { Prefix: "versioned" });
  same([Versions.length, DeleteMarkers.length, DeleteMarkers[0].IsLatest], [2, 1, true], "versions");
  await send("PutBucketVersioning", { VersioningConfiguration: { Status: "Suspended" } });
  same((await send("PutObject", { Key: "versioned", Body: "null" })).VersionId ?? "null", "null", "suspended");
  did("versioning, suspended too");
}

/** Put, parts by hand with one copied, and copies of one way to encrypt. */
async function encrypted(name, write, read, source, shown) {
  const put = await send("PutObject", { Key: name, Body: content(medium), ...write });
  for (const [member, value] of Object.entries(shown)) same(put[member], value, `${name}: ${member}`);
  same(sha256(await bytesOf(name, read)), medium.sha256, name);
  const Key = `${name} parts`;
  const started = await send("CreateMultipartUpload", { Key, ...write });
  for (const [member, value] of Object.entries(shown)) same(started[member], value, `${Key}: ${member}`);
  const { UploadId } = started;
  const ofParts = write.SSECustomerKey === undefined ? {} : write;
  const first = await send("UploadPart", {
    Key,
    UploadId,
    PartNumber: 1,
    Body: content(large).subarray(0, 6_000_000),
    ...ofParts,
  });
  const CopySource = encodeURI(`${bucket}/${name}`);
  const second = await send("UploadPartCopy", { Key, UploadId, PartNumber: 2, CopySource, ...source, ...ofParts });
  const Parts = [first, second.CopyPartResult].map(({ ETag }, index) => ({ ETag, PartNumber: index + 1 }));
  await send("CompleteMultipartUpload", { Key, UploadId, MultipartUpload: { Parts }, ...ofParts });
  const whole = Buffer.concat([content(large).subarray(0, 6_000_000), content(medium)]);
  expect(whole.equals(await bytesOf(Key, read)), `${name} by parts`);
  expect(
    whole.subarray(5_999_990, 6_000_010).equals(await bytesOf(Key, { ...read, Range: "bytes=5999990-6000009" })),
    "range",
  );
  await send("CopyObject", { Key: `${name} clear`, CopySource, ...source });
  same(sha256(await bytesOf(`${name} clear`)), medium.sha256, `${name} in the clear`);
}

async function encryption() {
  const bySse = { ServerSideEncryption: "AES256" };
  await encrypted("sse-s3", bySse, {}, {}, bySse);
  const byKms = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "second" };
  await encrypted("sse-kms", byKms, {}, {}, { ServerSideEncryption: "aws:kms" });
  const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }];
  await send("PutBucketEncryption", { ServerSideEncryptionConfiguration: { Rules } });
  const [rule] = (await send("GetBucketEncryption")).ServerSideEncryptionConfiguration.Rules;
  same(rule.ApplyServerSideEncryptionByDefault, { SSEAlgorithm: "AES256" }, "default");
  same((await send("PutObject", { Key: "by default", Body: "x" })).ServerSideEncryption, "AES256", "by default");
  await send("DeleteBucketEncryption");
  await refused("ServerSideEncryptionConfigurationNotFoundError", send("GetBucketEncryption"));
  did("SSE-S3, SSE-KMS by parts, copied parts and copies; bucket default");
  const key = createHash("sha256").update("a customer's key").digest();
  const SSECustomerKeyMD5 = createHash("md5").update(key).digest("base64");
  const own = { SSECustomerAlgorithm: "AES256", SSECustomerKey: key.toString("base64"), SSECustomerKeyMD5 };
  if (env.TROUPE_CA === "") {
    await refused("InvalidRequest", send("PutObject", { Key: "own", Body: "x", ...own }));
    did("SSE-C refused without TLS");
    return;
  }
  const source = Object.fromEntries(Object.entries(own).map(([name, value]) => [`CopySource${name}`, value]));
  await encrypted("sse-c", own, own, source, { SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5 });
  await refused("InvalidRequest", send("GetObject", { Key: "sse-c" }));
  did("SSE-C by parts, copied parts and copies");
}

async function forms() {
  const Conditions = [
    ["content-length-range", 1, 1000],
    ["starts-with", "$Content-Type", "text/"],
  ];
  const Fields = { success_action_status: "201" };
  const made = await createPresignedPost(s3, {
    Bucket: bucket,
    Key: `posted/\${filename}`,
    Conditions,
    Fields,
    Expires: 600,
  });
  const post = (bytes, type = "text/plain") => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...made.fields, "Content-Type": type })) form.set(name, value);
    form.set("file", new Blob([bytes], { type }), "a file.txt");
    return fetch(made.url, { method: "POST", body: form });
  };
  const answer = await post(content(one));
  expect(answer.status === 201 && (await answer.text()).includes("<Key>posted/a file.txt</Key>"), `${answer.status}`);
  same(sha256(await bytesOf("posted/a file.txt")), one.sha256, "posted");
  const long = await post(Buffer.alloc(2000));
  expect(long.status === 400 && (await long.text()).includes("EntityTooLarge"), `too long: ${long.status}`);
  const typed = await post(content(one), "image/png");
  expect(typed.status === 403 && (await typed.text()).includes("AccessDenied"), `another type: ${typed.status}`);
  did("s3-presigned-post: conditions, content-length-range, file name");
}

for (const exercise of [access, tags, forms, documents, versions, locks, encryption]) await exercise();
