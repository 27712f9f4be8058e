/** The policy of a bucket (`?policy`, `?policyStatus`). */

import { body, header, label, payload } from "../model/member.ts";
import { boolean, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const PolicyStatus = structure("PolicyStatus", {
  IsPublic: body(boolean, { xmlName: "IsPublic" }),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html */
export const DeleteBucketPolicy = declareOperation({
  name: "DeleteBucketPolicy",
  http: { method: "DELETE", uri: "/{Bucket}?policy", status: 204 },
  action: "s3:DeleteBucketPolicy",
  input: structure("DeleteBucketPolicyRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html */
export const GetBucketPolicy = declareOperation({
  name: "GetBucketPolicy",
  http: { method: "GET", uri: "/{Bucket}?policy", status: 200 },
  action: "s3:GetBucketPolicy",
  input: structure("GetBucketPolicyRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketPolicyOutput", {
    Policy: payload(string),
  }),
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html */
export const GetBucketPolicyStatus = declareOperation({
  name: "GetBucketPolicyStatus",
  http: { method: "GET", uri: "/{Bucket}?policyStatus", status: 200 },
  action: "s3:GetBucketPolicyStatus",
  input: structure("GetBucketPolicyStatusRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketPolicyStatusOutput", {
    PolicyStatus: payload(PolicyStatus),
  }),
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
export const PutBucketPolicy = declareOperation({
  name: "PutBucketPolicy",
  http: { method: "PUT", uri: "/{Bucket}?policy", status: 200 },
  action: "s3:PutBucketPolicy",
  requiresBodyDigest: true,
  input: structure("PutBucketPolicyRequest", {
    Bucket: label(string),
    Policy: payload(string, { required: true }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ConfirmRemoveSelfBucketAccess: header("x-amz-confirm-remove-self-bucket-access", boolean),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
