/** Versioning of a bucket (`?versioning`). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const VersioningConfiguration = structure("VersioningConfiguration", {
  MFADelete: body(enumeration("Disabled", "Enabled"), { xmlName: "MfaDelete" }),
  Status: body(enumeration("Enabled", "Suspended")),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html */
export const GetBucketVersioning = declareOperation({
  name: "GetBucketVersioning",
  http: { method: "GET", uri: "/{Bucket}?versioning", status: 200 },
  action: "s3:GetBucketVersioning",
  input: structure("GetBucketVersioningRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetBucketVersioningOutput",
    {
      Status: body(enumeration("Enabled", "Suspended")),
      MFADelete: body(enumeration("Disabled", "Enabled"), { xmlName: "MfaDelete" }),
    },
    { xmlName: "VersioningConfiguration" },
  ),
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, { bucket, services }) => {
  const { versioning } = await services.askBucket(bucket, "bucket.versioning", {});
  return versioning === "Off" ? {} : { Status: versioning };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html */
export const PutBucketVersioning = declareOperation({
  name: "PutBucketVersioning",
  http: { method: "PUT", uri: "/{Bucket}?versioning", status: 200 },
  action: "s3:PutBucketVersioning",
  requiresBodyDigest: true,
  input: structure("PutBucketVersioningRequest", {
    Bucket: label(string),
    VersioningConfiguration: payload(VersioningConfiguration, { required: true, xmlName: "VersioningConfiguration" }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    MFA: header("x-amz-mfa", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: [
    "NoSuchBucket",
    "BadDigest",
    "IllegalVersioningConfigurationException",
    "InvalidBucketState",
    "InvalidDigest",
    "MalformedXML",
    "NotImplemented",
    "OperationAborted",
  ],
}).handledBy(async (input, { bucket, services }) => {
  const { Status: versioning, MFADelete } = input.VersioningConfiguration;
  if (versioning === undefined) {
    throw new S3Error("IllegalVersioningConfigurationException", {
      Message: "The Versioning element must be specified",
    });
  }
  // To take it and not ask for the second factor would break a promise.
  if (MFADelete === "Enabled") throw new S3Error("NotImplemented", { Message: "MFA delete is not supported." });
  await services.askBucket(bucket, "bucket.setVersioning", { versioning });
  return {};
});
