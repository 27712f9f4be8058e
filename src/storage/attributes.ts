/**
 * Attributes of versions and open uploads: tagging, ACL, lock. They stand in the tail of their record when that has room,
 * else in rows of `attributes`, which come and go with the record. What the rows hold replaces what the tail would.
 */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { attributeKey, prefixRange } from "./keys.ts";
import type { ObjectRecord } from "./record.ts";
import {
  decodeTail,
  encodeAttributes,
  encodeTail,
  encodeTailWithoutAttributes,
  type RecordTail,
  withAttributes,
} from "./record-tail.ts";
import { CorruptRecordError, checkVersion, seal, unseal } from "./sealed-row.ts";
import type { ReadTree, Tree } from "./trees.ts";

const version = 1;
/** Version and number of pieces. */
const headBytes = 2;
const pieceBytesMax = storageLimits.valueBytesMax - headBytes - xxh64Bytes;

/** Rows that the attributes of one version take at most. */
export const attributeRowsMax = Math.ceil(limits.attributesBytesMax / pieceBytesMax);

/** A tail as it is to be written. */
export interface LaidTail {
  /** For the record. */
  readonly tail: Buffer;
  /** For rows of `attributes`; null: the record's tail has them. */
  readonly attributes: Buffer | null;
}

/**
 * Decides where attributes stand.
 * @param roomBytes longest tail that fits the record
 * @param encoded the whole tail, when it has been encoded already
 */
export function layTail(tail: RecordTail, roomBytes: number, encoded = encodeTail(tail)): LaidTail {
  if (encoded.length <= roomBytes) return { tail: encoded, attributes: null };
  return { tail: encodeTailWithoutAttributes(tail), attributes: encodeAttributes(tail) };
}

/**
 * Writes the attributes of an owner that has none in rows. Each piece: version u8 = 1 | number of pieces u8 | bytes | xxh64 of
 * key + value.
 * @param owner the key under which the version would stand in `versions`, or that of the upload in `uploads`
 * @returns the number of rows
 */
export function writeAttributes(tree: Tree, owner: Buffer, bytes: Buffer): number {
  assert(bytes.length <= limits.attributesBytesMax, "attributes fit limits.attributesBytesMax");
  const pieces = Math.ceil(bytes.length / pieceBytesMax);
  for (let piece = 0; piece < pieces; piece++) {
    const part = bytes.subarray(piece * pieceBytesMax, (piece + 1) * pieceBytesMax);
    const row = Buffer.allocUnsafe(headBytes + part.length + xxh64Bytes);
    row[0] = version;
    row[1] = pieces;
    row.set(part, headBytes);
    const key = attributeKey(owner, piece);
    tree.put(key, seal(key, row));
  }
  return pieces;
}

/** Removes all rows of an owner, damaged ones too. @returns their number */
export function removeAttributes(tree: Tree, owner: Buffer): number {
  const keys = tree.keys({ ...prefixRange(owner), limit: attributeRowsMax });
  for (const key of keys) tree.remove(key);
  return keys.length;
}

/** What `writeAttributes` wrote. @throws CorruptRecordError, also when a row is missing */
export function readAttributes(tree: ReadTree, owner: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let piece = 0, pieces = 1; piece < pieces; piece++) {
    const key = attributeKey(owner, piece);
    const value = tree.get(key);
    if (value === undefined) throw new CorruptRecordError("attributes", key, "a piece is missing");
    const body = unseal("attributes", key, value, headBytes);
    checkVersion("attributes", key, body, version);
    pieces = body[1] ?? 0;
    parts.push(body.subarray(headBytes));
  }
  return Buffer.concat(parts);
}

/** The tail of a version with its attributes, wherever they stand. @throws CorruptRecordError */
export function readTail(
  tree: ReadTree,
  { tail, hasAttributeRows }: Pick<ObjectRecord, "tail" | "hasAttributeRows">,
  owner: () => Buffer,
): RecordTail {
  const decoded = decodeTail(tail);
  return hasAttributeRows ? withAttributes(decoded, readAttributes(tree, owner())) : decoded;
}
