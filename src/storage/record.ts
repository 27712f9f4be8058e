/**
 * The record of one object version, as `current` and `versions` hold it: a fixed header that answers LIST and most of
 * HEAD alone, the body or a reference to it, and a tail of metadata that is decoded only when asked for.
 * Every version of the format that was ever written stays readable.
 */

import { assert } from "../base/assert.ts";
import { type Stamp, stampBytes, versionSaltBytes } from "../base/hlc.ts";
import { limits } from "../base/limits.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { type ChecksumAlgorithm, type ChecksumType, checksumAlgorithms } from "../s3/checksum-algorithms.ts";
import { addressBytes, type Location, manifestIdBytes } from "./location.ts";
import { CorruptRecordError, readU64, seal, unseal, writeU64 } from "./sealed-row.ts";

const newestVersion = 1;

const deleteMarkerFlag = 1;
const nullVersionFlag = 2;
const nullStampFlag = 4;
const compositeFlag = 8;
const storageClassFlag = 16;

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
/** Bytes of the header; the location's payload follows. */
const headerBytes = tailBytesAt + 2;

const locationTags = ["none", "inline", "chunk", "manifest"] as const;

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
  /** False = STANDARD, without looking at the tail; true = the tail names the class. */
  readonly hasStorageClass: boolean;
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
  return limits.valueBytesMax - headerBytes - xxh64Bytes - tailBytes;
}

/** Longest tail a record can have while its body stands elsewhere. */
export const recordTailBytesMax = limits.valueBytesMax - headerBytes - xxh64Bytes - addressBytes;

/**
 * Encodes a record in the newest format. O(size).
 * @param room at least `limits.valueBytesMax` bytes; the answer is a view of it. A fresh buffer when absent.
 *
 * Version 1, big-endian: version u8 = 1 | flags u8 (1 delete marker, 2 null version, 4 has nullStamp, 8 composite checksum,
 * 16 tail has a storage class) | partCount u16 | stamp 12 | salt 4 | seq u64 | sizeBytes u64 | modifiedMs u64 | md5 16 | nullStamp 12 (zeros when absent) |
 * location u8 (0 none, 1 inline, 2 chunk, 3 manifest) | checksum algorithm u8 (0 none, 1 CRC32, 2 CRC32C, 3 CRC64NVME,
 * 4 SHA1, 5 SHA256) | tailBytes u16 | payload (inline bytes, address 32 or manifest id 16) | tail | xxh64 of key + value.
 *
 * Example: the 5 bytes "hello" at key "a" of bucket 00…01, seq 7, written at 1700000000000 by node 0x00010002:
 * `01 00 0000 018bcfe56800000000010002 aabbccdd 0000000000000007 0000000000000005 0000018bcfe56800
 * 5d41402abc4b2a76b9719d911017c592 000000000000000000000000 01 00 0000 68656c6c6f 2513976883251780`.
 * @throws AssertionError when the value is larger than `limits.valueBytesMax`
 */
export function encodeRecord(key: Buffer, record: ObjectRecord, room?: Buffer): Buffer {
  const payload = payloadOf(record.location);
  const tailAt = headerBytes + payload.length;
  const valueBytes = tailAt + record.tail.length + xxh64Bytes;
  assert(valueBytes <= limits.valueBytesMax, "a record fits one page");
  const value = room === undefined ? Buffer.allocUnsafe(valueBytes) : room.subarray(0, valueBytes);
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
  value.set(payload, headerBytes);
  value.set(record.tail, tailAt);
  return seal(key, value);
}

/**
 * Decodes a record of any version that was ever written, after verifying its checksum. O(size), without the tail.
 * @param tree where it was read, for the error's sake
 * @throws CorruptRecordError
 */
export function decodeHead(tree: string, key: Buffer, value: Buffer): ObjectRecord {
  return decodeBody(tree, key, unseal(tree, key, value, 1));
}

function decodeBody(tree: string, key: Buffer, body: Buffer): ObjectRecord {
  const decode = decoders[body[0] ?? 0];
  const record = decode?.(body);
  if (record === undefined) throw new CorruptRecordError(tree, key, `not a record (version ${body[0]})`);
  return record;
}

/**
 * As `decodeHead` without an inline body, whose location has no bytes then; what it answers is safe to keep whatever
 * becomes of `value`. @throws CorruptRecordError
 */
export function decodeBrief(tree: string, key: Buffer, value: Buffer): ObjectRecord {
  const body = unseal(tree, key, value, 1);
  const isInline = body[0] === 1 && body.length >= headerBytes && locationTags[body[locationTagAt] ?? 0] === "inline";
  if (!isInline) return decodeBody(tree, key, Buffer.from(body));
  const tailAt = Math.max(headerBytes, body.length - body.readUInt16BE(tailBytesAt));
  const brief = Buffer.allocUnsafe(headerBytes + body.length - tailAt);
  brief.set(body.subarray(0, headerBytes), 0);
  brief.set(body.subarray(tailAt), headerBytes);
  return decodeBody(tree, key, brief);
}

/** What a listing shows of an object. */
export interface ListedHead {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  /** For `decodeTail`: names the storage class. null = STANDARD. */
  readonly classTail: Uint8Array | null;
}

/** As `decodeHead`, of no more than a listing shows, so that it makes no views. @throws CorruptRecordError */
export function decodeListed(tree: string, key: Buffer, value: Buffer): ListedHead {
  const body = unseal(tree, key, value, 1);
  if (body[0] !== 1 || body.length < headerBytes) return listedOf(decodeHead(tree, key, value));
  const partCount = body.readUInt16BE(2);
  const hex = body.toString("hex", md5At, nullStampAt);
  const hasStorageClass = ((body[1] ?? 0) & storageClassFlag) !== 0;
  return {
    sizeBytes: readU64(body, sizeAt),
    modifiedMs: readU64(body, modifiedAt),
    etag: partCount === 0 ? hex : `${hex}-${partCount}`,
    checksumAlgorithm: algorithmOf(body[checksumAlgorithmAt] ?? 0),
    classTail: hasStorageClass ? body.subarray(body.length - body.readUInt16BE(tailBytesAt)) : null,
  };
}

function listedOf(head: ObjectRecord): ListedHead {
  const { sizeBytes, modifiedMs, checksumAlgorithm, hasStorageClass, tail } = head;
  return { sizeBytes, modifiedMs, etag: etagOf(head), checksumAlgorithm, classTail: hasStorageClass ? tail : null };
}

/** The ETag as S3 writes it, without quotes: 32 hex digits, and `-<parts>` for a multipart upload. */
export function etagOf(head: Pick<RecordHead, "md5" | "partCount">): string {
  const { md5, partCount } = head;
  const hex = Buffer.from(md5.buffer, md5.byteOffset, md5.byteLength).toString("hex");
  return partCount === 0 ? hex : `${hex}-${partCount}`;
}

/** By version number. Each answers undefined when the bytes are not of its form. */
const decoders: Readonly<Record<number, (body: Buffer) => ObjectRecord | undefined>> = { 1: decodeVersion1 };

function decodeVersion1(body: Buffer): ObjectRecord | undefined {
  if (body.length < headerBytes) return undefined;
  const flags = body[1] ?? 0;
  const tailAt = body.length - body.readUInt16BE(tailBytesAt);
  if (tailAt < headerBytes) return undefined;
  const location = readLocation(body[locationTagAt] ?? 0, body.subarray(headerBytes, tailAt));
  if (location === undefined) return undefined;
  return {
    isDeleteMarker: (flags & deleteMarkerFlag) !== 0,
    isNullVersion: (flags & nullVersionFlag) !== 0,
    stamp: body.subarray(stampAt, saltAt),
    salt: body.subarray(saltAt, seqAt),
    seq: readU64(body, seqAt),
    sizeBytes: readU64(body, sizeAt),
    modifiedMs: readU64(body, modifiedAt),
    md5: body.subarray(md5At, nullStampAt),
    partCount: body.readUInt16BE(2),
    nullStamp: (flags & nullStampFlag) === 0 ? null : body.subarray(nullStampAt, locationTagAt),
    checksumAlgorithm: algorithmOf(body[checksumAlgorithmAt] ?? 0),
    checksumType: (flags & compositeFlag) === 0 ? "FULL_OBJECT" : "COMPOSITE",
    hasStorageClass: (flags & storageClassFlag) !== 0,
    location,
    tail: body.subarray(tailAt),
  };
}

function flagsOf(record: RecordHead): number {
  return (
    (record.isDeleteMarker ? deleteMarkerFlag : 0) |
    (record.isNullVersion ? nullVersionFlag : 0) |
    (record.nullStamp === null ? 0 : nullStampFlag) |
    (record.checksumType === "COMPOSITE" ? compositeFlag : 0) |
    (record.hasStorageClass ? storageClassFlag : 0)
  );
}

const noPayload = Buffer.alloc(0);

function payloadOf(location: Location | null): Uint8Array {
  if (location === null) return noPayload;
  if (location.kind === "inline") return location.bytes;
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
