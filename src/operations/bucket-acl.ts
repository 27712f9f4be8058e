/** Access control lists of buckets (`?acl`). */

import { body, header, label, payload } from "../model/member.ts";
import { list, string, structure } from "../model/shape.ts";
import { privateAcl } from "../s3/acl.ts";
import { BucketCannedACL, ChecksumAlgorithm } from "../s3/enumerations.ts";
import { isPrivate } from "../s3/object-ownership.ts";
import { AccessControlPolicy, Grant, Owner, Unit } from "../s3/shapes.ts";
import { bucketOwnerIdOf, changedAcl, changedAclErrors, granteesOf, ownershipOf } from "./acl-headers.ts";
import { aclMembers } from "./acl-members.ts";
import { configure } from "./configured.ts";
import { declareOperation } from "./context.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html */
export const GetBucketAcl = declareOperation({
  name: "GetBucketAcl",
  http: { method: "GET", uri: "/{Bucket}?acl", status: 200 },
  action: "s3:GetBucketAcl",
  input: structure("GetBucketAclRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetBucketAclOutput",
    {
      Owner: body(Owner),
      Grants: body(list(Grant, "Grant"), { xmlName: "AccessControlList" }),
    },
    { xmlName: "AccessControlPolicy" },
  ),
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, { bucket, services }) => {
  const { control } = services;
  const isDisabled = ownershipOf(services, bucket) === "BucketOwnerEnforced";
  const acl = isDisabled ? null : services.configurationOf(bucket).get("acl");
  return aclMembers(acl ?? privateAcl(bucketOwnerIdOf(control, bucket)), granteesOf(control));
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html */
export const PutBucketAcl = declareOperation({
  name: "PutBucketAcl",
  http: { method: "PUT", uri: "/{Bucket}?acl", status: 200 },
  action: "s3:PutBucketAcl",
  requiresBodyDigest: true,
  input: structure("PutBucketAclRequest", {
    Bucket: label(string),
    ACL: header("x-amz-acl", BucketCannedACL),
    AccessControlPolicy: payload(AccessControlPolicy, {
      xmlName: "AccessControlPolicy",
      malformedAs: "MalformedACLError",
    }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    GrantFullControl: header("x-amz-grant-full-control", string),
    GrantRead: header("x-amz-grant-read", string),
    GrantReadACP: header("x-amz-grant-read-acp", string),
    GrantWrite: header("x-amz-grant-write", string),
    GrantWriteACP: header("x-amz-grant-write-acp", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", ...changedAclErrors],
}).handledBy(async (input, context) => {
  const ownerId = bucketOwnerIdOf(context.services.control, context.bucket);
  const acl = changedAcl(input, ownerId, context);
  // Where the bucket's owner owns everything, the ACL says what holds anyway: the one that slept is kept.
  if (ownershipOf(context.services, context.bucket) === "BucketOwnerEnforced") return {};
  await configure(context, { field: "acl", value: isPrivate(acl, ownerId) ? null : acl });
  return {};
});
