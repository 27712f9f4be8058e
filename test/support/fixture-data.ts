/**
 * What the data directory of a release holds, as far as the format test checks it: one object of each storage tier,
 * a multipart object, an open upload, an overwritten and a deleted key; since format 2, a bucket with versions;
 * since format 4, one with a policy, tags in rows of their own, and a lock; since format 5, one with encrypted objects. `node dist/test/support/fixture-data.js DIR`
 * makes a directory of the current format for test/fixtures.
 */

import { createHash } from "node:crypto";
import { NodeProcess, testKeys } from "./node-process.ts";
import { S3Client } from "./s3-client.ts";

const MiB = 1024 * 1024;

export const fixtureBucket = "format-fixture";

/** A body that is the same in every release. */
export function fixtureBody(size: number, seed: number): Buffer {
  const body = Buffer.alloc(size);
  for (let at = 0; at < size; at++) body[at] = (at * 31 + (at >> 8) * seed + seed) & 0xff;
  return body;
}

export const fixtureObjects: Readonly<Record<string, Buffer>> = {
  "inline/small": fixtureBody(1000, 1),
  "inline/größer ✓": fixtureBody(5000, 2),
  "segment/one": fixtureBody(70_000, 3),
  "segment/shared": fixtureBody(70_000, 3),
  "file/one": fixtureBody(2 * MiB, 4),
  "file/several": fixtureBody(6 * MiB, 5),
  multipart: Buffer.concat([fixtureBody(5 * MiB, 6), fixtureBody(1234, 7)]),
  overwritten: fixtureBody(300, 9),
};

export const versionedBucket = "format-versions";
/** Bodies of the key `k`, newest first; null = a delete marker. The last was written before versioning was enabled. */
export const fixtureVersions: readonly (Buffer | null)[] = [
  fixtureBody(20, 12),
  null,
  fixtureBody(80_000, 13),
  fixtureBody(30, 14),
];

export const fixtureMetadata = { "x-amz-meta-colour": "blue", "content-type": "text/x-fixture" };

async function expectOk(answer: ReturnType<S3Client["send"]>): Promise<string> {
  const { status, headers, body } = await answer;
  if (status > 299) throw new Error(`${status} ${body.toString()}`);
  return `${headers["etag"] ?? ""} ${body.toString()}`;
}

/** A bucket with a configuration, whose object has more tags than its record holds beside the body, and a hold. */
export const attributesBucket = "format-attributes";
export const fixtureBigBody = fixtureBody(4000, 17);
export const fixtureTags = Array.from({ length: 10 }, (_, index) => [`key${index}`, `${index}`.repeat(250)] as const);
export const fixturePolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${attributesBucket}/*` },
  ],
});

async function fill(client: S3Client): Promise<void> {
  const path = (key: string): string => `/${fixtureBucket}/${key}`;
  await expectOk(client.send("PUT", `/${fixtureBucket}`));
  await expectOk(client.send("PUT", path("overwritten"), { body: fixtureBody(3 * MiB, 8) }));
  await expectOk(client.send("PUT", path("deleted"), { body: fixtureBody(100_000, 8) }));
  for (const [key, body] of Object.entries(fixtureObjects)) {
    if (key === "multipart") continue;
    await expectOk(client.send("PUT", path(key), { body, headers: fixtureMetadata }));
  }
  await expectOk(client.send("DELETE", path("deleted")));
  for (const isCompleted of [true, false]) {
    const created = await expectOk(client.send("POST", path("multipart"), { query: { uploads: "" } }));
    const uploadId = /<UploadId>([^<]+)</.exec(created)?.[1] ?? "";
    let list = "";
    for (const [index, body] of [fixtureBody(5 * MiB, 6), fixtureBody(1234, 7)].entries()) {
      const query = { partNumber: String(index + 1), uploadId };
      const [etag] = (await expectOk(client.send("PUT", path("multipart"), { query, body }))).split(" ");
      list += `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`;
    }
    const body = Buffer.from(`<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`);
    if (isCompleted) await expectOk(client.send("POST", path("multipart"), { query: { uploadId }, body }));
  }
}

async function fillVersions(client: S3Client): Promise<void> {
  await expectOk(client.send("PUT", `/${versionedBucket}`));
  for (const [index, body] of [...fixtureVersions].reverse().entries()) {
    const method = body === null ? "DELETE" : "PUT";
    await expectOk(client.send(method, `/${versionedBucket}/k`, body === null ? {} : { body }));
    if (index > 0) continue;
    const enabled = Buffer.from("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
    await expectOk(client.send("PUT", `/${versionedBucket}`, { query: { versioning: "" }, body: enabled }));
  }
  await expectOk(client.send("PUT", `/${versionedBucket}/gone`, { body: fixtureBody(10, 15) }));
  await expectOk(client.send("DELETE", `/${versionedBucket}/gone`));
}

async function fillAttributes(client: S3Client): Promise<void> {
  const path = `/${attributesBucket}`;
  await expectOk(client.send("PUT", path, { headers: { "x-amz-bucket-object-lock-enabled": "true" } }));
  await expectOk(client.send("PUT", path, { query: { policy: "" }, body: Buffer.from(fixturePolicy) }));
  await expectOk(client.send("PUT", `${path}/k`, { body: fixtureBigBody }));
  const tags = fixtureTags.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`).join("");
  const documents = {
    tagging: `<Tagging><TagSet>${tags}</TagSet></Tagging>`,
    "legal-hold": "<LegalHold><Status>ON</Status></LegalHold>",
  };
  for (const [word, text] of Object.entries(documents)) {
    const body = Buffer.from(text);
    const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
    await expectOk(client.send("PUT", `${path}/k`, { query: { [word]: "" }, body, headers }));
  }
}

/** A bucket with encrypted objects: what is encrypted does not shrink, so that none is large. */
export const encryptedBucket = "format-encrypted";
export const encryptedObjects: Readonly<Record<string, Buffer>> = {
  inline: fixtureBody(500, 18),
  segment: fixtureBody(90_000, 19),
};

async function fillEncrypted(client: S3Client): Promise<void> {
  await expectOk(client.send("PUT", `/${encryptedBucket}`));
  const headers = { "x-amz-server-side-encryption": "AES256" };
  for (const [key, body] of Object.entries(encryptedObjects)) {
    await expectOk(client.send("PUT", `/${encryptedBucket}/${key}`, { body, headers }));
  }
}

const target = process.argv[2];
if (process.argv[1]?.endsWith("fixture-data.js") && target !== undefined) {
  const node = await NodeProcess.start({ data: target });
  const client = new S3Client({ endpoint: node.endpoint, ...testKeys });
  await fill(client);
  await fillVersions(client);
  await fillAttributes(client);
  await fillEncrypted(client);
  client.close();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  console.log(`exit ${await node.stop()}`);
}
