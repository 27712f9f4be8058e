/** What s3cmd does beyond objects' bytes. */

import { writeFileSync } from "node:fs";
import { everybodyGets, headersOf, holds, keyNames, publicPolicy, shows, visit } from "./features.ts";
import { CommandFailed, type Printed, type World } from "./world.ts";

const origin = "https://app.example.com";
const corsDocument = `<CORSConfiguration><CORSRule><AllowedOrigin>${origin}</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>`;
const lifecycleDocument =
  "<LifecycleConfiguration><Rule><ID>old</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>";

export async function useS3cmdFeatures(world: World, s3cmd: (...words: string[]) => Promise<Printed>): Promise<void> {
  const { bucket, files, multipart } = world.options;
  const [, one] = files;
  if (one === undefined) throw new Error("no file");
  const [url, path] = [`s3://${bucket}`, `/${bucket}`];
  const document = (name: string, text: string): string => {
    const file = world.scratch(name);
    writeFileSync(file, text);
    return file;
  };
  await s3cmd("mb", url);
  await s3cmd("put", "--acl-public", one.path, `${url}/page`);
  await everybodyGets(world, `${path}/page`, 200);
  await s3cmd("setacl", "--acl-private", `${url}/page`);
  await everybodyGets(world, `${path}/page`, 403);
  await s3cmd("setacl", "--acl-public", `${url}/page`);
  await everybodyGets(world, `${path}/page`, 200);
  holds("info", (await s3cmd("info", `${url}/page`)).stdout, "*anon*: READ");
  await s3cmd("setacl", "--acl-private", `${url}/page`);
  world.did("put --acl-public, setacl");
  await s3cmd("setpolicy", document("policy.json", publicPolicy(bucket)), url);
  await everybodyGets(world, `${path}/page`, 200);
  holds("info", (await s3cmd("info", url)).stdout, "s3:GetObject");
  await s3cmd("setblockpublicaccess", url, "BlockPublicPolicy,RestrictPublicBuckets");
  await everybodyGets(world, `${path}/page`, 403);
  await shows(world, path, "publicAccessBlock", "<RestrictPublicBuckets>true</RestrictPublicBuckets>");
  await s3cmd("delpolicy", url);
  await s3cmd("setownership", url, "BucketOwnerEnforced");
  await shows(world, path, "ownershipControls", "BucketOwnerEnforced");
  world.did("setpolicy, delpolicy, setblockpublicaccess, setownership");
  for (const target of [url, `${url}/page`]) {
    await s3cmd("settagging", target, "team=blue&state=new");
    holds("gettagging", (await s3cmd("gettagging", target)).stdout, "team", "blue");
    await s3cmd("deltagging", target);
  }
  await shows(world, path, "tagging", "NoSuchTagSet");
  world.did("settagging, gettagging, deltagging");
  await s3cmd("setlifecycle", document("lifecycle.xml", lifecycleDocument), url);
  holds("getlifecycle", (await s3cmd("getlifecycle", url)).stdout, "<ID>old</ID>");
  await s3cmd("expire", "--expiry-days=5", "--expiry-prefix=tmp/", url);
  await shows(world, path, "lifecycle", "<Days>5</Days>", "<Prefix>tmp/</Prefix>");
  holds("info", (await s3cmd("info", url)).stdout, /Expiration [Rr]ule.*tmp\//);
  await s3cmd("dellifecycle", url);
  await shows(world, path, "lifecycle", "NoSuchLifecycleConfiguration");
  world.did("setlifecycle, getlifecycle, expire, dellifecycle");
  await s3cmd("setcors", document("cors.xml", corsDocument), url);
  const { status } = await visit(world, "OPTIONS", `${path}/page`, { origin, "access-control-request-method": "GET" });
  if (status !== 200) throw new Error(`preflight: ${status}`);
  await s3cmd("delcors", url);
  world.did("setcors, a preflight, delcors");
  await s3cmd("ws-create", "--ws-index=index.html", "--ws-error=error.html", url);
  holds("ws-info", (await s3cmd("ws-info", url)).stdout, "index.html", "error.html");
  await s3cmd("ws-delete", url);
  await s3cmd("setversioning", url, "enable");
  await shows(world, path, "versioning", "<Status>Enabled</Status>");
  const empty = document("notification.xml", "<NotificationConfiguration/>");
  await s3cmd("setnotification", empty, url);
  holds("getnotification", (await s3cmd("getnotification", url)).stdout, "NotificationConfiguration");
  holds("accesslog", (await s3cmd("accesslog", url)).stdout, /Logging for|Access logging/i);
  world.did("ws-create, ws-info, ws-delete, setversioning, setnotification, accesslog");
  await s3cmd(
    "put",
    "--server-side-encryption",
    `--server-side-encryption-kms-id=${keyNames[1]}`,
    multipart.path,
    `${url}/kms`,
  );
  await world.isMultipart("kms");
  await world.stored(multipart, "kms");
  holds("HEAD", String((await headersOf(world, `${path}/kms`))["x-amz-server-side-encryption"]), "aws:kms");
  await s3cmd("put", "--server-side-encryption", one.path, `${url}/sse`);
  holds("HEAD", String((await headersOf(world, `${path}/sse`))["x-amz-server-side-encryption"]), "AES256");
  world.did("SSE-S3, SSE-KMS by parts");
  await useLocks(world, s3cmd, one.path);
}

async function useLocks(world: World, s3cmd: (...words: string[]) => Promise<Printed>, file: string): Promise<void> {
  const locked = `${world.options.bucket}-locked`;
  // It makes no bucket with locks itself.
  await world.wire.send("PUT", `/${locked}`, { headers: { "x-amz-bucket-object-lock-enabled": "true" } });
  await s3cmd("put", file, `s3://${locked}/held`);
  const until = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");
  await endsWithOne(s3cmd("setobjectretention", "COMPLIANCE", until, `s3://${locked}/held`));
  await shows(world, `/${locked}/held`, "retention", "<Mode>COMPLIANCE</Mode>", until.slice(0, 16));
  await s3cmd("setobjectlegalhold", "ON", `s3://${locked}/held`);
  await shows(world, `/${locked}/held`, "legal-hold", "<Status>ON</Status>");
  const { headers } = await world.wire.send("HEAD", `/${locked}/held`);
  const query = { versionId: String(headers["x-amz-version-id"]) };
  const { status } = await world.wire.send("DELETE", `/${locked}/held`, { query });
  if (status !== 403) throw new Error(`a held version was deleted: ${status}`);
  world.did("setobjectretention, setobjectlegalhold");
}

/** Its own fault: this one command ends with 1 and no message where it has succeeded. What is stored tells. */
async function endsWithOne(running: Promise<Printed>): Promise<void> {
  try {
    await running;
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.code !== 1 || error.printed.stderr !== "") throw error;
  }
}
