/** What `aws s3api` and `aws s3` do beyond objects' bytes. */

import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { everybodyGets, headersOf, holds, keyNames, publicPolicy, shows, visit } from "./features.ts";
import type { Printed, World } from "./world.ts";

interface Cli {
  readonly world: World;
  /** `aws s3api WORDS --bucket BUCKET`. */
  api(...words: string[]): Promise<Printed>;
  s3(...words: string[]): Promise<Printed>;
  readonly bucket: string;
}

export async function useAwsFeatures(world: World, program: string): Promise<void> {
  const { bucket, endpoint } = world.options;
  const start = [program, "--endpoint-url", endpoint];
  const cli: Cli = {
    world,
    bucket,
    api: (...words) =>
      world.run([...start, "s3api", ...words, ...(words.includes("--bucket") ? [] : ["--bucket", bucket])]),
    s3: (...words) => world.run([...start, "s3", ...words]),
  };
  await world.wire.send("PUT", `/${bucket}`);
  for (const use of [useAccess, useTags, useDocuments, useLocks, useEncryption]) await use(cli);
}

async function useAccess({ world, api, s3, bucket }: Cli): Promise<void> {
  const { path } = fileOf(world);
  await s3("cp", path, `s3://${bucket}/page`, "--acl", "public-read");
  await everybodyGets(world, `/${bucket}/page`, 200);
  await api("put-object-acl", "--key", "page", "--acl", "private");
  await everybodyGets(world, `/${bucket}/page`, 403);
  const groups = "uri=http://acs.amazonaws.com/groups/global/AllUsers";
  await api("put-object-acl", "--key", "page", "--grant-read", groups);
  holds("get-object-acl", (await api("get-object-acl", "--key", "page")).stdout, "global/AllUsers", '"READ"');
  await everybodyGets(world, `/${bucket}/page`, 200);
  world.did("ACLs: cp --acl, canned, by grants");
  const rules = "Rules=[{ObjectOwnership=BucketOwnerEnforced}]";
  await api("put-bucket-ownership-controls", "--ownership-controls", rules);
  await shows(world, `/${bucket}`, "ownershipControls", "BucketOwnerEnforced");
  await everybodyGets(world, `/${bucket}/page`, 403);
  const refusedAcl = api("put-object-acl", "--key", "page", "--acl", "public-read");
  await world.mustFail(refusedAcl, /AccessControlListNotSupported/);
  await api("put-bucket-policy", "--policy", publicPolicy(bucket));
  holds("get-bucket-policy", (await api("get-bucket-policy")).stdout, "s3:GetObject");
  holds("status", (await api("get-bucket-policy-status")).stdout, '"IsPublic": true');
  await everybodyGets(world, `/${bucket}/page`, 200);
  const all = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
  const block = all.map((name) => `${name}=true`).join(",");
  await api("put-public-access-block", "--public-access-block-configuration", block);
  await everybodyGets(world, `/${bucket}/page`, 403);
  await world.mustFail(api("put-bucket-policy", "--policy", publicPolicy(bucket)), /AccessDenied/);
  world.did("bucket policy, its status, public access block, ownership controls");
}

async function useTags({ world, api, bucket }: Cli): Promise<void> {
  await world.mustFail(api("get-bucket-tagging"), /NoSuchTagSet/);
  await api("put-bucket-tagging", "--tagging", "TagSet=[{Key=team,Value=blue green}]");
  await shows(world, `/${bucket}`, "tagging", "<Value>blue green</Value>");
  await api("put-object", "--key", "tagged", "--body", fileOf(world).path, "--tagging", "state=new");
  await shows(world, `/${bucket}/tagged`, "tagging", "<Key>state</Key>", "<Value>new</Value>");
  await api("put-object-tagging", "--key", "tagged", "--tagging", "TagSet=[{Key=state,Value=old}]");
  holds("get-object-tagging", (await api("get-object-tagging", "--key", "tagged")).stdout, '"old"');
  world.did("tagging of buckets and objects");
}

const origin = "https://app.example.com";
const corsRules = { CORSRules: [{ AllowedOrigins: [origin], AllowedMethods: ["PUT"], AllowedHeaders: ["*"] }] };
const lifecycleRules = {
  Rules: [
    {
      ID: "old",
      Filter: { And: { Prefix: "logs/", ObjectSizeGreaterThan: 0 } },
      Status: "Enabled",
      Expiration: { Days: 3 },
      NoncurrentVersionExpiration: { NoncurrentDays: 4, NewerNoncurrentVersions: 2 },
    },
  ],
};

async function useDocuments({ world, api, s3, bucket }: Cli): Promise<void> {
  await api("put-bucket-lifecycle-configuration", "--lifecycle-configuration", JSON.stringify(lifecycleRules));
  holds("lifecycle", (await api("get-bucket-lifecycle-configuration")).stdout, '"old"', '"NewerNoncurrentVersions": 2');
  const put = await api("put-object", "--key", "logs/a", "--body", fileOf(world).path);
  holds("put-object", put.stdout, "rule-id=");
  await api("delete-bucket-lifecycle");
  world.did("lifecycle configuration, Expiration");
  await api("put-bucket-cors", "--cors-configuration", JSON.stringify(corsRules));
  await shows(world, `/${bucket}`, "cors", `<AllowedOrigin>${origin}</AllowedOrigin>`);
  const asked = { origin, "access-control-request-method": "PUT" };
  const { status } = await visit(world, "OPTIONS", `/${bucket}/page`, asked);
  if (status !== 200) throw new Error(`preflight: ${status}`);
  world.did("CORS configuration, preflight");
  await s3("website", `s3://${bucket}`, "--index-document", "index.html", "--error-document", "error.html");
  await shows(world, `/${bucket}`, "website", "<Suffix>index.html</Suffix>", "<Key>error.html</Key>");
  await everybodyGets(world, "/", 403, { host: `${bucket}.s3-website.localhost` });
  await api("put-bucket-versioning", "--versioning-configuration", "Status=Enabled");
  await shows(world, `/${bucket}`, "versioning", "<Status>Enabled</Status>");
  await api("put-bucket-notification-configuration", "--notification-configuration", "{}");
  const absent = JSON.stringify({ LoggingEnabled: { TargetBucket: "absent", TargetPrefix: "" } });
  await world.mustFail(api("put-bucket-logging", "--bucket-logging-status", absent), /InvalidTargetBucketForLogging/);
  await world.mustFail(api("get-bucket-replication"), /ReplicationConfigurationNotFoundError/);
  world.did("website, versioning, notification, logging and replication: put, absent");
}

async function useLocks({ world, api, bucket }: Cli): Promise<void> {
  const locked = `${bucket}-locked`;
  const at = ["--bucket", locked, "--key", "held"];
  await api("create-bucket", "--bucket", locked, "--object-lock-enabled-for-bucket");
  const rule = "ObjectLockEnabled=Enabled,Rule={DefaultRetention={Mode=GOVERNANCE,Days=1}}";
  await api("put-object-lock-configuration", "--bucket", locked, "--object-lock-configuration", rule);
  await shows(world, `/${locked}`, "object-lock", "<Mode>GOVERNANCE</Mode>", "<Days>1</Days>");
  const { stdout } = await api("put-object", ...at, "--body", fileOf(world).path);
  const { VersionId = "" } = JSON.parse(stdout) as { VersionId?: string };
  const version = [...at, "--version-id", VersionId];
  holds("get-object-retention", (await api("get-object-retention", ...version)).stdout, '"GOVERNANCE"');
  await world.mustFail(api("delete-object", ...version), /AccessDenied/);
  await api("put-object-legal-hold", ...version, "--legal-hold", "Status=ON");
  await world.mustFail(api("delete-object", ...version, "--bypass-governance-retention"), /AccessDenied/);
  await api("put-object-legal-hold", ...version, "--legal-hold", "Status=OFF");
  await api("delete-object", ...version, "--bypass-governance-retention");
  await world.absent("held", locked);
  world.did("object lock: bucket default, retention, legal hold, refused deletes, bypass");
}

async function useEncryption({ world, api, s3, bucket }: Cli): Promise<void> {
  const { multipart } = world.options;
  const url = (key: string): string => `s3://${bucket}/${key}`;
  await s3("cp", multipart.path, url("kms"), "--sse", "aws:kms", "--sse-kms-key-id", keyNames[1]);
  const headers = await headersOf(world, `/${bucket}/kms`);
  const named = `${String(headers["x-amz-server-side-encryption"])} ${String(headers["x-amz-server-side-encryption-aws-kms-key-id"])}`;
  holds("HEAD", named, "aws:kms", keyNames[1]);
  await world.isMultipart("kms");
  await world.stored(multipart, "kms");
  const byDefault = "Rules=[{ApplyServerSideEncryptionByDefault={SSEAlgorithm=AES256}}]";
  await api("put-bucket-encryption", "--server-side-encryption-configuration", byDefault);
  await s3("cp", url("kms"), url("copied"));
  holds("a copy", String((await headersOf(world, `/${bucket}/copied`))["x-amz-server-side-encryption"]), "AES256");
  await world.stored(multipart, "copied");
  world.did("SSE-KMS by parts, bucket default, a copy by it");
  const key = world.scratch("customer.key");
  writeFileSync(key, randomBytes(32));
  const own = ["--sse-c", "AES256", "--sse-c-key", `fileb://${key}`];
  if (!world.isTls) {
    await world.mustFail(s3("cp", fileOf(world).path, url("own"), ...own), /InvalidRequest/);
    world.did("SSE-C refused without TLS");
    return;
  }
  await s3("cp", multipart.path, url("own"), ...own);
  const { status } = await world.wire.send("GET", `/${bucket}/own`);
  if (status !== 400) throw new Error(`without the customer's key: ${status}`);
  const received = world.scratch("own");
  await s3("cp", url("own"), received, ...own);
  await world.received(received, multipart);
  await s3(
    "cp",
    url("own"),
    url("clear"),
    "--sse-c-copy-source",
    "AES256",
    "--sse-c-copy-source-key",
    `fileb://${key}`,
  );
  await world.stored(multipart, "clear");
  world.did("SSE-C by parts and through a copy by parts");
}

function fileOf(world: World) {
  const [, one] = world.options.files;
  if (one === undefined) throw new Error("no file");
  return one;
}
