/** The library's public API on both HTTP servers, as a program that embeds a node sees it. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import { type LogEntry, StartError, type StartNodeOptions, startNode, type TroupeNode } from "#src/library.ts";
import { refusal, someBytes } from "../support/each-front.ts";

const fronts = ["uws", "node"] as const;
const MiB = 1024 * 1024;

function clientOf(t: ExecutionContext, node: TroupeNode, credentials = node.credentials): S3Client {
  const client = new S3Client({
    endpoint: node.endpoint,
    region: node.region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  t.teardown(() => client.destroy());
  return client;
}

async function started(t: ExecutionContext, options: StartNodeOptions = {}): Promise<TroupeNode> {
  const node = await startNode(options);
  t.teardown(() => node.close());
  return node;
}

function ownDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), "troupe-library-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function refused(t: ExecutionContext, options: StartNodeOptions): Promise<StartError> {
  const error = await t.throwsAsync(startNode(options));
  if (error instanceof StartError) return error;
  throw new Error("not a StartError", { cause: error });
}

async function bodyOf(s3: S3Client, Bucket: string, Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function putInParts(s3: S3Client, Bucket: string, Key: string, parts: readonly Buffer[]): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: index + 1, Body }));
    Parts.push({ PartNumber: index + 1, ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}

for (const front of fronts) {
  test.serial(`a node in memory stores bodies of every tier [${front}]`, async (t) => {
    const node = await started(t, { front });
    t.is(node.front, front);
    t.is(node.endpoint, `http://127.0.0.1:${node.port}`);
    const s3 = clientOf(t, node);
    await s3.send(new CreateBucketCommand({ Bucket: "tiers" }));
    for (const size of [0, 1, 5000, 100_000, 3 * MiB, 40 * MiB]) {
      const body = someBytes(size, size + 1);
      await s3.send(new PutObjectCommand({ Bucket: "tiers", Key: `${size}`, Body: body }));
      t.true(body.equals(await bodyOf(s3, "tiers", `${size}`)), `${size} bytes`);
    }
    const parts = [someBytes(5 * MiB, 7), someBytes(6 * MiB, 8), someBytes(9, 9)];
    await putInParts(s3, "tiers", "parts", parts);
    t.true(Buffer.concat(parts).equals(await bodyOf(s3, "tiers", "parts")));
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: "tiers" }));
    t.is(listed.KeyCount, 7);
  });

  test.serial(`reset removes everything and keeps the endpoint and the key [${front}]`, async (t) => {
    const node = await started(t, { front });
    const s3 = clientOf(t, node);
    for (const Bucket of ["one", "two", "three"]) {
      await s3.send(new CreateBucketCommand({ Bucket }));
      const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
      await Promise.all(keys.map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: someBytes(20_000) }))));
      await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "open" }));
    }
    await putInParts(s3, "one", "parts", [someBytes(5 * MiB), someBytes(3)]);
    await Promise.all([node.reset(), node.reset()]);
    t.deepEqual((await s3.send(new ListBucketsCommand({}))).Buckets ?? [], []);
    t.is(await refusal(s3.send(new GetObjectCommand({ Bucket: "one", Key: "key-1" }))), "404 NoSuchBucket");
    await s3.send(new CreateBucketCommand({ Bucket: "one" }));
    t.is((await s3.send(new ListObjectsV2Command({ Bucket: "one" }))).KeyCount, 0);
    t.deepEqual((await s3.send(new ListMultipartUploadsCommand({ Bucket: "one" }))).Uploads ?? [], []);
    await s3.send(new PutObjectCommand({ Bucket: "one", Key: "again", Body: "x" }));
    await node.reset();
    t.deepEqual((await s3.send(new ListBucketsCommand({}))).Buckets ?? [], []);
  });

  test.serial(`what a reset removes is collected [${front}]`, async (t) => {
    const data = join(ownDirectory(t), "data");
    const node = await started(t, { data, front });
    const s3 = clientOf(t, node);
    await s3.send(new CreateBucketCommand({ Bucket: "large" }));
    for (const seed of [1, 2, 3]) {
      await s3.send(new PutObjectCommand({ Bucket: "large", Key: `${seed}`, Body: someBytes(5 * MiB, seed) }));
    }
    const chunkFiles = (): number =>
      readdirSync(data, { recursive: true, encoding: "utf8" }).filter(
        (name) => /\/chunks\//.test(name) && statSync(join(data, name)).isFile(),
      ).length;
    t.true(chunkFiles() >= 3);
    await node.reset();
    for (let attempt = 0; attempt < 1200 && chunkFiles() > 0; attempt++) await new Promise((go) => setTimeout(go, 50));
    t.is(chunkFiles(), 0);
  });

  test.serial(`a port in use is told [${front}]`, async (t) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    t.teardown(() => other.close());
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const error = await refused(t, { front, port });
    t.is(error.code, "CANNOT_LISTEN");
    t.regex(error.message, new RegExp(`127\\.0\\.0\\.1 port ${port}`));
    if (front === "uws") {
      t.is((await refused(t, { front, port, config: { front: { threads: 2 } } })).code, "CANNOT_LISTEN");
    }
  });

  test.serial(`close frees the port and ends everything once [${front}]`, async (t) => {
    const node = await startNode({ front });
    await Promise.all([node.close(), node.close()]);
    t.is(await node.closed, null);
    await t.throwsAsync(node.reset(), { message: /has ended/ });
    await t.throwsAsync(fetch(node.endpoint));
    const next = await started(t, { front, port: node.port });
    t.is(next.endpoint, node.endpoint);
  });
}

test.serial("a directory keeps what was stored, and its key", async (t) => {
  const data = join(ownDirectory(t), "data");
  const first = await started(t, { data });
  const s3 = clientOf(t, first);
  await s3.send(new CreateBucketCommand({ Bucket: "kept" }));
  await s3.send(new PutObjectCommand({ Bucket: "kept", Key: "k", Body: "value" }));
  await first.close();
  t.true(existsSync(join(data, "format.json")));
  const second = await started(t, { data });
  t.is(second.credentials.accessKeyId, first.credentials.accessKeyId);
  t.is((await bodyOf(clientOf(t, second), "kept", "k")).toString(), "value");
});

test.serial("a directory is locked while a node uses it", async (t) => {
  const data = join(ownDirectory(t), "data");
  const node = await started(t, { data });
  const error = await refused(t, { data });
  t.is(error.code, "DIRECTORY_LOCKED");
  t.regex(error.message, /another node uses this data directory/);
  await node.close();
  await started(t, { data });
});

test.serial("a directory that cannot be used is told", async (t) => {
  const parent = ownDirectory(t);
  const file = join(parent, "file");
  writeFileSync(file, "x");
  const foreign = join(parent, "foreign");
  mkdirSync(foreign);
  writeFileSync(join(foreign, "thesis.txt"), "x");
  const cases: readonly (readonly [data: string, message: RegExp])[] = [
    [file, /ENOTDIR/],
    [join(parent, "missing", "below"), /ENOENT/],
    [foreign, /thesis\.txt/],
    ["/proc/troupe", /cannot be used/],
  ];
  for (const [data, message] of cases) {
    const error = await refused(t, { data });
    t.is(error.code, "DIRECTORY_UNUSABLE", data);
    t.regex(error.message, message);
  }
});

const accounts = {
  accounts: [
    {
      accountId: "111122223333",
      canonicalId: "a".repeat(64),
      displayName: "owner",
      kind: "operator",
      root: { email: "root@example.com", keys: [{ accessKeyId: "OWNERKEY", secretAccessKey: "owner-secret" }] },
    },
    {
      accountId: "444455556666",
      canonicalId: "b".repeat(64),
      displayName: "guest",
      kind: "customer",
      root: { email: "guest@example.com", keys: [{ accessKeyId: "GUESTKEY", secretAccessKey: "guest-secret" }] },
    },
  ],
} as const;

test.serial("the accounts are those of the options, and still are after a reset", async (t) => {
  const node = await started(t, { accounts });
  t.deepEqual(node.credentials, { accessKeyId: "OWNERKEY", secretAccessKey: "owner-secret" });
  const owner = clientOf(t, node);
  const guest = clientOf(t, node, { accessKeyId: "GUESTKEY", secretAccessKey: "guest-secret" });
  const nobody = clientOf(t, node, { accessKeyId: "NOBODY", secretAccessKey: "nobody-secret" });
  for (let round = 0; round < 2; round++) {
    await owner.send(new CreateBucketCommand({ Bucket: "of-owner" }));
    t.is(await refusal(guest.send(new DeleteBucketCommand({ Bucket: "of-owner" }))), "403 AccessDenied");
    t.is(await refusal(nobody.send(new ListBucketsCommand({}))), "403 InvalidAccessKeyId");
    await guest.send(new CreateBucketCommand({ Bucket: "of-guest" }));
    await node.reset();
  }
});

test.serial("options that cannot be used are told, all at once", async (t) => {
  const config = { lgo: { level: "info" }, slabs: { bytes: 1 } };
  const error = await refused(t, { config });
  t.is(error.code, "INVALID_OPTIONS");
  t.regex(error.message, /lgo/);
  t.regex(error.message, /slabs/);
  const unknown = await refused(t, { prot: 1 } as StartNodeOptions);
  t.is(unknown.code, "INVALID_OPTIONS");
  t.regex(unknown.message, /prot/);
  const account = await refused(t, { accounts: { accounts: [{ accountId: "1" }] } } as unknown as StartNodeOptions);
  t.is(account.code, "INVALID_OPTIONS");
  t.regex(account.message, /accountId/);
  t.is((await refused(t, { port: 70_000 })).code, "INVALID_OPTIONS");
});

test.serial("region and domain are announced", async (t) => {
  const node = await started(t, { region: "eu-test-9", domain: "example.test" });
  t.is(node.region, "eu-test-9");
  const s3 = clientOf(t, node);
  await s3.send(new CreateBucketCommand({ Bucket: "named" }));
  t.is((await s3.send(new HeadBucketCommand({ Bucket: "named" }))).BucketRegion, "eu-test-9");
});

test.serial("the logger takes the lines of all threads, and no secret", async (t) => {
  const lines: LogEntry[] = [];
  const node = await startNode({ logger: (entry) => lines.push(entry), config: { log: { level: "debug" } } });
  await node.close();
  t.true(lines.some(({ message }) => message === "the node serves"));
  for (const line of lines) t.regex(line.time, /^\d{4}-\d\d-\d\dT/);
  t.false(JSON.stringify(lines).includes(node.credentials.secretAccessKey));
});

test.serial("the environment has no say", async (t) => {
  process.env["TROUPE_REGION"] = "not-asked-for";
  t.teardown(() => delete process.env["TROUPE_REGION"]);
  const node = await started(t);
  t.is(node.region, "us-east-1");
});

test.serial("more fronts and bucket threads serve too, where the configuration wants them", async (t) => {
  const config = { front: { threads: 2 }, threads: { buckets: 2 }, storage: { partitions: 2 } };
  const node = await started(t, { front: "uws", config });
  const s3 = clientOf(t, node);
  for (const Bucket of ["one", "two", "three", "four"]) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: Bucket }));
  }
  t.is((await bodyOf(s3, "three", "k")).toString(), "three");
  await node.reset();
  t.deepEqual((await s3.send(new ListBucketsCommand({}))).Buckets ?? [], []);
});

test.serial("HTTPS is served with a certificate", async (t) => {
  const place = new URL("../../../test/fixtures/tls/", import.meta.url);
  const tls = { certFile: new URL("cert.pem", place).pathname, keyFile: new URL("key.pem", place).pathname };
  for (const front of fronts) {
    const node = await started(t, { tls, front });
    t.regex(node.endpoint, /^https:\/\/127\.0\.0\.1:\d+$/);
  }
  t.true(readFileSync(tls.certFile, "utf8").includes("BEGIN CERTIFICATE"));
  await t.throwsAsync(startNode({ tls: { certFile: "/nonexistent", keyFile: "/nonexistent" } }), {
    instanceOf: StartError,
  });
});
