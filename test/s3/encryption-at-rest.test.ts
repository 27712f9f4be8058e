/** What lies on the disk of a node that encrypts: no plain text anywhere, and nothing that opens without the key ring. */

import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import test from "ava";
import { systemClock } from "#src/base/clock.ts";
import { systemRandom } from "#src/base/random.ts";
import { addRingKey } from "#src/keyring/key-ring-file.ts";
import { refusal } from "../support/each-front.ts";
import { NodeProcess, rootDirectory, testKeys } from "../support/node-process.ts";

const tls = {
  cert: join(rootDirectory, "test/fixtures/tls/cert.pem"),
  key: join(rootDirectory, "test/fixtures/tls/key.pem"),
};
const settings = [
  "--set",
  'encryption.keys=[{"id":"named"}]',
  "--set",
  "log.access=stdout",
  "--set",
  "log.level=debug",
];
const MiB = 1024 * 1024;

const customerKey = Buffer.alloc(32, "c");
const customer = {
  SSECustomerAlgorithm: "AES256",
  SSECustomerKey: customerKey.toString("base64"),
  SSECustomerKeyMD5: createHash("md5").update(customerKey).digest("base64"),
};
const ways = [
  [{ ServerSideEncryption: "AES256" }, {}],
  [{ ServerSideEncryption: "aws:kms" }, {}],
  [{ ServerSideEncryption: "aws:kms", BucketKeyEnabled: true }, {}],
  [customer, customer],
] as const;

/** A body in which the marker stands every 64 bytes, whatever is cut out of it. */
function marked(marker: Buffer, size: number): Buffer {
  const body = Buffer.alloc(size, ".");
  for (let at = 0; at + marker.length <= size; at += 64) marker.copy(body, at);
  return body;
}

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/** null: the collector was here first. */
function readIfThere(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** The files that hold any of these bytes. */
function holding(files: readonly string[], words: readonly Buffer[]): string[] {
  return files.filter((file) => {
    const bytes = readIfThere(file);
    return bytes !== null && words.some((word) => bytes.includes(word));
  });
}

function clientOf(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: testKeys,
    maxAttempts: 1,
    requestHandler: { httpsAgent: new Agent({ rejectUnauthorized: false, keepAlive: false }) },
  });
}

async function read(s3: S3Client, Key: string, members: object): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "sealed", Key, ...members }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function uploadInParts(s3: S3Client, Key: string, parts: readonly Buffer[], write: object, again: object) {
  const at = { Bucket: "sealed", Key };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ...write }));
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const part = { ...at, UploadId, PartNumber: index + 1, Body, ...again };
    const { ETag } = await s3.send(new UploadPartCommand(part));
    Parts.push({ PartNumber: index + 1, ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }));
}

test("a grep of everything on disk finds no plain text, no key; after a restart and a rotation all opens; without the ring nothing starts", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-rest-"));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const data = join(directory, "data");
  const start = () => NodeProcess.start({ data, tls, arguments: settings });
  const marker = Buffer.from(`marker-${randomBytes(8).toString("hex")}`);
  const sizes = [marker.length, 4000, 7900, 60_000, 700_000, 9 * MiB];
  let node = await start();
  let s3 = clientOf(node.endpoint);
  await s3.send(new CreateBucketCommand({ Bucket: "sealed" }));
  for (const [way, [write, again]] of ways.entries()) {
    for (const size of sizes) {
      const at = { Bucket: "sealed", Key: `${way}/${size}` };
      await s3.send(new PutObjectCommand({ ...at, Body: marked(marker, size), ...write }));
    }
    await uploadInParts(s3, `${way}/parts`, [marked(marker, 5 * MiB), marked(marker, 90)], write, again);
    const copy = { Bucket: "sealed", Key: `${way}/copy`, CopySource: "sealed/0/60000" };
    await s3.send(new CopyObjectCommand({ ...copy, ...write }));
  }
  const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" as const } };
  await s3.send(
    new PutBucketEncryptionCommand({ Bucket: "sealed", ServerSideEncryptionConfiguration: { Rules: [rule] } }),
  );
  await s3.send(new PutObjectCommand({ Bucket: "sealed", Key: "default", Body: marked(marker, 100) }));
  // Replaced and refused bodies leave nothing behind either.
  await s3.send(new PutObjectCommand({ Bucket: "sealed", Key: "default", Body: marked(marker, 5000) }));
  const broken = {
    Bucket: "sealed",
    Key: "broken",
    Body: marked(marker, 2 * MiB),
    ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  t.is(await refusal(s3.send(new PutObjectCommand(broken))), "400 BadDigest");

  const secrets = [marker, customerKey, Buffer.from(customer.SSECustomerKey), Buffer.from(customerKey.toString("hex"))];
  const everything = () => [...filesUnder(data), `${data}.log`];
  t.deepEqual(holding(everything(), secrets), [], "while it runs");
  // The same search finds what is stored as it is: else it would prove nothing.
  const plainMarker = Buffer.from(`marker-${randomBytes(8).toString("hex")}`);
  await s3.send(new CreateBucketCommand({ Bucket: "plain" }));
  for (const size of [4000, 60_000, 9 * MiB]) {
    await s3.send(new PutObjectCommand({ Bucket: "plain", Key: String(size), Body: marked(plainMarker, size) }));
  }
  t.true(holding(everything(), [plainMarker]).length >= 3);
  s3.destroy();
  t.is(await node.stop(), 0);
  t.deepEqual(holding(everything(), secrets), [], "after it has stopped");

  const ringFile = join(`${data}.keys`, "keyring.json");
  const readAll = async () => {
    for (const [way, [, again]] of ways.entries()) {
      for (const size of sizes) {
        t.true((await read(s3, `${way}/${size}`, again)).equals(marked(marker, size)), `${way}/${size}`);
      }
      const parts = Buffer.concat([marked(marker, 5 * MiB), marked(marker, 90)]);
      t.true((await read(s3, `${way}/parts`, again)).equals(parts), `${way}/parts`);
      t.true((await read(s3, `${way}/copy`, again)).equals(marked(marker, 60_000)), `${way}/copy`);
    }
    t.true((await read(s3, "default", {})).equals(marked(marker, 5000)));
  };
  node = await start();
  s3 = clientOf(node.endpoint);
  await readAll();
  s3.destroy();
  t.is(await node.stop(), 0);

  // A new version of every key: what is old still opens, what is new is wrapped by it.
  addRingKey(ringFile, systemRandom, systemClock);
  node = await start();
  s3 = clientOf(node.endpoint);
  await readAll();
  for (const [way, [write, again]] of ways.entries()) {
    await s3.send(
      new PutObjectCommand({ Bucket: "sealed", Key: `${way}/rotated`, Body: marked(marker, 9000), ...write }),
    );
    t.true((await read(s3, `${way}/rotated`, again)).equals(marked(marker, 9000)), `${way}/rotated`);
  }
  s3.destroy();
  t.is(await node.stop(), 0);
  t.deepEqual(holding(everything(), secrets), [], "after the rotation");

  renameSync(ringFile, `${ringFile}.away`);
  const failure = await t.throwsAsync(start());
  t.regex(failure?.message ?? "", /keyring\.json/);
  renameSync(`${ringFile}.away`, ringFile);
  node = await start();
  s3 = clientOf(node.endpoint);
  await readAll();
  s3.destroy();
  t.is(await node.stop(), 0);
});

test("a customer's key is refused without TLS, but for a trusted proxy's word or by configuration", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-rest-"));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const tryIt = async (name: string, given: readonly string[], headers: Readonly<Record<string, string>>) => {
    const node = await NodeProcess.start({ data: join(directory, name), arguments: given });
    const s3 = clientOf(node.endpoint);
    s3.middlewareStack.add(
      (next) => (sent) => {
        Object.assign((sent.request as { headers: Record<string, string> }).headers, headers);
        return next(sent);
      },
      { step: "finalizeRequest" },
    );
    await s3.send(new CreateBucketCommand({ Bucket: "sealed" }));
    const put = new PutObjectCommand({ Bucket: "sealed", Key: "k", Body: "x", ...customer });
    const answer = await refusal(s3.send(put));
    s3.destroy();
    t.is(await node.stop(), 0);
    return answer;
  };
  t.is(await tryIt("plain", [], {}), "400 InvalidRequest");
  t.is(await tryIt("liar", [], { "x-forwarded-proto": "https" }), "400 InvalidRequest");
  const trusted = ["--set", 'trustedProxies=["127.0.0.1"]'];
  t.is(await tryIt("proxy", trusted, { "x-forwarded-proto": "https" }), "no error");
  t.is(await tryIt("proxied", trusted, { "x-forwarded-proto": "http" }), "400 InvalidRequest");
  t.is(await tryIt("allowed", ["--set", "encryption.customerKeysOverHttp=true"], {}), "no error");
});
