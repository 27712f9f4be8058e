/** Object ownership of a bucket (`?ownershipControls`). */

import { body, header, label, payload } from "../model/member.ts";
import { list, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, ObjectOwnership } from "../s3/enumerations.ts";
import { Unit } from "../s3/shapes.ts";
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
  errors: ["NoSuchBucket"],
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
  errors: ["NoSuchBucket"],
});
