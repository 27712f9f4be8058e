/** Encrypted bodies through the bucket's actor and reader: in records, in chunks, in versions; and the bucket's data keys. */

import test from "ava";
import { plainPlan } from "../actor/fixtures/plan.ts";
import { limits } from "../base/limits.ts";
import { addressKeyOf } from "../keyring/data-key.ts";
import type { ObjectEncryption } from "../s3/encryption.ts";
import { asS3Error } from "../s3/errors.ts";
import { inlineSealBytes, openInline } from "../storage/body-cipher.ts";
import { CorruptChunkError } from "../storage/chunk-reader.ts";
import { fixtureBucket } from "../storage/partition-fixture.ts";
import { inlineBytesMax } from "../storage/record.ts";
import { decodeTail, encodeTail, tailBytesMax } from "../storage/record-tail.ts";
import { BucketStand, bodyOf, inlineBody, stored } from "./bucket-stand.testing.ts";
import type { BodySource } from "./messages.ts";
import { at, bytesOf, objectOf, openPartition } from "./partition-stand.testing.ts";
import { requireVersionId } from "./version-id.ts";
import { findVersion, readCurrent } from "./version-rows.ts";

const dataKey = Buffer.alloc(32, 1);
const encryption: ObjectEncryption = { kind: "AES256", dataKeyId: Buffer.alloc(8, 2) };
const plan = plainPlan(null, { encryption: { dataKey, hidesMd5: false } });
const slot: BodySource = { kind: "slot", slot: 0, length: 0, plan };

function standWith(text: string): BucketStand {
  const stand = new BucketStand();
  stand.decodeSlot = () => inlineBody(text);
  return stand;
}

function putSealed(stand: BucketStand, key: string) {
  return stand.ask("object.put", { key, source: slot, metadata: { encryption }, preconditions: {} });
}

test("a body in its record is sealed for its key, and stays so as an older version", async (t) => {
  const text = "plain text that nobody may find";
  const stand = standWith(text);
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  const { versionId } = await putSealed(stand, "k");
  const rows = { trees: stand.metadata.trees, bucket: stand.bucket, key: "k" };
  const check = () => {
    const record = findVersion(rows, readCurrent(rows, "whole"), requireVersionId(versionId ?? ""));
    if (record?.location?.kind !== "inline") throw new Error("the body is in its record");
    const { bytes } = record.location;
    t.is(record.sizeBytes, text.length);
    t.is(bytes.length, text.length + inlineSealBytes);
    t.false(Buffer.from(bytes).includes("plain"));
    t.deepEqual(decodeTail(record.tail).metadata.encryption, encryption);
    t.is(openInline(dataKey, { bucket: stand.bucket, key: "k" }, bytes)?.toString(), text);
    t.is(openInline(dataKey, { bucket: stand.bucket, key: "l" }, bytes), null);
  };
  check();
  await stand.put("k", bodyOf([]));
  check();
  t.is((await stand.ask("bucket.usage", {})).storedBytes, text.length);
});

test("a body that has no room in its record beside what sealing adds becomes a chunk, written with its key", async (t) => {
  const tail = encodeTail({ metadata: { encryption }, checksumValue: null, stamps: null });
  t.true(tail.length < tailBytesMax({ encryption }));
  const room = inlineBytesMax(tail.length) - inlineSealBytes;
  const fits = standWith("x".repeat(room));
  await putSealed(fits, "k");
  t.deepEqual(fits.writtenWith, []);
  const tooLong = standWith("x".repeat(room + 1));
  await putSealed(tooLong, "k");
  t.deepEqual(tooLong.writtenWith, [dataKey]);
});

test("an encrypted object in chunks is read with its key alone, in any range", async (t) => {
  const partition = await openPartition(t);
  const { actor, fixture, reader } = partition;
  const body = Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index * 7) & 255));
  const store = fixture.store({ lane: 1 });
  t.teardown(() => store.close());
  const options = { bucket: fixtureBucket, addressKey: addressKeyOf(dataKey), dataKey, expectedBytes: body.length };
  const writer = store.write(options);
  writer.write(body);
  const source = stored({
    sizeBytes: body.length,
    md5: Buffer.alloc(16, 1),
    checksum: null,
    inline: null,
    chunks: await writer.finish(),
  });
  await actor.ask("object.put", { key: "k", source, metadata: { encryption }, preconditions: {} });
  t.is((await actor.ask("bucket.usage", {})).storedBytes, body.length);
  const open = (start: number, length: number, key: Uint8Array | null) =>
    reader.read(at("k"), (found, openObject) => {
      t.deepEqual(objectOf(found)?.metadata.encryption, encryption);
      return openObject(start, length, key);
    });
  for (const [start, length] of [
    [0, body.length],
    [65_535, 2],
    [399_999, 1],
    [100_000, 250_000],
  ] as const) {
    t.true((await bytesOf(open(start, length, dataKey))).equals(body.subarray(start, start + length)));
  }
  t.throws(() => open(0, 10, Buffer.alloc(32, 9)), { instanceOf: CorruptChunkError, message: /another key/ });
  t.throws(() => open(0, 10, null), { instanceOf: CorruptChunkError, message: /no key/ });
});

test("one writer decides which data key a bucket has", async (t) => {
  const { actor } = await openPartition(t);
  const row = (byte: number, keyId: string | null = null) => ({
    id: Buffer.alloc(8, byte),
    keyId,
    wrapped: Buffer.alloc(65, byte),
  });
  const add = async (dataKeyRow: ReturnType<typeof row>, after: Uint8Array | null) =>
    (await actor.ask("bucket.addDataKey", { dataKey: dataKeyRow, after })).dataKey;
  t.deepEqual(await add(row(1), null), row(1));
  t.deepEqual(await add(row(2), null), row(1));
  t.deepEqual(await add(row(3, "named"), null), row(3, "named"));
  t.deepEqual(await add(row(4), row(1).id), row(4));
  t.deepEqual(await add(row(5), row(1).id), row(4));
  t.deepEqual(await add(row(6, "named"), row(1).id), row(3, "named"));
  const { value } = await actor.ask("bucket.configuration", { field: "dataKeys" });
  t.deepEqual(value, [row(1), row(3, "named"), row(4)]);
  for (let count = 3; count < limits.bucketDataKeysMax; count++) {
    await add(row(7, String(count)), null);
  }
  t.deepEqual(await add(row(8), row(4).id), row(4));
  const error = await t.throwsAsync(add(row(9, "another"), null));
  t.is(asS3Error(error)?.code, "EntityTooLarge");
});
