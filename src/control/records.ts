/** The control records that exist so far, and the keys they live under. Values are msgpack maps of these shapes. */

import type { BucketId } from "../base/ids.ts";

export type AccountKind = "operator" | "reseller" | "customer";

/** `accounts/<accountId>` */
export interface AccountRecord {
  readonly accountId: string;
  readonly canonicalId: string;
  readonly displayName: string;
  readonly kind: AccountKind;
  readonly parent: string | null;
  readonly createdMs: number;
}

/** `users/<accountId>/<userName>`; the Root of an account has the name "root" and role "root". */
export interface UserRecord {
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
  readonly role: "root" | "admin" | "user";
  /** As given in the identities file: managed names or policy documents. Evaluated by the policy engine; until a document is understood it grants nothing. */
  readonly policies: readonly (string | Readonly<Record<string, unknown>>)[];
  /** Opaque password hash, null when none is set. */
  readonly passwordHash: string | null;
  readonly createdMs: number;
}

/** `keys/<accessKeyId>` */
export interface AccessKeyRecord {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
  readonly userName: string;
  readonly status: "Active" | "Inactive";
  readonly createdMs: number;
}

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
  readonly createdMs: number;
}

/** Who signed a request. */
export interface Principal {
  readonly account: AccountRecord;
  readonly user: UserRecord;
  readonly accessKeyId: string;
}

/** Name of the user record of an account's Root. */
export const rootUserName = "root";

export const controlKeys = {
  account: (accountId: string) => `accounts/${accountId}`,
  user: (accountId: string, name: string) => `users/${accountId}/${name}`,
  accessKey: (accessKeyId: string) => `keys/${accessKeyId}`,
  bucket: (name: string) => `buckets/${name}`,
  /** `canonical/<canonicalId>` → `{accountId}`: canonical ids are unique. */
  canonical: (canonicalId: string) => `canonical/${canonicalId}`,
  /** `owned/<accountId>/<bucket>` → `{}`: the buckets of an account, in name order. */
  ownedBucket: (accountId: string, name: string) => `owned/${accountId}/${name}`,
} as const;
