/** The calls that applications make, in their order, with the answers that they depend on. */

import { createHash, randomBytes } from "node:crypto";
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { eachFront, element, outcome, refusal, type Stand, someBytes } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";

const test = eachFront({ settings: ["encryption.customerKeysOverHttp=true"] });

const targetOf = (url: string): string => url.slice(new URL(url).origin.length);
const get = (stand: Stand, target: string, headers = {}) => stand.signed({ method: "GET", target, headers });

/** What aws_s3_bucket reads after it made one, and what it takes for "not configured". */
const subResources: readonly (readonly [query: string, expected: string])[] = [
  ["acl", "200"],
  ["policy", "404 NoSuchBucketPolicy"],
  ["cors", "404 NoSuchCORSConfiguration"],
  ["website", "404 NoSuchWebsiteConfiguration"],
  ["versioning", "200"],
  ["accelerate", "200"],
  ["requestPayment", "200"],
  ["logging", "200"],
  ["notification", "200"],
  ["lifecycle", "404 NoSuchLifecycleConfiguration"],
  ["replication", "404 ReplicationConfigurationNotFoundError"],
  ["encryption", "404 ServerSideEncryptionConfigurationNotFoundError"],
  ["object-lock", "404 ObjectLockConfigurationNotFoundError"],
  ["tagging", "404 NoSuchTagSet"],
  ["ownershipControls", "404 OwnershipControlsNotFoundError"],
  ["publicAccessBlock", "404 NoSuchPublicAccessBlockConfiguration"],
  ["policyStatus", "404 NoSuchBucketPolicy"],
  ["location", "200"],
];

test("Terraform_bucket_is_made_read_and_destroyed", async (t, stand) => {
  const { s3, signed } = stand;
  const name = `${stand.bucket}-terraform`;
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  const { BucketRegion } = await s3.send(new HeadBucketCommand({ Bucket: name }));
  t.truthy(BucketRegion);
  for (const [query, expected] of subResources) t.is(outcome(await get(stand, `/${name}?${query}`)), expected, query);
  t.is(element(await get(stand, `/${name}?requestPayment`), "Payer"), "BucketOwner");
  t.is(element(await get(stand, `/${name}?versioning`), "Status"), undefined);
  const remove = { method: "DELETE", target: `/${name}` };
  for (const query of [
    "policy",
    "cors",
    "website",
    "lifecycle",
    "replication",
    "encryption",
    "tagging",
    "ownershipControls",
  ])
    t.is(outcome(await signed({ method: "DELETE", target: `/${name}?${query}` })), "204", query);
  t.is(outcome(await signed(remove)), "204");
  t.is(outcome(await signed(remove)), "404 NoSuchBucket");
  for (const [query] of subResources) t.is(outcome(await get(stand, `/${name}?${query}`)), "404 NoSuchBucket", query);
  t.is(await refusal(s3.send(new HeadBucketCommand({ Bucket: name }))), "404 NotFound");
});

test("Terraform_S3_Control_tags_and_GetCallerIdentity", async (t, { bucket, endpoint, signed }) => {
  const sts = new STSClient({ endpoint, region: "us-east-1", credentials: testKeys });
  const { Account: account = "" } = await sts.send(new GetCallerIdentityCommand({}));
  sts.destroy();
  t.regex(account, /^\d{12}$/);
  const target = `/v20180820/tags/${encodeURIComponent(`arn:aws:s3:::${bucket}`)}`;
  const headers = { "x-amz-account-id": account };
  const namespace = "http://awss3control.amazonaws.com/doc/2018-08-20/";
  const body = `<TagResourceRequest xmlns="${namespace}"><Tags><Tag><Key>env</Key><Value>test</Value></Tag></Tags></TagResourceRequest>`;
  t.regex(outcome(await signed({ method: "POST", target, headers, body })), /^20[04]$/);
  const listed = await signed({ method: "GET", target, headers });
  t.is(element(listed, "Key"), "env");
  const set = await signed({ method: "GET", target: `/${bucket}?tagging` });
  t.is(element(set, "Value"), "test", "the same tags by S3's own sub-resource");
  t.regex(outcome(await signed({ method: "DELETE", target: `${target}?tagKeys=env`, headers })), /^20[04]$/);
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}?tagging` })), "404 NoSuchTagSet");
});

test("Terraform_state_with_a_lock_file", async (t, { s3, bucket: Bucket }) => {
  const lock = { Bucket, Key: "env/terraform.tfstate.tflock" };
  const take = (Body: string) =>
    s3.send(
      new PutObjectCommand({
        ...lock,
        Body,
        IfNoneMatch: "*",
        ContentType: "application/json",
        ChecksumAlgorithm: "SHA256",
      }),
    );
  t.is(await refusal(s3.send(new GetObjectCommand({ Bucket, Key: "env/terraform.tfstate" }))), "404 NoSuchKey");
  await take("one");
  t.is(await refusal(take("two")), "412 PreconditionFailed");
  t.is(await (await s3.send(new GetObjectCommand(lock))).Body?.transformToString(), "one");
  await s3.send(new PutObjectCommand({ Bucket, Key: "env/terraform.tfstate", Body: "{}" }));
  await s3.send(new DeleteObjectCommand(lock));
  await take("two");
  const taken = await Promise.allSettled(
    Array.from({ length: 8 }, (_none, index) =>
      s3.send(new PutObjectCommand({ Bucket, Key: "raced", Body: String(index), IfNoneMatch: "*" })),
    ),
  );
  t.is(taken.filter(({ status }) => status === "fulfilled").length, 1, "one of eight at once");
});

test("GitLab_parts_and_completion_by_presigned_URLs", async (t, { s3, bucket: Bucket, plain, signed }) => {
  const place = { Bucket, Key: "uploads/tmp/1 ü" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place));
  const bodies = [someBytes(5 * 2 ** 20), someBytes(100, 2)];
  const etags: string[] = [];
  for (const [index, body] of bodies.entries()) {
    const url = await getSignedUrl(s3, new UploadPartCommand({ ...place, UploadId, PartNumber: index + 1 }));
    const sent = await plain({ method: "PUT", target: targetOf(url), body });
    t.is(outcome(sent), "200");
    const etag = String(sent.headers["etag"]);
    t.is(etag, `"${createHash("md5").update(body).digest("hex")}"`, "ETag is MD5");
    etags.push(etag);
  }
  const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
  const complete = await getSignedUrl(s3, new CompleteMultipartUploadCommand({ ...place, UploadId }));
  const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
  t.is(outcome(await plain({ method: "POST", target: targetOf(complete), body })), "200");
  const url = await getSignedUrl(
    s3,
    new GetObjectCommand({ ...place, ResponseContentDisposition: 'attachment; filename="1"' }),
  );
  const got = await plain({ method: "GET", target: targetOf(url) });
  t.true(got.body.equals(Buffer.concat(bodies)));
  t.is(got.headers["content-disposition"], 'attachment; filename="1"');
  const other = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "other" }));
  const abort = await getSignedUrl(
    s3,
    new AbortMultipartUploadCommand({ Bucket, Key: "other", UploadId: other.UploadId }),
  );
  t.is(outcome(await plain({ method: "DELETE", target: targetOf(abort) })), "204");
  t.is(outcome(await plain({ method: "DELETE", target: targetOf(abort) })), "404 NoSuchUpload");
  t.is(outcome(await signed({ method: "DELETE", target: `/${Bucket}/uploads/tmp/absent` })), "204");
});

test("Docker_registry_push_and_pull_of_a_layer", async (t, { s3, bucket: Bucket, plain }) => {
  const data = { Bucket, Key: "docker/registry/v2/repositories/a/_uploads/1/data" };
  t.is(await refusal(s3.send(new HeadObjectCommand(data))), "404 NotFound");
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(data));
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: data.Key }));
  t.deepEqual(
    Uploads.map((upload) => [upload.Key, upload.UploadId]),
    [[data.Key, UploadId]],
    "at once after its creation",
  );
  await s3.send(new PutObjectCommand({ Bucket, Key: "small", Body: "a small source" }));
  const sizes = [5 * 2 ** 20 + 7, 6 * 2 ** 20];
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const [index, size] of sizes.entries()) {
    const sent = await s3.send(
      new UploadPartCommand({ ...data, UploadId, PartNumber: index + 1, Body: someBytes(size, index + 1) }),
    );
    Parts.push({ PartNumber: index + 1, ETag: sent.ETag });
  }
  const copied = await s3.send(
    new UploadPartCopyCommand({ ...data, UploadId, PartNumber: 3, CopySource: `${Bucket}/small` }),
  );
  Parts.push({ PartNumber: 3, ETag: copied.CopyPartResult?.ETag });
  await s3.send(new CompleteMultipartUploadCommand({ ...data, UploadId, MultipartUpload: { Parts } }));
  const length = sizes.reduce((sum, size) => sum + size, 0) + "a small source".length;
  for (const [method, command] of [
    ["HEAD", new HeadObjectCommand(data)],
    ["GET", new GetObjectCommand(data)],
  ] as const) {
    const answer = await plain({ method, target: targetOf(await getSignedUrl(s3, command as GetObjectCommand)) });
    t.is(answer.headers["content-length"], String(length), method);
  }
  const list = await s3.send(
    new ListObjectsV2Command({ Bucket, Prefix: "docker/registry/v2/repositories/", Delimiter: "/" }),
  );
  t.deepEqual(
    list.CommonPrefixes?.map(({ Prefix }) => Prefix),
    ["docker/registry/v2/repositories/a/"],
  );
});

test("Nextcloud_objects_by_urn_with_a_customers_key", async (t, { s3, bucket: Bucket }) => {
  const key = randomBytes(32);
  const sealed = { SSECustomerAlgorithm: "AES256", SSECustomerKey: key.toString("base64") };
  const place = { Bucket, Key: "urn:oid:1" };
  await s3.send(new PutObjectCommand({ ...place, Body: "a file", ...sealed }));
  t.is(await (await s3.send(new GetObjectCommand({ ...place, ...sealed }))).Body?.transformToString(), "a file");
  t.is((await s3.send(new HeadObjectCommand({ ...place, ...sealed }))).ContentLength, 6);
  t.is(await refusal(s3.send(new GetObjectCommand(place))), "400 InvalidRequest");
  const other = { ...sealed, SSECustomerKey: randomBytes(32).toString("base64") };
  t.is(await refusal(s3.send(new GetObjectCommand({ ...place, ...other }))), "403 AccessDenied");
  const large = { Bucket, Key: "urn:oid:2" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...large, ...sealed }));
  const part = await s3.send(new UploadPartCommand({ ...large, UploadId, PartNumber: 1, Body: "part", ...sealed }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ ...large, UploadId, MultipartUpload, ...sealed }));
  t.is(await (await s3.send(new GetObjectCommand({ ...large, ...sealed }))).Body?.transformToString(), "part");
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "urn:oid:" }));
  t.deepEqual(
    Contents.map(({ Key }) => Key),
    ["urn:oid:1", "urn:oid:2"],
  );
});

test("Mastodon_public_media_is_read_by_browsers", async (t, { s3, bucket: Bucket, plain }) => {
  const rule = { AllowedOrigins: ["https://social.example"], AllowedMethods: ["GET", "HEAD"], AllowedHeaders: ["*"] };
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }));
  const place = { Bucket, Key: "media_attachments/files/1/original/a.png" };
  await s3.send(
    new PutObjectCommand({
      ...place,
      Body: "png",
      ACL: "public-read",
      ContentType: "image/png",
      CacheControl: "public, max-age=315576000, immutable",
    }),
  );
  const target = `/${Bucket}/${place.Key}`;
  const got = await plain({ method: "GET", target, headers: { origin: "https://social.example" } });
  t.is(outcome(got), "200");
  t.is(got.headers["access-control-allow-origin"], "https://social.example");
  t.is(got.headers["content-type"], "image/png");
  t.is(got.headers["cache-control"], "public, max-age=315576000, immutable");
  t.is((await plain({ method: "HEAD", target })).status, 200);
  t.is(outcome(await plain({ method: "GET", target: `/${Bucket}?list-type=2` })), "403 AccessDenied");
  await s3.send(new PutObjectCommand({ ...place, Body: "png", ACL: "private" }));
  t.is(outcome(await plain({ method: "GET", target })), "403 AccessDenied");
});

test("Velero_backup_with_CRC32_tags_and_presigned_reads", async (t, { s3, bucket: Bucket, plain, signed }) => {
  const place = { Bucket, Key: "backups/one/one.tar.gz" };
  const { ChecksumCRC32 } = await s3.send(
    new PutObjectCommand({ ...place, Body: "a backup", ChecksumAlgorithm: "CRC32", Tagging: "velero=backup&k=v" }),
  );
  const headers = { "x-amz-checksum-crc32": ChecksumCRC32 ?? "" };
  const again = await signed({ method: "PUT", target: `/${Bucket}/header`, body: "a backup", headers });
  t.is(outcome(again), "200");
  t.is(outcome(await signed({ method: "PUT", target: `/${Bucket}/wrong`, body: "b", headers })), "400 BadDigest");
  const read = await s3.send(new GetObjectCommand({ ...place, ChecksumMode: "ENABLED" }));
  t.is(read.ChecksumCRC32, ChecksumCRC32);
  t.is(await read.Body?.transformToString(), "a backup");
  const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand(place));
  t.deepEqual(TagSet.map(({ Key }) => Key).sort(), ["k", "velero"]);
  const url = await getSignedUrl(s3, new GetObjectCommand(place));
  t.is((await plain({ method: "GET", target: targetOf(url) })).body.toString(), "a backup");
  const list = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "backups/", Delimiter: "/" }));
  t.deepEqual(
    list.CommonPrefixes?.map(({ Prefix }) => Prefix),
    ["backups/one/"],
  );
  const locked = `${Bucket}-locked`;
  await s3.send(new CreateBucketCommand({ Bucket: locked, ObjectLockEnabledForBucket: true }));
  const until = new Date(Date.now() + 60_000);
  const { VersionId } = await s3.send(
    new PutObjectCommand({
      Bucket: locked,
      Key: "k",
      Body: "x",
      ObjectLockMode: "GOVERNANCE",
      ObjectLockRetainUntilDate: until,
    }),
  );
  t.is(await refusal(s3.send(new DeleteObjectCommand({ Bucket: locked, Key: "k", VersionId }))), "403 AccessDenied");
  await s3.send(new DeleteObjectCommand({ Bucket: locked, Key: "k", VersionId, BypassGovernanceRetention: true }));
});

test("Loki_ranges_missing_keys_and_deletions", async (t, { s3, bucket: Bucket }) => {
  const body = someBytes(100_000);
  await s3.send(new PutObjectCommand({ Bucket, Key: "fake/chunk", Body: body }));
  const ranged = async (Range: string) => {
    const { Body, ContentRange } = await s3.send(new GetObjectCommand({ Bucket, Key: "fake/chunk", Range }));
    return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), ContentRange };
  };
  t.deepEqual(await ranged("bytes=100-199"), { bytes: body.subarray(100, 200), ContentRange: "bytes 100-199/100000" });
  t.deepEqual((await ranged("bytes=99999-200000")).bytes, body.subarray(99_999));
  t.is(
    await refusal(s3.send(new GetObjectCommand({ Bucket, Key: "fake/chunk", Range: "bytes=100000-" }))),
    "416 InvalidRange",
  );
  t.is(await refusal(s3.send(new GetObjectCommand({ Bucket, Key: "fake/absent" }))), "404 NoSuchKey");
  t.is(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: "fake/absent" }))), "404 NotFound");
  t.is(await refusal(s3.send(new GetObjectCommand({ Bucket: "absent-bucket", Key: "k" }))), "404 NoSuchBucket");
  const Objects = [{ Key: "fake/chunk" }, { Key: "fake/absent" }];
  const { Deleted = [], Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  t.deepEqual([Deleted.length, Errors.length], [2, 0]);
});

test("Veeam_bucket_with_a_lock_and_many_small_objects", async (t, { s3, ...stand }) => {
  const Bucket = `${stand.bucket}-veeam`;
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  t.is(element(await get({ s3, ...stand }, `/${Bucket}?versioning`), "Status"), "Enabled");
  t.is(element(await get({ s3, ...stand }, `/${Bucket}?object-lock`), "ObjectLockEnabled"), "Enabled");
  await s3.send(new GetBucketLocationCommand({ Bucket }));
  const ObjectLockRetainUntilDate = new Date(Date.now() + 3_600_000);
  const versions = await Promise.all(
    Array.from({ length: 200 }, async (_none, index) => {
      const Key = `Veeam/Archive/b/${index}.blk`;
      const { VersionId } = await s3.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body: `block ${index}`,
          ObjectLockMode: "COMPLIANCE",
          ObjectLockRetainUntilDate,
        }),
      );
      return { Key, VersionId };
    }),
  );
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: "Veeam/" }));
  t.is(Versions.length, 200);
  const { Errors = [], Deleted = [] } = await s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: versions } }),
  );
  t.deepEqual([Errors.length, Deleted.length], [200, 0]);
  t.true(Errors.every(({ Code }) => Code === "AccessDenied"));
});

test("Spark_S3A_directories_commits_and_ranges", async (t, { s3, bucket: Bucket }) => {
  await s3.send(new PutObjectCommand({ Bucket, Key: "warehouse/", Body: "", ContentType: "application/x-directory" }));
  t.is((await s3.send(new HeadObjectCommand({ Bucket, Key: "warehouse/" }))).ContentLength, 0);
  t.is(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: "warehouse" }))), "404 NotFound");
  const probe = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "warehouse/", Delimiter: "/", MaxKeys: 2 }));
  t.is(probe.KeyCount, 1);
  const metadata = { Bucket, Key: "warehouse/t/metadata/v2.metadata.json" };
  const commit = (Body: string) => s3.send(new PutObjectCommand({ ...metadata, Body, IfNoneMatch: "*" }));
  await commit("first");
  t.is(await refusal(commit("second")), "412 PreconditionFailed");
  const body = someBytes(50_000);
  await s3.send(
    new PutObjectCommand({ Bucket, Key: "warehouse/t/a.parquet", Body: body, StorageClass: "STANDARD_IA" }),
  );
  const tail = await s3.send(new GetObjectCommand({ Bucket, Key: "warehouse/t/a.parquet", Range: "bytes=-8" }));
  t.deepEqual(Buffer.from((await tail.Body?.transformToByteArray()) ?? []), body.subarray(-8));
  t.is(tail.StorageClass, "STANDARD_IA");
  const Objects = Array.from({ length: 1000 }, (_none, index) => ({ Key: `warehouse/t/${index}` }));
  const { Deleted = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  t.is(Deleted.length, 1000);
});

test("Spark_S3A_session_tokens_of_a_role", async (t, { bucket, endpoint, signed }) => {
  const at = { endpoint, region: "us-east-1" };
  const iam = new IAMClient({ ...at, credentials: testKeys });
  const UserName = `spark-${bucket}`;
  const { User } = await iam.send(new CreateUserCommand({ UserName }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const trust = { Effect: "Allow", Principal: { AWS: User?.Arn }, Action: "sts:AssumeRole" };
  const policy = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const made = await iam.send(new CreateRoleCommand({ RoleName: UserName, AssumeRolePolicyDocument: policy(trust) }));
  const PolicyDocument = policy({ Effect: "Allow", Action: "s3:*", Resource: `arn:aws:s3:::${bucket}/*` });
  await iam.send(new PutRolePolicyCommand({ RoleName: UserName, PolicyName: "write", PolicyDocument }));
  const credentials = { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
  const sts = new STSClient({ ...at, credentials });
  const assumed = await sts.send(new AssumeRoleCommand({ RoleArn: made.Role?.Arn, RoleSessionName: "job" }));
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = assumed.Credentials ?? {};
  const put = async (headers: Record<string, string>, key = bucket) => {
    const session = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, headers };
    return outcome(await signed({ method: "PUT", target: `/${key}/session`, body: "x", ...session }));
  };
  t.is(await put({ "x-amz-security-token": SessionToken }), "200");
  t.is(await put({ "x-amz-security-token": SessionToken }, `${bucket}-other`), "404 NoSuchBucket");
  t.regex(await put({}), /^(400|403) /);
  t.regex(await put({ "x-amz-security-token": `${SessionToken}x` }), /^(400|403) /);
  iam.destroy();
  sts.destroy();
});
