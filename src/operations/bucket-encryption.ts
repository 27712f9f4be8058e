/** Default encryption of a bucket (`?encryption`). */

import { body, header, label, payload } from "../model/member.ts";
import { boolean, enumeration, list, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, ServerSideEncryption } from "../s3/enumerations.ts";
import { Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const ServerSideEncryptionByDefault = structure("ServerSideEncryptionByDefault", {
  SSEAlgorithm: body(ServerSideEncryption, { required: true }),
  KMSMasterKeyID: body(string),
});

const BlockedEncryptionTypes = structure("BlockedEncryptionTypes", {
  EncryptionType: body(list(enumeration("NONE", "SSE-C"), "EncryptionType"), { xmlFlattened: true }),
});

const ServerSideEncryptionRule = structure("ServerSideEncryptionRule", {
  ApplyServerSideEncryptionByDefault: body(ServerSideEncryptionByDefault),
  BucketKeyEnabled: body(boolean),
  BlockedEncryptionTypes: body(BlockedEncryptionTypes),
});

const ServerSideEncryptionConfiguration = structure("ServerSideEncryptionConfiguration", {
  Rules: body(list(ServerSideEncryptionRule), { required: true, xmlName: "Rule", xmlFlattened: true }),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html */
export const DeleteBucketEncryption = declareOperation({
  name: "DeleteBucketEncryption",
  http: { method: "DELETE", uri: "/{Bucket}?encryption", status: 204 },
  action: "s3:PutEncryptionConfiguration",
  input: structure("DeleteBucketEncryptionRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html */
export const GetBucketEncryption = declareOperation({
  name: "GetBucketEncryption",
  http: { method: "GET", uri: "/{Bucket}?encryption", status: 200 },
  action: "s3:GetEncryptionConfiguration",
  input: structure("GetBucketEncryptionRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketEncryptionOutput", {
    ServerSideEncryptionConfiguration: payload(ServerSideEncryptionConfiguration),
  }),
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html */
export const PutBucketEncryption = declareOperation({
  name: "PutBucketEncryption",
  http: { method: "PUT", uri: "/{Bucket}?encryption", status: 200 },
  action: "s3:PutEncryptionConfiguration",
  requiresBodyDigest: true,
  input: structure("PutBucketEncryptionRequest", {
    Bucket: label(string),
    ServerSideEncryptionConfiguration: payload(ServerSideEncryptionConfiguration, {
      required: true,
      xmlName: "ServerSideEncryptionConfiguration",
    }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
