/** Metadata tables of a bucket (`?metadataConfiguration`, `?metadataTable` and the tables' own words). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, integer, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const RecordExpiration = structure("RecordExpiration", {
  Expiration: body(enumeration("DISABLED", "ENABLED"), { required: true }),
  Days: body(integer),
});

const MetadataTableEncryptionConfiguration = structure("MetadataTableEncryptionConfiguration", {
  SseAlgorithm: body(enumeration("AES256", "aws:kms"), { required: true }),
  KmsKeyArn: body(string),
});

const JournalTableConfiguration = structure("JournalTableConfiguration", {
  RecordExpiration: body(RecordExpiration, { required: true }),
  EncryptionConfiguration: body(MetadataTableEncryptionConfiguration),
});

const InventoryTableConfiguration = structure("InventoryTableConfiguration", {
  ConfigurationState: body(enumeration("DISABLED", "ENABLED"), { required: true }),
  EncryptionConfiguration: body(MetadataTableEncryptionConfiguration),
});

const AnnotationTableConfiguration = structure("AnnotationTableConfiguration", {
  ConfigurationState: body(enumeration("DISABLED", "ENABLED"), { required: true }),
  EncryptionConfiguration: body(MetadataTableEncryptionConfiguration),
  Role: body(string),
});

const MetadataConfiguration = structure("MetadataConfiguration", {
  JournalTableConfiguration: body(JournalTableConfiguration, { required: true }),
  InventoryTableConfiguration: body(InventoryTableConfiguration),
  AnnotationTableConfiguration: body(AnnotationTableConfiguration),
});

const S3TablesDestination = structure("S3TablesDestination", {
  TableBucketArn: body(string, { required: true }),
  TableName: body(string, { required: true }),
});

const MetadataTableConfiguration = structure("MetadataTableConfiguration", {
  S3TablesDestination: body(S3TablesDestination, { required: true }),
});

const DestinationResult = structure("DestinationResult", {
  TableBucketType: body(enumeration("aws", "customer")),
  TableBucketArn: body(string),
  TableNamespace: body(string),
});

const ErrorDetails = structure("ErrorDetails", {
  ErrorCode: body(string),
  ErrorMessage: body(string),
});

const JournalTableConfigurationResult = structure("JournalTableConfigurationResult", {
  TableStatus: body(string, { required: true }),
  TableName: body(string, { required: true }),
  RecordExpiration: body(RecordExpiration, { required: true }),
  Error: body(ErrorDetails),
  TableArn: body(string),
});

const InventoryTableConfigurationResult = structure("InventoryTableConfigurationResult", {
  ConfigurationState: body(enumeration("DISABLED", "ENABLED"), { required: true }),
  TableStatus: body(string),
  Error: body(ErrorDetails),
  TableName: body(string),
  TableArn: body(string),
});

const AnnotationTableConfigurationResult = structure("AnnotationTableConfigurationResult", {
  ConfigurationState: body(enumeration("DISABLED", "ENABLED"), { required: true }),
  TableStatus: body(string),
  Error: body(ErrorDetails),
  TableName: body(string),
  TableArn: body(string),
  Role: body(string),
});

const MetadataConfigurationResult = structure("MetadataConfigurationResult", {
  DestinationResult: body(DestinationResult, { required: true }),
  JournalTableConfigurationResult: body(JournalTableConfigurationResult),
  InventoryTableConfigurationResult: body(InventoryTableConfigurationResult),
  AnnotationTableConfigurationResult: body(AnnotationTableConfigurationResult),
});

const GetBucketMetadataConfigurationResult = structure("GetBucketMetadataConfigurationResult", {
  MetadataConfigurationResult: body(MetadataConfigurationResult, { required: true }),
});

const S3TablesDestinationResult = structure("S3TablesDestinationResult", {
  TableBucketArn: body(string, { required: true }),
  TableName: body(string, { required: true }),
  TableArn: body(string, { required: true }),
  TableNamespace: body(string, { required: true }),
});

const MetadataTableConfigurationResult = structure("MetadataTableConfigurationResult", {
  S3TablesDestinationResult: body(S3TablesDestinationResult, { required: true }),
});

const GetBucketMetadataTableConfigurationResult = structure("GetBucketMetadataTableConfigurationResult", {
  MetadataTableConfigurationResult: body(MetadataTableConfigurationResult, { required: true }),
  Status: body(string, { required: true }),
  Error: body(ErrorDetails),
});

const AnnotationTableConfigurationUpdates = structure("AnnotationTableConfigurationUpdates", {
  ConfigurationState: body(enumeration("DISABLED", "ENABLED"), { required: true }),
  EncryptionConfiguration: body(MetadataTableEncryptionConfiguration),
  Role: body(string),
});

const InventoryTableConfigurationUpdates = structure("InventoryTableConfigurationUpdates", {
  ConfigurationState: body(enumeration("DISABLED", "ENABLED"), { required: true }),
  EncryptionConfiguration: body(MetadataTableEncryptionConfiguration),
});

const JournalTableConfigurationUpdates = structure("JournalTableConfigurationUpdates", {
  RecordExpiration: body(RecordExpiration, { required: true }),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketMetadataConfiguration.html */
export const CreateBucketMetadataConfiguration = declareOperation({
  name: "CreateBucketMetadataConfiguration",
  http: { method: "POST", uri: "/{Bucket}?metadataConfiguration", status: 200 },
  action: "s3:CreateBucketMetadataTableConfiguration",
  requiresBodyDigest: true,
  input: structure("CreateBucketMetadataConfigurationRequest", {
    Bucket: label(string),
    MetadataConfiguration: payload(MetadataConfiguration, { required: true, xmlName: "MetadataConfiguration" }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketMetadataTableConfiguration.html */
export const CreateBucketMetadataTableConfiguration = declareOperation({
  name: "CreateBucketMetadataTableConfiguration",
  http: { method: "POST", uri: "/{Bucket}?metadataTable", status: 200 },
  action: "s3:CreateBucketMetadataTableConfiguration",
  requiresBodyDigest: true,
  input: structure("CreateBucketMetadataTableConfigurationRequest", {
    Bucket: label(string),
    MetadataTableConfiguration: payload(MetadataTableConfiguration, {
      required: true,
      xmlName: "MetadataTableConfiguration",
    }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketMetadataConfiguration.html */
export const DeleteBucketMetadataConfiguration = declareOperation({
  name: "DeleteBucketMetadataConfiguration",
  http: { method: "DELETE", uri: "/{Bucket}?metadataConfiguration", status: 204 },
  action: "s3:DeleteBucketMetadataTableConfiguration",
  input: structure("DeleteBucketMetadataConfigurationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketMetadataTableConfiguration.html */
export const DeleteBucketMetadataTableConfiguration = declareOperation({
  name: "DeleteBucketMetadataTableConfiguration",
  http: { method: "DELETE", uri: "/{Bucket}?metadataTable", status: 204 },
  action: "s3:DeleteBucketMetadataTableConfiguration",
  input: structure("DeleteBucketMetadataTableConfigurationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketMetadataConfiguration.html */
export const GetBucketMetadataConfiguration = declareOperation({
  name: "GetBucketMetadataConfiguration",
  http: { method: "GET", uri: "/{Bucket}?metadataConfiguration", status: 200 },
  action: "s3:GetBucketMetadataTableConfiguration",
  input: structure("GetBucketMetadataConfigurationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketMetadataConfigurationOutput", {
    GetBucketMetadataConfigurationResult: payload(GetBucketMetadataConfigurationResult),
  }),
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketMetadataTableConfiguration.html */
export const GetBucketMetadataTableConfiguration = declareOperation({
  name: "GetBucketMetadataTableConfiguration",
  http: { method: "GET", uri: "/{Bucket}?metadataTable", status: 200 },
  action: "s3:GetBucketMetadataTableConfiguration",
  input: structure("GetBucketMetadataTableConfigurationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketMetadataTableConfigurationOutput", {
    GetBucketMetadataTableConfigurationResult: payload(GetBucketMetadataTableConfigurationResult),
  }),
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateBucketMetadataAnnotationTableConfiguration.html */
export const UpdateBucketMetadataAnnotationTableConfiguration = declareOperation({
  name: "UpdateBucketMetadataAnnotationTableConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?metadataAnnotationTable", status: 200 },
  action: "s3:UpdateBucketMetadataAnnotationTableConfiguration",
  requiresBodyDigest: true,
  input: structure("UpdateBucketMetadataAnnotationTableConfigurationRequest", {
    Bucket: label(string),
    AnnotationTableConfiguration: payload(AnnotationTableConfigurationUpdates, {
      required: true,
      xmlName: "AnnotationTableConfiguration",
    }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateBucketMetadataInventoryTableConfiguration.html */
export const UpdateBucketMetadataInventoryTableConfiguration = declareOperation({
  name: "UpdateBucketMetadataInventoryTableConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?metadataInventoryTable", status: 200 },
  action: "s3:UpdateBucketMetadataInventoryTableConfiguration",
  requiresBodyDigest: true,
  input: structure("UpdateBucketMetadataInventoryTableConfigurationRequest", {
    Bucket: label(string),
    InventoryTableConfiguration: payload(InventoryTableConfigurationUpdates, {
      required: true,
      xmlName: "InventoryTableConfiguration",
    }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateBucketMetadataJournalTableConfiguration.html */
export const UpdateBucketMetadataJournalTableConfiguration = declareOperation({
  name: "UpdateBucketMetadataJournalTableConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?metadataJournalTable", status: 200 },
  action: "s3:UpdateBucketMetadataJournalTableConfiguration",
  requiresBodyDigest: true,
  input: structure("UpdateBucketMetadataJournalTableConfigurationRequest", {
    Bucket: label(string),
    JournalTableConfiguration: payload(JournalTableConfigurationUpdates, {
      required: true,
      xmlName: "JournalTableConfiguration",
    }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
