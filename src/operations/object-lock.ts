/** What the operations on locks share: the lock that a write brings in headers, and the lock that an answer shows. */

import { limits } from "../base/limits.ts";
import type { ObjectMetadata } from "../bucket/messages.ts";
import { S3Error } from "../s3/errors.ts";
import { missingLockConfiguration, type ObjectLock, type Retention, requireFuture } from "../s3/object-lock.ts";
import type { Context } from "./context.ts";
import { requestChecksum } from "./request-body.ts";

/** Input members that become a lock, as PutObject, CopyObject and CreateMultipartUpload declare them. */
interface LockInput {
  readonly ObjectLockMode?: Retention["mode"] | undefined;
  /** Unix ms. */
  readonly ObjectLockRetainUntilDate?: number | undefined;
  readonly ObjectLockLegalHoldStatus?: "ON" | "OFF" | undefined;
}

type LockContext = Pick<Context, "bucket" | "services">;

/** Most that a retention can last: 100 years. Source: AWS "Object Lock considerations". */
const retentionMsMax = limits.retentionDaysMax * 86_400_000;

/** @throws S3Error InvalidArgument for a time that has passed, or is too far away */
export const requireRetentionDate = (untilMs: number, nowMs: number): void => {
  requireFuture(untilMs, nowMs);
  if (untilMs - nowMs <= retentionMsMax) return;
  throw new S3Error("InvalidArgument", { Message: "The retain until date must be within 100 years." });
};

/** @throws S3Error InvalidRequest in a bucket that has no object lock */
export const requireObjectLock = ({ bucket, services }: LockContext): void => {
  if (services.configurationOf(bucket).get("objectLock") === null) throw missingLockConfiguration();
};

const retentionOf = (input: LockInput, nowMs: number): Retention | null => {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: untilMs } = input;
  if (mode === undefined && untilMs === undefined) return null;
  if (mode === undefined || untilMs === undefined) {
    throw new S3Error("InvalidArgument", {
      Message: "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied.",
      ArgumentName: mode === undefined ? "x-amz-object-lock-mode" : "x-amz-object-lock-retain-until-date",
    });
  }
  requireRetentionDate(untilMs, nowMs);
  return { mode, untilMs };
};

/**
 * Metadata with the lock that the headers ask for; the bucket's default comes in the turn.
 * @throws S3Error InvalidArgument (one of mode and date, a date that has passed), InvalidRequest (no object lock)
 */
export const withAskedLock = (metadata: ObjectMetadata, input: LockInput, context: LockContext): ObjectMetadata => {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: date, ObjectLockLegalHoldStatus: status } = input;
  if (mode === undefined && date === undefined && status === undefined) return metadata;
  requireObjectLock(context);
  const retention = retentionOf(input, context.services.clock.nowMs());
  return { ...metadata, lock: { retention, legalHold: status === undefined ? null : status === "ON" } };
};

/**
 * A body that will be locked must be proved to have come whole.
 * @param metadata as `withAskedLock` answered it
 * @throws S3Error InvalidRequest. Source: AWS PutObject, Content-MD5: "required for any request to upload an object with a
 * retention period configured using Object Lock".
 */
export const requireDigestOfLocked = (
  { lock }: ObjectMetadata,
  { bucket, services, request, payload }: Pick<Context, "bucket" | "services" | "request" | "payload">,
): void => {
  const configuration = services.configurationOf(bucket).get("objectLock");
  if (configuration === null || (lock === undefined && configuration.defaultRetention === null)) return;
  if (request.headers.has("content-md5") || requestChecksum(request.headers, payload) !== null) return;
  throw new S3Error("InvalidRequest", {
    Message:
      "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
  });
};

/** The members of GetObject and HeadObject that show a lock: to those who may read each. Source: AWS GetObject, "Permissions". */
export const lockMembers = (
  lock: ObjectLock,
  { allows }: { allows(action: "s3:GetObjectRetention" | "s3:GetObjectLegalHold"): boolean },
) => {
  const retention = lock.retention !== null && allows("s3:GetObjectRetention") ? lock.retention : null;
  const hold = lock.legalHold !== null && allows("s3:GetObjectLegalHold") ? lock.legalHold : null;
  return {
    ObjectLockMode: retention?.mode,
    ObjectLockRetainUntilDate: retention?.untilMs,
    ObjectLockLegalHoldStatus: hold === null ? undefined : onOff(hold),
  };
};

/** As headers and documents say it. */
export const onOff = (legalHold: boolean): "ON" | "OFF" => (legalHold ? "ON" : "OFF");
