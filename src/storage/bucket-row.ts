/** Rows of `buckets`: a bucket as its partition knows it. The truth about its existence and name is the control record. */

import { xxh64Bytes } from "../base/xxhash.ts";
import { CorruptRecordError, readU64, seal, unseal, writeU64 } from "./sealed-row.ts";

const version = 3;
/** Bytes of a row before its checksum, by version: 1 has no quota, 2 no configuration. */
const bodyBytesBy = [0, 11, 27, 39] as const;
const quotaAt = bodyBytesBy[1];
const configuredAt = bodyBytesBy[2];
const bodyBytes = bodyBytesBy[version];

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
  /** A bit for each configuration field that is set, by its stored code less 1; rows of their own hold the values. */
  readonly fields: number;
  /** `seq` of the turn that changed the configuration last; 0 = none did. */
  readonly configuredSeq: number;
}

/**
 * Encodes a row: version 3 | state u8 (0 open, 1 closed) | versioning u8 (0 Off, 1 Enabled, 2 Suspended) | createdMs u64 |
 * quota in bytes u64 | quota in objects u64 (all ones = without bound) | fields u32 | configuredSeq u64 | xxh64 of key +
 * value. 47 bytes; version 1 ends after createdMs, version 2 after the quota.
 * Example: `03 00 00 0000018bcfe56800 00000002540be400 ffffffffffffffff 00000000 0000000000000000 <xxh64>`.
 */
export function encodeBucketRow(key: Buffer, row: BucketRow): Buffer {
  const value = Buffer.allocUnsafe(bodyBytes + xxh64Bytes);
  value[0] = version;
  value[1] = states.indexOf(row.state);
  value[2] = versionings.indexOf(row.versioning);
  writeU64(value, row.createdMs, 3);
  writeBound(value, row.quota.bytes, quotaAt);
  writeBound(value, row.quota.objects, quotaAt + 8);
  value.writeUInt32BE(row.fields, configuredAt);
  writeU64(value, row.configuredSeq, configuredAt + 4);
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
  const body = unseal("buckets", key, value, bodyBytesBy[1]);
  const found = body[0] ?? 0;
  const bytesMin = found === 0 ? undefined : bodyBytesBy[found];
  if (bytesMin === undefined || body.length < bytesMin) {
    throw new CorruptRecordError("buckets", key, `unknown version ${found} of ${body.length} bytes`);
  }
  const state = states[body[1] ?? 0];
  const versioning = versionings[body[2] ?? 0];
  if (state === undefined || versioning === undefined) throw new CorruptRecordError("buckets", key, "unknown state");
  return {
    state,
    versioning,
    createdMs: readU64(body, 3),
    quota: found >= 2 ? { bytes: readBound(body, quotaAt), objects: readBound(body, quotaAt + 8) } : noQuota,
    fields: found >= 3 ? body.readUInt32BE(configuredAt) : 0,
    configuredSeq: found >= 3 ? readU64(body, configuredAt + 4) : 0,
  };
}
