/** Records for tests that need rows and no actor. */

import { createHash } from "node:crypto";
import { ObjectPacker, type PackedObjects } from "../actor/listed-objects.ts";
import { bucketId } from "../base/ids.ts";
import { currentKey } from "../storage/keys.ts";
import { encodeRecord, type ObjectRecord } from "../storage/record.ts";

/** An object of 3 bytes, or with `over` any other record. */
export function recordOf(over: Partial<ObjectRecord> = {}): ObjectRecord {
  const bytes = Buffer.from("abc");
  return {
    isDeleteMarker: false,
    isNullVersion: true,
    stamp: Buffer.alloc(12, 1),
    salt: Buffer.alloc(4, 2),
    seq: 1,
    sizeBytes: bytes.length,
    modifiedMs: 0,
    md5: createHash("md5").update(bytes).digest(),
    partCount: 0,
    nullStamp: null,
    checksumAlgorithm: null,
    checksumType: "FULL_OBJECT",
    hasStorageClass: false,
    hasAttributeRows: false,
    hasLock: false,
    location: { kind: "inline", bytes },
    tail: Buffer.alloc(0),
    ...over,
  };
}

/** A page of objects of these keys, as a bucket thread sends it. */
export function packedObjects(...keys: readonly string[]): PackedObjects {
  const packer = new ObjectPacker();
  for (const key of keys) {
    const rowKey = currentKey(bucketId("0".repeat(32)), key);
    packer.add(rowKey, rowKey.length - 1, encodeRecord(rowKey, recordOf()), null, true);
  }
  return packer.take();
}
