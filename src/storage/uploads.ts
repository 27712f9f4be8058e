/** Rows of `uploads`: open multipart uploads, and their parts. */

import { assert } from "../base/assert.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../s3/checksum-algorithms.ts";
import { addressBytes, type Location, manifestIdBytes } from "./location.ts";
import { algorithmCode, algorithmOf } from "./record.ts";
import { decodeTail, encodeTail, encodeTailWithoutAttributes, type ObjectMetadata } from "./record-tail.ts";
import { CorruptRecordError, checkVersion, readU64, seal, unseal, writeU64 } from "./sealed-row.ts";

const version = 1;
const uploadHeadBytes = 1 + 8 + 8 + 1 + 1;
const partHeadBytes = 1 + 8 + 8 + 16 + 1 + 1 + 1;
const attributeRowsFlag = 128;
/** Longest tail of metadata that fits the row of an open upload. */
export const uploadTailBytesMax = storageLimits.valueBytesMax - uploadHeadBytes - xxh64Bytes;
const typeCodes: readonly (ChecksumType | null)[] = [null, "FULL_OBJECT", "COMPOSITE"];

/** What CreateMultipartUpload was told, and what its parts add up to. */
export interface Upload {
  /** Unix ms. */
  readonly initiatedMs: number;
  /** Bytes of the parts that are there. */
  readonly storedBytes: number;
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  readonly checksumType: ChecksumType | null;
  /** Without attributes when they stand in rows. */
  readonly metadata: ObjectMetadata;
  /** True when tagging, ACL and lock stand in rows of `attributes`. */
  readonly hasAttributeRows: boolean;
}

/** Where a part's bytes are: parts are never inline; null when the part is empty. */
export type PartLocation = Exclude<Location, { readonly kind: "inline" }> | null;

/** One uploaded part. */
export interface Part {
  readonly sizeBytes: number;
  /** Unix ms. */
  readonly modifiedMs: number;
  /** 16 bytes. */
  readonly md5: Uint8Array;
  readonly checksum: Checksum | null;
  readonly location: PartLocation;
}

/**
 * Encodes an open upload: version 1 | initiatedMs u64 | storedBytes u64 | checksum algorithm u8 | type u8 (0 none,
 * 1 full object, 2 composite; 128 added: attributes stand in rows of their own) | metadata as a record's tail | xxh64 of key + value.
 * Example without metadata: `01 0000018bcfe56800 0000000000000000 01 02 <xxh64>`.
 */
export function encodeUpload(key: Buffer, upload: Upload): Buffer {
  const { metadata, hasAttributeRows } = upload;
  const encode = hasAttributeRows ? encodeTailWithoutAttributes : encodeTail;
  const tail = encode({ metadata, checksumValue: null, stamps: null });
  const value = Buffer.allocUnsafe(uploadHeadBytes + tail.length + xxh64Bytes);
  value[0] = version;
  writeU64(value, upload.initiatedMs, 1);
  writeU64(value, upload.storedBytes, 9);
  value[17] = algorithmCode(upload.checksumAlgorithm);
  value[18] = typeCodes.indexOf(upload.checksumType) | (hasAttributeRows ? attributeRowsFlag : 0);
  value.set(tail, uploadHeadBytes);
  return seal(key, value);
}

/** @throws CorruptRecordError */
export function decodeUpload(key: Buffer, value: Buffer): Upload {
  const body = unseal("uploads", key, value, uploadHeadBytes);
  checkVersion("uploads", key, body, version);
  return {
    initiatedMs: readU64(body, 1),
    storedBytes: readU64(body, 9),
    checksumAlgorithm: algorithmOf(body[17] ?? 0),
    checksumType: typeCodes[(body[18] ?? 0) & ~attributeRowsFlag] ?? null,
    metadata: decodeTail(body.subarray(uploadHeadBytes)).metadata,
    hasAttributeRows: ((body[18] ?? 0) & attributeRowsFlag) !== 0,
  };
}

/**
 * Encodes a part: version 1 | sizeBytes u64 | modifiedMs u64 | md5 16 | checksum algorithm u8 | checksum length u8 |
 * location u8 (0 empty, 1 chunk, 2 manifest) | checksum bytes | address 32 or manifest id 16 | xxh64 of key + value.
 * Example: an empty part without checksum is 44 bytes.
 */
export function encodePart(key: Buffer, part: Part): Buffer {
  const checksum = part.checksum === null ? Buffer.alloc(0) : Buffer.from(part.checksum.value, "base64");
  const reference = referenceOf(part.location);
  const value = Buffer.allocUnsafe(partHeadBytes + checksum.length + reference.length + xxh64Bytes);
  assert(part.md5.length === 16, "an MD5 has 16 bytes");
  value[0] = version;
  writeU64(value, part.sizeBytes, 1);
  writeU64(value, part.modifiedMs, 9);
  value.set(part.md5, 17);
  value[33] = algorithmCode(part.checksum?.algorithm ?? null);
  value[34] = checksum.length;
  value[35] = partLocationCode(part.location);
  value.set(checksum, partHeadBytes);
  value.set(reference, partHeadBytes + checksum.length);
  return seal(key, value);
}

/** @throws CorruptRecordError */
export function decodePart(key: Buffer, value: Buffer): Part {
  const body = unseal("uploads", key, value, partHeadBytes);
  checkVersion("uploads", key, body, version);
  const referenceAt = partHeadBytes + (body[34] ?? 0);
  const location = readPartLocation(body[35] ?? 0, body.subarray(referenceAt));
  if (location === undefined) throw new CorruptRecordError("uploads", key, "unknown location");
  const algorithm = algorithmOf(body[33] ?? 0);
  return {
    sizeBytes: readU64(body, 1),
    modifiedMs: readU64(body, 9),
    md5: body.subarray(17, 33),
    checksum: algorithm === null ? null : { algorithm, value: body.toString("base64", partHeadBytes, referenceAt) },
    location,
  };
}

/** Stored code of a part's location: 0 empty, 1 chunk, 2 manifest. */
export function partLocationCode(location: PartLocation): number {
  if (location === null) return 0;
  return location.kind === "chunk" ? 1 : 2;
}

/** The identifier a part's location holds; empty for an empty part. */
export function referenceOf(location: PartLocation): Uint8Array {
  if (location === null) return Buffer.alloc(0);
  const reference = location.kind === "chunk" ? location.address : location.id;
  assert(reference.length === (location.kind === "chunk" ? addressBytes : manifestIdBytes), "length of an identifier");
  return reference;
}

/** Reads a location from its code and identifier; undefined when they do not fit together. */
export function readPartLocation(code: number, reference: Buffer): PartLocation | undefined {
  if (code === 0) return reference.length === 0 ? null : undefined;
  if (code === 1 && reference.length === addressBytes) return { kind: "chunk", address: reference };
  if (code === 2 && reference.length === manifestIdBytes) return { kind: "manifest", id: reference };
  return undefined;
}
