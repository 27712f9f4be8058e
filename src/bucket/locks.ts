/** Locks of versions inside a turn: what new versions get, and what may not be removed. */

import type { BucketId } from "../base/ids.ts";
import { defaultUntilMs, isLocked, lockedError, missingLockConfiguration, type ObjectLock } from "../s3/object-lock.ts";
import { readTail } from "../storage/attributes.ts";
import { versionKey } from "../storage/keys.ts";
import type { ObjectRecord } from "../storage/record.ts";
import type { ReadTrees } from "../storage/trees.ts";
import type { ObjectMetadata } from "./messages.ts";
import type { Turn } from "./turn.ts";

/** What protects a version; undefined: nothing ever did. No read unless it stands in rows. @throws CorruptRecordError */
export function lockOf(
  { trees, bucket }: { readonly trees: Pick<ReadTrees, "attributes">; readonly bucket: BucketId },
  key: string,
  version: ObjectRecord,
): ObjectLock | undefined {
  if (!version.hasLock) return undefined;
  return readTail(trees.attributes, version, () => versionKey(bucket, key, version.stamp)).metadata.lock;
}

/** Whether this turn may not remove a version. @throws CorruptRecordError */
export function isVersionLocked(turn: Turn, key: string, version: ObjectRecord, bypassGovernance = false): boolean {
  return version.hasLock && isLocked(lockOf(turn, key, version), turn.lockMs, bypassGovernance);
}

/** @throws S3Error AccessDenied; CorruptRecordError */
export function refuseLocked(turn: Turn, key: string, version: ObjectRecord, bypassGovernance: boolean): void {
  if (isVersionLocked(turn, key, version, bypassGovernance)) throw lockedError();
}

/**
 * The metadata of a version that is written now: with the bucket's default retention when it brings none.
 * @throws S3Error InvalidRequest for a lock in a bucket that has no object lock; CorruptRecordError
 */
export function withRetention(turn: Turn, metadata: ObjectMetadata): ObjectMetadata {
  const configuration = turn.configuration("objectLock");
  const { lock } = metadata;
  if (configuration === null) {
    if (lock !== undefined) throw missingLockConfiguration();
    return metadata;
  }
  const { defaultRetention } = configuration;
  if (defaultRetention === null || (lock !== undefined && lock.retention !== null)) return metadata;
  const retention = { mode: defaultRetention.mode, untilMs: defaultUntilMs(defaultRetention, turn.lockMs) };
  return { ...metadata, lock: { retention, legalHold: lock?.legalHold ?? null } };
}
