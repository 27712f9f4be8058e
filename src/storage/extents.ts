/** Rows of `extents`: which parts of a segment hold a live chunk. What no row covers is free space. */

import type { BucketId } from "../base/ids.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { bucketIdBytes, bucketOf, decodeExtentKey, extentKey, type KeyRange } from "./keys.ts";
import { addressBytes } from "./location.ts";
import { checkVersion, seal, unseal } from "./sealed-row.ts";
import type { ReadTree } from "./trees.ts";

const version = 1;
const bucketAt = 1;
const addressAt = bucketAt + bucketIdBytes;
const storedAt = addressAt + addressBytes;
const bodyBytes = storedAt + 4;

/** A live chunk inside a segment. */
export interface Extent {
  readonly segment: number;
  readonly offset: number;
  readonly bucket: BucketId;
  /** 32 bytes. */
  readonly address: Uint8Array;
  /** Length on disk, header and frames included. */
  readonly storedBytes: number;
}

/** Encodes a row: version 1 | bucketId 16 | address 32 | storedBytes u32 | xxh64 of key + value. 61 bytes. */
export function encodeExtent(key: Buffer, extent: Pick<Extent, "bucket" | "address" | "storedBytes">): Buffer {
  const value = Buffer.allocUnsafe(bodyBytes + xxh64Bytes);
  value[0] = version;
  value.write(extent.bucket, bucketAt, bucketIdBytes, "hex");
  value.set(extent.address, addressAt);
  value.writeUInt32BE(extent.storedBytes, storedAt);
  return seal(key, value);
}

/** @throws CorruptRecordError */
export function decodeExtent(key: Buffer, value: Buffer): Extent {
  const body = unseal("extents", key, value, bodyBytes);
  checkVersion("extents", key, body, version);
  return {
    ...decodeExtentKey(key),
    bucket: bucketOf(body.subarray(bucketAt)),
    address: body.subarray(addressAt, storedAt),
    storedBytes: body.readUInt32BE(storedAt),
  };
}

/** All extents of one segment, by offset. */
export function segmentRange(segment: number): KeyRange {
  const end = Buffer.allocUnsafe(12);
  end.writeUInt32BE(segment, 0);
  end.fill(0xff, 4);
  return { start: extentKey(segment, 0), end };
}

/**
 * Where the last live extent of a segment ends; 0 when it has none. What lies beyond is free. One seek.
 * @throws CorruptRecordError
 */
export function endOfSegment(extents: ReadTree, segment: number): number {
  const range = segmentRange(segment);
  const [last] = extents.range({ start: segmentLast(segment), end: before(range.start), reverse: true, limit: 1 });
  if (last === undefined) return 0;
  const extent = decodeExtent(last.key, last.value);
  return extent.offset + extent.storedBytes;
}

/** Live bytes of a segment, read `rowsMax` rows at a time in one synchronous walk; a segment has at most 64 MiB / 73 B extents. */
export function liveBytesOfSegment(extents: ReadTree, segment: number, rowsMax: number): number {
  const range = segmentRange(segment);
  let total = 0;
  let start: Buffer = range.start;
  for (;;) {
    const rows = extents.range({ ...range, start, limit: rowsMax });
    for (const row of rows) total += decodeExtent(row.key, row.value).storedBytes;
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsMax) return total;
    start = Buffer.concat([last.key, Buffer.from([0])]);
  }
}

/** The largest key an extent of this segment can have: offsets stay below 2^53. */
function segmentLast(segment: number): Buffer {
  return extentKey(segment, Number.MAX_SAFE_INTEGER);
}

/** A key below `start` and above every key of the segment before: the exclusive lower bound of a reverse walk. */
function before(start: Buffer): Buffer {
  return start.subarray(0, start.length - 1);
}
