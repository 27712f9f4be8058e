/** Branded identifiers. Each is made only by its parser here, so that a raw string cannot be mistaken for one. */

import { assert } from "./assert.ts";

/** A bucket's internal id: 128 random bits as 32 lower-case hex digits. Never re-used, never shown to clients. */
export type BucketId = string & { readonly brand: "BucketId" };

/** @throws AssertionError unless `text` is 32 lower-case hex digits. */
export function bucketId(text: string): BucketId {
  assert(/^[0-9a-f]{32}$/.test(text), `not a bucket id: ${text}`);
  return text as BucketId;
}
