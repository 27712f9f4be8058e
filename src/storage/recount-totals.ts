/**
 * Recounts the totals of every bucket of a partition from its rows, and compares with what is stored. For tests and for
 * scrubbing while nothing writes: one synchronous walk, O(rows).
 */

import type { BucketId } from "../base/ids.ts";
import { type BucketCounters, decodeCounters } from "./counters.ts";
import { bucketOf, isOpenUploadKey, isTotalsKey } from "./keys.ts";
import { decodeHead } from "./record.ts";
import { rowsOf } from "./recount.ts";
import type { ReadTrees } from "./trees.ts";
import { decodeUpload } from "./uploads.ts";

type Totals = Pick<BucketCounters, "storedBytes" | "objects" | "versions" | "openUploadBytes">;

/** A bucket whose stored totals are not what its rows add up to. */
export interface TotalsMismatch {
  readonly bucket: BucketId;
  readonly stored: Totals;
  readonly counted: Totals;
}

const none: Totals = { storedBytes: 0, objects: 0, versions: 0, openUploadBytes: 0 };

/** @throws CorruptRecordError at the first damaged row */
export function recountTotals(trees: ReadTrees): TotalsMismatch[] {
  const stored = new Map<BucketId, Totals>();
  for (const { key, value } of rowsOf(trees.counters)) {
    if (!isTotalsKey(key)) continue;
    const { storedBytes, objects, versions, openUploadBytes } = decodeCounters(key, value);
    stored.set(bucketOf(key), { storedBytes, objects, versions, openUploadBytes });
  }
  const counted = countedTotals(trees);
  const buckets = new Set([...stored.keys(), ...counted.keys()]);
  return [...buckets].flatMap((bucket) => {
    const mismatch = { bucket, stored: stored.get(bucket) ?? none, counted: counted.get(bucket) ?? none };
    return isSame(mismatch.stored, mismatch.counted) ? [] : [mismatch];
  });
}

function countedTotals(trees: ReadTrees): Map<BucketId, Totals> {
  const totals = new Map<BucketId, Totals>();
  const add = (key: Buffer, change: Partial<Totals>): void => {
    const bucket = bucketOf(key);
    const known = totals.get(bucket) ?? none;
    totals.set(bucket, {
      storedBytes: known.storedBytes + (change.storedBytes ?? 0),
      objects: known.objects + (change.objects ?? 0),
      versions: known.versions + (change.versions ?? 0),
      openUploadBytes: known.openUploadBytes + (change.openUploadBytes ?? 0),
    });
  };
  for (const { key, value } of rowsOf(trees.current))
    add(key, { objects: 1, storedBytes: decodeHead("current", key, value).sizeBytes });
  for (const { key, value } of rowsOf(trees.versions))
    add(key, { versions: 1, storedBytes: decodeHead("versions", key, value).sizeBytes });
  for (const { key, value } of rowsOf(trees.uploads))
    if (isOpenUploadKey(key)) add(key, { openUploadBytes: decodeUpload(key, value).storedBytes });
  return totals;
}

function isSame(left: Totals, right: Totals): boolean {
  return (
    left.storedBytes === right.storedBytes &&
    left.objects === right.objects &&
    left.versions === right.versions &&
    left.openUploadBytes === right.openUploadBytes
  );
}
