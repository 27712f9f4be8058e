/**
 * Control records as rows of the embedded store. A record that does not fit a page is cut into pieces: no value in the
 * environment is larger than a page.
 *
 * `records`: key (UTF-8) → format 01 | revision u64 | lease u64 (0 none) | valueBytes u32 | xxh64 u64 | first piece.
 * `pieces`: key | 00 | index u16 (from 1) → next piece. The xxh64 is over key | revision | lease | value. All big-endian.
 * Example: key "a", revision 2, no lease, value "hi": `01 0000000000000002 0000000000000000 00000002 <xxh64> 6869`.
 */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { xxh64 } from "../base/xxhash.ts";
import type { Environment, EnvironmentReader, ReadTreesOf, TreesOf } from "../storage/environment.ts";
import type { ReadTree, Row } from "../storage/trees.ts";

export const controlTreeNames = ["records", "pieces", "log", "meta", "leases", "leased"] as const;
export type ControlTreeName = (typeof controlTreeNames)[number];
export type ControlTrees = TreesOf<ControlTreeName>;
export type ControlReadTrees = ReadTreesOf<ControlTreeName>;
/** What the embedded store writes to: one environment with one writer. */
export type ControlEnvironment = Environment<ControlTreeName>;
/** What readers in other threads see. */
export type ControlSnapshot = EnvironmentReader<ControlTreeName>;

export interface StoredRecord {
  readonly value: Buffer;
  readonly revision: bigint;
  /** 0n = none. */
  readonly lease: bigint;
}

/** A row that is not what was written. */
export class CorruptControlRecordError extends Error {
  override readonly name = "CorruptControlRecordError";
}

const format = 1;
const headBytes = 1 + 8 + 8 + 4 + 8;
const firstPieceBytes = storageLimits.valueBytesMax - headBytes;
const nextPieceBytes = storageLimits.valueBytesMax;

// Per operation: the record's rows, one of the log, two of leases; the log's trimming; the counters.
const operationRowsMax = 1 + pieceCount(limits.controlRecordBytesMax) + 3;
assert(
  limits.controlOperationsMax * (operationRowsMax + 2) + 3 <= limits.turnRowsMax,
  "the largest transaction on control records fits one turn",
);

/** The record at `key`. @throws CorruptControlRecordError */
export function readRecord(trees: Pick<ControlReadTrees, "records" | "pieces">, key: string): StoredRecord | undefined {
  const keyBytes = Buffer.from(key);
  const row = trees.records.get(keyBytes);
  return row === undefined ? undefined : decode(trees.pieces, keyBytes, row);
}

/** Revision and lease of the record at `key`, 0n and 0n when there is none; reads its first row only. */
export function readStamps(records: ReadTree, key: string): { readonly revision: bigint; readonly lease: bigint } {
  return records.peek(Buffer.from(key), (row) => headOf(row, key)) ?? { revision: 0n, lease: 0n };
}

/** Records whose key begins with `prefix` and is greater than `after`, in key order, at most `limit`. */
export function readRecords(
  trees: Pick<ControlReadTrees, "records" | "pieces">,
  options: { prefix: string; after: string; limit: number },
): { key: string; record: StoredRecord }[] {
  return rangeOf(options, (range) => trees.records.range(range)).map((row) => ({
    key: row.key.toString(),
    record: decode(trees.pieces, row.key, row.value),
  }));
}

/** The keys that begin with `prefix` and are less than `before` ("" = from the last), in reverse order, at most `limit`. */
export function readKeysDown(
  records: ReadTree,
  { prefix, before, limit }: { prefix: string; before: string; limit: number },
): string[] {
  const end = Buffer.from(prefix);
  const start = before === "" ? Buffer.concat([end, Buffer.from([0xff])]) : Buffer.from(before);
  if (Buffer.compare(start, end) <= 0) return [];
  // The start is inclusive.
  const found = records.keys({ start, end, reverse: true, limit: limit + 1 }).map((key) => key.toString());
  return found.filter((key) => key !== before && key.startsWith(prefix)).slice(0, limit);
}

/** The keys alone; the same bounds. */
export function readKeys(records: ReadTree, options: { prefix: string; after: string; limit: number }): string[] {
  return rangeOf(options, (range) => records.keys(range)).map((key) => key.toString());
}

/** Writes the record and removes pieces that a longer one before it has left. */
export function writeRecord(trees: Pick<ControlTrees, "records" | "pieces">, key: string, record: StoredRecord): void {
  const keyBytes = Buffer.from(key);
  const { value } = record;
  const before = trees.records.get(keyBytes);
  const piecesBefore = before === undefined ? 0 : pieceCount(headOf(before, key).valueBytes);
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(format, 0);
  head.writeBigUInt64BE(record.revision, 1);
  head.writeBigUInt64BE(record.lease, 9);
  head.writeUInt32BE(value.length, 17);
  head.writeBigUInt64BE(checksum(keyBytes, record), 21);
  trees.records.put(keyBytes, Buffer.concat([head, value.subarray(0, firstPieceBytes)]));
  const pieces = pieceCount(value.length);
  for (let index = 1; index <= pieces; index++) {
    const start = firstPieceBytes + (index - 1) * nextPieceBytes;
    trees.pieces.put(pieceKey(keyBytes, index), value.subarray(start, start + nextPieceBytes));
  }
  for (let index = pieces + 1; index <= piecesBefore; index++) trees.pieces.remove(pieceKey(keyBytes, index));
}

/** Removes the record with its pieces; false when there was none. */
export function removeRecord(trees: Pick<ControlTrees, "records" | "pieces">, key: string): boolean {
  const keyBytes = Buffer.from(key);
  const before = trees.records.get(keyBytes);
  if (before === undefined) return false;
  const pieces = pieceCount(headOf(before, key).valueBytes);
  for (let index = 1; index <= pieces; index++) trees.pieces.remove(pieceKey(keyBytes, index));
  trees.records.remove(keyBytes);
  return true;
}

function decode(pieces: ReadTree, keyBytes: Buffer, row: Buffer): StoredRecord {
  const key = keyBytes.toString();
  const head = headOf(row, key);
  const parts = [row.subarray(headBytes)];
  for (let index = 1; index <= pieceCount(head.valueBytes); index++) {
    const piece = pieces.get(pieceKey(keyBytes, index));
    if (piece === undefined) throw new CorruptControlRecordError(`${key}: piece ${index} is missing`);
    parts.push(piece);
  }
  const value = parts.length === 1 ? row.subarray(headBytes) : Buffer.concat(parts);
  const record = { value, revision: head.revision, lease: head.lease };
  if (value.length !== head.valueBytes || checksum(keyBytes, record) !== head.checksum) {
    throw new CorruptControlRecordError(`${key}: the checksum does not match`);
  }
  return record;
}

function headOf(row: Buffer, key: string) {
  if (row.length < headBytes || row.readUInt8(0) !== format) {
    throw new CorruptControlRecordError(`${key}: not a record of a known format`);
  }
  return {
    revision: row.readBigUInt64BE(1),
    lease: row.readBigUInt64BE(9),
    valueBytes: row.readUInt32BE(17),
    checksum: row.readBigUInt64BE(21),
  };
}

function pieceCount(valueBytes: number): number {
  return valueBytes <= firstPieceBytes ? 0 : Math.ceil((valueBytes - firstPieceBytes) / nextPieceBytes);
}

function pieceKey(keyBytes: Buffer, index: number): Buffer {
  return Buffer.concat([keyBytes, Buffer.from([0, index >> 8, index & 0xff])]);
}

function checksum(keyBytes: Buffer, record: StoredRecord): bigint {
  const stamps = Buffer.alloc(16);
  stamps.writeBigUInt64BE(record.revision, 0);
  stamps.writeBigUInt64BE(record.lease, 8);
  return xxh64(Buffer.concat([keyBytes, stamps, record.value]));
}

function rangeOf<T extends Row | Buffer>(
  options: { prefix: string; after: string; limit: number },
  read: (range: { start: Buffer; end?: Buffer; limit: number }) => T[],
): T[] {
  const prefix = Buffer.from(options.prefix);
  // No key holds 00, so that "after" and 00 is the least key above it.
  const after = options.after === "" ? Buffer.alloc(0) : Buffer.concat([Buffer.from(options.after), Buffer.from([0])]);
  const start = Buffer.compare(after, prefix) > 0 ? after : prefix;
  if (prefix.length === 0) return read({ start: start.length === 0 ? Buffer.from([1]) : start, limit: options.limit });
  // The last byte of UTF-8 text is never FF.
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end[end.length - 1] ?? 0) + 1;
  return Buffer.compare(start, end) >= 0 ? [] : read({ start, end, limit: options.limit });
}
