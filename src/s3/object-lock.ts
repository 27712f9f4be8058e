/**
 * Object lock: what protects a version, what a bucket gives to versions that come without, and the rules of both. Pure.
 * Sources: AWS S3 User Guide, "Locking objects with Object Lock" and "Object Lock considerations"; API_PutObjectRetention.
 */

import { S3Error } from "./errors.ts";

export type RetentionMode = "GOVERNANCE" | "COMPLIANCE";

export interface Retention {
  readonly mode: RetentionMode;
  /** Unix ms, exclusive: from then on the version may be removed. */
  readonly untilMs: number;
}

/** What protects one version. */
export interface ObjectLock {
  readonly retention: Retention | null;
  /** null: nobody has said. */
  readonly legalHold: boolean | null;
}

/** What new versions get that come without a retention of their own. */
export interface DefaultRetention {
  readonly mode: RetentionMode;
  readonly unit: "Days" | "Years";
  /** 1 to `limits.retentionDaysMax`, or `limits.retentionYearsMax`. */
  readonly count: number;
}

/** A bucket that has it has object lock, for good. */
export interface ObjectLockConfiguration {
  readonly defaultRetention: DefaultRetention | null;
}

/** Whether a version may not be removed now. @param bypassGovernance the client asks for it, and may */
export function isLocked(lock: ObjectLock | undefined, nowMs: number, bypassGovernance = false): boolean {
  if (lock === undefined) return false;
  if (lock.legalHold === true) return true;
  const { retention } = lock;
  if (retention === null || retention.untilMs <= nowMs) return false;
  return retention.mode === "COMPLIANCE" || !bypassGovernance;
}

/** When a retention of the bucket's default ends, for a version written now. Years are those of the calendar. */
export function defaultUntilMs({ unit, count }: DefaultRetention, nowMs: number): number {
  const until = new Date(nowMs);
  if (unit === "Days") until.setUTCDate(until.getUTCDate() + count);
  else until.setUTCFullYear(until.getUTCFullYear() + count);
  return until.getTime();
}

/**
 * Judges the change of a version's retention: it may always become stricter within its mode; all else is refused in compliance
 * mode, and takes the bypass in governance mode. An expired retention binds nobody.
 * @throws S3Error AccessDenied, InvalidArgument (a date that has passed)
 */
export function judgeRetention(
  before: Retention | null,
  after: Retention | null,
  nowMs: number,
  bypassGovernance: boolean,
): void {
  if (after !== null) requireFuture(after.untilMs, nowMs);
  if (before === null || before.untilMs <= nowMs) return;
  if (after !== null && after.mode === before.mode && after.untilMs >= before.untilMs) return;
  if (before.mode === "COMPLIANCE" || !bypassGovernance) throw lockedError();
}

/** @throws S3Error InvalidArgument */
export function requireFuture(untilMs: number, nowMs: number): void {
  if (untilMs > nowMs) return;
  throw new S3Error("InvalidArgument", { Message: "The retain until date must be in the future!" });
}

export function lockedError(): S3Error {
  return new S3Error("AccessDenied", { Message: "Access Denied because object protected by object lock." });
}

export function missingLockConfiguration(): S3Error {
  return new S3Error("InvalidRequest", { Message: "Bucket is missing Object Lock Configuration" });
}
