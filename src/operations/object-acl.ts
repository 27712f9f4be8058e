/** Access control lists of objects (`?acl`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { list, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, ObjectCannedACL, RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { AccessControlPolicy, Grant, Owner } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html */
export const GetObjectAcl = declareOperation({
  name: "GetObjectAcl",
  http: { method: "GET", uri: "/{Bucket}/{Key+}?acl", status: 200 },
  action: "s3:GetObjectAcl",
  versionAction: "s3:GetObjectVersionAcl",
  input: structure("GetObjectAclRequest", {
    Bucket: label(string),
    Key: label(string),
    VersionId: query("versionId", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetObjectAclOutput",
    {
      Owner: body(Owner),
      Grants: body(list(Grant, "Grant"), { xmlName: "AccessControlList" }),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
    },
    { xmlName: "AccessControlPolicy" },
  ),
  errors: ["NoSuchBucket", "NoSuchKey"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html */
export const PutObjectAcl = declareOperation({
  name: "PutObjectAcl",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}?acl", status: 200 },
  action: "s3:PutObjectAcl",
  versionAction: "s3:PutObjectVersionAcl",
  requiresBodyDigest: true,
  input: structure("PutObjectAclRequest", {
    Bucket: label(string),
    Key: label(string),
    ACL: header("x-amz-acl", ObjectCannedACL),
    AccessControlPolicy: payload(AccessControlPolicy, { xmlName: "AccessControlPolicy" }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    GrantFullControl: header("x-amz-grant-full-control", string),
    GrantRead: header("x-amz-grant-read", string),
    GrantReadACP: header("x-amz-grant-read-acp", string),
    GrantWrite: header("x-amz-grant-write", string),
    GrantWriteACP: header("x-amz-grant-write-acp", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    VersionId: query("versionId", string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("PutObjectAclOutput", {
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: ["NoSuchBucket"],
});
