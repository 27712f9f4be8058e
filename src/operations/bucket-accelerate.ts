/** Transfer acceleration (`?accelerate`). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const AccelerateConfiguration = structure("AccelerateConfiguration", {
  Status: body(enumeration("Enabled", "Suspended")),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAccelerateConfiguration.html */
export const GetBucketAccelerateConfiguration = declareOperation({
  name: "GetBucketAccelerateConfiguration",
  http: { method: "GET", uri: "/{Bucket}?accelerate", status: 200 },
  action: "s3:GetAccelerateConfiguration",
  input: structure("GetBucketAccelerateConfigurationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
  }),
  output: structure(
    "GetBucketAccelerateConfigurationOutput",
    {
      Status: body(enumeration("Enabled", "Suspended")),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
    },
    { xmlName: "AccelerateConfiguration" },
  ),
  errors: ["NoSuchBucket"],
}).handledBy(async () => ({}));

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAccelerateConfiguration.html */
export const PutBucketAccelerateConfiguration = declareOperation({
  name: "PutBucketAccelerateConfiguration",
  http: { method: "PUT", uri: "/{Bucket}?accelerate", status: 200 },
  action: "s3:PutAccelerateConfiguration",
  requiresBodyDigest: true,
  input: structure("PutBucketAccelerateConfigurationRequest", {
    Bucket: label(string),
    AccelerateConfiguration: payload(AccelerateConfiguration, { required: true, xmlName: "AccelerateConfiguration" }),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
