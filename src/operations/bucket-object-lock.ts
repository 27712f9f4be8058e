/** Object lock of a bucket (`?object-lock`). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, integer, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, ObjectLockRetentionMode, RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { EventHoldDuration } from "../s3/shapes.ts";
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
  errors: ["NoSuchBucket"],
});

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
  errors: ["NoSuchBucket"],
});
