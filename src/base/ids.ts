/** Branded identifiers. Each is made only by its parser here, so that a raw string cannot be mistaken for one. */

import { assert } from "./assert.ts";

/** A bucket's internal id: 128 random bits as 32 lower-case hex digits. Never re-used, never shown to clients. */
export type BucketId = string & { readonly brand: "BucketId" };

/** Number of a partition inside its data directory, 0-based. */
export type PartitionIndex = number & { readonly brand: "PartitionIndex" };

/** @throws AssertionError unless `text` is 32 lower-case hex digits. */
export function bucketId(text: string): BucketId {
  assert(/^[0-9a-f]{32}$/.test(text), `not a bucket id: ${text}`);
  return text as BucketId;
}

/** @throws AssertionError unless `index` is an integer within 0..65535. */
export function partitionIndex(index: number): PartitionIndex {
  assert(Number.isInteger(index) && index >= 0 && index <= 0xffff, `not a partition index: ${index}`);
  return index as PartitionIndex;
}
