/** Object ownership of a bucket (`?ownershipControls`). */

import { body, header, label, payload } from "../model/member.ts";
import { list, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, ObjectOwnership } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { Unit } from "../s3/shapes.ts";
import { configure, requireConfigured } from "./configured.ts";
import { declareOperation } from "./context.ts";

const OwnershipControlsRule = structure("OwnershipControlsRule", {
  ObjectOwnership: body(ObjectOwnership, { required: true }),
});

const OwnershipControls = structure("OwnershipControls", {
  Rules: body(list(OwnershipControlsRule), { required: true, xmlName: "Rule", xmlFlattened: true }),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html */
export const DeleteBucketOwnershipControls = declareOperation({
  name: "DeleteBucketOwnershipControls",
  http: { method: "DELETE", uri: "/{Bucket}?ownershipControls", status: 204 },
  action: "s3:PutBucketOwnershipControls",
  input: structure("DeleteBucketOwnershipControlsRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, context) => {
  await configure(context, { field: "ownershipControls", value: null });
  return {};
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html */
export const GetBucketOwnershipControls = declareOperation({
  name: "GetBucketOwnershipControls",
  http: { method: "GET", uri: "/{Bucket}?ownershipControls", status: 200 },
  action: "s3:GetBucketOwnershipControls",
  input: structure("GetBucketOwnershipControlsRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketOwnershipControlsOutput", {
    OwnershipControls: payload(OwnershipControls),
  }),
  errors: ["NoSuchBucket", "OwnershipControlsNotFoundError"],
}).handledBy(async (_input, context) => {
  const ownership = requireConfigured(context, "ownershipControls", "OwnershipControlsNotFoundError");
  return { OwnershipControls: { Rules: [{ ObjectOwnership: ownership }] } };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html */
export const PutBucketOwnershipControls = declareOperation({
  name: "PutBucketOwnershipControls",
  http: { method: "PUT", uri: "/{Bucket}?ownershipControls", status: 200 },
  action: "s3:PutBucketOwnershipControls",
  requiresBodyDigest: true,
  input: structure("PutBucketOwnershipControlsRequest", {
    Bucket: label(string),
    OwnershipControls: payload(OwnershipControls, { required: true, xmlName: "OwnershipControls" }),
    ContentMD5: header("Content-MD5", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "BadDigest", "InvalidBucketAclWithObjectOwnership", "InvalidDigest", "MalformedXML"],
}).handledBy(async (input, context) => {
  const [rule, ...others] = input.OwnershipControls.Rules;
  if (rule === undefined || others.length > 0) throw new S3Error("MalformedXML");
  await configure(context, { field: "ownershipControls", value: rule.ObjectOwnership });
  return {};
});
