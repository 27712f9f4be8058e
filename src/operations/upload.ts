/** Multipart uploads: begin, abort. */

import { body, header, label, prefixHeaders, query } from "../model/member.ts";
import { boolean, dateTime, httpDate, integer, map, string, structure, timestamp } from "../model/shape.ts";
import {
  ChecksumAlgorithm,
  ChecksumType,
  ObjectCannedACL,
  ObjectLockEventHold,
  ObjectLockLegalHoldStatus,
  ObjectLockMode,
  RequestCharged,
  RequestPayer,
  ServerSideEncryption,
  StorageClass,
} from "../s3/enumerations.ts";
import { customerKeyHeaders } from "../s3/member-groups.ts";
import { uploadChecksum } from "../s3/upload-checksum.ts";
import { aclOfWrite, withAcl, writtenAclErrors } from "./acl-headers.ts";
import { declareOperation } from "./context.ts";
import { withAskedLock } from "./object-lock.ts";
import { inlineBytesFor, metadataOf } from "./object-metadata.ts";
import { initiatedBy } from "./owner.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export const CreateMultipartUpload = declareOperation({
  name: "CreateMultipartUpload",
  http: { method: "POST", uri: "/{Bucket}/{Key+}?uploads", status: 200 },
  action: "s3:PutObject",
  input: structure("CreateMultipartUploadRequest", {
    Bucket: label(string),
    Key: label(string),
    ACL: header("x-amz-acl", ObjectCannedACL),
    CacheControl: header("Cache-Control", string),
    ContentDisposition: header("Content-Disposition", string),
    ContentEncoding: header("Content-Encoding", string),
    ContentLanguage: header("Content-Language", string),
    ContentType: header("Content-Type", string),
    Expires: header("Expires", string),
    GrantFullControl: header("x-amz-grant-full-control", string),
    GrantRead: header("x-amz-grant-read", string),
    GrantReadACP: header("x-amz-grant-read-acp", string),
    GrantWriteACP: header("x-amz-grant-write-acp", string),
    Metadata: prefixHeaders("x-amz-meta-", map),
    ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
    StorageClass: header("x-amz-storage-class", StorageClass),
    WebsiteRedirectLocation: header("x-amz-website-redirect-location", string),
    ...customerKeyHeaders,
    SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
    SSEKMSEncryptionContext: header("x-amz-server-side-encryption-context", string),
    BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    Tagging: header("x-amz-tagging", string),
    ObjectLockMode: header("x-amz-object-lock-mode", ObjectLockMode),
    ObjectLockRetainUntilDate: header("x-amz-object-lock-retain-until-date", dateTime),
    ObjectLockLegalHoldStatus: header("x-amz-object-lock-legal-hold", ObjectLockLegalHoldStatus),
    ObjectLockEventHold: header("x-amz-object-lock-event-hold", ObjectLockEventHold),
    ObjectLockEventHoldDurationDays: header("x-amz-object-lock-event-hold-duration-days", integer),
    ObjectLockEventHoldDurationYears: header("x-amz-object-lock-event-hold-duration-years", integer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ChecksumAlgorithm: header("x-amz-checksum-algorithm", ChecksumAlgorithm),
    ChecksumType: header("x-amz-checksum-type", ChecksumType),
  }),
  output: structure(
    "CreateMultipartUploadOutput",
    {
      AbortDate: header("x-amz-abort-date", timestamp),
      AbortRuleId: header("x-amz-abort-rule-id", string),
      Bucket: body(string, { xmlName: "Bucket" }),
      Key: body(string),
      UploadId: body(string),
      ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
      SSECustomerAlgorithm: header("x-amz-server-side-encryption-customer-algorithm", string),
      SSECustomerKeyMD5: header("x-amz-server-side-encryption-customer-key-MD5", string),
      SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
      SSEKMSEncryptionContext: header("x-amz-server-side-encryption-context", string),
      BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
      ChecksumAlgorithm: header("x-amz-checksum-algorithm", ChecksumAlgorithm),
      ChecksumType: header("x-amz-checksum-type", ChecksumType),
    },
    { xmlName: "InitiateMultipartUploadResult" },
  ),
  errors: [
    "NoSuchBucket",
    ...writtenAclErrors,
    "InvalidStorageClass",
    "InvalidTag",
    "MetadataTooLarge",
    "NotImplemented",
  ],
}).handledBy(async (input, context) => {
  const { bucket, request, services } = context;
  refuseUnservedHeaders(request.headers);
  const asked = { ...withAcl(metadataOf(input), aclOfWrite(input, context)), ...initiatedBy(context) };
  const metadata = withAskedLock(asked, input, context);
  inlineBytesFor(metadata);
  const checksum = uploadChecksum(input.ChecksumAlgorithm, input.ChecksumType);
  const { uploadId } = await services.askBucket(bucket, "upload.create", { key: input.Key, metadata, ...checksum });
  return {
    Bucket: bucket.name,
    Key: input.Key,
    UploadId: uploadId,
    ...(checksum.checksumAlgorithm === null ? {} : { ChecksumAlgorithm: checksum.checksumAlgorithm }),
    ...(checksum.checksumType === null ? {} : { ChecksumType: checksum.checksumType }),
  };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export const AbortMultipartUpload = declareOperation({
  name: "AbortMultipartUpload",
  http: { method: "DELETE", uri: "/{Bucket}/{Key+}", status: 204 },
  action: "s3:AbortMultipartUpload",
  input: structure("AbortMultipartUploadRequest", {
    Bucket: label(string),
    Key: label(string),
    UploadId: query("uploadId", string, { required: true }),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    IfMatchInitiatedTime: header("x-amz-if-match-initiated-time", httpDate),
  }),
  output: structure("AbortMultipartUploadOutput", {
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: ["NoSuchBucket", "NoSuchUpload", "PreconditionFailed"],
}).handledBy(async (input, { bucket, services }) => {
  const { Key: key, UploadId: uploadId, IfMatchInitiatedTime: initiatedMs } = input;
  const condition = initiatedMs === undefined ? {} : { initiatedMs };
  await services.askBucket(bucket, "upload.abort", { key, uploadId, ...condition });
  return {};
});
