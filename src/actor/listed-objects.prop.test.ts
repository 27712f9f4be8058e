/** Pages of listed objects: what is packed from rows comes back equal on the other side of a port. */

import test from "ava";
import fc from "fast-check";
import { encodeVersionId } from "../base/hlc.ts";
import { bucketId } from "../base/ids.ts";
import { currentKey } from "../storage/keys.ts";
import { encodeRecord, etagOf, type ObjectRecord } from "../storage/record.ts";
import { listedObjects, listedVersions, ObjectPacker } from "./listed-objects.ts";

const bucket = bucketId("f".repeat(32));

function bytesOf(length: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
}

const record: fc.Arbitrary<ObjectRecord> = fc
  .record({
    isDeleteMarker: fc.boolean(),
    isNullVersion: fc.boolean(),
    stamp: bytesOf(12),
    salt: bytesOf(4),
    seq: fc.maxSafeNat(),
    sizeBytes: fc.maxSafeNat(),
    modifiedMs: fc.maxSafeNat(),
    md5: bytesOf(16),
    partCount: fc.integer({ min: 0, max: 10_000 }),
    nullStamp: fc.option(bytesOf(12)),
    checksumAlgorithm: fc.constantFrom(null, "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"),
    checksumType: fc.constantFrom("FULL_OBJECT", "COMPOSITE"),
    hasStorageClass: fc.boolean(),
    hasAttributeRows: fc.boolean(),
    hasLock: fc.boolean(),
    tail: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  })
  .map((head) => ({
    ...head,
    location: head.isDeleteMarker ? null : { kind: "inline" as const, bytes: Buffer.from("body") },
  }));
const row = fc.record({
  key: fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).filter((key) => !key.includes("\0")),
  record,
  shown: fc.option(
    fc.record({
      storageClass: fc.option(fc.constantFrom("STANDARD_IA", "GLACIER")),
      ownerId: fc.option(fc.constantFrom("a", "b")),
    }),
  ),
  isLatest: fc.boolean(),
});

test("what is packed is what is listed, over a port too", (t) => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
      const packer = new ObjectPacker();
      for (const { key, record: each, shown, isLatest } of rows) {
        const rowKey = currentKey(bucket, key);
        const value = encodeRecord(rowKey, each);
        packer.add(rowKey, rowKey.length - 1, value, shown, isLatest);
        // The row's memory is another row's by now.
        value.fill(0xff);
        rowKey.fill(0xff);
      }
      const packed = structuredClone(packer.take());
      const expected = rows.map(({ key, record: each, shown }) => ({
        key: Buffer.from(key).toString(),
        sizeBytes: each.sizeBytes,
        modifiedMs: each.modifiedMs,
        etag: etagOf(each),
        storageClass: shown?.storageClass ?? "STANDARD",
        ownerId: shown?.ownerId ?? null,
        checksumAlgorithm: each.checksumAlgorithm,
        checksumType: each.checksumType,
      }));
      t.is(packed.count, rows.length);
      t.deepEqual(listedObjects(packed), expected);
      t.deepEqual(
        listedVersions(packed),
        expected.map((object, index) => {
          const { record: each, isLatest } = rows[index] ?? { record: null, isLatest: false };
          return {
            ...object,
            versionId: each === null || each.isNullVersion ? "null" : encodeVersionId(each.stamp, each.salt),
            isLatest,
            isDeleteMarker: each?.isDeleteMarker ?? false,
          };
        }),
      );
    }),
  );
});

test("a page takes no more than its rows to the other thread", (t) => {
  const packer = new ObjectPacker();
  const empty = packer.take();
  t.is(empty.keys.buffer.byteLength + empty.heads.buffer.byteLength, 0);
  t.deepEqual(listedObjects(empty), []);
});
