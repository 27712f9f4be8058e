/**
 * Rows of a partition's `meta`: which account had a bucket that was closed for deletion, and under which name, so that what
 * was counted of it stays readable when its control record has gone. Of a bucket that came back the row is left and says
 * nothing: the reader asks for the control record first.
 */

import { assert } from "../base/assert.ts";
import { type BucketId, bucketId } from "../base/ids.ts";
import { pack, unpack } from "../base/msgpack.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { bucketIdBytes, prefixRange } from "./keys.ts";
import { checkVersion, seal, unseal } from "./sealed-row.ts";
import type { ReadTree, Row, Tree } from "./trees.ts";

const version = 1;
/** First byte of these keys in `meta`. */
const closedSpace = 1;

export interface ClosedBucket {
  readonly bucket: BucketId;
  readonly name: string;
  readonly accountId: string;
  /** When it was last closed, Unix ms. */
  readonly closedMs: number;
}

/** Inside a turn: 1 row. */
export function keepClosed(meta: Tree, closed: ClosedBucket): void {
  const key = closedKey(closed);
  meta.put(key, encodeClosed(key, closed));
}

/**
 * Closed buckets of an account, by id.
 * @param after exclusive; null = from the first
 * @throws CorruptRecordError
 */
export function closedBucketsOf(
  meta: ReadTree,
  accountId: string,
  after: BucketId | null,
  limit: number,
): ClosedBucket[] {
  return rowsAfter(
    meta,
    accountPrefix(accountId),
    after === null ? null : closedKey({ accountId, bucket: after }),
    limit,
  );
}

/** Closed buckets of all accounts. @throws CorruptRecordError */
export function closedBuckets(meta: ReadTree, after: ClosedBucket | null, limit: number): ClosedBucket[] {
  return rowsAfter(meta, Buffer.of(closedSpace), after === null ? null : closedKey(after), limit);
}

function rowsAfter(meta: ReadTree, prefix: Buffer, after: Buffer | null, limit: number): ClosedBucket[] {
  const range = prefixRange(prefix);
  const start = after === null ? range.start : Buffer.concat([after, Buffer.of(0)]);
  return meta.range({ ...range, start, limit }).map(decodeClosed);
}

/** `meta`: 0x01 | account id | 0x00 | bucketId. */
export function closedKey({ accountId, bucket }: Pick<ClosedBucket, "accountId" | "bucket">): Buffer {
  return Buffer.concat([accountPrefix(accountId), Buffer.from(bucket, "hex")]);
}

function accountPrefix(accountId: string): Buffer {
  assert(!accountId.includes("\0"), "an account id has no zero byte");
  return Buffer.concat([Buffer.of(closedSpace), Buffer.from(accountId), Buffer.of(0)]);
}

/** version 1 | msgpack [name, closedMs] | xxh64 of key + value. Example: `01 92 a5 "photo" cf 0000018bcfe56800 <xxh64>`. */
function encodeClosed(key: Buffer, { name, closedMs }: ClosedBucket): Buffer {
  const packed = pack([name, closedMs]);
  const value = Buffer.allocUnsafe(1 + packed.length + xxh64Bytes);
  value[0] = version;
  value.set(packed, 1);
  return seal(key, value);
}

function decodeClosed({ key, value }: Row): ClosedBucket {
  const body = unseal("meta", key, value, 1);
  checkVersion("meta", key, body, version);
  // The checksum has vouched for the bytes, and only `encodeClosed` writes them.
  const [name, closedMs] = unpack(body.subarray(1)) as [string, number];
  const idAt = key.length - bucketIdBytes;
  const bucket = bucketId(key.toString("hex", idAt));
  return { bucket, name, accountId: key.toString("utf8", 1, idAt - 1), closedMs };
}
