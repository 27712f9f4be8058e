/**
 * Forgets what was counted of buckets that are long gone. A living bucket forgets its own old days in its turns; a deleted
 * one has none any more. Run by the owner of the partition.
 */

import { limits } from "../base/limits.ts";
import { decodeBucketRow } from "./bucket-row.ts";
import { type ClosedBucket, closedBuckets, closedKey } from "./closed-buckets.ts";
import { msPerDay } from "./counters.ts";
import { bucketKey, prefixRange } from "./keys.ts";
import type { Metadata, Trees } from "./trees.ts";

/**
 * One pass over the closed buckets, in bounded turns. A bucket that came back only loses its note that it was closed.
 * @returns buckets forgotten
 * @throws CorruptRecordError
 */
export async function sweepUsage(metadata: Metadata, nowMs: number): Promise<number> {
  const beforeMs = nowMs - limits.usageDaysKept * msPerDay;
  let forgotten = 0;
  for (let after: ClosedBucket | null = null; ; ) {
    metadata.refresh();
    const page: ClosedBucket[] = closedBuckets(metadata.trees.meta, after, limits.usageBucketsPerTurn);
    for (const closed of page.filter(({ closedMs }) => closedMs < beforeMs)) {
      while (await metadata.transact((trees) => forgetSome(trees, closed)));
      forgotten += 1;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < limits.usageBucketsPerTurn) return forgotten;
    after = last;
  }
}

/** @returns whether there may be more */
function forgetSome(trees: Trees, closed: ClosedBucket): boolean {
  const key = bucketKey(closed.bucket);
  const row = trees.buckets.get(key);
  const isGone = row === undefined || decodeBucketRow(key, row).state === "closed";
  const rowsMax = Math.floor(limits.turnRowsMax / 2);
  const rows = isGone ? trees.counters.keys({ ...prefixRange(key), limit: rowsMax }) : [];
  for (const each of rows) trees.counters.remove(each);
  if (rows.length === rowsMax) return true;
  // The row itself, and the pieces of its configuration.
  if (isGone)
    for (const each of trees.buckets.keys({ ...prefixRange(key), limit: rowsMax })) trees.buckets.remove(each);
  trees.meta.remove(closedKey(closed));
  return false;
}
