/** The control records of buckets, and the keys they live under. Values are msgpack maps of these shapes. */

import type { BucketId } from "../base/ids.ts";
import type { Quota, Tag } from "./identity-records.ts";

/** `buckets/<name>`: the truth about a bucket's existence. */
export interface BucketRecord {
  readonly name: string;
  readonly id: BucketId;
  readonly accountId: string;
  readonly partition: number;
  /** Keys the chunk addresses of this bucket; 32 bytes. */
  readonly addressKey: Uint8Array;
  /** LocationConstraint as given; null = default region. */
  readonly location: string | null;
  readonly state: "live" | "deleting";
  /** The job that deletes it with everything in it; absent or null: none does. */
  readonly jobId?: string | null;
  /** Absent: none. */
  readonly tags?: readonly Tag[];
  readonly createdMs: number;
  /** What it may hold, as asked for; its turns judge by a row of their own. Absent: without bound. */
  readonly quota?: Pick<Quota, "bytes" | "objects">;
  /** IP addresses and CIDR ranges that requests to it must come from, at most `limits.addressRangesPerBucketMax`. Absent or empty: from anywhere. */
  readonly allowedAddresses?: readonly string[];
}

/** What `bucket.update` changes; members that are absent stay as they are. */
export type BucketChanges = Partial<Required<Pick<BucketRecord, "quota" | "allowedAddresses">>>;

export const controlKeys = {
  bucket: (name: string) => `buckets/${name}`,
  /** `owned/<accountId>/<bucket>` → `{}`: the buckets of an account, in name order. */
  ownedBucket: (accountId: string, name: string) => `owned/${accountId}/${name}`,
} as const;
