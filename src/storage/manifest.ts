/** Rows of `manifests`: runs of chunks of one body, and the part table of a completed multipart upload. */

import { assert } from "../base/assert.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { addressBytes } from "./location.ts";
import { CorruptRecordError, checkVersion, readU64, seal, unseal, writeU64 } from "./sealed-row.ts";
import { type PartLocation, partLocationCode, readPartLocation, referenceOf } from "./uploads.ts";

const version = 1;
const runEntryBytes = addressBytes + 4;
/** Most chunks of one row: 7,209 bytes. */
export const chunksPerRow = 200;

const checksumBytesMax = 32;
const md5At = 10;
const checksumAt = md5At + 16;
const locationAt = checksumAt + 1 + checksumBytesMax;
const partEntryBytes = locationAt + 1 + addressBytes;
/** Most parts of one row: 8,105 bytes. 10,000 parts are 114 rows. */
export const partsPerRow = 88;

/** One chunk in a run: found through `refs`. */
export interface RunEntry {
  /** 32 bytes. */
  readonly address: Uint8Array;
  /** Plain bytes. */
  readonly sizeBytes: number;
}

/** One part of a completed object. */
export interface PartEntry {
  readonly partNumber: number;
  readonly sizeBytes: number;
  /** 16 bytes. */
  readonly md5: Uint8Array;
  /** Raw bytes of the part's checksum, at most 32; its algorithm is the object's. null when it has none. */
  readonly checksum: Uint8Array | null;
  readonly location: PartLocation;
}

/**
 * Encodes a run of 1 to 200 chunks: version 1 | (address 32 | sizeBytes u32) … | xxh64 of key + value.
 * Example: one chunk of 4 KiB = `01 <address> 00001000 <xxh64>`, 45 bytes.
 */
export function encodeChunkRun(key: Buffer, entries: readonly RunEntry[]): Buffer {
  assert(entries.length > 0 && entries.length <= chunksPerRow, "a run has 1 to 200 chunks");
  const value = Buffer.allocUnsafe(1 + entries.length * runEntryBytes + xxh64Bytes);
  value[0] = version;
  for (const [index, { address, sizeBytes }] of entries.entries()) {
    const at = 1 + index * runEntryBytes;
    assert(address.length === addressBytes, "an address has 32 bytes");
    value.set(address, at);
    value.writeUInt32BE(sizeBytes, at + addressBytes);
  }
  return seal(key, value);
}

/** @throws CorruptRecordError */
export function decodeChunkRun(key: Buffer, value: Buffer): RunEntry[] {
  const body = unseal("manifests", key, value, 1 + runEntryBytes);
  checkVersion("manifests", key, body, version);
  if ((body.length - 1) % runEntryBytes !== 0) throw new CorruptRecordError("manifests", key, "a broken entry");
  const entries: RunEntry[] = [];
  for (let at = 1; at < body.length; at += runEntryBytes) {
    entries.push({
      address: body.subarray(at, at + addressBytes),
      sizeBytes: body.readUInt32BE(at + addressBytes),
    });
  }
  return entries;
}

/**
 * Encodes a row of 1 to 88 parts, in part order: version 1 | (partNumber u16 | sizeBytes u64 | md5 16 | checksum length u8 |
 * checksum 32, padded | location u8 (0 empty, 1 chunk, 2 manifest) | address 32, or manifest id 16 padded) … | xxh64 of
 * key + value.
 * Example: part 1 of 5 MiB in manifest 22…22, without checksum, begins `01 0001 0000000000500000 <md5> 00 00…00 02 22…22`.
 */
export function encodePartRow(key: Buffer, parts: readonly PartEntry[]): Buffer {
  assert(parts.length > 0 && parts.length <= partsPerRow, "a row has 1 to 88 parts");
  const value = Buffer.alloc(1 + parts.length * partEntryBytes + xxh64Bytes);
  value[0] = version;
  for (const [index, part] of parts.entries()) writePart(value, part, 1 + index * partEntryBytes);
  return seal(key, value);
}

function writePart(value: Buffer, part: PartEntry, at: number): void {
  const checksum = part.checksum ?? Buffer.alloc(0);
  assert(part.md5.length === 16 && checksum.length <= checksumBytesMax, "an MD5 has 16 bytes, a checksum at most 32");
  value.writeUInt16BE(part.partNumber, at);
  writeU64(value, part.sizeBytes, at + 2);
  value.set(part.md5, at + md5At);
  value[at + checksumAt] = checksum.length;
  value.set(checksum, at + checksumAt + 1);
  value[at + locationAt] = partLocationCode(part.location);
  value.set(referenceOf(part.location), at + locationAt + 1);
}

/** Number of the last part in a row, without decoding the others. @throws CorruptRecordError */
export function lastPartNumberOf(key: Buffer, value: Buffer): number {
  const body = openPartRow(key, value);
  return body.readUInt16BE(body.length - partEntryBytes);
}

function openPartRow(key: Buffer, value: Buffer): Buffer {
  const body = unseal("manifests", key, value, 1 + partEntryBytes);
  checkVersion("manifests", key, body, version);
  if ((body.length - 1) % partEntryBytes !== 0) throw new CorruptRecordError("manifests", key, "a broken entry");
  return body;
}

/** @throws CorruptRecordError */
export function decodePartRow(key: Buffer, value: Buffer): PartEntry[] {
  const body = openPartRow(key, value);
  const parts: PartEntry[] = [];
  for (let at = 1; at < body.length; at += partEntryBytes) {
    const part = readPart(body.subarray(at, at + partEntryBytes));
    if (part === undefined) throw new CorruptRecordError("manifests", key, "unknown location of a part");
    parts.push(part);
  }
  return parts;
}

/** Bytes of an identifier, by the stored code of a part's location. */
const identifierBytes: readonly number[] = [0, addressBytes, 16];

function readPart(entry: Buffer): PartEntry | undefined {
  const code = entry[locationAt] ?? 0;
  const referenceAt = locationAt + 1;
  const location = readPartLocation(code, entry.subarray(referenceAt, referenceAt + (identifierBytes[code] ?? 0)));
  const checksumBytes = entry[checksumAt] ?? 0;
  if (location === undefined || checksumBytes > checksumBytesMax) return undefined;
  return {
    partNumber: entry.readUInt16BE(0),
    sizeBytes: readU64(entry, 2),
    md5: entry.subarray(md5At, checksumAt),
    checksum: checksumBytes === 0 ? null : entry.subarray(checksumAt + 1, checksumAt + 1 + checksumBytes),
    location,
  };
}
