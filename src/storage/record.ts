/**
 * The record of one object version, as `current` and `versions` hold it: a fixed header that answers LIST and most of
 * HEAD alone, the body or a reference to it, and a tail of metadata that is decoded only when asked for.
 * Every version of the format that was ever written stays readable.
 */

import { assert } from "../base/assert.ts";
import { encodeVersionId, type Stamp, stampBytes, versionSaltBytes } from "../base/hlc.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { xxh64, xxh64Bytes } from "../base/xxhash.ts";
import { type ChecksumAlgorithm, type ChecksumType, checksumAlgorithms } from "../s3/checksum-algorithms.ts";
import { addressBytes, type Location, manifestIdBytes } from "./location.ts";
import { CorruptRecordError, checkSeal, readU64, seal, unseal, writeU64 } from "./sealed-row.ts";

const newestVersion = 2;

const deleteMarkerFlag = 1;
const nullVersionFlag = 2;
const nullStampFlag = 4;
const compositeFlag = 8;
const storageClassFlag = 16;
const attributeRowsFlag = 32;
const lockFlag = 64;

const stampAt = 4;
const saltAt = stampAt + stampBytes;
const seqAt = saltAt + versionSaltBytes;
const sizeAt = seqAt + 8;
const modifiedAt = sizeAt + 8;
const md5At = modifiedAt + 8;
const nullStampAt = md5At + 16;
const locationTagAt = nullStampAt + stampBytes;
const checksumAlgorithmAt = locationTagAt + 1;
const tailBytesAt = checksumAlgorithmAt + 1;
/** Bytes of the fixed head, the same in every version. */
export const headBytes = tailBytesAt + 2;

const locationTags = ["none", "inline", "chunk", "manifest"] as const;
/** Bytes of what names a body elsewhere, by location tag: it stands behind the header. */
const referenceBytes = [0, 0, addressBytes, manifestIdBytes] as const;
const inlineTag = locationTags.indexOf("inline");

/** Stored codes of checksum algorithms: never re-ordered, only appended to. Code 0 = no checksum. */
const algorithmCodes: readonly ChecksumAlgorithm[] = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];
assert(
  checksumAlgorithms.every((name) => algorithmCodes.includes(name)),
  "every algorithm has a code",
);

/** The stored code of a checksum algorithm; 0 = none. */
export function algorithmCode(algorithm: ChecksumAlgorithm | null): number {
  return algorithm === null ? 0 : algorithmCodes.indexOf(algorithm) + 1;
}

/** The algorithm of a stored code; null for 0 and for codes of later versions. */
export function algorithmOf(code: number): ChecksumAlgorithm | null {
  return code === 0 ? null : (algorithmCodes[code - 1] ?? null);
}

/** What LIST and HEAD need, and what orders versions. Sizes in bytes, times Unix ms. */
export interface RecordHead {
  readonly isDeleteMarker: boolean;
  /** True for the version whose id is the literal `null`. */
  readonly isNullVersion: boolean;
  readonly stamp: Stamp;
  /** 4 random bytes of the version id. */
  readonly salt: Uint8Array;
  /** The bucket's sequence number of the turn that wrote it. */
  readonly seq: number;
  /** 0 to 5 TiB. */
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** 16 bytes: MD5 of the body, or of the parts' MD5s; zeros for a delete marker. */
  readonly md5: Uint8Array;
  /** Parts of a multipart upload: the ETag is then `<md5>-<partCount>`. 0 = a plain MD5. */
  readonly partCount: number;
  /** At a key's head record: stamp of the key's null version when that is another record. */
  readonly nullStamp: Stamp | null;
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  readonly checksumType: ChecksumType;
  /** False = STANDARD and the bucket owner's, without looking at the tail; true = the tail names a class or has an ACL. */
  readonly hasStorageClass: boolean;
  /** True when tagging, ACL and lock stand in rows of `attributes`, and not in the tail. */
  readonly hasAttributeRows: boolean;
  /** False: nothing protects the version, without looking at its attributes. */
  readonly hasLock: boolean;
  /** null for a delete marker. */
  readonly location: Location | null;
}

/** A decoded record: its head, and the tail still encoded. Byte members are views of the value read. */
export interface ObjectRecord extends RecordHead {
  /** For `decodeTail`; empty when there is none. */
  readonly tail: Uint8Array;
}

/** Bytes of body that fit inline beside an encoded tail of `tailBytes`, so that the record stays within one page. May be negative. */
export function inlineBytesMax(tailBytes: number): number {
  return storageLimits.valueBytesMax - headBytes - 2 * xxh64Bytes - tailBytes;
}

/** Longest tail a record can have while its body stands elsewhere. */
export const recordTailBytesMax = storageLimits.valueBytesMax - headBytes - xxh64Bytes - addressBytes;

/** Longest tail of a record beside an inline body of so many bytes; null: the body stands elsewhere. */
export function tailRoom(inlineBytes: number | null): number {
  return inlineBytes === null
    ? recordTailBytesMax
    : storageLimits.valueBytesMax - headBytes - 2 * xxh64Bytes - inlineBytes;
}

/**
 * Encodes a record in the newest format. O(size).
 * @param room at least `storageLimits.valueBytesMax` bytes; the answer is a view of it. A fresh buffer when absent.
 *
 * Version 2, big-endian: version u8 = 2 | flags u8 (1 delete marker, 2 null version, 4 has nullStamp, 8 composite checksum,
 * 16 tail has a storage class or an owner, 32 attributes stand in rows of their own, 64 has a lock) | partCount u16 | stamp 12 | salt 4 | seq u64 | sizeBytes u64 | modifiedMs u64 | md5 16 | nullStamp 12 (zeros when absent) |
 * location u8 (0 none, 1 inline, 2 chunk, 3 manifest) | checksum algorithm u8 (0 none, 1 CRC32, 2 CRC32C, 3 CRC64NVME,
 * 4 SHA1, 5 SHA256) | tailBytes u16 | address 32 or manifest id 16 | tail | xxh64 of key + all before; then, of an inline
 * body: its bytes | xxh64 of them, seeded with the checksum before. So a listing and a turn verify what they read, and
 * never the body.
 *
 * Example: the 5 bytes "hello" at key "a" of bucket 00…01, seq 7, written at 1700000000000 by node 0x00010002:
 * `02 00 0000 018bcfe56800000000010002 aabbccdd 0000000000000007 0000000000000005 0000018bcfe56800
 * 5d41402abc4b2a76b9719d911017c592 000000000000000000000000 01 00 0000 55f1cc1e85130b43 68656c6c6f aa834baff7e5220e`.
 * @throws AssertionError when the value is larger than `storageLimits.valueBytesMax`
 */
export function encodeRecord(key: Buffer, record: ObjectRecord, room?: Buffer): Buffer {
  const { location, tail } = record;
  const reference = referenceOf(location);
  const tailAt = headBytes + reference.length;
  const headEnd = tailAt + tail.length + xxh64Bytes;
  const inline = location?.kind === "inline" ? location.bytes : null;
  const valueBytes = headEnd + (inline === null ? 0 : inline.length + xxh64Bytes);
  assert(valueBytes <= storageLimits.valueBytesMax, "a record fits one page");
  const value = room === undefined ? Buffer.allocUnsafe(valueBytes) : room.subarray(0, valueBytes);
  writeHeader(value, record);
  value.set(reference, headBytes);
  value.set(tail, tailAt);
  seal(key, value.subarray(0, headEnd));
  if (inline === null) return value;
  value.set(inline, headEnd);
  value.writeBigUInt64BE(inlineSum(value, headEnd), valueBytes - xxh64Bytes);
  return value;
}

function writeHeader(value: Buffer, record: ObjectRecord): void {
  assert(record.isDeleteMarker === (record.location === null), "only a delete marker has no location");
  assert(record.stamp.length === stampBytes && record.salt.length === versionSaltBytes, "stamp and salt");
  assert(record.md5.length === 16, "an MD5 has 16 bytes");
  value[0] = newestVersion;
  value[1] = flagsOf(record);
  value.writeUInt16BE(record.partCount, 2);
  value.set(record.stamp, stampAt);
  value.set(record.salt, saltAt);
  writeU64(value, record.seq, seqAt);
  writeU64(value, record.sizeBytes, sizeAt);
  writeU64(value, record.modifiedMs, modifiedAt);
  value.set(record.md5, md5At);
  if (record.nullStamp === null) value.fill(0, nullStampAt, locationTagAt);
  else value.set(record.nullStamp, nullStampAt);
  value[locationTagAt] = record.location === null ? 0 : locationTags.indexOf(record.location.kind);
  value[checksumAlgorithmAt] = algorithmCode(record.checksumAlgorithm);
  value.writeUInt16BE(record.tail.length, tailBytesAt);
}

/** The second checksum of a value of version 2 whose inline body begins at `headEnd`. */
function inlineSum(value: Buffer, headEnd: number): bigint {
  return xxh64(value.subarray(headEnd, value.length - xxh64Bytes), value.readBigUInt64BE(headEnd - xxh64Bytes));
}

/**
 * Where the head of a value of version 2 ends, its checksum included, once that is verified.
 * @throws CorruptRecordError
 */
function checkedHeadEnd(tree: string, key: Buffer, value: Buffer): number {
  if (value.length < headBytes + xxh64Bytes) throw new CorruptRecordError(tree, key, `only ${value.length} bytes`);
  const tag = value[locationTagAt] ?? 0;
  const end = headBytes + (referenceBytes[tag] ?? 0) + value.readUInt16BE(tailBytesAt) + xxh64Bytes;
  const isWhole = tag === inlineTag ? value.length >= end + xxh64Bytes : value.length === end;
  if (!isWhole) throw new CorruptRecordError(tree, key, "its length is not what its head says");
  checkSeal(tree, key, value, end);
  return end;
}

/**
 * Decodes a record of any version that was ever written, after verifying its checksums. O(size), without the tail.
 * @param tree where it was read, for the error's sake
 * @throws CorruptRecordError
 */
export function decodeHead(tree: string, key: Buffer, value: Buffer): ObjectRecord {
  if (value[0] !== newestVersion) {
    return decodeVersion1(tree, key, bodyOfVersion1(tree, key, unseal(tree, key, value, 1)));
  }
  const headEnd = checkedHeadEnd(tree, key, value);
  const inlineEnd = value.length - xxh64Bytes;
  if (value[locationTagAt] !== inlineTag) return decodeVersion2(tree, key, value, headEnd, noBytes);
  if (inlineSum(value, headEnd) !== value.readBigUInt64BE(inlineEnd)) {
    throw new CorruptRecordError(tree, key, "checksum of the body differs");
  }
  return decodeVersion2(tree, key, value, headEnd, value.subarray(headEnd, inlineEnd));
}

/**
 * As `decodeHead` without an inline body, whose location has no bytes then; what it answers is safe to keep whatever
 * becomes of `value`. @throws CorruptRecordError
 */
export function decodeBrief(tree: string, key: Buffer, value: Buffer): ObjectRecord {
  if (value[0] === newestVersion) {
    const headEnd = checkedHeadEnd(tree, key, value);
    return decodeVersion2(tree, key, Buffer.from(value.subarray(0, headEnd)), headEnd, noBytes);
  }
  const body = bodyOfVersion1(tree, key, unseal(tree, key, value, 1));
  if (body[locationTagAt] !== inlineTag) return decodeVersion1(tree, key, Buffer.from(body));
  const tailAt = body.length - body.readUInt16BE(tailBytesAt);
  const brief = Buffer.allocUnsafe(headBytes + body.length - tailAt);
  brief.set(body.subarray(0, headBytes), 0);
  brief.set(body.subarray(tailAt), headBytes);
  return decodeVersion1(tree, key, brief);
}

/** What a listing shows of an object or version. */
export interface ListedHead
  extends Pick<
    RecordHead,
    "isDeleteMarker" | "isNullVersion" | "sizeBytes" | "modifiedMs" | "checksumAlgorithm" | "checksumType"
  > {
  /** Without quotes. */
  readonly etag: string;
}

/**
 * Verifies what a listing shows of a record: its first `headBytes`, and the tail, which may name a storage class and an owner.
 * @returns that tail for `listedTail`, a view; null = STANDARD, and the bucket's owner's
 * @throws CorruptRecordError
 */
export function checkListed(tree: string, key: Buffer, value: Buffer): Uint8Array | null {
  const tailEnd =
    value[0] === newestVersion
      ? checkedHeadEnd(tree, key, value) - xxh64Bytes
      : bodyOfVersion1(tree, key, unseal(tree, key, value, 1)).length;
  if (((value[1] ?? 0) & storageClassFlag) === 0) return null;
  return value.subarray(tailEnd - value.readUInt16BE(tailBytesAt), tailEnd);
}

/**
 * Reads the verified head of a record that stands at `at` of `heads`.
 * @param hex all of `heads` in hex: to turn a thousand ETags into text at once costs a tenth of doing it one by one
 */
export function readListed(heads: Buffer, at: number, hex: string): ListedHead {
  const flags = heads[at + 1] ?? 0;
  const digits = hex.slice((at + md5At) * 2, (at + nullStampAt) * 2);
  const partCount = heads.readUInt16BE(at + 2);
  return {
    isDeleteMarker: (flags & deleteMarkerFlag) !== 0,
    isNullVersion: (flags & nullVersionFlag) !== 0,
    sizeBytes: readU64(heads, at + sizeAt),
    modifiedMs: readU64(heads, at + modifiedAt),
    etag: partCount === 0 ? digits : `${digits}-${partCount}`,
    checksumAlgorithm: algorithmOf(heads[at + checksumAlgorithmAt] ?? 0),
    checksumType: (flags & compositeFlag) === 0 ? "FULL_OBJECT" : "COMPOSITE",
  };
}

/** The version id that the head at `at` of `heads` would have, though it be the null version's. */
export function versionIdAt(heads: Buffer, at: number): string {
  return encodeVersionId(heads.subarray(at + stampAt, at + saltAt), heads.subarray(at + saltAt, at + seqAt));
}

/** Whether the first `headBytes` of a record are those of a version that has a lock. */
export function hasLock(head: Buffer): boolean {
  return ((head[1] ?? 0) & lockFlag) !== 0;
}

/** The stamp in the first `headBytes` of a record, a view. */
export function stampOf(head: Buffer): Stamp {
  return head.subarray(stampAt, saltAt);
}

/** Whether the first `headBytes` of a record are a null version's. */
export function isNullVersion(head: Buffer): boolean {
  return ((head[1] ?? 0) & nullVersionFlag) !== 0;
}

/** Whether the first `headBytes` of a record are a delete marker's. */
export function isDeleteMarker(head: Buffer): boolean {
  return ((head[1] ?? 0) & deleteMarkerFlag) !== 0;
}

/** When the record whose first `headBytes` these are was written, Unix ms. Unverified: good to pass over a record, never to act on it. */
export function modifiedMsOf(head: Buffer): number {
  return readU64(head, modifiedAt);
}

/** The ETag as S3 writes it, without quotes: 32 hex digits, and `-<parts>` for a multipart upload. */
export function etagOf(head: Pick<RecordHead, "md5" | "partCount">): string {
  const { md5, partCount } = head;
  const hex = Buffer.from(md5.buffer, md5.byteOffset, md5.byteLength).toString("hex");
  return partCount === 0 ? hex : `${hex}-${partCount}`;
}

/**
 * Version 1, read for ever: the header of version 2 | location's payload (inline bytes, address or manifest id) | tail |
 * xxh64 of key + all before.
 */
function bodyOfVersion1(tree: string, key: Buffer, body: Buffer): Buffer {
  const isWhole = body.length >= headBytes && body.length - body.readUInt16BE(tailBytesAt) >= headBytes;
  if (body[0] !== 1 || !isWhole) throw notARecord(tree, key, body);
  return body;
}

function notARecord(tree: string, key: Buffer, value: Buffer): CorruptRecordError {
  return new CorruptRecordError(tree, key, `not a record (version ${value[0]})`);
}

function decodeVersion1(tree: string, key: Buffer, body: Buffer): ObjectRecord {
  const tailAt = body.length - body.readUInt16BE(tailBytesAt);
  const location = readLocation(body[locationTagAt] ?? 0, body.subarray(headBytes, tailAt));
  if (location === undefined) throw notARecord(tree, key, body);
  return recordOf(body, location, body.subarray(tailAt));
}

/** @param headEnd of a head that was verified */
function decodeVersion2(tree: string, key: Buffer, value: Buffer, headEnd: number, inline: Buffer): ObjectRecord {
  const tag = value[locationTagAt] ?? 0;
  const tailEnd = headEnd - xxh64Bytes;
  const tailAt = tailEnd - value.readUInt16BE(tailBytesAt);
  const location = readLocation(tag, tag === inlineTag ? inline : value.subarray(headBytes, tailAt));
  if (location === undefined) throw notARecord(tree, key, value);
  return recordOf(value, location, value.subarray(tailAt, tailEnd));
}

/** What the header says, which is the same in every version. */
function recordOf(value: Buffer, location: Location | null, tail: Buffer): ObjectRecord {
  const flags = value[1] ?? 0;
  return {
    isDeleteMarker: (flags & deleteMarkerFlag) !== 0,
    isNullVersion: (flags & nullVersionFlag) !== 0,
    stamp: value.subarray(stampAt, saltAt),
    salt: value.subarray(saltAt, seqAt),
    seq: readU64(value, seqAt),
    sizeBytes: readU64(value, sizeAt),
    modifiedMs: readU64(value, modifiedAt),
    md5: value.subarray(md5At, nullStampAt),
    partCount: value.readUInt16BE(2),
    nullStamp: (flags & nullStampFlag) === 0 ? null : value.subarray(nullStampAt, locationTagAt),
    checksumAlgorithm: algorithmOf(value[checksumAlgorithmAt] ?? 0),
    checksumType: (flags & compositeFlag) === 0 ? "FULL_OBJECT" : "COMPOSITE",
    hasStorageClass: (flags & storageClassFlag) !== 0,
    hasAttributeRows: (flags & attributeRowsFlag) !== 0,
    hasLock: (flags & lockFlag) !== 0,
    location,
    tail,
  };
}

function flagsOf(record: RecordHead): number {
  return (
    (record.isDeleteMarker ? deleteMarkerFlag : 0) |
    (record.isNullVersion ? nullVersionFlag : 0) |
    (record.nullStamp === null ? 0 : nullStampFlag) |
    (record.checksumType === "COMPOSITE" ? compositeFlag : 0) |
    (record.hasStorageClass ? storageClassFlag : 0) |
    (record.hasAttributeRows ? attributeRowsFlag : 0) |
    (record.hasLock ? lockFlag : 0)
  );
}

const noBytes = Buffer.alloc(0);

/** What names a body elsewhere; empty for a body that is inline, and for none. */
function referenceOf(location: Location | null): Uint8Array {
  if (location === null || location.kind === "inline") return noBytes;
  if (location.kind === "chunk") {
    assert(location.address.length === addressBytes, "an address has 32 bytes");
    return location.address;
  }
  assert(location.id.length === manifestIdBytes, "a manifest id has 16 bytes");
  return location.id;
}

/** undefined when the bytes are no location. */
function readLocation(tag: number, payload: Buffer): Location | null | undefined {
  switch (locationTags[tag]) {
    case "none":
      return payload.length === 0 ? null : undefined;
    case "inline":
      return { kind: "inline", bytes: payload };
    case "chunk":
      return payload.length === addressBytes ? { kind: "chunk", address: payload } : undefined;
    case "manifest":
      return payload.length === manifestIdBytes ? { kind: "manifest", id: payload } : undefined;
    default:
      return undefined;
  }
}
