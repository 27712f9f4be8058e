/** The policy of a bucket (`?policy`, `?policyStatus`). */

import { isUtf8 } from "node:buffer";
import { bindPolicy, shownPolicy } from "../account/policy-principals.ts";
import { limits } from "../base/limits.ts";
import { body, header, label, payload } from "../model/member.ts";
import { boolean, string, structure } from "../model/shape.ts";
import { checkBucketActions } from "../policy/bucket-actions.ts";
import { type PolicyDocument, parseBucketPolicy } from "../policy/document.ts";
import { PolicyError } from "../policy/policy-error.ts";
import { isPublicPolicy } from "../policy/public-policy.ts";
import { parseStoredPolicy, type StoredPolicy } from "../policy/stored-policy.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { Unit } from "../s3/shapes.ts";
import { configure, requireConfigured } from "./configured.ts";
import { type Context, declareOperation, type Services } from "./context.ts";

const PolicyStatus = structure("PolicyStatus", {
  IsPublic: body(boolean, { xmlName: "IsPublic" }),
});

/** A bucket's policy is its owner's account's alone, whatever the policy itself allows. @throws S3Error MethodNotAllowed */
const requireOwnAccount = ({ bucket, principal, request }: Context): void => {
  if (principal.account.accountId === bucket.accountId) return;
  throw new S3Error("MethodNotAllowed", { Method: request.method, ResourceType: "BUCKETPOLICY" });
};

/** @throws S3Error MalformedPolicy, which says where */
const checkedPolicy = (
  text: string,
  bucket: string,
  control: Services["control"],
): { document: PolicyDocument; stored: StoredPolicy } => {
  control.refresh();
  try {
    const document = parseBucketPolicy(text, bucket);
    checkBucketActions(document);
    return { document, stored: bindPolicy(text, document, (key) => control.record(key)) };
  } catch (error) {
    if (error instanceof PolicyError) throw new S3Error("MalformedPolicy", { Message: error.message });
    throw error;
  }
};

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
  errors: ["NoSuchBucket", "MethodNotAllowed"],
}).handledBy(async (_input, context) => {
  requireOwnAccount(context);
  await configure(context, { field: "policy", value: null });
  return {};
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
  errors: ["NoSuchBucket", "NoSuchBucketPolicy", "MethodNotAllowed"],
}).handledBy(async (_input, context) => {
  requireOwnAccount(context);
  const stored = requireConfigured(context, "policy", "NoSuchBucketPolicy");
  const { control } = context.services;
  control.refresh();
  return { Policy: shownPolicy(stored, (key) => control.record(key)) };
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
  errors: ["NoSuchBucket", "NoSuchBucketPolicy"],
}).handledBy(async (_input, context) => {
  const stored = requireConfigured(context, "policy", "NoSuchBucketPolicy");
  return { PolicyStatus: { IsPublic: isPublicPolicy(parseStoredPolicy(stored, "resource")) } };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
export const PutBucketPolicy = declareOperation({
  name: "PutBucketPolicy",
  http: { method: "PUT", uri: "/{Bucket}?policy", status: 200, wireStatus: 204 },
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
  errors: [
    "NoSuchBucket",
    "AccessDenied",
    "BadDigest",
    "InvalidDigest",
    "MalformedPolicy",
    "MethodNotAllowed",
    "PolicyTooLarge",
  ],
}).handledBy(async (input, context) => {
  requireOwnAccount(context);
  const { bucket, services, wholeBody } = context;
  if (wholeBody === null || !isUtf8(wholeBody)) throw new S3Error("MalformedPolicy");
  if (wholeBody.length > limits.bucketPolicyBytesMax) {
    throw new S3Error("PolicyTooLarge", { MaxSizeAllowed: String(limits.bucketPolicyBytesMax) });
  }
  const { document, stored } = checkedPolicy(input.Policy, bucket.name, services.control);
  const { blockPublicPolicy } = services.publicAccessBlockOf(bucket, bucket.accountId);
  if (blockPublicPolicy && isPublicPolicy(document)) throw new S3Error("AccessDenied");
  await configure(context, { field: "policy", value: stored });
  return {};
});
