/** What a bucket can be configured with: every field, its type and its stored code. Plain data, as its operations checked it. */

import type { StoredPolicy } from "../policy/stored-policy.ts";
import type { AccessControlList } from "../s3/acl.ts";
import type { BucketLogging } from "../s3/bucket-logging.ts";
import type { CorsRule } from "../s3/cors.ts";
import type { BucketDataKey, BucketEncryption } from "../s3/encryption.ts";
import type { LifecycleConfiguration } from "../s3/lifecycle.ts";
import type { Notification } from "../s3/notification.ts";
import type { ObjectLockConfiguration } from "../s3/object-lock.ts";
import type { ObjectOwnership } from "../s3/object-ownership.ts";
import type { PublicAccessBlock } from "../s3/public-access.ts";
import type { Replication } from "../s3/replication-configuration.ts";
import type { Website } from "../s3/website.ts";

/** Each field is set and removed as a whole. */
export interface BucketConfiguration {
  readonly policy: StoredPolicy;
  readonly publicAccessBlock: PublicAccessBlock;
  readonly ownershipControls: ObjectOwnership;
  /** Not set: everything is the owner's alone. */
  readonly acl: AccessControlList;
  readonly objectLock: ObjectLockConfiguration;
  readonly cors: readonly CorsRule[];
  readonly lifecycle: LifecycleConfiguration;
  readonly encryption: BucketEncryption;
  readonly notification: Notification;
  readonly website: Website;
  readonly logging: BucketLogging;
  /** Not set: the bucket's owner pays. */
  readonly requestPayment: "Requester";
  readonly replication: Replication;
  /** Data keys, wrapped, oldest first. Set by "bucket.addDataKey" alone. */
  readonly dataKeys: readonly BucketDataKey[];
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
  "dataKeys",
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
