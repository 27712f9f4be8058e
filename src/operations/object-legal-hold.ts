/** Legal holds of objects (`?legal-hold`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, ObjectLockLegalHoldStatus, RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { declareOperation } from "./context.ts";

const ObjectLockLegalHold = structure("ObjectLockLegalHold", {
  Status: body(ObjectLockLegalHoldStatus),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html */
export const GetObjectLegalHold = declareOperation({
  name: "GetObjectLegalHold",
  http: { method: "GET", uri: "/{Bucket}/{Key+}?legal-hold", status: 200 },
  action: "s3:GetObjectLegalHold",
  input: structure("GetObjectLegalHoldRequest", {
    Bucket: label(string),
    Key: label(string),
    VersionId: query("versionId", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetObjectLegalHoldOutput", {
    LegalHold: payload(ObjectLockLegalHold, { xmlName: "LegalHold" }),
  }),
  errors: ["NoSuchBucket", "NoSuchKey"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html */
export const PutObjectLegalHold = declareOperation({
  name: "PutObjectLegalHold",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}?legal-hold", status: 200 },
  action: "s3:PutObjectLegalHold",
  requiresBodyDigest: true,
  input: structure("PutObjectLegalHoldRequest", {
    Bucket: label(string),
    Key: label(string),
    LegalHold: payload(ObjectLockLegalHold, { xmlName: "LegalHold" }),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    VersionId: query("versionId", string),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("PutObjectLegalHoldOutput", {
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: ["NoSuchBucket"],
});
