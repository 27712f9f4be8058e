/** Access control lists of buckets (`?acl`). */

import { body, header, label, payload } from "../model/member.ts";
import { list, string, structure } from "../model/shape.ts";
import { BucketCannedACL, ChecksumAlgorithm } from "../s3/enumerations.ts";
import { AccessControlPolicy, Grant, Owner, Unit } from "../s3/shapes.ts";
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
    AccessControlPolicy: payload(AccessControlPolicy, { xmlName: "AccessControlPolicy" }),
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
  errors: ["NoSuchBucket"],
});
