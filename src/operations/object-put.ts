/** Storing an object in one request. */

import { limits } from "../base/limits.ts";
import { header, label, payload, prefixHeaders } from "../model/member.ts";
import { boolean, dateTime, integer, long, map, stream, string, structure } from "../model/shape.ts";
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
import { checksumHeaders, customerKeyHeaders } from "../s3/member-groups.ts";
import { aclOfWrite, withAcl, writtenAclErrors } from "./acl-headers.ts";
import { declareOperation } from "./context.ts";
import { requireDigestOfLocked, withAskedLock } from "./object-lock.ts";
import { inlineBytesFor, metadataOf, quoteEtag, typedChecksum, writePreconditions } from "./object-metadata.ts";
import { planBody } from "./request-body.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const PutObject = declareOperation({
  name: "PutObject",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}", status: 200 },
  action: "s3:PutObject",
  input: structure("PutObjectRequest", {
    Bucket: label(string),
    Key: label(string),
    ACL: header("x-amz-acl", ObjectCannedACL),
    Body: payload(stream),
    CacheControl: header("Cache-Control", string),
    ContentDisposition: header("Content-Disposition", string),
    ContentEncoding: header("Content-Encoding", string),
    ContentLanguage: header("Content-Language", string),
    ContentLength: header("Content-Length", long),
    ContentMD5: header("Content-MD5", string),
    ContentType: header("Content-Type", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ...checksumHeaders,
    Expires: header("Expires", string),
    IfMatch: header("If-Match", string),
    IfNoneMatch: header("If-None-Match", string),
    GrantFullControl: header("x-amz-grant-full-control", string),
    GrantRead: header("x-amz-grant-read", string),
    GrantReadACP: header("x-amz-grant-read-acp", string),
    GrantWriteACP: header("x-amz-grant-write-acp", string),
    WriteOffsetBytes: header("x-amz-write-offset-bytes", long),
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
  }),
  output: structure("PutObjectOutput", {
    Expiration: header("x-amz-expiration", string),
    ETag: header("ETag", string),
    ...checksumHeaders,
    ChecksumType: header("x-amz-checksum-type", ChecksumType),
    ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
    VersionId: header("x-amz-version-id", string),
    SSECustomerAlgorithm: header("x-amz-server-side-encryption-customer-algorithm", string),
    SSECustomerKeyMD5: header("x-amz-server-side-encryption-customer-key-MD5", string),
    SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
    SSEKMSEncryptionContext: header("x-amz-server-side-encryption-context", string),
    BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
    Size: header("x-amz-object-size", long),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: [
    "NoSuchBucket",
    ...writtenAclErrors,
    "BadDigest",
    "EntityTooLarge",
    "IncompleteBody",
    "InvalidArgument",
    "InvalidDigest",
    "InvalidRequest",
    "MissingContentLength",
    "XAmzContentSHA256Mismatch",
    "InvalidStorageClass",
    "InvalidTag",
    "MetadataTooLarge",
    "NotImplemented",
    "PreconditionFailed",
    "QuotaExceeded",
    "SlowDown",
  ],
}).handledBy(async (input, context) => {
  const { bucket, request, services } = context;
  refuseUnservedHeaders(request.headers);
  const metadata = withAskedLock(withAcl(metadataOf(input), aclOfWrite(input, context)), input, context);
  requireDigestOfLocked(metadata, context);
  const preconditions = writePreconditions(request.headers);
  const plan = planBody(request, context.payload, bucket, {
    bytesMax: limits.singlePutBytesMax,
    inlineBytesMax: inlineBytesFor(metadata),
  });
  const source = await services.bodies.store(
    { bucket: bucket.id, partition: bucket.partition },
    request.body,
    plan,
    context.requestId,
  );
  const written = await services.askBucket(bucket, "object.put", { key: input.Key, source, metadata, preconditions });
  return {
    ETag: quoteEtag(written.etag),
    ...typedChecksum(written.checksum),
    ...(written.versionId === null ? {} : { VersionId: written.versionId }),
  };
});
