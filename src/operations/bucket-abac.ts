/** Attribute-based access control of a bucket (`?abac`). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { Unit } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const AbacStatus = structure("AbacStatus", {
  Status: body(enumeration("Disabled", "Enabled")),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAbac.html */
export const GetBucketAbac = declareOperation({
  name: "GetBucketAbac",
  http: { method: "GET", uri: "/{Bucket}?abac", status: 200 },
  action: "s3:GetBucketAbac",
  input: structure("GetBucketAbacRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetBucketAbacOutput", {
    AbacStatus: payload(AbacStatus),
  }),
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAbac.html */
export const PutBucketAbac = declareOperation({
  name: "PutBucketAbac",
  http: { method: "PUT", uri: "/{Bucket}?abac", status: 200 },
  action: "s3:PutBucketAbac",
  requiresBodyDigest: true,
  input: structure("PutBucketAbacRequest", {
    Bucket: label(string),
    AbacStatus: payload(AbacStatus, { required: true, xmlName: "AbacStatus" }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
});
