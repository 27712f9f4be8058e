/**
 * Keys of a partition's trees as bytes, whose order is S3's order (UTF-8 bytes). Bucket id first, so that a bucket is one
 * range of each tree; object keys end in 0x00 and never contain it.
 */

import { assert } from "../base/assert.ts";
import { type Stamp, stampBytes } from "../base/hlc.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { addressBytes, manifestIdBytes } from "./location.ts";
import { readU64, writeU64 } from "./sealed-row.ts";

/** Bytes of a bucket id at the head of a key. */
export const bucketIdBytes = 16;
/** Bytes of an upload id: Unix ms (6), so that the uploads of a key sort by their start, and 16 random bytes. */
export const uploadIdBytes = 22;

/** Spaces of the `uploads` tree, after the bucket id: open uploads by key, and parts by upload. */
const uploadSpace = 0;
const partSpace = 1;
/** Spaces of the `manifests` tree, after the manifest id. */
const chunkRunSpace = 0;
const partTableSpace = 1;
/** Spaces of the `counters` tree, after the bucket id. */
const totalsSpace = 0;
const daySpace = 1;

/** A range of keys: start inclusive, end exclusive; no end = to the end of the tree. */
export interface KeyRange {
  readonly start: Buffer;
  readonly end?: Buffer;
}

/** The smallest key above every key that begins with `prefix`; undefined when there is none (all bytes 0xff). */
export function successor(prefix: Uint8Array): Buffer | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return undefined;
  const next = Buffer.from(prefix.subarray(0, length));
  next[length - 1] = (next[length - 1] ?? 0) + 1;
  return next;
}

/** All keys that begin with `prefix`. */
export function prefixRange(prefix: Buffer): KeyRange {
  const end = successor(prefix);
  return end === undefined ? { start: prefix } : { start: prefix, end };
}

const bucketBytesKept = 1024;
const keptBucketBytes = new Map<BucketId, Buffer>();

/** The id as bytes: hex is slow to read, and a thread asks for few buckets again and again. */
function bucketBytes(bucket: BucketId): Buffer {
  let bytes = keptBucketBytes.get(bucket);
  if (bytes === undefined) {
    bytes = Buffer.from(bucket, "hex");
    if (keptBucketBytes.size >= bucketBytesKept) keptBucketBytes.clear();
    keptBucketBytes.set(bucket, bytes);
  }
  return bytes;
}

/** `bucketId`: the key of a bucket's row in `buckets`, and the prefix of all its keys elsewhere. */
export function bucketKey(bucket: BucketId): Buffer {
  return Buffer.from(bucket, "hex");
}

/**
 * `buckets`, one piece of a configuration field: bucketId | code of the field u8 (1 or more) | piece u16.
 */
export function configurationKey(bucket: BucketId, field: number, piece: number): Buffer {
  assert(field >= 1 && field <= 0xff && piece >= 0 && piece <= 0xffff, "a field has a code, and few pieces");
  const bytes = Buffer.allocUnsafe(bucketIdBytes + 3);
  bytes.set(bucketBytes(bucket), 0);
  bytes[bucketIdBytes] = field;
  bytes.writeUInt16BE(piece, bucketIdBytes + 1);
  return bytes;
}

/** Spaces of the `events` tree, after the bucket id. */
const eventSpaces = { waiting: 0, dead: 1 } as const;

/** `events`, one of a bucket's: bucketId | space u8 | seq of its turn u64 | number in the turn u16: oldest first. */
export function eventKey(bucket: BucketId, space: keyof typeof eventSpaces, seq: number, index: number): Buffer {
  const bytes = Buffer.allocUnsafe(bucketIdBytes + 11);
  bytes.set(eventPrefix(bucket, space), 0);
  writeU64(bytes, seq, bucketIdBytes + 1);
  bytes.writeUInt16BE(index, bucketIdBytes + 9);
  return bytes;
}

/** The prefix of a bucket's events of one space. */
export function eventPrefix(bucket: BucketId, space: keyof typeof eventSpaces): Buffer {
  const bytes = Buffer.allocUnsafe(bucketIdBytes + 1);
  bytes.set(bucketBytes(bucket), 0);
  bytes[bucketIdBytes] = eventSpaces[space];
  return bytes;
}

/** The bucket id at the head of a key. */
export function bucketOf(key: Buffer): BucketId {
  return key.toString("hex", 0, bucketIdBytes) as BucketId;
}

/** Room for `before` bytes | key in UTF-8 | `after` bytes; the caller fills in the rest. */
function keyBuffer(before: number, key: string, after: number): Buffer {
  const keyBytes = Buffer.byteLength(key);
  assert(keyBytes <= limits.keyBytesMax, "an object key is at most 1024 bytes");
  const bytes = Buffer.allocUnsafe(before + keyBytes + after);
  assert(bytes.length <= storageLimits.storageKeyBytesMax, "a storage key fits storageLimits.storageKeyBytesMax");
  bytes.write(key, before, "utf8");
  return bytes;
}

/**
 * `current`: bucketId | key | 0x00. The key is an S3 object key: 1..1024 bytes of UTF-8 without U+0000.
 * Example: bucket 00…01, key "a" = `00000000000000000000000000000001 61 00`.
 */
export function currentKey(bucket: BucketId, key: string): Buffer {
  const bytes = keyBuffer(bucketIdBytes, key, 1);
  bytes.set(bucketBytes(bucket), 0);
  bytes[bytes.length - 1] = 0;
  assert(key.length > 0 && bytes.indexOf(0, bucketIdBytes) === bytes.length - 1, "an object key has no U+0000");
  return bytes;
}

/** The object key in a key of `current`. */
export function objectKeyOf(key: Buffer): string {
  return key.toString("utf8", bucketIdBytes, key.length - 1);
}

/** bucketId | prefix: the prefix of all of a bucket's keys in `current` and `versions` that begin with `prefix` ("" = all). */
export function objectPrefix(bucket: BucketId, prefix: string): Buffer {
  const bytes = keyBuffer(bucketIdBytes, prefix, 0);
  bytes.set(bucketBytes(bucket), 0);
  return bytes;
}

/** Start of the rows after every row of `key`, in `current` and `versions`: bucketId | key | 0x01. */
export function afterObject(bucket: BucketId, key: string): Buffer {
  const bytes = keyBuffer(bucketIdBytes, key, 1);
  bytes.set(bucketBytes(bucket), 0);
  bytes[bytes.length - 1] = 1;
  return bytes;
}

/** `versions`: bucketId | key | 0x00 | every bit of the stamp inverted, so that the newest version comes first. */
export function versionKey(bucket: BucketId, key: string, stamp: Uint8Array): Buffer {
  return versionKeyAt(currentKey(bucket, key), stamp);
}

/** As `versionKey`, from the key's row in `current`. */
export function versionKeyAt(currentRow: Uint8Array, stamp: Uint8Array): Buffer {
  assert(stamp.length === stampBytes, "a stamp has 12 bytes");
  const start = currentRow.length;
  const bytes = Buffer.allocUnsafe(start + stampBytes);
  bytes.set(currentRow, 0);
  for (let index = 0; index < stampBytes; index++) bytes[start + index] = ~(stamp[index] ?? 0);
  return bytes;
}

/** `attributes`, one piece: key of the version in `versions`, or of the upload in `uploads` | piece u8. */
export function attributeKey(owner: Buffer, piece: number): Buffer {
  assert(piece >= 0 && piece <= 0xff, "attributes have few pieces");
  const bytes = Buffer.allocUnsafe(owner.length + 1);
  bytes.set(owner, 0);
  bytes[owner.length] = piece;
  return bytes;
}

/** The owner in a key of `attributes`. */
export function attributeOwner(key: Buffer): Buffer {
  return key.subarray(0, key.length - 1);
}

/** All versions of one key in `versions`, newest first. */
export function versionsOf(bucket: BucketId, key: string): KeyRange {
  return prefixRange(currentKey(bucket, key));
}

/** Reads a key of `versions` back. */
export function decodeVersionKey(key: Buffer): { readonly key: string; readonly stamp: Stamp } {
  const start = key.length - stampBytes;
  const stamp = Buffer.allocUnsafe(stampBytes);
  for (let index = 0; index < stampBytes; index++) stamp[index] = ~(key[start + index] ?? 0);
  return { key: key.toString("utf8", bucketIdBytes, start - 1), stamp };
}

/** `uploads`, an open upload: bucketId | 0x00 | key | 0x00 | uploadId (22): sorted by key, then by start. */
export function uploadKey(bucket: BucketId, key: string, uploadId: Uint8Array): Buffer {
  assert(uploadId.length === uploadIdBytes, "an upload id has 22 bytes");
  const bytes = keyBuffer(bucketIdBytes + 1, key, 1 + uploadIdBytes);
  bytes.set(bucketBytes(bucket), 0);
  bytes[bucketIdBytes] = uploadSpace;
  bytes[bytes.length - uploadIdBytes - 1] = 0;
  bytes.set(uploadId, bytes.length - uploadIdBytes);
  return bytes;
}

/** bucketId | 0x00 | prefix: the prefix of the open uploads whose keys begin with `prefix` ("" = all). */
export function uploadPrefix(bucket: BucketId, prefix: string): Buffer {
  const bytes = keyBuffer(bucketIdBytes + 1, prefix, 0);
  bytes.set(bucketBytes(bucket), 0);
  bytes[bucketIdBytes] = uploadSpace;
  return bytes;
}

/** Start of the uploads after every upload of `key`. */
export function afterUploadsOf(bucket: BucketId, key: string): Buffer {
  return Buffer.concat([uploadPrefix(bucket, key), Buffer.from([1])]);
}

/** Reads the key of an open upload back. */
export function decodeUploadKey(key: Buffer): { readonly key: string; readonly uploadId: Buffer } {
  const end = key.length - uploadIdBytes;
  return { key: key.toString("utf8", bucketIdBytes + 1, end - 1), uploadId: Buffer.from(key.subarray(end)) };
}

/** `uploads`, a part: bucketId | 0x01 | uploadId (22) | part number (u16). */
export function partKey(bucket: BucketId, uploadId: Uint8Array, partNumber: number): Buffer {
  assert(Number.isInteger(partNumber) && partNumber >= 0 && partNumber <= 0xffff, "a part number has 16 bits");
  const bytes = Buffer.allocUnsafe(bucketIdBytes + 1 + uploadIdBytes + 2);
  partPrefix(bucket, uploadId).copy(bytes);
  bytes.writeUInt16BE(partNumber, bytes.length - 2);
  return bytes;
}

/** The prefix of all parts of an upload. */
export function partPrefix(bucket: BucketId, uploadId: Uint8Array): Buffer {
  assert(uploadId.length === uploadIdBytes, "an upload id has 22 bytes");
  const bytes = Buffer.allocUnsafe(bucketIdBytes + 1 + uploadIdBytes);
  bytes.set(bucketBytes(bucket), 0);
  bytes[bucketIdBytes] = partSpace;
  bytes.set(uploadId, bucketIdBytes + 1);
  return bytes;
}

/** True for the key of an open upload, among all keys of `uploads`. */
export function isOpenUploadKey(key: Buffer): boolean {
  return key[bucketIdBytes] === uploadSpace;
}

/** True for the key of a part, among all keys of `uploads`. */
export function isPartKey(key: Buffer): boolean {
  return key[bucketIdBytes] === partSpace;
}

/** The upload id in the key of a part. */
export function uploadIdOfPart(key: Buffer): Buffer {
  return Buffer.from(key.subarray(bucketIdBytes + 1, bucketIdBytes + 1 + uploadIdBytes));
}

/** The part number in the key of a part. */
export function partNumberOf(key: Buffer): number {
  return key.readUInt16BE(key.length - 2);
}

function identifierKey(bucket: BucketId, identifier: Uint8Array, bytesExpected: number, after: number): Buffer {
  assert(identifier.length === bytesExpected, `an identifier of ${bytesExpected} bytes`);
  const bytes = Buffer.allocUnsafe(bucketIdBytes + bytesExpected + after);
  bytes.set(bucketBytes(bucket), 0);
  bytes.set(identifier, bucketIdBytes);
  return bytes;
}

/** `refs`: bucketId | address (32). */
export function referenceKey(bucket: BucketId, address: Uint8Array): Buffer {
  return identifierKey(bucket, address, addressBytes, 0);
}

/** `manifestRefs`: bucketId | manifestId (16). Also the prefix of all rows of that manifest in `manifests`. */
export function manifestKey(bucket: BucketId, id: Uint8Array): Buffer {
  return identifierKey(bucket, id, manifestIdBytes, 0);
}

function manifestRowKey(bucket: BucketId, id: Uint8Array, space: number, offset: number): Buffer {
  const bytes = identifierKey(bucket, id, manifestIdBytes, 9);
  bytes[bucketIdBytes + manifestIdBytes] = space;
  writeU64(bytes, offset, bucketIdBytes + manifestIdBytes + 1);
  return bytes;
}

/** `manifests`, a run of chunks: bucketId | manifestId | 0x00 | plain offset of its first chunk (u64). */
export function chunkRunKey(bucket: BucketId, id: Uint8Array, offset: number): Buffer {
  return manifestRowKey(bucket, id, chunkRunSpace, offset);
}

/** `manifests`, a row of the part table: bucketId | manifestId | 0x01 | plain offset of its first part (u64). */
export function partTableKey(bucket: BucketId, id: Uint8Array, offset: number): Buffer {
  return manifestRowKey(bucket, id, partTableSpace, offset);
}

/** What a key of `manifests` says of its row. */
export function decodeManifestRowKey(key: Buffer): { readonly isPartTable: boolean; readonly offset: number } {
  return { isPartTable: key[bucketIdBytes + manifestIdBytes] === partTableSpace, offset: readU64(key, key.length - 8) };
}

/** `extents`: segment (u32) | offset (u64). */
export function extentKey(segment: number, offset: number): Buffer {
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeUInt32BE(segment, 0);
  writeU64(bytes, offset, 4);
  return bytes;
}

/** Reads a key of `extents` back. */
export function decodeExtentKey(key: Buffer): { readonly segment: number; readonly offset: number } {
  return { segment: key.readUInt32BE(0), offset: readU64(key, 4) };
}

/** `gc`: sequence (u64), partition-wide. */
export function garbageKey(sequence: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  writeU64(bytes, sequence, 0);
  return bytes;
}

/** The sequence in a key of `gc`. */
export function garbageSequenceOf(key: Buffer): number {
  return readU64(key, 0);
}

/** `counters`, the totals of a bucket: bucketId | 0x00. */
export function totalsKey(bucket: BucketId): Buffer {
  const bytes = Buffer.allocUnsafe(bucketIdBytes + 1);
  bytes.set(bucketBytes(bucket), 0);
  bytes[bucketIdBytes] = totalsSpace;
  return bytes;
}

/** True for the key of a bucket's totals, among all keys of `counters`. */
export function isTotalsKey(key: Buffer): boolean {
  return key[bucketIdBytes] === totalsSpace;
}

/** `counters`, one past UTC day of a bucket: bucketId | 0x01 | days since 1970-01-01 (u32). */
export function dayKey(bucket: BucketId, day: number): Buffer {
  const bytes = Buffer.allocUnsafe(bucketIdBytes + 5);
  bytes.set(bucketBytes(bucket), 0);
  bytes[bucketIdBytes] = daySpace;
  bytes.writeUInt32BE(day, bucketIdBytes + 1);
  return bytes;
}

/** The day in a key that `dayKey` made. */
export function dayOfKey(key: Buffer): number {
  return key.readUInt32BE(bucketIdBytes + 1);
}
