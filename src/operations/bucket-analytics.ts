/** Storage class analysis (`?analytics`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { boolean, enumeration, list, string, structure, union } from "../model/shape.ts";
import { S3Error } from "../s3/errors.ts";
import { Tag, Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const AnalyticsS3BucketDestination = structure("AnalyticsS3BucketDestination", {
  Format: body(enumeration("CSV"), { required: true }),
  Bucket: body(string, { required: true }),
  BucketAccountId: body(string),
  Prefix: body(string),
});

const AnalyticsExportDestination = structure("AnalyticsExportDestination", {
  S3BucketDestination: body(AnalyticsS3BucketDestination, { required: true }),
});

const StorageClassAnalysisDataExport = structure("StorageClassAnalysisDataExport", {
  OutputSchemaVersion: body(enumeration("V_1"), { required: true }),
  Destination: body(AnalyticsExportDestination, { required: true }),
});

const StorageClassAnalysis = structure("StorageClassAnalysis", {
  DataExport: body(StorageClassAnalysisDataExport),
});

const AnalyticsAndOperator = structure("AnalyticsAndOperator", {
  Prefix: body(string),
  Tags: body(list(Tag, "Tag"), { xmlName: "Tag", xmlFlattened: true }),
});

const AnalyticsFilter = union("AnalyticsFilter", {
  Prefix: body(string),
  Tag: body(Tag),
  And: body(AnalyticsAndOperator),
});

const AnalyticsConfiguration = structure("AnalyticsConfiguration", {
  Id: body(string, { required: true }),
  StorageClassAnalysis: body(StorageClassAnalysis, { required: true }),
  Filter: body(AnalyticsFilter),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketAnalyticsConfiguration.html */
export const DeleteBucketAnalyticsConfiguration = declareOperation({
  name: "DeleteBucketAnalyticsConfiguration",
  http: { method: "DELETE", uri: "/{Bucket}?analytics", status: 204 },
  action: "s3:PutAnalyticsConfiguration",
  input: structure("DeleteBucketAnalyticsConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "NoSuchConfiguration"],
}).handledBy(async () => {
  throw new S3Error("NoSuchConfiguration");
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAnalyticsConfiguration.html */
export const GetBucketAnalyticsConfiguration = declareOperation({
  name: "GetBucketAnalyticsConfiguration",
  http: { method: "GET", uri: "/{Bucket}?analytics", status: 200 },
  action: "s3:GetAnalyticsConfiguration",
  input: structure("GetBucketAnalyticsConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketAnalyticsConfigurationOutput", {
    AnalyticsConfiguration: payload(AnalyticsConfiguration),
  }),
  errors: ["NoSuchBucket", "NoSuchConfiguration"],
}).handledBy(async () => {
  throw new S3Error("NoSuchConfiguration");
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketAnalyticsConfigurations.html */
export const ListBucketAnalyticsConfigurations = declareOperation({
  name: "ListBucketAnalyticsConfigurations",
  http: { method: "GET", uri: "/{Bucket}?analytics", status: 200 },
  action: "s3:GetAnalyticsConfiguration",
  input: structure("ListBucketAnalyticsConfigurationsRequest", {
    Bucket: label(string),
    ContinuationToken: query("continuation-token", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "ListBucketAnalyticsConfigurationsOutput",
    {
      IsTruncated: body(boolean),
      ContinuationToken: body(string),
      NextContinuationToken: body(string),
      AnalyticsConfigurationList: body(list(AnalyticsConfiguration), {
        xmlName: "AnalyticsConfiguration",
        xmlFlattened: true,
      }),
    },
    { xmlName: "ListBucketAnalyticsConfigurationResult" },
  ),
  errors: ["NoSuchBucket"],
}).handledBy(async ({ ContinuationToken }) => ({ IsTruncated: false, ContinuationToken }));

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAnalyticsConfiguration.html */
export const PutBucketAnalyticsConfiguration = declareOperation({
  name: "PutBucketAnalyticsConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?analytics", status: 200 },
  action: "s3:PutAnalyticsConfiguration",
  input: structure("PutBucketAnalyticsConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    AnalyticsConfiguration: payload(AnalyticsConfiguration, { required: true, xmlName: "AnalyticsConfiguration" }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
