/** Attributes in rows of their own, where there are many: turns keep their bounds, and nothing is left. */

import test from "ava";
import { limits } from "../base/limits.ts";
import { recountAttributes } from "../storage/recount-attributes.ts";
import { recountTotals } from "../storage/recount-totals.ts";
import { BucketStand, bodyOf, inlineBody, stored } from "./bucket-stand.testing.ts";
import type { ObjectMetadata } from "./messages.ts";

const count = 600;
const metadata: ObjectMetadata = { tagging: `k=${"v".repeat(40_000)}` };

/** Rows that all attributes together take: more than a turn may write. */
function attributeRows({ metadata: { trees } }: BucketStand): number {
  return trees.attributes.keys({ start: Buffer.alloc(0), limit: 10 * limits.turnRowsMax }).length;
}

async function filled(): Promise<BucketStand> {
  const stand = new BucketStand();
  const source = () => stored(inlineBody("x"));
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      stand.ask("object.put", { key: `k${index}`, source: source(), metadata, preconditions: {} }),
    ),
  );
  return stand;
}

test("many objects with large attributes are deleted, each answered in its place", async (t) => {
  const stand = await filled();
  t.true(attributeRows(stand) > limits.turnRowsMax);
  const objects = Array.from({ length: count + 1 }, (_, index) => ({
    key: `k${index}`,
    versionId: null,
    preconditions: {},
    bypassGovernance: false,
    markerOwnerId: null,
  }));
  const { outcomes } = await stand.ask("object.deleteMany", { objects });
  t.deepEqual(
    outcomes.map((outcome) => outcome.ok && outcome.value.existed),
    objects.map((_, index) => index < count),
  );
  t.is(attributeRows(stand), 0);
  t.deepEqual(recountTotals(stand.metadata.trees), []);
});

test("a bucket of objects and versions with large attributes is emptied", async (t) => {
  const stand = await filled();
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  for (let index = 0; index < count; index += 2) await stand.put(`k${index}`, inlineBody("over"));
  while (!(await stand.ask("bucket.emptySome", {})).isEmpty) t.deepEqual(recountAttributes(stand.metadata.trees), []);
  t.is(attributeRows(stand), 0);
  t.deepEqual(recountTotals(stand.metadata.trees), []);
});

test("open uploads with large attributes go with their bucket", async (t) => {
  const stand = new BucketStand();
  const upload = { metadata, checksumAlgorithm: null, checksumType: null };
  for (let index = 0; index < count; index++) await stand.ask("upload.create", { key: `k${index}`, ...upload });
  t.true(attributeRows(stand) > limits.turnRowsMax);
  t.deepEqual(await stand.ask("bucket.close", {}), { empty: true });
  t.is(attributeRows(stand), 0);
  t.deepEqual(stand.metadata.trees.uploads.keys({ start: Buffer.alloc(0), limit: 1 }), []);
});

test("an upload keeps large attributes through its parts, and its object has them", async (t) => {
  const stand = new BucketStand();
  const { uploadId } = await stand.ask("upload.create", {
    key: "k",
    metadata,
    checksumAlgorithm: null,
    checksumType: null,
  });
  const parts = [];
  for (const partNumber of [1, 2]) {
    const source = stored(bodyOf([`part ${partNumber}`, "x"]));
    const { etag } = await stand.ask("upload.putPart", { key: "k", uploadId, partNumber, source });
    parts.push({ partNumber, etag, checksum: null });
  }
  await stand.ask("upload.complete", { key: "k", uploadId, parts, preconditions: {}, objectBytes: null });
  t.deepEqual(recountAttributes(stand.metadata.trees), []);
  t.true(attributeRows(stand) > 0);
  await stand.ask("object.setAttributes", {
    key: "k",
    versionId: null,
    change: { tagging: "small=1" },
    bypassGovernance: false,
  });
  t.is(attributeRows(stand), 0);
});

test("attributes that are larger than any may be are refused, and the old ones stay", async (t) => {
  const stand = await filled();
  const tagging = "v".repeat(limits.attributesBytesMax);
  const rows = attributeRows(stand);
  const asked = { key: "k0", versionId: null, change: { tagging }, bypassGovernance: false };
  await t.throwsAsync(stand.ask("object.setAttributes", asked), { code: "MetadataTooLarge" });
  const source = stored(inlineBody("x"));
  const put = stand.ask("object.put", { key: "k0", source, metadata: { tagging }, preconditions: {} });
  await t.throwsAsync(put, { code: "MetadataTooLarge" });
  t.is(attributeRows(stand), rows);
});
