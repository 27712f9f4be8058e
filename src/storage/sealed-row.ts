/**
 * How every value of a partition is sealed: the body followed by xxh64 of key + body, because LMDB has no checksum of its
 * pages and would answer flipped bits as data. Also the fixed-width integers of keys and rows. Big-endian throughout.
 */

import { assert } from "../base/assert.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { xxh64, xxh64Bytes } from "../base/xxhash.ts";

/** A row that is damaged, of an unknown version, or missing although another row names it. Never answered as data. */
export class CorruptRecordError extends Error {
  override readonly name = "CorruptRecordError";
  readonly tree: string;
  /** The row's key in hex. */
  readonly key: string;

  constructor(tree: string, key: Uint8Array, reason: string) {
    const hex = Buffer.from(key).toString("hex");
    super(`${tree} row ${hex}: ${reason}`);
    this.tree = tree;
    this.key = hex;
  }
}

// One buffer for all checksums of a thread: nothing here awaits.
const scratch = Buffer.allocUnsafeSlow(storageLimits.storageKeyBytesMax + storageLimits.pageBytes);
/** Views of its beginning by length: rows have few lengths, and a view costs as much as the checksum of a small row. */
const scratchViews: (Uint8Array | undefined)[] = [];

/** Reads 64 bits in a third of the time that a Buffer takes. */
const scratchData = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);

/** xxh64 of the first `length` bytes of `scratch`. */
function scratchSum(length: number): bigint {
  let view = scratchViews[length];
  if (view === undefined) {
    view = scratch.subarray(0, length);
    scratchViews[length] = view;
  }
  return xxh64(view);
}

function checksum(key: Uint8Array, body: Uint8Array): bigint {
  scratch.set(key, 0);
  scratch.set(body, key.length);
  return scratchSum(key.length + body.length);
}

/**
 * Fills in the last 8 bytes of `value`: xxh64 of key + all bytes before them. Returns `value`.
 * Example: key `01`, body `aabb` is stored as `aabb` + xxh64(`01aabb`).
 */
export function seal(key: Uint8Array, value: Buffer): Buffer {
  assert(key.length <= storageLimits.storageKeyBytesMax, "a key fits storageLimits.storageKeyBytesMax");
  assert(value.length <= storageLimits.valueBytesMax, "a value fits one page");
  const end = value.length - xxh64Bytes;
  value.writeBigUInt64BE(checksum(key, value.subarray(0, end)), end);
  return value;
}

/**
 * Returns the body of a sealed value: a view of it, without the checksum.
 * @throws CorruptRecordError when key or value is not what was sealed, or the body is shorter than `bodyBytesMin`
 */
export function unseal(tree: string, key: Uint8Array, value: Buffer, bodyBytesMin: number): Buffer {
  const end = value.length - xxh64Bytes;
  if (end < bodyBytesMin) throw new CorruptRecordError(tree, key, `only ${value.length} bytes`);
  if (key.length > storageLimits.storageKeyBytesMax || value.length > storageLimits.pageBytes) {
    throw new CorruptRecordError(tree, key, "larger than any row");
  }
  const body = value.subarray(0, end);
  if (checksum(key, body) !== value.readBigUInt64BE(end)) throw new CorruptRecordError(tree, key, "checksum differs");
  return body;
}

/**
 * As `unseal` of the first `sealedBytes` of a value that goes on behind them, without making views.
 * @throws CorruptRecordError when they are not what was sealed
 */
export function checkSeal(tree: string, key: Uint8Array, value: Buffer, sealedBytes: number): void {
  const end = sealedBytes - xxh64Bytes;
  if (key.length > storageLimits.storageKeyBytesMax || value.length > storageLimits.pageBytes) {
    throw new CorruptRecordError(tree, key, "larger than any row");
  }
  const sumAt = key.length + end;
  scratch.set(key, 0);
  value.copy(scratch, key.length, 0, sealedBytes);
  if (scratchSum(sumAt) === scratchData.getBigUint64(sumAt)) return;
  throw new CorruptRecordError(tree, key, "checksum differs");
}

/** @throws CorruptRecordError unless the body's first byte, its format version, is `version`. */
export function checkVersion(tree: string, key: Uint8Array, body: Uint8Array, version: number): void {
  if (body[0] !== version) throw new CorruptRecordError(tree, key, `unknown version ${body[0]}`);
}

/** Writes an unsigned integer below 2^53 as 8 bytes. Much faster than BigInt. */
export function writeU64(target: Buffer, value: number, offset: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, "a stored integer is within 0..2^53-1");
  target.writeUInt32BE(Math.floor(value / 2 ** 32), offset);
  target.writeUInt32BE(value % 2 ** 32, offset + 4);
}

/** Reads what `writeU64` wrote; 2^53 and more come back inexact, which only damage could make. */
export function readU64(source: Buffer, offset: number): number {
  return source.readUInt32BE(offset) * 2 ** 32 + source.readUInt32BE(offset + 4);
}
