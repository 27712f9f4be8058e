/** Retention of objects (`?retention`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { boolean, dateTime, string, structure } from "../model/shape.ts";
import {
  ChecksumAlgorithm,
  ObjectLockEventHold,
  ObjectLockRetentionMode,
  RequestCharged,
  RequestPayer,
} from "../s3/enumerations.ts";
import { EventHoldDuration } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

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
  errors: ["NoSuchBucket", "NoSuchKey"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html */
export const PutObjectRetention = declareOperation({
  name: "PutObjectRetention",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}?retention", status: 200 },
  action: "s3:PutObjectRetention",
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
  errors: ["NoSuchBucket"],
});
