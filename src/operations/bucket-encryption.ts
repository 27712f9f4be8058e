/** Default encryption of a bucket (`?encryption`). */

import { body, header, label, payload } from "../model/member.ts";
import { boolean, enumeration, list, string, structure, type ValueOf } from "../model/shape.ts";
import type { BucketEncryption } from "../s3/encryption.ts";
import { ChecksumAlgorithm, ServerSideEncryption } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { Unit } from "../s3/shapes.ts";
import { configure, requireConfigured } from "./configured.ts";
import { declareOperation } from "./context.ts";
import { algorithmOf } from "./encryption.ts";

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

type Rule = ValueOf<typeof ServerSideEncryptionRule>;

/** @throws S3Error MalformedXML (no rule, or several), InvalidArgument, NotImplemented (two layers) */
const encryptionOf = (rules: readonly Rule[]): BucketEncryption => {
  const [rule] = rules;
  if (rule === undefined || rules.length > 1) throw new S3Error("MalformedXML");
  const { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled, BlockedEncryptionTypes: blocked } = rule;
  if (byDefault === undefined && blocked === undefined && BucketKeyEnabled === undefined) {
    throw new S3Error("MalformedXML");
  }
  const types = blocked?.EncryptionType ?? [];
  if (types.length > 1) throw new S3Error("MalformedXML");
  const algorithm = byDefault === undefined ? null : algorithmOf(byDefault.SSEAlgorithm);
  const keyId = byDefault?.KMSMasterKeyID ?? null;
  if (algorithm !== "aws:kms" && keyId !== null) {
    throw new S3Error("InvalidArgument", {
      Message: "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
      ArgumentName: "ApplyServerSideEncryptionByDefault",
    });
  }
  return {
    algorithm,
    keyId,
    isBucketKey: BucketKeyEnabled ?? null,
    blocksCustomerKeys: blocked === undefined ? null : types.includes("SSE-C"),
  };
};

const ruleOf = ({ algorithm, keyId, isBucketKey, blocksCustomerKeys }: BucketEncryption): Rule => ({
  ...(algorithm === null
    ? {}
    : {
        ApplyServerSideEncryptionByDefault: {
          SSEAlgorithm: algorithm,
          ...(keyId === null ? {} : { KMSMasterKeyID: keyId }),
        },
      }),
  ...(isBucketKey === null ? {} : { BucketKeyEnabled: isBucketKey }),
  ...(blocksCustomerKeys === null
    ? {}
    : { BlockedEncryptionTypes: { EncryptionType: [blocksCustomerKeys ? ("SSE-C" as const) : ("NONE" as const)] } }),
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
}).handledBy(async (_input, context) => {
  await configure(context, { field: "encryption", value: null });
  return {};
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
  errors: ["NoSuchBucket", "ServerSideEncryptionConfigurationNotFoundError"],
}).handledBy(async (_input, context) => {
  const configured = requireConfigured(context, "encryption", "ServerSideEncryptionConfigurationNotFoundError");
  return { ServerSideEncryptionConfiguration: { Rules: [ruleOf(configured)] } };
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
  errors: ["NoSuchBucket", "InvalidArgument", "KMS.NotFoundException", "MalformedXML", "NotImplemented"],
}).handledBy(async ({ ServerSideEncryptionConfiguration: configuration }, context) => {
  const value = encryptionOf(configuration.Rules);
  // On AWS a key that is not there shows at the first write; here it would for ever, and so it is refused at once.
  if (value.algorithm === "aws:kms") context.services.encryption.dataKeys.keyIdOf(value.keyId);
  await configure(context, { field: "encryption", value });
  return {};
});
