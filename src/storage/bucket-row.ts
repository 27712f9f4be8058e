/** Rows of `buckets`: a bucket as its partition knows it. The truth about its existence and name is the control record. */

import { xxh64Bytes } from "../base/xxhash.ts";
import { CorruptRecordError, checkVersion, readU64, seal, unseal, writeU64 } from "./sealed-row.ts";

const version = 1;
const bodyBytes = 11;

/** Stored codes: never re-ordered, only appended to. */
const states = ["open", "closed"] as const;
const versionings = ["Off", "Enabled", "Suspended"] as const;

export interface BucketRow {
  /** Closed = refuses writes while its deletion is decided. */
  readonly state: (typeof states)[number];
  /** Off until it is enabled once, never Off again. */
  readonly versioning: (typeof versionings)[number];
  /** When this partition first saw the bucket, Unix ms. */
  readonly createdMs: number;
}

/**
 * Encodes a row: version 1 | state u8 (0 open, 1 closed) | versioning u8 (0 Off, 1 Enabled, 2 Suspended) | createdMs u64 |
 * xxh64 of key + value. 19 bytes. Example: `01 00 00 0000018bcfe56800 <xxh64>`.
 */
export function encodeBucketRow(key: Buffer, row: BucketRow): Buffer {
  const value = Buffer.allocUnsafe(bodyBytes + xxh64Bytes);
  value[0] = version;
  value[1] = states.indexOf(row.state);
  value[2] = versionings.indexOf(row.versioning);
  writeU64(value, row.createdMs, 3);
  return seal(key, value);
}

/** @throws CorruptRecordError */
export function decodeBucketRow(key: Buffer, value: Buffer): BucketRow {
  const body = unseal("buckets", key, value, bodyBytes);
  checkVersion("buckets", key, body, version);
  const state = states[body[1] ?? 0];
  const versioning = versionings[body[2] ?? 0];
  if (state === undefined || versioning === undefined) throw new CorruptRecordError("buckets", key, "unknown state");
  return { state, versioning, createdMs: readU64(body, 3) };
}
