/** Public access block of a bucket (`?publicAccessBlock`). */

import { header, label, payload } from "../model/member.ts";
import { string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { Unit } from "../s3/shapes.ts";
import { configure, requireConfigured } from "./configured.ts";
import { declareOperation } from "./context.ts";
import { askedBlock, PublicAccessBlockConfiguration, shownBlock } from "./public-access-document.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html */
export const DeletePublicAccessBlock = declareOperation({
  name: "DeletePublicAccessBlock",
  http: { method: "DELETE", uri: "/{Bucket}?publicAccessBlock", status: 204 },
  action: "s3:PutBucketPublicAccessBlock",
  input: structure("DeletePublicAccessBlockRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, context) => {
  await configure(context, { field: "publicAccessBlock", value: null });
  return {};
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html */
export const GetPublicAccessBlock = declareOperation({
  name: "GetPublicAccessBlock",
  http: { method: "GET", uri: "/{Bucket}?publicAccessBlock", status: 200 },
  action: "s3:GetBucketPublicAccessBlock",
  input: structure("GetPublicAccessBlockRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetPublicAccessBlockOutput", {
    PublicAccessBlockConfiguration: payload(PublicAccessBlockConfiguration),
  }),
  errors: ["NoSuchBucket", "NoSuchPublicAccessBlockConfiguration"],
}).handledBy(async (_input, context) => {
  const block = requireConfigured(context, "publicAccessBlock", "NoSuchPublicAccessBlockConfiguration");
  return { PublicAccessBlockConfiguration: shownBlock(block) };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html */
export const PutPublicAccessBlock = declareOperation({
  name: "PutPublicAccessBlock",
  http: { method: "PUT", uri: "/{Bucket}?publicAccessBlock", status: 200 },
  action: "s3:PutBucketPublicAccessBlock",
  requiresBodyDigest: true,
  input: structure("PutPublicAccessBlockRequest", {
    Bucket: label(string),
    PublicAccessBlockConfiguration: payload(PublicAccessBlockConfiguration, {
      required: true,
      xmlName: "PublicAccessBlockConfiguration",
    }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "BadDigest", "InvalidDigest", "InvalidRequest", "MalformedXML"],
}).handledBy(async (input, context) => {
  await configure(context, {
    field: "publicAccessBlock",
    value: askedBlock(input.PublicAccessBlockConfiguration),
  });
  return {};
});
