/** Rows of `buckets`: a bucket as its partition knows it. The truth about its existence and name is the control record. */

import { xxh64Bytes } from "../base/xxhash.ts";
import { CorruptRecordError, readU64, seal, unseal, writeU64 } from "./sealed-row.ts";

const version = 2;
/** Of the formats 1 and 2: there is no quota. */
const versionWithoutQuota = 1;
const olderBodyBytes = 11;
const bodyBytes = olderBodyBytes + 16;

/** Stored codes: never re-ordered, only appended to. */
const states = ["open", "closed"] as const;
const versionings = ["Off", "Enabled", "Suspended"] as const;

/** What a bucket may hold at most; null = without bound. */
export interface BucketQuota {
  /** Logical bytes of all versions and of open parts. */
  readonly bytes: number | null;
  /** Keys that a listing shows. */
  readonly objects: number | null;
}

export const noQuota: BucketQuota = { bytes: null, objects: null };

export interface BucketRow {
  /** Closed = refuses writes while its deletion is decided. */
  readonly state: (typeof states)[number];
  /** Off until it is enabled once, never Off again. */
  readonly versioning: (typeof versionings)[number];
  /** When this partition first saw the bucket, Unix ms. */
  readonly createdMs: number;
  readonly quota: BucketQuota;
}

/**
 * Encodes a row: version 2 | state u8 (0 open, 1 closed) | versioning u8 (0 Off, 1 Enabled, 2 Suspended) | createdMs u64 |
 * quota in bytes u64 | quota in objects u64 (all ones = without bound) | xxh64 of key + value. 35 bytes; version 1 ends
 * after createdMs. Example: `02 00 00 0000018bcfe56800 00000002540be400 ffffffffffffffff <xxh64>`.
 */
export function encodeBucketRow(key: Buffer, row: BucketRow): Buffer {
  const value = Buffer.allocUnsafe(bodyBytes + xxh64Bytes);
  value[0] = version;
  value[1] = states.indexOf(row.state);
  value[2] = versionings.indexOf(row.versioning);
  writeU64(value, row.createdMs, 3);
  writeBound(value, row.quota.bytes, olderBodyBytes);
  writeBound(value, row.quota.objects, olderBodyBytes + 8);
  return seal(key, value);
}

function writeBound(target: Buffer, bound: number | null, offset: number): void {
  if (bound === null) target.fill(0xff, offset, offset + 8);
  else writeU64(target, bound, offset);
}

function readBound(source: Buffer, offset: number): number | null {
  const bound = readU64(source, offset);
  return bound > Number.MAX_SAFE_INTEGER ? null : bound;
}

/** @throws CorruptRecordError */
export function decodeBucketRow(key: Buffer, value: Buffer): BucketRow {
  const body = unseal("buckets", key, value, olderBodyBytes);
  const hasQuota = body[0] === version && body.length >= bodyBytes;
  if (!hasQuota && body[0] !== versionWithoutQuota) {
    throw new CorruptRecordError("buckets", key, `unknown version ${body[0]} of ${body.length} bytes`);
  }
  const state = states[body[1] ?? 0];
  const versioning = versionings[body[2] ?? 0];
  if (state === undefined || versioning === undefined) throw new CorruptRecordError("buckets", key, "unknown state");
  const quota = hasQuota
    ? { bytes: readBound(body, olderBodyBytes), objects: readBound(body, olderBodyBytes + 8) }
    : noQuota;
  return { state, versioning, createdMs: readU64(body, 3), quota };
}
