/** Lifecycle rules of a bucket (`?lifecycle`). */

import { body, header, label, payload } from "../model/member.ts";
import { boolean, dateTime, enumeration, integer, list, long, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { Tag, Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const LifecycleExpiration = structure("LifecycleExpiration", {
  Date: body(dateTime),
  Days: body(integer),
  ExpiredObjectDeleteMarker: body(boolean),
});

const LifecycleRuleAndOperator = structure("LifecycleRuleAndOperator", {
  Prefix: body(string),
  Tags: body(list(Tag, "Tag"), { xmlName: "Tag", xmlFlattened: true }),
  ObjectSizeGreaterThan: body(long),
  ObjectSizeLessThan: body(long),
});

const LifecycleRuleFilter = structure("LifecycleRuleFilter", {
  Prefix: body(string),
  Tag: body(Tag),
  ObjectSizeGreaterThan: body(long),
  ObjectSizeLessThan: body(long),
  And: body(LifecycleRuleAndOperator),
});

const Transition = structure("Transition", {
  Date: body(dateTime),
  Days: body(integer),
  StorageClass: body(
    enumeration("DEEP_ARCHIVE", "GLACIER", "GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA", "STANDARD_IA"),
  ),
});

const NoncurrentVersionTransition = structure("NoncurrentVersionTransition", {
  NoncurrentDays: body(integer),
  StorageClass: body(
    enumeration("DEEP_ARCHIVE", "GLACIER", "GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA", "STANDARD_IA"),
  ),
  NewerNoncurrentVersions: body(integer),
});

const NoncurrentVersionExpiration = structure("NoncurrentVersionExpiration", {
  NoncurrentDays: body(integer),
  NewerNoncurrentVersions: body(integer),
});

const AbortIncompleteMultipartUpload = structure("AbortIncompleteMultipartUpload", {
  DaysAfterInitiation: body(integer),
});

const LifecycleRule = structure("LifecycleRule", {
  Status: body(enumeration("Disabled", "Enabled"), { required: true }),
  Expiration: body(LifecycleExpiration),
  ID: body(string),
  Prefix: body(string),
  Filter: body(LifecycleRuleFilter),
  Transitions: body(list(Transition), { xmlName: "Transition", xmlFlattened: true }),
  NoncurrentVersionTransitions: body(list(NoncurrentVersionTransition), {
    xmlName: "NoncurrentVersionTransition",
    xmlFlattened: true,
  }),
  NoncurrentVersionExpiration: body(NoncurrentVersionExpiration),
  AbortIncompleteMultipartUpload: body(AbortIncompleteMultipartUpload),
});

const BucketLifecycleConfiguration = structure("BucketLifecycleConfiguration", {
  Rules: body(list(LifecycleRule), { required: true, xmlName: "Rule", xmlFlattened: true }),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html */
export const DeleteBucketLifecycle = declareOperation({
  name: "DeleteBucketLifecycle",
  http: { method: "DELETE", uri: "/{Bucket}?lifecycle", status: 204 },
  action: "s3:PutLifecycleConfiguration",
  input: structure("DeleteBucketLifecycleRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html */
export const GetBucketLifecycleConfiguration = declareOperation({
  name: "GetBucketLifecycleConfiguration",
  http: { method: "GET", uri: "/{Bucket}?lifecycle", status: 200 },
  action: "s3:GetLifecycleConfiguration",
  input: structure("GetBucketLifecycleConfigurationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetBucketLifecycleConfigurationOutput",
    {
      Rules: body(list(LifecycleRule), { xmlName: "Rule", xmlFlattened: true }),
      TransitionDefaultMinimumObjectSize: header(
        "x-amz-transition-default-minimum-object-size",
        enumeration("all_storage_classes_128K", "varies_by_storage_class"),
      ),
    },
    { xmlName: "LifecycleConfiguration" },
  ),
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html */
export const PutBucketLifecycleConfiguration = declareOperation({
  name: "PutBucketLifecycleConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?lifecycle", status: 200 },
  action: "s3:PutLifecycleConfiguration",
  requiresBodyDigest: true,
  input: structure("PutBucketLifecycleConfigurationRequest", {
    Bucket: label(string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    LifecycleConfiguration: payload(BucketLifecycleConfiguration, { xmlName: "LifecycleConfiguration" }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    TransitionDefaultMinimumObjectSize: header(
      "x-amz-transition-default-minimum-object-size",
      enumeration("all_storage_classes_128K", "varies_by_storage_class"),
    ),
  }),
  output: structure("PutBucketLifecycleConfigurationOutput", {
    TransitionDefaultMinimumObjectSize: header(
      "x-amz-transition-default-minimum-object-size",
      enumeration("all_storage_classes_128K", "varies_by_storage_class"),
    ),
  }),
  errors: ["NoSuchBucket"],
});
