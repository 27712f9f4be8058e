/** Inventory reports (`?inventory`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { boolean, enumeration, list, string, structure } from "../model/shape.ts";
import { S3Error } from "../s3/errors.ts";
import { Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const SSES3 = structure("SSES3", {}, { xmlName: "SSE-S3" });

const SSEKMS = structure(
  "SSEKMS",
  {
    KeyId: body(string, { required: true }),
  },
  { xmlName: "SSE-KMS" },
);

const InventoryEncryption = structure("InventoryEncryption", {
  SSES3: body(SSES3, { xmlName: "SSE-S3" }),
  SSEKMS: body(SSEKMS, { xmlName: "SSE-KMS" }),
});

const InventoryS3BucketDestination = structure("InventoryS3BucketDestination", {
  Bucket: body(string, { required: true }),
  Format: body(enumeration("CSV", "ORC", "Parquet"), { required: true }),
  AccountId: body(string),
  Prefix: body(string),
  Encryption: body(InventoryEncryption),
});

const InventoryDestination = structure("InventoryDestination", {
  S3BucketDestination: body(InventoryS3BucketDestination, { required: true }),
});

const InventorySchedule = structure("InventorySchedule", {
  Frequency: body(enumeration("Daily", "Weekly"), { required: true }),
});

const InventoryFilter = structure("InventoryFilter", {
  Prefix: body(string, { required: true }),
});

const InventoryConfiguration = structure("InventoryConfiguration", {
  Destination: body(InventoryDestination, { required: true }),
  IsEnabled: body(boolean, { required: true }),
  Id: body(string, { required: true }),
  IncludedObjectVersions: body(enumeration("All", "Current"), { required: true }),
  Schedule: body(InventorySchedule, { required: true }),
  Filter: body(InventoryFilter),
  OptionalFields: body(
    list(
      enumeration(
        "BucketKeyStatus",
        "ChecksumAlgorithm",
        "ETag",
        "EncryptionStatus",
        "IntelligentTieringAccessTier",
        "IntelligentTieringReferenceDate",
        "IsMultipartUploaded",
        "LastModifiedDate",
        "LifecycleExpirationDate",
        "ObjectAccessControlList",
        "ObjectLockEventHoldDuration",
        "ObjectLockEventHoldStatus",
        "ObjectLockLegalHoldStatus",
        "ObjectLockMode",
        "ObjectLockRetainUntilDate",
        "ObjectOwner",
        "ReplicationStatus",
        "Size",
        "StorageClass",
      ),
      "Field",
    ),
  ),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketInventoryConfiguration.html */
export const DeleteBucketInventoryConfiguration = declareOperation({
  name: "DeleteBucketInventoryConfiguration",
  http: { method: "DELETE", uri: "/{Bucket}?inventory", status: 204 },
  action: "s3:PutInventoryConfiguration",
  input: structure("DeleteBucketInventoryConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "NoSuchConfiguration"],
}).handledBy(async () => {
  throw new S3Error("NoSuchConfiguration");
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketInventoryConfiguration.html */
export const GetBucketInventoryConfiguration = declareOperation({
  name: "GetBucketInventoryConfiguration",
  http: { method: "GET", uri: "/{Bucket}?inventory", status: 200 },
  action: "s3:GetInventoryConfiguration",
  input: structure("GetBucketInventoryConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketInventoryConfigurationOutput", {
    InventoryConfiguration: payload(InventoryConfiguration),
  }),
  errors: ["NoSuchBucket", "NoSuchConfiguration"],
}).handledBy(async () => {
  throw new S3Error("NoSuchConfiguration");
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketInventoryConfigurations.html */
export const ListBucketInventoryConfigurations = declareOperation({
  name: "ListBucketInventoryConfigurations",
  http: { method: "GET", uri: "/{Bucket}?inventory", status: 200 },
  action: "s3:GetInventoryConfiguration",
  input: structure("ListBucketInventoryConfigurationsRequest", {
    Bucket: label(string),
    ContinuationToken: query("continuation-token", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "ListBucketInventoryConfigurationsOutput",
    {
      ContinuationToken: body(string),
      InventoryConfigurationList: body(list(InventoryConfiguration), {
        xmlName: "InventoryConfiguration",
        xmlFlattened: true,
      }),
      IsTruncated: body(boolean),
      NextContinuationToken: body(string),
    },
    { xmlName: "ListInventoryConfigurationsResult" },
  ),
  errors: ["NoSuchBucket"],
}).handledBy(async ({ ContinuationToken }) => ({ IsTruncated: false, ContinuationToken }));

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketInventoryConfiguration.html */
export const PutBucketInventoryConfiguration = declareOperation({
  name: "PutBucketInventoryConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?inventory", status: 200 },
  action: "s3:PutInventoryConfiguration",
  input: structure("PutBucketInventoryConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    InventoryConfiguration: payload(InventoryConfiguration, { required: true, xmlName: "InventoryConfiguration" }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
