/** Rows of `gc`: work that a turn leaves to the collector, in the order it was left. */

import type { BucketId } from "../base/ids.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { bucketIdBytes, bucketOf, garbageKey, garbageSequenceOf, uploadIdBytes } from "./keys.ts";
import { addressBytes, type ChunkPlace, manifestIdBytes } from "./location.ts";
import { placeBytes, readPlace, writePlace } from "./refs.ts";
import { CorruptRecordError, checkVersion, seal, unseal } from "./sealed-row.ts";
import type { ReadTree, Tree } from "./trees.ts";

const version = 1;
const kindAt = 1;
const bucketAt = 2;
const identifierAt = bucketAt + bucketIdBytes;

/**
 * One piece of garbage of a bucket.
 * - chunk: one reference to a chunk is gone.
 * - manifest: one reference to a manifest is gone.
 * - upload: an upload is over; its part rows go. Parts that the part table of `completed` names keep what they refer to.
 * - place: no row names this stored chunk any more; its file goes.
 * - rows: nothing names a manifest any more; its rows go, and what they refer to loses one reference each.
 */
export type Garbage =
  | { readonly kind: "chunk"; readonly bucket: BucketId; readonly address: Uint8Array }
  | { readonly kind: "manifest"; readonly bucket: BucketId; readonly id: Uint8Array }
  | {
      readonly kind: "upload";
      readonly bucket: BucketId;
      readonly uploadId: Uint8Array;
      /** The manifest that Complete made, 16 bytes; null when the upload was aborted. */
      readonly completed: Uint8Array | null;
    }
  | { readonly kind: "place"; readonly bucket: BucketId; readonly place: ChunkPlace; readonly address: Uint8Array }
  | { readonly kind: "rows"; readonly bucket: BucketId; readonly id: Uint8Array };

const kindCodes = { chunk: 1, manifest: 2, upload: 3, place: 4, rows: 5 } as const;

/**
 * Numbers the garbage of one partition. One per partition, shared by all who write garbage there: a number never repeats
 * while the process lives, even when the tree has become empty, because a collection round compares by it.
 */
export class GarbageSequence {
  #last: number;

  /** Continues after the last row of `gc`. */
  constructor(gc: ReadTree) {
    const [last] = gc.keys({ start: garbageKey(Number.MAX_SAFE_INTEGER), reverse: true, limit: 1 });
    this.#last = last === undefined ? 0 : garbageSequenceOf(last);
  }

  /** Number of the newest row that a turn has written, committed or not. */
  get last(): number {
    return this.#last;
  }

  /** Writes one row: inside a turn. */
  enqueue(gc: Tree, garbage: Garbage): void {
    this.#last += 1;
    const key = garbageKey(this.#last);
    gc.put(key, encodeGarbage(key, garbage));
  }
}

/**
 * Encodes a row: version 1 | kind u8 (1 chunk, 2 manifest, 3 upload, 4 place, 5 rows) | bucketId 16 | identifier |
 * xxh64 of key + value. Identifier: address 32, manifest id 16, upload id 22 + completed manifest id 16 or nothing,
 * place 13 + address 32, manifest id 16.
 * Example: manifest 22…22 of bucket 11…11 = `01 02 11…11 22…22 <xxh64>`.
 */
export function encodeGarbage(key: Buffer, garbage: Garbage): Buffer {
  const identifier = identifierOf(garbage);
  const value = Buffer.allocUnsafe(identifierAt + identifier.length + xxh64Bytes);
  value[0] = version;
  value[kindAt] = kindCodes[garbage.kind];
  value.write(garbage.bucket, bucketAt, bucketIdBytes, "hex");
  value.set(identifier, identifierAt);
  return seal(key, value);
}

/** @throws CorruptRecordError */
export function decodeGarbage(key: Buffer, value: Buffer): Garbage {
  const body = unseal("gc", key, value, identifierAt);
  checkVersion("gc", key, body, version);
  const garbage = readGarbage(body[kindAt] ?? 0, bucketOf(body.subarray(bucketAt)), body.subarray(identifierAt));
  if (garbage === undefined) throw new CorruptRecordError("gc", key, "unknown kind or length");
  return garbage;
}

function identifierOf(garbage: Garbage): Uint8Array {
  switch (garbage.kind) {
    case "chunk":
      return garbage.address;
    case "manifest":
    case "rows":
      return garbage.id;
    case "upload":
      return garbage.completed === null ? garbage.uploadId : Buffer.concat([garbage.uploadId, garbage.completed]);
    case "place": {
      const identifier = Buffer.allocUnsafe(placeBytes + addressBytes);
      writePlace(identifier, garbage.place, 0);
      identifier.set(garbage.address, placeBytes);
      return identifier;
    }
  }
}

function readGarbage(kind: number, bucket: BucketId, identifier: Buffer): Garbage | undefined {
  const { length } = identifier;
  if (kind === kindCodes.chunk && length === addressBytes) return { kind: "chunk", bucket, address: identifier };
  if (kind === kindCodes.manifest && length === manifestIdBytes) return { kind: "manifest", bucket, id: identifier };
  if (kind === kindCodes.rows && length === manifestIdBytes) return { kind: "rows", bucket, id: identifier };
  if (kind === kindCodes.upload && length === uploadIdBytes) {
    return { kind: "upload", bucket, uploadId: identifier, completed: null };
  }
  if (kind === kindCodes.upload && length === uploadIdBytes + manifestIdBytes) {
    const completed = identifier.subarray(uploadIdBytes);
    return { kind: "upload", bucket, uploadId: identifier.subarray(0, uploadIdBytes), completed };
  }
  if (kind === kindCodes.place && length === placeBytes + addressBytes) {
    const place = readPlace(identifier, 0);
    if (place !== undefined) return { kind: "place", bucket, place, address: identifier.subarray(placeBytes) };
  }
  return undefined;
}
