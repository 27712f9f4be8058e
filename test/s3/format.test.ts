/** A data directory that an earlier release has written is opened, read and written: one fixture for each format number. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { formatNumber } from "#src/storage/directory-format.ts";
import {
  attributesBucket,
  encryptedBucket,
  encryptedObjects,
  fixtureBigBody,
  fixtureBody,
  fixtureBucket,
  fixtureMetadata,
  fixtureObjects,
  fixturePolicy,
  fixtureTags,
  fixtureVersions,
  versionedBucket,
} from "../support/fixture-data.ts";
import { NodeProcess, rootDirectory, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { readUsage, totalsThatDiffer } from "../support/usage-read.ts";

const fixtures = join(rootDirectory, "test/fixtures");
const formats = readdirSync(fixtures).filter((name) => /^format-\d+\.tar\.gz$/.test(name));

test("there is a fixture of every format", (t) => {
  t.deepEqual(
    formats.sort(),
    Array.from({ length: formatNumber }, (_, index) => `format-${index + 1}.tar.gz`),
  );
});

async function checkVersions(t: ExecutionContext, client: S3Client): Promise<void> {
  const path = `/${versionedBucket}`;
  const xml = (await client.send("GET", path, { query: { versions: "" } })).body.toString();
  const ids = [...xml.matchAll(/<Key>k<\/Key><VersionId>(.*?)<\/VersionId><IsLatest>(.*?)<\/IsLatest>/gs)];
  t.deepEqual(
    ids.map(([, , isLatest]) => isLatest),
    fixtureVersions.map((_, index) => String(index === 0)),
  );
  t.is(ids.at(-1)?.[1], "null");
  for (const [index, body] of fixtureVersions.entries()) {
    const answer = await client.send("GET", `${path}/k`, { query: { versionId: ids[index]?.[1] ?? "" } });
    t.is(answer.status, body === null ? 405 : 200);
    if (body !== null) t.true(answer.body.equals(body));
  }
  t.is((await client.send("GET", `${path}/gone`)).headers["x-amz-delete-marker"], "true");
}

async function checkAttributes(t: ExecutionContext, client: S3Client): Promise<void> {
  const path = `/${attributesBucket}`;
  const read = async (target: string, word: string) =>
    (await client.send("GET", target, { query: { [word]: "" } })).body.toString();
  t.is(await read(path, "policy"), fixturePolicy);
  t.true((await client.send("GET", `${path}/k`)).body.equals(fixtureBigBody));
  const tags = [...(await read(`${path}/k`, "tagging")).matchAll(/<Key>(.*?)<\/Key><Value>(.*?)<\/Value>/g)];
  t.deepEqual(
    tags.map(([, key, value]) => [key, value]),
    fixtureTags.map(([key, value]) => [key, value]),
  );
  t.regex(await read(`${path}/k`, "legal-hold"), /<Status>ON<\/Status>/);
}

async function checkEncrypted(t: ExecutionContext, client: S3Client): Promise<void> {
  for (const [key, body] of Object.entries(encryptedObjects)) {
    const answer = await client.send("GET", `/${encryptedBucket}/${key}`);
    t.is(answer.headers["x-amz-server-side-encryption"], "AES256", key);
    t.true(answer.body.equals(body), key);
  }
}

for (const format of formats) {
  test(`${format} opens, and its objects, uploads and tiers are whole`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "troupe-format-"));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    const data = join(directory, "data");
    mkdirSync(data, { mode: 0o700 });
    execFileSync("tar", ["-xzf", join(fixtures, format), "-C", data]);
    // Since format 4: the ring that its secrets are sealed with, which stands beside the data.
    if (existsSync(join(data, "keyring.json"))) {
      mkdirSync(`${data}.keys`, { mode: 0o700 });
      renameSync(join(data, "keyring.json"), join(`${data}.keys`, "keyring.json"));
    }
    const node = await NodeProcess.start({ data });
    const client = new S3Client({ endpoint: node.endpoint, ...testKeys });
    t.teardown(() => client.close());
    for (const [key, body] of Object.entries(fixtureObjects)) {
      const answer = await client.send("GET", `/${fixtureBucket}/${key}`);
      t.is(answer.status, 200, key);
      t.true(answer.body.equals(body), key);
      if (key === "multipart") continue;
      t.is(answer.headers["x-amz-meta-colour"], fixtureMetadata["x-amz-meta-colour"], key);
    }
    t.is((await client.send("GET", `/${fixtureBucket}/deleted`)).status, 404);
    const uploads = (await client.send("GET", `/${fixtureBucket}`, { query: { uploads: "" } })).body.toString();
    const uploadId = /<UploadId>([^<]+)</.exec(uploads)?.[1] ?? "";
    t.not(uploadId, "", "the open upload is listed");
    const parts = (await client.send("GET", `/${fixtureBucket}/multipart`, { query: { uploadId } })).body.toString();
    const list = [...parts.matchAll(/<PartNumber>(\d+)<\/PartNumber>.*?<ETag>(.*?)<\/ETag>/gs)];
    t.is(list.length, 2);
    const xml = list
      .map(([, number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`)
      .join("");
    const body = Buffer.from(`<CompleteMultipartUpload>${xml}</CompleteMultipartUpload>`);
    t.is((await client.send("POST", `/${fixtureBucket}/multipart`, { query: { uploadId }, body })).status, 200);
    const number = Number(/\d+/.exec(format)?.[0]);
    if (number >= 2) await checkVersions(t, client);
    if (number >= 4) await checkAttributes(t, client);
    if (number >= 5) await checkEncrypted(t, client);
    const written = fixtureBody(200_000, 11);
    t.is((await client.send("PUT", `/${fixtureBucket}/written`, { body: written })).status, 200);
    t.true((await client.send("GET", `/${fixtureBucket}/written`)).body.equals(written));
    t.is(await node.stop(), 0);
    t.deepEqual(await totalsThatDiffer(data), []);
    const usage = (await readUsage(data, [fixtureBucket])).get(fixtureBucket);
    const sizes = [...Object.values(fixtureObjects), written].map((each) => each.length);
    t.is(
      usage?.storedBytes,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    t.is(usage?.objects, sizes.length);
    t.true((usage?.egressBytes ?? 0) > written.length);
  });
}
