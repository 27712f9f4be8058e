/**
 * Rows of `counters`: a bucket's totals and sequence, changed in the turn that changes what they count, and one row for
 * each past day with ingress.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { dayKey, totalsKey } from "./keys.ts";
import { checkVersion, readU64, seal, unseal, writeU64 } from "./sealed-row.ts";
import type { ReadTree, Tree } from "./trees.ts";

const version = 1;
const epochBytes = 8;
const seqAt = 1 + epochBytes;
const hlcAt = seqAt + 8;
const storedAt = hlcAt + 8;
const objectsAt = storedAt + 8;
const versionsAt = objectsAt + 8;
const uploadBytesAt = versionsAt + 8;
const dayAt = uploadBytesAt + 8;
const ingressAt = dayAt + 4;
const bodyBytes = ingressAt + 8;
const dayBodyBytes = 1 + 8 * 3;

const msPerDay = 86_400_000;

/** Totals of one bucket on this node. */
export interface BucketCounters {
  /** 8 random bytes, new when the directory is formatted or restored: sequences of different epochs do not compare. */
  readonly epoch: Uint8Array;
  /** Number of the last turn that wrote to the bucket; 0 before the first. */
  readonly seq: number;
  /** High-water mark of issued stamps (`stampTime`): no later stamp is at or below it. */
  readonly hlcTime: bigint;
  /** Logical bytes of all versions. */
  readonly storedBytes: number;
  /** Keys that a listing shows. */
  readonly objects: number;
  /** Versions beside the current ones, delete markers included. */
  readonly versions: number;
  /** Bytes of the parts of open uploads. */
  readonly openUploadBytes: number;
  /** The UTC day `ingressBytes` belongs to, days since 1970-01-01. */
  readonly day: number;
  /** Body bytes of acknowledged writes on that day. */
  readonly ingressBytes: number;
}

/** What is kept of a past day. */
export interface BucketDay {
  readonly ingressBytes: number;
  /** At the end of the day. */
  readonly storedBytes: number;
  readonly objects: number;
}

/** UTC day of a time in Unix ms. */
export function utcDay(nowMs: number): number {
  return Math.floor(nowMs / msPerDay);
}

/** Totals of a bucket that nothing was written to. */
export function emptyCounters(epoch: Uint8Array, nowMs: number): BucketCounters {
  assert(epoch.length === epochBytes, "an epoch has 8 bytes");
  return {
    epoch,
    seq: 0,
    hlcTime: 0n,
    storedBytes: 0,
    objects: 0,
    versions: 0,
    openUploadBytes: 0,
    day: utcDay(nowMs),
    ingressBytes: 0,
  };
}

/** The bucket's totals; undefined before its first turn. @throws CorruptRecordError */
export function readCounters(counters: ReadTree, bucket: BucketId): BucketCounters | undefined {
  const key = totalsKey(bucket);
  const value = counters.get(key);
  return value === undefined ? undefined : decodeCounters(key, value);
}

/**
 * Writes the totals. When `next.day` is later than `previous.day`, the day that ended gets its own row first: at most 2 rows.
 * @param previous what was stored before; undefined at the first turn
 */
export function writeCounters(
  counters: Tree,
  bucket: BucketId,
  previous: BucketCounters | undefined,
  next: BucketCounters,
): void {
  if (previous !== undefined && next.day > previous.day) {
    const key = dayKey(bucket, previous.day);
    counters.put(key, encodeDay(key, previous));
  }
  const key = totalsKey(bucket);
  counters.put(key, encodeCounters(key, next));
}

/** The totals as they stand at the start of a turn: on a new day, ingress begins at 0. A clock set back stays on its day. */
export function countersAt(counters: BucketCounters, nowMs: number): BucketCounters {
  const day = utcDay(nowMs);
  return day > counters.day ? { ...counters, day, ingressBytes: 0 } : counters;
}

/**
 * Encodes the totals: version 1 | epoch 8 | seq u64 | hlcTime u64 | storedBytes u64 | objects u64 | versions u64 |
 * openUploadBytes u64 | day u32 | ingressBytes u64 | xxh64 of key + value. 77 bytes.
 * Example: `01 <epoch> 0000000000000007 018bcfe568000001 0000000000000005 0000000000000001 …`.
 */
export function encodeCounters(key: Buffer, counters: BucketCounters): Buffer {
  const value = Buffer.allocUnsafe(bodyBytes + xxh64Bytes);
  value[0] = version;
  value.set(counters.epoch, 1);
  writeU64(value, counters.seq, seqAt);
  value.writeBigUInt64BE(counters.hlcTime, hlcAt);
  writeU64(value, counters.storedBytes, storedAt);
  writeU64(value, counters.objects, objectsAt);
  writeU64(value, counters.versions, versionsAt);
  writeU64(value, counters.openUploadBytes, uploadBytesAt);
  value.writeUInt32BE(counters.day, dayAt);
  writeU64(value, counters.ingressBytes, ingressAt);
  return seal(key, value);
}

/** @throws CorruptRecordError */
export function decodeCounters(key: Buffer, value: Buffer): BucketCounters {
  const body = unseal("counters", key, value, bodyBytes);
  checkVersion("counters", key, body, version);
  return {
    epoch: body.subarray(1, seqAt),
    seq: readU64(body, seqAt),
    hlcTime: body.readBigUInt64BE(hlcAt),
    storedBytes: readU64(body, storedAt),
    objects: readU64(body, objectsAt),
    versions: readU64(body, versionsAt),
    openUploadBytes: readU64(body, uploadBytesAt),
    day: body.readUInt32BE(dayAt),
    ingressBytes: readU64(body, ingressAt),
  };
}

/** Encodes a past day: version 1 | ingressBytes u64 | storedBytes u64 | objects u64 | xxh64 of key + value. 33 bytes. */
export function encodeDay(key: Buffer, day: BucketDay): Buffer {
  const value = Buffer.allocUnsafe(dayBodyBytes + xxh64Bytes);
  value[0] = version;
  writeU64(value, day.ingressBytes, 1);
  writeU64(value, day.storedBytes, 9);
  writeU64(value, day.objects, 17);
  return seal(key, value);
}

/** @throws CorruptRecordError */
export function decodeDay(key: Buffer, value: Buffer): BucketDay {
  const body = unseal("counters", key, value, dayBodyBytes);
  checkVersion("counters", key, body, version);
  return { ingressBytes: readU64(body, 1), storedBytes: readU64(body, 9), objects: readU64(body, 17) };
}
