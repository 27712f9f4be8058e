/** Request metrics of a bucket (`?metrics`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { boolean, list, string, structure, union } from "../model/shape.ts";
import { S3Error } from "../s3/errors.ts";
import { Tag, Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const MetricsAndOperator = structure("MetricsAndOperator", {
  Prefix: body(string),
  Tags: body(list(Tag, "Tag"), { xmlName: "Tag", xmlFlattened: true }),
  AccessPointArn: body(string),
});

const MetricsFilter = union("MetricsFilter", {
  Prefix: body(string),
  Tag: body(Tag),
  AccessPointArn: body(string),
  And: body(MetricsAndOperator),
});

const MetricsConfiguration = structure("MetricsConfiguration", {
  Id: body(string, { required: true }),
  Filter: body(MetricsFilter),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketMetricsConfiguration.html */
export const DeleteBucketMetricsConfiguration = declareOperation({
  name: "DeleteBucketMetricsConfiguration",
  http: { method: "DELETE", uri: "/{Bucket}?metrics", status: 204 },
  action: "s3:PutMetricsConfiguration",
  input: structure("DeleteBucketMetricsConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "NoSuchConfiguration"],
}).handledBy(async () => {
  throw new S3Error("NoSuchConfiguration");
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketMetricsConfiguration.html */
export const GetBucketMetricsConfiguration = declareOperation({
  name: "GetBucketMetricsConfiguration",
  http: { method: "GET", uri: "/{Bucket}?metrics", status: 200 },
  action: "s3:GetMetricsConfiguration",
  input: structure("GetBucketMetricsConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketMetricsConfigurationOutput", {
    MetricsConfiguration: payload(MetricsConfiguration),
  }),
  errors: ["NoSuchBucket", "NoSuchConfiguration"],
}).handledBy(async () => {
  throw new S3Error("NoSuchConfiguration");
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketMetricsConfigurations.html */
export const ListBucketMetricsConfigurations = declareOperation({
  name: "ListBucketMetricsConfigurations",
  http: { method: "GET", uri: "/{Bucket}?metrics", status: 200 },
  action: "s3:GetMetricsConfiguration",
  input: structure("ListBucketMetricsConfigurationsRequest", {
    Bucket: label(string),
    ContinuationToken: query("continuation-token", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "ListBucketMetricsConfigurationsOutput",
    {
      IsTruncated: body(boolean),
      ContinuationToken: body(string),
      NextContinuationToken: body(string),
      MetricsConfigurationList: body(list(MetricsConfiguration), {
        xmlName: "MetricsConfiguration",
        xmlFlattened: true,
      }),
    },
    { xmlName: "ListMetricsConfigurationsResult" },
  ),
  errors: ["NoSuchBucket"],
}).handledBy(async ({ ContinuationToken }) => ({ IsTruncated: false, ContinuationToken }));

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketMetricsConfiguration.html */
export const PutBucketMetricsConfiguration = declareOperation({
  name: "PutBucketMetricsConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?metrics", status: 200 },
  action: "s3:PutMetricsConfiguration",
  input: structure("PutBucketMetricsConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    MetricsConfiguration: payload(MetricsConfiguration, { required: true, xmlName: "MetricsConfiguration" }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
