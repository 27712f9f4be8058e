/** Legal holds of objects (`?legal-hold`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, ObjectLockLegalHoldStatus, RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { declareOperation } from "./context.ts";
import { readObject } from "./found-version.ts";
import { onOff, requireObjectLock } from "./object-lock.ts";
import { setAttributes } from "./set-attributes.ts";

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
  errors: [
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchVersion",
    "InvalidArgument",
    "InvalidRequest",
    "MethodNotAllowed",
    "NoSuchObjectLockConfiguration",
  ],
}).handledBy(async (input, context) => {
  requireObjectLock(context);
  return readObject(input, context, ({ metadata }) => {
    const { legalHold = null } = metadata.lock ?? {};
    if (legalHold === null) throw new S3Error("NoSuchObjectLockConfiguration");
    return { LegalHold: { Status: onOff(legalHold) } };
  });
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html */
export const PutObjectLegalHold = declareOperation({
  name: "PutObjectLegalHold",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}?legal-hold", status: 200 },
  action: "s3:PutObjectLegalHold",
  authorisation: "items",
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
  errors: [
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchVersion",
    "BadDigest",
    "InvalidArgument",
    "InvalidDigest",
    "InvalidRequest",
    "MalformedXML",
    "MethodNotAllowed",
    "OperationAborted",
  ],
}).handledBy(async (input, context) => {
  const status = input.LegalHold?.Status;
  if (status === undefined) throw new S3Error("MalformedXML");
  context.authorizeBody("s3:PutObjectLegalHold", input.Key, new Map([["x-amz-object-lock-legal-hold", status]]));
  requireObjectLock(context);
  await setAttributes(input, context, { legalHold: status === "ON" });
  return {};
});
