/** What a quota means, for a bucket in its turn and for an account at the front. Pure. */

import type { BucketQuota } from "../storage/bucket-row.ts";

/** What is held now: a bucket's counters, or the sum over an account's buckets. */
export interface Held {
  /** Logical bytes of all versions. */
  readonly storedBytes: number;
  /** Bytes of the parts of open uploads. */
  readonly openUploadBytes: number;
  /** Keys that listings show. */
  readonly objects: number;
}

/**
 * Whether a write goes beyond a quota. A write that adds nothing is never refused, so that what is over its quota (because
 * that was lowered) can be overwritten and deleted.
 * @param addedBytes logical bytes, less those of the versions that make way
 * @param addedObjects keys that a listing did not show before
 */
export function exceedsQuota(quota: BucketQuota, held: Held, addedBytes: number, addedObjects: number): boolean {
  const { bytes, objects } = quota;
  if (bytes !== null && addedBytes > 0 && held.storedBytes + held.openUploadBytes + addedBytes > bytes) return true;
  return objects !== null && addedObjects > 0 && held.objects + addedObjects > objects;
}
