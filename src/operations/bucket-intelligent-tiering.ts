/** Intelligent tiering (`?intelligent-tiering`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { boolean, enumeration, integer, list, string, structure } from "../model/shape.ts";
import { S3Error } from "../s3/errors.ts";
import { Tag, Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const Tiering = structure("Tiering", {
  Days: body(integer, { required: true }),
  AccessTier: body(enumeration("ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"), { required: true }),
});

const IntelligentTieringAndOperator = structure("IntelligentTieringAndOperator", {
  Prefix: body(string),
  Tags: body(list(Tag, "Tag"), { xmlName: "Tag", xmlFlattened: true }),
});

const IntelligentTieringFilter = structure("IntelligentTieringFilter", {
  Prefix: body(string),
  Tag: body(Tag),
  And: body(IntelligentTieringAndOperator),
});

const IntelligentTieringConfiguration = structure("IntelligentTieringConfiguration", {
  Id: body(string, { required: true }),
  Status: body(enumeration("Disabled", "Enabled"), { required: true }),
  Tierings: body(list(Tiering), { required: true, xmlName: "Tiering", xmlFlattened: true }),
  Filter: body(IntelligentTieringFilter),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketIntelligentTieringConfiguration.html */
export const DeleteBucketIntelligentTieringConfiguration = declareOperation({
  name: "DeleteBucketIntelligentTieringConfiguration",
  http: { method: "DELETE", uri: "/{Bucket}?intelligent-tiering", status: 204 },
  action: "s3:PutIntelligentTieringConfiguration",
  input: structure("DeleteBucketIntelligentTieringConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "NoSuchConfiguration"],
}).handledBy(async () => {
  throw new S3Error("NoSuchConfiguration");
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketIntelligentTieringConfiguration.html */
export const GetBucketIntelligentTieringConfiguration = declareOperation({
  name: "GetBucketIntelligentTieringConfiguration",
  http: { method: "GET", uri: "/{Bucket}?intelligent-tiering", status: 200 },
  action: "s3:GetIntelligentTieringConfiguration",
  input: structure("GetBucketIntelligentTieringConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketIntelligentTieringConfigurationOutput", {
    IntelligentTieringConfiguration: payload(IntelligentTieringConfiguration),
  }),
  errors: ["NoSuchBucket", "NoSuchConfiguration"],
}).handledBy(async () => {
  throw new S3Error("NoSuchConfiguration");
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketIntelligentTieringConfigurations.html */
export const ListBucketIntelligentTieringConfigurations = declareOperation({
  name: "ListBucketIntelligentTieringConfigurations",
  http: { method: "GET", uri: "/{Bucket}?intelligent-tiering", status: 200 },
  action: "s3:GetIntelligentTieringConfiguration",
  input: structure("ListBucketIntelligentTieringConfigurationsRequest", {
    Bucket: label(string),
    ContinuationToken: query("continuation-token", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("ListBucketIntelligentTieringConfigurationsOutput", {
    IsTruncated: body(boolean),
    ContinuationToken: body(string),
    NextContinuationToken: body(string),
    IntelligentTieringConfigurationList: body(list(IntelligentTieringConfiguration), {
      xmlName: "IntelligentTieringConfiguration",
      xmlFlattened: true,
    }),
  }),
  errors: ["NoSuchBucket"],
}).handledBy(async ({ ContinuationToken }) => ({ IsTruncated: false, ContinuationToken }));

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketIntelligentTieringConfiguration.html */
export const PutBucketIntelligentTieringConfiguration = declareOperation({
  name: "PutBucketIntelligentTieringConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?intelligent-tiering", status: 200 },
  action: "s3:PutIntelligentTieringConfiguration",
  input: structure("PutBucketIntelligentTieringConfigurationRequest", {
    Bucket: label(string),
    Id: query("id", string, { required: true }),
    IntelligentTieringConfiguration: payload(IntelligentTieringConfiguration, {
      required: true,
      xmlName: "IntelligentTieringConfiguration",
    }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
