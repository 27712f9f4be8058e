/** What a bucket can be configured with: every field, its type and its stored code. Plain data, as its operations checked it. */

import type { AccessControlList } from "../s3/acl.ts";
import type { CorsRule } from "../s3/cors.ts";
import type { ObjectLockConfiguration } from "../s3/object-lock.ts";
import type { ObjectOwnership } from "../s3/object-ownership.ts";
import type { PublicAccessBlock } from "../s3/public-access.ts";
import type { Replication } from "../s3/replication-configuration.ts";
import type { Website } from "../s3/website.ts";

/** Each field is set and removed as a whole. */
export interface BucketConfiguration {
  /** The policy document, as it was put. */
  readonly policy: string;
  readonly publicAccessBlock: PublicAccessBlock;
  readonly ownershipControls: ObjectOwnership;
  /** Not set: everything is the owner's alone. */
  readonly acl: AccessControlList;
  readonly cors: readonly CorsRule[];
  readonly objectLock: ObjectLockConfiguration;
  readonly lifecycle: unknown;
  readonly encryption: unknown;
  readonly notification: unknown;
  readonly website: Website;
  readonly logging: unknown;
  readonly requestPayment: unknown;
  readonly replication: Replication;
}

export type ConfigurationField = keyof BucketConfiguration;

/** A field's stored code is its place here, from 1: never re-ordered, only appended to. */
const configurationFields = [
  "policy",
  "publicAccessBlock",
  "ownershipControls",
  "acl",
  "cors",
  "objectLock",
  "lifecycle",
  "encryption",
  "notification",
  "website",
  "logging",
  "requestPayment",
  "replication",
] as const satisfies readonly ConfigurationField[];

/** The stored code. */
export function fieldCode(field: ConfigurationField): number {
  return configurationFields.indexOf(field) + 1;
}

/** Whether a bucket row says that the field is set. */
export function isConfigured(fields: number, field: ConfigurationField): boolean {
  return (fields & fieldBit(field)) !== 0;
}

/** The fields of a bucket row after one was set or removed. */
export function withField(fields: number, field: ConfigurationField, isSet: boolean): number {
  const bit = fieldBit(field);
  return (isSet ? fields | bit : fields & ~bit) >>> 0;
}

function fieldBit(field: ConfigurationField): number {
  return 1 << (fieldCode(field) - 1);
}

/** One change: the field's new value; null removes it. */
export type ConfigurationChange = {
  [F in ConfigurationField]: { readonly field: F; readonly value: BucketConfiguration[F] | null };
}[ConfigurationField];
