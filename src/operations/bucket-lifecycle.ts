/** Lifecycle rules of a bucket (`?lifecycle`); the deprecated PutBucketLifecycle and GetBucketLifecycle are the same requests. */

import { body, header, label, payload } from "../model/member.ts";
import { list, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { parseRules } from "../s3/lifecycle-document.ts";
import {
  BucketLifecycleConfiguration,
  LifecycleRule,
  TransitionDefaultMinimumObjectSize,
} from "../s3/lifecycle-shapes.ts";
import { Unit } from "../s3/shapes.ts";
import { configure, requireConfigured } from "./configured.ts";
import { declareOperation } from "./context.ts";
import { ruleDocument } from "./lifecycle-rules.ts";

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
  errors: ["NoSuchBucket", "OperationAborted"],
}).handledBy(async (_input, context) => {
  await configure(context, { field: "lifecycle", value: null });
  return {};
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
        TransitionDefaultMinimumObjectSize,
      ),
    },
    { xmlName: "LifecycleConfiguration" },
  ),
  errors: ["NoSuchBucket", "NoSuchLifecycleConfiguration"],
}).handledBy(async (_input, context) => {
  const { rules, transitionDefaultMinimumObjectSize } = requireConfigured(
    context,
    "lifecycle",
    "NoSuchLifecycleConfiguration",
  );
  return {
    Rules: rules.map(ruleDocument),
    TransitionDefaultMinimumObjectSize: transitionDefaultMinimumObjectSize,
  };
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
      TransitionDefaultMinimumObjectSize,
    ),
  }),
  output: structure("PutBucketLifecycleConfigurationOutput", {
    TransitionDefaultMinimumObjectSize: header(
      "x-amz-transition-default-minimum-object-size",
      TransitionDefaultMinimumObjectSize,
    ),
  }),
  errors: [
    "NoSuchBucket",
    "BadDigest",
    "EntityTooLarge",
    "InvalidArgument",
    "InvalidDigest",
    "InvalidRequest",
    "InvalidTag",
    "MalformedXML",
    "MissingRequestBodyError",
    "OperationAborted",
  ],
}).handledBy(async (input, context) => {
  const { LifecycleConfiguration, TransitionDefaultMinimumObjectSize: asked } = input;
  if (LifecycleConfiguration === undefined) throw new S3Error("MissingRequestBodyError");
  const rules = parseRules(LifecycleConfiguration.Rules);
  const transitionDefaultMinimumObjectSize = asked ?? "all_storage_classes_128K";
  await configure(context, { field: "lifecycle", value: { rules, transitionDefaultMinimumObjectSize } });
  return { TransitionDefaultMinimumObjectSize: transitionDefaultMinimumObjectSize };
});
