/** Object lock of a bucket (`?object-lock`). */

import { limits } from "../base/limits.ts";
import { body, header, label, payload } from "../model/member.ts";
import { enumeration, integer, string, structure, type ValueOf } from "../model/shape.ts";
import { ChecksumAlgorithm, ObjectLockRetentionMode, RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import type { DefaultRetention as StoredRetention } from "../s3/object-lock.ts";
import { EventHoldDuration } from "../s3/shapes.ts";
import { configure, requireConfigured } from "./configured.ts";
import { declareOperation } from "./context.ts";

const DefaultRetention = structure("DefaultRetention", {
  Mode: body(ObjectLockRetentionMode),
  Days: body(integer),
  Years: body(integer),
  DefaultEventHold: body(EventHoldDuration),
});

const ObjectLockRule = structure("ObjectLockRule", {
  DefaultRetention: body(DefaultRetention),
});

const ObjectLockConfiguration = structure("ObjectLockConfiguration", {
  ObjectLockEnabled: body(enumeration("Enabled")),
  Rule: body(ObjectLockRule),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html */
export const GetObjectLockConfiguration = declareOperation({
  name: "GetObjectLockConfiguration",
  http: { method: "GET", uri: "/{Bucket}?object-lock", status: 200 },
  action: "s3:GetBucketObjectLockConfiguration",
  input: structure("GetObjectLockConfigurationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetObjectLockConfigurationOutput", {
    ObjectLockConfiguration: payload(ObjectLockConfiguration),
  }),
  errors: ["NoSuchBucket", "ObjectLockConfigurationNotFoundError"],
}).handledBy(async (_input, context) => {
  const { defaultRetention } = requireConfigured(context, "objectLock", "ObjectLockConfigurationNotFoundError");
  return {
    ObjectLockConfiguration: {
      ObjectLockEnabled: "Enabled" as const,
      ...(defaultRetention === null ? {} : { Rule: { DefaultRetention: retentionElement(defaultRetention) } }),
    },
  };
});

const retentionElement = ({ mode, unit, count }: StoredRetention) => ({
  Mode: mode,
  ...(unit === "Days" ? { Days: count } : { Years: count }),
});

/** @throws S3Error MalformedXML, NotImplemented, InvalidArgument. Source: API_DefaultRetention. */
const defaultRetentionOf = (rule: ValueOf<typeof ObjectLockRule> | undefined): StoredRetention | null => {
  if (rule === undefined) return null;
  const asked = rule.DefaultRetention;
  if (asked === undefined) throw new S3Error("MalformedXML");
  const { Mode: mode, Days: days, Years: years, DefaultEventHold } = asked;
  if (DefaultEventHold !== undefined)
    throw new S3Error("NotImplemented", { Message: "Event holds are not supported." });
  if (mode === undefined || (days === undefined) === (years === undefined)) throw new S3Error("MalformedXML");
  const count = days ?? years ?? 0;
  if (count < 1) {
    throw new S3Error("InvalidArgument", { Message: "Default retention period must be a positive integer value." });
  }
  if (count > (days === undefined ? limits.retentionYearsMax : limits.retentionDaysMax)) {
    throw new S3Error("InvalidArgument", { Message: "Default retention period too large." });
  }
  return { mode, unit: days === undefined ? "Years" : "Days", count };
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html */
export const PutObjectLockConfiguration = declareOperation({
  name: "PutObjectLockConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?object-lock", status: 200 },
  action: "s3:PutBucketObjectLockConfiguration",
  requiresBodyDigest: true,
  input: structure("PutObjectLockConfigurationRequest", {
    Bucket: label(string),
    ObjectLockConfiguration: payload(ObjectLockConfiguration, { xmlName: "ObjectLockConfiguration" }),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    Token: header("x-amz-bucket-object-lock-token", string),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("PutObjectLockConfigurationOutput", {
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: [
    "NoSuchBucket",
    "BadDigest",
    "InvalidArgument",
    "InvalidBucketState",
    "InvalidDigest",
    "MalformedXML",
    "NotImplemented",
    "OperationAborted",
  ],
}).handledBy(async (input, context) => {
  const asked = input.ObjectLockConfiguration;
  if (asked?.ObjectLockEnabled !== "Enabled") throw new S3Error("MalformedXML");
  await configure(context, { field: "objectLock", value: { defaultRetention: defaultRetentionOf(asked.Rule) } });
  return {};
});
