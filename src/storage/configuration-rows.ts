/**
 * A bucket's configuration fields as rows of `buckets`: msgpack of the field's value, cut into pieces that fit a page.
 * What was removed leaves a row with its stamp, so that sites can tell which change came last.
 */

import { assert } from "../base/assert.ts";
import { type Stamp, stampBytes } from "../base/hlc.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { pack, unpack } from "../base/msgpack.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { configurationKey } from "./keys.ts";
import { CorruptRecordError, seal, unseal } from "./sealed-row.ts";
import type { ReadTree, Tree } from "./trees.ts";

const version = 1;
const removedFlag = 1;
const piecesAt = 2;
const stampAt = 4;
const headBytes = stampAt + stampBytes;
const pieceBytesMax = storageLimits.valueBytesMax - headBytes - xxh64Bytes;

/** Whether a value of this many packed bytes can be kept. */
export function fitsConfiguration(value: unknown): boolean {
  return pack(value).length <= limits.configurationBytesMax;
}

/**
 * Replaces a field. Each piece: version u8 = 1 | flags u8 (1 removed) | number of pieces u16 | stamp 12 | bytes | xxh64 of
 * key + value.
 * @param value plain data that fits (see `fitsConfiguration`); null removes it
 */
export function writeConfiguration(tree: Tree, bucket: BucketId, field: number, value: unknown, stamp: Stamp): void {
  const bytes = value === null ? Buffer.alloc(0) : pack(value);
  assert(bytes.length <= limits.configurationBytesMax, "a configuration field fits limits.configurationBytesMax");
  const piecesBefore = piecesOf(tree, bucket, field);
  const pieces = Math.max(1, Math.ceil(bytes.length / pieceBytesMax));
  for (let piece = 0; piece < pieces; piece++) {
    const part = bytes.subarray(piece * pieceBytesMax, (piece + 1) * pieceBytesMax);
    const row = Buffer.allocUnsafe(headBytes + part.length + xxh64Bytes);
    row[0] = version;
    row[1] = value === null ? removedFlag : 0;
    row.writeUInt16BE(pieces, piecesAt);
    row.set(stamp, stampAt);
    row.set(part, headBytes);
    const key = configurationKey(bucket, field, piece);
    tree.put(key, seal(key, row));
  }
  for (let piece = pieces; piece < piecesBefore; piece++) tree.remove(configurationKey(bucket, field, piece));
}

/** The field's value, or undefined when it is not set. @throws CorruptRecordError */
export function readConfiguration(tree: ReadTree, bucket: BucketId, field: number): unknown {
  const first = readPiece(tree, bucket, field, 0);
  if (first === undefined || first.isRemoved) return undefined;
  const parts = [first.bytes];
  for (let piece = 1; piece < first.pieces; piece++) {
    const next = readPiece(tree, bucket, field, piece);
    if (next === undefined) {
      throw new CorruptRecordError("buckets", configurationKey(bucket, field, piece), "a piece is missing");
    }
    parts.push(next.bytes);
  }
  return unpack(Buffer.concat(parts));
}

function piecesOf(tree: ReadTree, bucket: BucketId, field: number): number {
  return readPiece(tree, bucket, field, 0)?.pieces ?? 0;
}

function readPiece(tree: ReadTree, bucket: BucketId, field: number, piece: number) {
  const key = configurationKey(bucket, field, piece);
  const value = tree.get(key);
  if (value === undefined) return undefined;
  const body = unseal("buckets", key, value, headBytes);
  if (body[0] !== version) throw new CorruptRecordError("buckets", key, `unknown version ${body[0]}`);
  return {
    isRemoved: ((body[1] ?? 0) & removedFlag) !== 0,
    pieces: body.readUInt16BE(piecesAt),
    bytes: body.subarray(headBytes),
  };
}
