/**
 * Rows of `counters`: a bucket's totals, sequence and usage of the day, changed in the turn that changes what they count,
 * and one row for each past UTC day on which something changed. A day without a row is as the last one before it.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { dayKey, totalsKey } from "./keys.ts";
import { CorruptRecordError, readU64, seal, unseal, writeU64 } from "./sealed-row.ts";
import type { ReadTree, Tree } from "./trees.ts";

const version = 2;
/** As releases of the formats 1 and 2 wrote it: no integral, no egress, no requests. */
const versionWithoutTransfer = 1;
const epochBytes = 8;
const byteMsBytes = 16;

/** Classes of requests as they are counted. Stored by place: never re-ordered, only appended to. */
export const requestClasses = ["read", "write", "list", "delete", "other"] as const;
export type RequestClass = (typeof requestClasses)[number];

/** Requests by class, in the order of `requestClasses`. */
export type RequestCounts = readonly number[];

const requestsBytes = 8 * requestClasses.length;
export const noRequests: RequestCounts = requestClasses.map(() => 0);

const seqAt = 1 + epochBytes;
const hlcAt = seqAt + 8;
const storedAt = hlcAt + 8;
const objectsAt = storedAt + 8;
const versionsAt = objectsAt + 8;
const uploadBytesAt = versionsAt + 8;
const dayAt = uploadBytesAt + 8;
const ingressAt = dayAt + 4;
const atMsAt = ingressAt + 8;
const byteMsAt = atMsAt + 8;
const egressAt = byteMsAt + byteMsBytes;
const requestsAt = egressAt + 8;
const bodyBytes = requestsAt + requestsBytes;
const olderBodyBytes = ingressAt + 8;

const dayByteMsAt = 1 + 8 * 4;
const dayEgressAt = dayByteMsAt + byteMsBytes;
const dayRequestsAt = dayEgressAt + 8;
const dayBodyBytes = dayRequestsAt + requestsBytes;
const olderDayBodyBytes = 1 + 8 * 3;

/** Totals are written in every turn: a buffer of their own, and a view that writes in a third of the time. */
const totalsRoom = Buffer.allocUnsafeSlow(bodyBytes + xxh64Bytes);
const totalsData = new DataView(totalsRoom.buffer, totalsRoom.byteOffset, totalsRoom.byteLength);
const lowBits = 0xffff_ffff_ffff_ffffn;

export const msPerDay = 86_400_000;

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
  /** The UTC day that the members below belong to, days since 1970-01-01. */
  readonly day: number;
  /** Body bytes of acknowledged writes on that day. */
  readonly ingressBytes: number;
  /** Unix ms up to which `byteMs` is counted; never goes back, and never leaves `day`. */
  readonly atMs: number;
  /** Integral over the day of the bytes of versions and open parts: bytes x ms, exact, below 2^80. */
  readonly byteMs: bigint;
  /** Body bytes sent on that day. */
  readonly egressBytes: number;
  /** Requests that ended on that day. */
  readonly requests: RequestCounts;
}

/** What a bucket used on one UTC day. */
export interface BucketDay {
  /** Logical bytes of all versions and of open parts at the end of the day. */
  readonly storedBytes: number;
  /** At the end of the day, as in `BucketCounters`. */
  readonly objects: number;
  readonly versions: number;
  /** As in `BucketCounters`, of the whole day; of a day that is not over up to the time it was asked for. */
  readonly byteMs: bigint;
  readonly ingressBytes: number;
  readonly egressBytes: number;
  readonly requests: RequestCounts;
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
    atMs: Math.floor(nowMs),
    byteMs: 0n,
    egressBytes: 0,
    requests: noRequests,
  };
}

/** The bucket's totals; undefined before its first turn. @throws CorruptRecordError */
export function readCounters(counters: ReadTree, bucket: BucketId): BucketCounters | undefined {
  const key = totalsKey(bucket);
  const value = counters.get(key);
  return value === undefined ? undefined : decodeCounters(key, value);
}

/**
 * Writes the totals. When `next.day` is later than `previous.day`, the day that ended gets its own row first, and rows older
 * than `limits.usageDaysKept` go: at most 4 rows.
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
    counters.put(key, encodeDay(key, wholeDay(previous)));
    forgetDays(counters, bucket, next.day);
  }
  const key = totalsKey(bucket);
  counters.put(key, encodeCounters(key, next));
}

/** One row more than is added, so that what is too old drains. */
function forgetDays(counters: Tree, bucket: BucketId, today: number): void {
  const oldest = today - limits.usageDaysKept;
  if (oldest <= 0) return;
  const range = { start: dayKey(bucket, 0), end: dayKey(bucket, oldest), limit: 2 };
  for (const key of counters.keys(range)) counters.remove(key);
}

/**
 * The totals as they stand at the start of a turn: the integral counted up to now, and on a new day what is counted by day
 * begins at 0. A clock that was set back stays where it was until time has caught up: nothing is ever taken away.
 */
export function countersAt(counters: BucketCounters, nowMs: number): BucketCounters {
  const atMs = Math.floor(nowMs);
  if (atMs <= counters.atMs) return counters;
  const day = utcDay(atMs);
  const isSameDay = day === counters.day;
  const fromMs = isSameDay ? counters.atMs : day * msPerDay;
  const held = byteMsOf(counters.storedBytes + counters.openUploadBytes, atMs - fromMs);
  return {
    epoch: counters.epoch,
    seq: counters.seq,
    hlcTime: counters.hlcTime,
    storedBytes: counters.storedBytes,
    objects: counters.objects,
    versions: counters.versions,
    openUploadBytes: counters.openUploadBytes,
    day,
    ingressBytes: isSameDay ? counters.ingressBytes : 0,
    atMs,
    byteMs: isSameDay ? counters.byteMs + held : held,
    egressBytes: isSameDay ? counters.egressBytes : 0,
    requests: isSameDay ? counters.requests : noRequests,
  };
}

/** The day that the totals stand at, up to `counters.atMs`. */
export function dayOf(counters: BucketCounters): BucketDay {
  return {
    storedBytes: counters.storedBytes + counters.openUploadBytes,
    objects: counters.objects,
    versions: counters.versions,
    byteMs: counters.byteMs,
    ingressBytes: counters.ingressBytes,
    egressBytes: counters.egressBytes,
    requests: counters.requests,
  };
}

/** The same with what is held until midnight. */
export function wholeDay(counters: BucketCounters): BucketDay {
  const day = dayOf(counters);
  const restMs = (counters.day + 1) * msPerDay - counters.atMs;
  return { ...day, byteMs: day.byteMs + byteMsOf(day.storedBytes, restMs) };
}

/** A day on which nothing changed, after one that ended with `before`. */
export function unchangedDay({ storedBytes, objects, versions }: BucketDay, lengthMs: number): BucketDay {
  const byteMs = byteMsOf(storedBytes, lengthMs);
  return { storedBytes, objects, versions, byteMs, ingressBytes: 0, egressBytes: 0, requests: noRequests };
}

function byteMsOf(bytes: number, lengthMs: number): bigint {
  const product = bytes * lengthMs;
  return Number.isSafeInteger(product) ? BigInt(product) : BigInt(bytes) * BigInt(lengthMs);
}

/**
 * Encodes the totals: version 2 | epoch 8 | seq u64 | hlcTime u64 | storedBytes u64 | objects u64 | versions u64 |
 * openUploadBytes u64 | day u32 | ingressBytes u64 | atMs u64 | byteMs u128 | egressBytes u64 | requests 5 x u64 |
 * xxh64 of key + value. 149 bytes. Version 1 ends after ingressBytes: 77 bytes.
 * Example: `02 <epoch> 0000000000000007 018bcfe568000001 0000000000000005 0000000000000001 …`.
 * @returns bytes that are good until the next call: to be put at once
 */
export function encodeCounters(key: Buffer, counters: BucketCounters): Buffer {
  totalsRoom[0] = version;
  totalsRoom.set(counters.epoch, 1);
  setU64(counters.seq, seqAt);
  totalsData.setBigUint64(hlcAt, counters.hlcTime);
  setU64(counters.storedBytes, storedAt);
  setU64(counters.objects, objectsAt);
  setU64(counters.versions, versionsAt);
  setU64(counters.openUploadBytes, uploadBytesAt);
  totalsData.setUint32(dayAt, counters.day);
  setU64(counters.ingressBytes, ingressAt);
  setU64(counters.atMs, atMsAt);
  totalsData.setBigUint64(byteMsAt, counters.byteMs >> 64n);
  totalsData.setBigUint64(byteMsAt + 8, counters.byteMs & lowBits);
  setU64(counters.egressBytes, egressAt);
  for (let index = 0; index < requestClasses.length; index++) {
    setU64(counters.requests[index] ?? 0, requestsAt + index * 8);
  }
  return seal(key, totalsRoom);
}

/**
 * A row of version 1 does not say when within its day it was written: what it holds is taken to be held all that day.
 * @throws CorruptRecordError
 */
export function decodeCounters(key: Buffer, value: Buffer): BucketCounters {
  const body = unseal("counters", key, value, olderBodyBytes);
  const hasTransfer = versionOf(key, body, bodyBytes) === version;
  const day = body.readUInt32BE(dayAt);
  return {
    epoch: body.subarray(1, seqAt),
    seq: readU64(body, seqAt),
    hlcTime: body.readBigUInt64BE(hlcAt),
    storedBytes: readU64(body, storedAt),
    objects: readU64(body, objectsAt),
    versions: readU64(body, versionsAt),
    openUploadBytes: readU64(body, uploadBytesAt),
    day,
    ingressBytes: readU64(body, ingressAt),
    atMs: hasTransfer ? readU64(body, atMsAt) : day * msPerDay,
    byteMs: hasTransfer ? readU128(body, byteMsAt) : 0n,
    egressBytes: hasTransfer ? readU64(body, egressAt) : 0,
    requests: hasTransfer ? readRequests(body, requestsAt) : noRequests,
  };
}

/**
 * Encodes a past day: version 2 | ingressBytes u64 | storedBytes u64 | objects u64 | versions u64 | byteMs u128 |
 * egressBytes u64 | requests 5 x u64 | xxh64 of key + value. 105 bytes. Version 1 ends after objects: 33 bytes.
 */
export function encodeDay(key: Buffer, day: BucketDay): Buffer {
  const value = Buffer.allocUnsafe(dayBodyBytes + xxh64Bytes);
  value[0] = version;
  writeU64(value, day.ingressBytes, 1);
  writeU64(value, day.storedBytes, 9);
  writeU64(value, day.objects, 17);
  writeU64(value, day.versions, 25);
  writeU128(value, day.byteMs, dayByteMsAt);
  writeU64(value, day.egressBytes, dayEgressAt);
  writeRequests(value, day.requests, dayRequestsAt);
  return seal(key, value);
}

/**
 * A row of version 1 has no versions and no open parts, and its bytes are taken to have been held all day.
 * @throws CorruptRecordError
 */
export function decodeDay(key: Buffer, value: Buffer): BucketDay {
  const body = unseal("counters", key, value, olderDayBodyBytes);
  const hasTransfer = versionOf(key, body, dayBodyBytes) === version;
  const storedBytes = readU64(body, 9);
  return {
    storedBytes,
    objects: readU64(body, 17),
    versions: hasTransfer ? readU64(body, 25) : 0,
    byteMs: hasTransfer ? readU128(body, dayByteMsAt) : byteMsOf(storedBytes, msPerDay),
    ingressBytes: readU64(body, 1),
    egressBytes: hasTransfer ? readU64(body, dayEgressAt) : 0,
    requests: hasTransfer ? readRequests(body, dayRequestsAt) : noRequests,
  };
}

function versionOf(key: Buffer, body: Buffer, wholeBytes: number): number {
  if (body[0] === versionWithoutTransfer) return versionWithoutTransfer;
  if (body[0] !== version) throw new CorruptRecordError("counters", key, `unknown version ${body[0]}`);
  if (body.length < wholeBytes) throw new CorruptRecordError("counters", key, `only ${body.length} bytes`);
  return version;
}

function writeRequests(target: Buffer, requests: RequestCounts, offset: number): void {
  for (let index = 0; index < requestClasses.length; index++) {
    writeU64(target, requests[index] ?? 0, offset + index * 8);
  }
}

function readRequests(source: Buffer, offset: number): number[] {
  return requestClasses.map((_, index) => readU64(source, offset + index * 8));
}

function setU64(value: number, offset: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, "a stored integer is within 0..2^53-1");
  totalsData.setUint32(offset, value / 2 ** 32);
  totalsData.setUint32(offset + 4, value);
}

function writeU128(target: Buffer, value: bigint, offset: number): void {
  target.writeBigUInt64BE(value >> 64n, offset);
  target.writeBigUInt64BE(value & lowBits, offset + 8);
}

function readU128(source: Buffer, offset: number): bigint {
  return (source.readBigUInt64BE(offset) << 64n) | source.readBigUInt64BE(offset + 8);
}
