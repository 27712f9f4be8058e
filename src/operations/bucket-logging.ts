/** Access logs of a bucket (`?logging`). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, list, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { Grantee, Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const TargetGrant = structure("TargetGrant", {
  Grantee: body(Grantee, { xmlNamespace: { prefix: "xsi", uri: "http://www.w3.org/2001/XMLSchema-instance" } }),
  Permission: body(enumeration("FULL_CONTROL", "READ", "WRITE")),
});

const SimplePrefix = structure("SimplePrefix", {}, { xmlName: "SimplePrefix" });

const PartitionedPrefix = structure(
  "PartitionedPrefix",
  {
    PartitionDateSource: body(enumeration("DeliveryTime", "EventTime")),
  },
  { xmlName: "PartitionedPrefix" },
);

const TargetObjectKeyFormat = structure("TargetObjectKeyFormat", {
  SimplePrefix: body(SimplePrefix, { xmlName: "SimplePrefix" }),
  PartitionedPrefix: body(PartitionedPrefix, { xmlName: "PartitionedPrefix" }),
});

const LoggingEnabled = structure("LoggingEnabled", {
  TargetBucket: body(string, { required: true }),
  TargetPrefix: body(string, { required: true }),
  TargetGrants: body(list(TargetGrant, "Grant")),
  TargetObjectKeyFormat: body(TargetObjectKeyFormat),
});

const BucketLoggingStatus = structure("BucketLoggingStatus", {
  LoggingEnabled: body(LoggingEnabled),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html */
export const GetBucketLogging = declareOperation({
  name: "GetBucketLogging",
  http: { method: "GET", uri: "/{Bucket}?logging", status: 200 },
  action: "s3:GetBucketLogging",
  input: structure("GetBucketLoggingRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetBucketLoggingOutput",
    {
      LoggingEnabled: body(LoggingEnabled),
    },
    { xmlName: "BucketLoggingStatus" },
  ),
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html */
export const PutBucketLogging = declareOperation({
  name: "PutBucketLogging",
  http: { method: "PUT", uri: "/{Bucket}?logging", status: 200 },
  action: "s3:PutBucketLogging",
  requiresBodyDigest: true,
  input: structure("PutBucketLoggingRequest", {
    Bucket: label(string),
    BucketLoggingStatus: payload(BucketLoggingStatus, { required: true, xmlName: "BucketLoggingStatus" }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
