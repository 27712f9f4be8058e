/** Who pays for requests (`?requestPayment`). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { Unit } from "../s3/shapes.ts";
import { configure } from "./configured.ts";
import { declareOperation } from "./context.ts";

const RequestPaymentConfiguration = structure("RequestPaymentConfiguration", {
  Payer: body(enumeration("BucketOwner", "Requester"), { required: true }),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html */
export const GetBucketRequestPayment = declareOperation({
  name: "GetBucketRequestPayment",
  http: { method: "GET", uri: "/{Bucket}?requestPayment", status: 200 },
  action: "s3:GetBucketRequestPayment",
  input: structure("GetBucketRequestPaymentRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetBucketRequestPaymentOutput",
    {
      Payer: body(enumeration("BucketOwner", "Requester")),
    },
    { xmlName: "RequestPaymentConfiguration" },
  ),
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, { bucket, services }) => ({
  Payer: services.configurationOf(bucket).get("requestPayment") ?? "BucketOwner",
}));

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html */
export const PutBucketRequestPayment = declareOperation({
  name: "PutBucketRequestPayment",
  http: { method: "PUT", uri: "/{Bucket}?requestPayment", status: 200 },
  action: "s3:PutBucketRequestPayment",
  requiresBodyDigest: true,
  input: structure("PutBucketRequestPaymentRequest", {
    Bucket: label(string),
    RequestPaymentConfiguration: payload(RequestPaymentConfiguration, {
      required: true,
      xmlName: "RequestPaymentConfiguration",
    }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "BadDigest", "InvalidDigest", "MalformedXML"],
}).handledBy(async ({ RequestPaymentConfiguration: { Payer } }, context) => {
  await configure(context, { field: "requestPayment", value: Payer === "Requester" ? Payer : null });
  return {};
});
