/** Reading an object. */

import { header, label, payload, prefixHeaders, query } from "../model/member.ts";
import { boolean, dateTime, integer, long, map, stream, string, structure, timestamp } from "../model/shape.ts";
import {
  ChecksumMode,
  ChecksumType,
  ObjectLockEventHold,
  ObjectLockLegalHoldStatus,
  ObjectLockMode,
  ReplicationStatus,
  RequestCharged,
  RequestPayer,
  ServerSideEncryption,
  StorageClass,
} from "../s3/enumerations.ts";
import { checksumHeaders, customerKeyHeaders } from "../s3/member-groups.ts";
import { declareOperation } from "./context.ts";
import { describe, selectBytes } from "./object-read.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export const GetObject = declareOperation({
  name: "GetObject",
  http: { method: "GET", uri: "/{Bucket}/{Key+}", status: 200, statusWith: { member: "ContentRange", status: 206 } },
  action: "s3:GetObject",
  versionAction: "s3:GetObjectVersion",
  input: structure("GetObjectRequest", {
    Bucket: label(string),
    Key: label(string),
    IfMatch: header("If-Match", string),
    IfModifiedSince: header("If-Modified-Since", timestamp),
    IfNoneMatch: header("If-None-Match", string),
    IfUnmodifiedSince: header("If-Unmodified-Since", timestamp),
    Range: header("Range", string),
    ResponseCacheControl: query("response-cache-control", string),
    ResponseContentDisposition: query("response-content-disposition", string),
    ResponseContentEncoding: query("response-content-encoding", string),
    ResponseContentLanguage: query("response-content-language", string),
    ResponseContentType: query("response-content-type", string),
    ResponseExpires: query("response-expires", string),
    VersionId: query("versionId", string),
    ...customerKeyHeaders,
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    PartNumber: query("partNumber", integer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ChecksumMode: header("x-amz-checksum-mode", ChecksumMode),
  }),
  output: structure("GetObjectOutput", {
    Body: payload(stream),
    DeleteMarker: header("x-amz-delete-marker", boolean),
    AcceptRanges: header("accept-ranges", string),
    Expiration: header("x-amz-expiration", string),
    Restore: header("x-amz-restore", string),
    LastModified: header("Last-Modified", timestamp),
    ContentLength: header("Content-Length", long),
    ETag: header("ETag", string),
    ...checksumHeaders,
    ChecksumType: header("x-amz-checksum-type", ChecksumType),
    MissingMeta: header("x-amz-missing-meta", integer),
    VersionId: header("x-amz-version-id", string),
    CacheControl: header("Cache-Control", string),
    ContentDisposition: header("Content-Disposition", string),
    ContentEncoding: header("Content-Encoding", string),
    ContentLanguage: header("Content-Language", string),
    ContentRange: header("Content-Range", string),
    ContentType: header("Content-Type", string),
    Expires: header("Expires", string),
    ExpiresString: header("ExpiresString", string),
    WebsiteRedirectLocation: header("x-amz-website-redirect-location", string),
    ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
    Metadata: prefixHeaders("x-amz-meta-", map),
    SSECustomerAlgorithm: header("x-amz-server-side-encryption-customer-algorithm", string),
    SSECustomerKeyMD5: header("x-amz-server-side-encryption-customer-key-MD5", string),
    SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
    BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
    StorageClass: header("x-amz-storage-class", StorageClass),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
    ReplicationStatus: header("x-amz-replication-status", ReplicationStatus),
    PartsCount: header("x-amz-mp-parts-count", integer),
    TagCount: header("x-amz-tagging-count", integer),
    ObjectLockMode: header("x-amz-object-lock-mode", ObjectLockMode),
    ObjectLockRetainUntilDate: header("x-amz-object-lock-retain-until-date", dateTime),
    ObjectLockLegalHoldStatus: header("x-amz-object-lock-legal-hold", ObjectLockLegalHoldStatus),
    ObjectLockEventHold: header("x-amz-object-lock-event-hold", ObjectLockEventHold),
    ObjectLockEventHoldDurationDays: header("x-amz-object-lock-event-hold-duration-days", integer),
    ObjectLockEventHoldDurationYears: header("x-amz-object-lock-event-hold-duration-years", integer),
  }),
  errors: [
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchVersion",
    "InvalidArgument",
    "InvalidPartNumber",
    "InvalidRange",
    "MethodNotAllowed",
    "NotModified",
    "PreconditionFailed",
  ],
}).handledBy(async (input, context) => {
  const { bucket, request, services } = context;
  refuseUnservedHeaders(request.headers);
  const address = { bucket: bucket.id, partition: bucket.partition, key: input.Key, versionId: input.VersionId };
  return services.objects.read(address, (found, open) => {
    const { object, selection } = selectBytes(input, found, request);
    return describe(input, object, selection, open(selection.start, selection.end - selection.start), context);
  });
});
