/** The control records of buckets, and the keys they live under. Values are msgpack maps of these shapes. */

import type { BucketId } from "../base/ids.ts";
import type { AccessControlList } from "../s3/acl.ts";
import type { ObjectOwnership } from "../s3/object-ownership.ts";
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

/** What a bucket is made with, beside its name and its place. */
export interface BucketSetup {
  /** With it goes versioning. */
  readonly hasObjectLock: boolean;
  /** Null: none is set. */
  readonly ownership: ObjectOwnership | null;
  /** Null: everything is the owner's alone. */
  readonly acl: AccessControlList | null;
}

/**
 * `making/<name>`: a bucket whose name is taken, and which nobody sees until its actor has what it is made with; then
 * `record` goes to `buckets/<name>`.
 */
export interface BucketMaking {
  /** As it will be. */
  readonly record: BucketRecord;
  readonly setup: BucketSetup;
}

/** What `bucket.update` changes; members that are absent stay as they are. */
export type BucketChanges = Partial<Required<Pick<BucketRecord, "quota" | "allowedAddresses">>>;

export const controlKeys = {
  bucket: (name: string) => `buckets/${name}`,
  making: (name: string) => `making/${name}`,
  /** `owned/<accountId>/<bucket>` → `{}`: the buckets of an account, in name order. */
  ownedBucket: (accountId: string, name: string) => `owned/${accountId}/${name}`,
} as const;
