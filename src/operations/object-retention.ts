/** Retention of objects (`?retention`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { boolean, dateTime, string, structure, type ValueOf } from "../model/shape.ts";
import {
  ChecksumAlgorithm,
  ObjectLockEventHold,
  ObjectLockRetentionMode,
  RequestCharged,
  RequestPayer,
} from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import type { Retention } from "../s3/object-lock.ts";
import { EventHoldDuration } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";
import { readObject } from "./found-version.ts";
import { requireObjectLock, requireRetentionDate } from "./object-lock.ts";
import { setAttributes } from "./set-attributes.ts";

const ObjectLockRetention = structure("ObjectLockRetention", {
  Mode: body(ObjectLockRetentionMode),
  RetainUntilDate: body(dateTime),
  EventHold: body(ObjectLockEventHold),
  EventHoldDuration: body(EventHoldDuration),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html */
export const GetObjectRetention = declareOperation({
  name: "GetObjectRetention",
  http: { method: "GET", uri: "/{Bucket}/{Key+}?retention", status: 200 },
  action: "s3:GetObjectRetention",
  input: structure("GetObjectRetentionRequest", {
    Bucket: label(string),
    Key: label(string),
    VersionId: query("versionId", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetObjectRetentionOutput", {
    Retention: payload(ObjectLockRetention, { xmlName: "Retention" }),
  }),
  errors: [
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchVersion",
    "InvalidArgument",
    "InvalidRequest",
    "MethodNotAllowed",
    "NoSuchObjectLockConfiguration",
  ],
}).handledBy(async (input, context) => {
  requireObjectLock(context);
  return readObject(input, context, ({ metadata }) => {
    const { retention = null } = metadata.lock ?? {};
    if (retention === null) throw new S3Error("NoSuchObjectLockConfiguration");
    return { Retention: { Mode: retention.mode, RetainUntilDate: retention.untilMs } };
  });
});

/** @returns null to take the retention away: an empty document. @throws S3Error MalformedXML, NotImplemented, InvalidArgument */
const retentionOf = (asked: ValueOf<typeof ObjectLockRetention> | undefined, nowMs: number): Retention | null => {
  if (asked === undefined) throw new S3Error("MalformedXML");
  const { Mode: mode, RetainUntilDate: untilMs, EventHold, EventHoldDuration: duration } = asked;
  if (EventHold !== undefined || duration !== undefined) {
    throw new S3Error("NotImplemented", { Message: "Event holds are not supported." });
  }
  if (mode === undefined && untilMs === undefined) return null;
  if (mode === undefined || untilMs === undefined) throw new S3Error("MalformedXML");
  requireRetentionDate(untilMs, nowMs);
  return { mode, untilMs };
};

/** As the headers of PutObject would bring it. */
const broughtBy = (retention: Retention | null): ReadonlyMap<string, string> =>
  retention === null
    ? new Map()
    : new Map([
        ["x-amz-object-lock-mode", retention.mode],
        ["x-amz-object-lock-retain-until-date", new Date(retention.untilMs).toISOString()],
      ]);

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html */
export const PutObjectRetention = declareOperation({
  name: "PutObjectRetention",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}?retention", status: 200 },
  action: "s3:PutObjectRetention",
  authorisation: "items",
  requiresBodyDigest: true,
  input: structure("PutObjectRetentionRequest", {
    Bucket: label(string),
    Key: label(string),
    Retention: payload(ObjectLockRetention, { xmlName: "Retention" }),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    VersionId: query("versionId", string),
    BypassGovernanceRetention: header("x-amz-bypass-governance-retention", boolean),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("PutObjectRetentionOutput", {
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: [
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchVersion",
    "BadDigest",
    "InvalidArgument",
    "InvalidDigest",
    "InvalidRequest",
    "MalformedXML",
    "MethodNotAllowed",
    "NotImplemented",
    "OperationAborted",
  ],
}).handledBy(async (input, context) => {
  const retention = retentionOf(input.Retention, context.services.clock.nowMs());
  context.authorizeBody("s3:PutObjectRetention", input.Key, broughtBy(retention));
  requireObjectLock(context);
  const bypassGovernance =
    input.BypassGovernanceRetention === true && context.allows("s3:BypassGovernanceRetention", input.Key);
  await setAttributes(input, context, { retention }, bypassGovernance);
  return {};
});
