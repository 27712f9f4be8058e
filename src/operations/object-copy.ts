/** Copies of objects inside the installation. */

import type { ObjectMetadata } from "../bucket/messages.ts";
import { body, header, label, payload, prefixHeaders } from "../model/member.ts";
import { boolean, dateTime, enumeration, integer, map, string, structure, timestamp } from "../model/shape.ts";
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
import { S3Error } from "../s3/errors.ts";
import { checksumElements, customerKeyHeaders } from "../s3/member-groups.ts";
import { uploadChecksum } from "../s3/upload-checksum.ts";
import { aclOfWrite, withAcl, writtenAclErrors } from "./acl-headers.ts";
import { type Context, declareOperation } from "./context.ts";
import { copiedVersion, type OpenedSource, openCopySource } from "./copy-source.ts";
import { encryptionForWrite, type WriteEncryption } from "./encryption.ts";
import { writtenExpiration } from "./lifecycle-headers.ts";
import { withAskedLock } from "./object-lock.ts";
import {
  inlineBytesFor,
  type MetadataInput,
  metadataOf,
  quoteEtag,
  typedChecksum,
  writePreconditions,
} from "./object-metadata.ts";
import { planCopy } from "./request-body.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

const CopyObjectResult = structure("CopyObjectResult", {
  ETag: body(string),
  LastModified: body(timestamp),
  ChecksumType: body(ChecksumType),
  ...checksumElements,
});

interface Directives extends MetadataInput {
  readonly ChecksumAlgorithm?: string | undefined;
  readonly Key: string;
  readonly MetadataDirective?: "COPY" | "REPLACE" | undefined;
  readonly TaggingDirective?: "COPY" | "REPLACE" | undefined;
  readonly ServerSideEncryption?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
}

/**
 * Metadata of the copy. The storage class, the website redirect, the lock, the ACL and the encryption are never copied; tags have a
 * directive of their own.
 */
const copiedMetadata = (
  input: Directives,
  source: ObjectMetadata,
  encryption: WriteEncryption | null,
): ObjectMetadata => {
  const asked = metadataOf(input, encryption);
  const { tagging: askedTagging, ...given } = asked;
  const { acl: _acl, encryption: _encryption, lock: _lock, tagging: sourceTagging, ...kept } = source;
  const { storageClass: _class, websiteRedirectLocation: _redirect, ...copied } = kept;
  const tagging = input.TaggingDirective === "REPLACE" ? askedTagging : sourceTagging;
  const { storageClass, websiteRedirectLocation } = given;
  const base =
    input.MetadataDirective === "REPLACE"
      ? given
      : {
          ...copied,
          ...(storageClass === undefined ? {} : { storageClass }),
          ...(websiteRedirectLocation === undefined ? {} : { websiteRedirectLocation }),
          ...(encryption === null ? {} : { encryption: encryption.stored }),
        };
  return tagging === undefined ? base : { ...base, tagging };
};

/**
 * Tags that come along unasked take the permissions to read them there and to write them here.
 * @throws S3Error AccessDenied. Source: AWS CopyObject, "Permissions".
 */
const requireTagsMayCome = (input: Directives, source: OpenedSource, context: Pick<Context, "allows">): void => {
  if (input.TaggingDirective === "REPLACE" || source.object.metadata.tagging === undefined) return;
  const reading = source.isVersionNamed ? "s3:GetObjectVersionTagging" : "s3:GetObjectTagging";
  const isAllowed =
    context.allows(reading, source.key, source.record) && context.allows("s3:PutObjectTagging", input.Key);
  if (!isAllowed) throw new S3Error("AccessDenied");
};

/** @throws S3Error InvalidRequest when a copy onto itself would change nothing */
const refuseCopyToItself = (input: Directives, source: OpenedSource, bucket: string): void => {
  // A version that is named becomes the newest: that is how an older one is brought back.
  if (source.bucket !== bucket || source.key !== input.Key || source.isVersionNamed) return;
  const changes =
    input.MetadataDirective === "REPLACE" ||
    input.TaggingDirective === "REPLACE" ||
    input.StorageClass !== undefined ||
    input.WebsiteRedirectLocation !== undefined ||
    input.ChecksumAlgorithm !== undefined ||
    input.ServerSideEncryption !== undefined ||
    input.SSECustomerKey !== undefined;
  if (changes) return;
  throw new S3Error("InvalidRequest", {
    Message:
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  });
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const CopyObject = declareOperation({
  name: "CopyObject",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}", status: 200, requiresHeader: "x-amz-copy-source" },
  action: "s3:PutObject",
  input: structure("CopyObjectRequest", {
    Bucket: label(string),
    CopySource: header("x-amz-copy-source", string, { required: true }),
    Key: label(string),
    ACL: header("x-amz-acl", ObjectCannedACL),
    CacheControl: header("Cache-Control", string),
    ChecksumAlgorithm: header("x-amz-checksum-algorithm", ChecksumAlgorithm),
    ContentDisposition: header("Content-Disposition", string),
    ContentEncoding: header("Content-Encoding", string),
    ContentLanguage: header("Content-Language", string),
    ContentType: header("Content-Type", string),
    CopySourceIfMatch: header("x-amz-copy-source-if-match", string),
    CopySourceIfModifiedSince: header("x-amz-copy-source-if-modified-since", timestamp),
    CopySourceIfNoneMatch: header("x-amz-copy-source-if-none-match", string),
    CopySourceIfUnmodifiedSince: header("x-amz-copy-source-if-unmodified-since", timestamp),
    Expires: header("Expires", string),
    GrantFullControl: header("x-amz-grant-full-control", string),
    GrantRead: header("x-amz-grant-read", string),
    GrantReadACP: header("x-amz-grant-read-acp", string),
    GrantWriteACP: header("x-amz-grant-write-acp", string),
    IfMatch: header("If-Match", string),
    IfNoneMatch: header("If-None-Match", string),
    Metadata: prefixHeaders("x-amz-meta-", map),
    MetadataDirective: header("x-amz-metadata-directive", enumeration("COPY", "REPLACE")),
    TaggingDirective: header("x-amz-tagging-directive", enumeration("COPY", "REPLACE")),
    AnnotationDirective: header("x-amz-object-annotation-directive", enumeration("COPY", "EXCLUDE")),
    ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
    StorageClass: header("x-amz-storage-class", StorageClass),
    WebsiteRedirectLocation: header("x-amz-website-redirect-location", string),
    ...customerKeyHeaders,
    SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
    SSEKMSEncryptionContext: header("x-amz-server-side-encryption-context", string),
    BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
    CopySourceSSECustomerAlgorithm: header("x-amz-copy-source-server-side-encryption-customer-algorithm", string),
    CopySourceSSECustomerKey: header("x-amz-copy-source-server-side-encryption-customer-key", string),
    CopySourceSSECustomerKeyMD5: header("x-amz-copy-source-server-side-encryption-customer-key-MD5", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    Tagging: header("x-amz-tagging", string),
    ObjectLockMode: header("x-amz-object-lock-mode", ObjectLockMode),
    ObjectLockRetainUntilDate: header("x-amz-object-lock-retain-until-date", dateTime),
    ObjectLockLegalHoldStatus: header("x-amz-object-lock-legal-hold", ObjectLockLegalHoldStatus),
    ObjectLockEventHold: header("x-amz-object-lock-event-hold", ObjectLockEventHold),
    ObjectLockEventHoldDurationDays: header("x-amz-object-lock-event-hold-duration-days", integer),
    ObjectLockEventHoldDurationYears: header("x-amz-object-lock-event-hold-duration-years", integer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ExpectedSourceBucketOwner: header("x-amz-source-expected-bucket-owner", string),
  }),
  output: structure("CopyObjectOutput", {
    CopyObjectResult: payload(CopyObjectResult),
    Expiration: header("x-amz-expiration", string),
    CopySourceVersionId: header("x-amz-copy-source-version-id", string),
    VersionId: header("x-amz-version-id", string),
    ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
    SSECustomerAlgorithm: header("x-amz-server-side-encryption-customer-algorithm", string),
    SSECustomerKeyMD5: header("x-amz-server-side-encryption-customer-key-MD5", string),
    SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
    SSEKMSEncryptionContext: header("x-amz-server-side-encryption-context", string),
    BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: [
    "NoSuchBucket",
    ...writtenAclErrors,
    "NoSuchKey",
    "NoSuchVersion",
    "InvalidArgument",
    "InvalidRequest",
    "InvalidEncryptionAlgorithmError",
    "KMS.NotFoundException",
    "NotImplemented",
    "PreconditionFailed",
    "QuotaExceeded",
  ],
}).handledBy(async (input, context) => {
  const { bucket, request, services } = context;
  refuseUnservedHeaders(request.headers);
  const preconditions = writePreconditions(request.headers);
  const { checksumAlgorithm } = uploadChecksum(input.ChecksumAlgorithm, undefined);
  const acl = aclOfWrite(input, context);
  const encryption = await encryptionForWrite(input, context);
  const source = await openCopySource(input, context);
  try {
    refuseCopyToItself(input, source, bucket.name);
    requireTagsMayCome(input, source, context);
    const copied = withAcl(copiedMetadata(input, source.object.metadata, encryption), acl);
    const metadata = withAskedLock(copied, input, context);
    const algorithm = checksumAlgorithm ?? source.object.checksum?.algorithm ?? null;
    const plan = planCopy(bucket, source.body.contentLength, algorithm, {
      inlineBytesMax: inlineBytesFor(metadata),
      encryption: encryption?.body ?? null,
    });
    const address = { bucket: bucket.id, partition: bucket.partition };
    const stored = await source.body.writtenBy(services.bodies.store(address, source.body, plan, context.requestId));
    const { Key: key } = input;
    const written = await services.askBucket(bucket, "object.put", {
      key,
      source: stored,
      metadata,
      preconditions,
      isCopied: true,
    });
    return {
      CopyObjectResult: {
        ETag: quoteEtag(written.etag),
        LastModified: written.modifiedMs,
        ...typedChecksum(written.checksum),
      },
      Expiration: writtenExpiration(context, key, written, () => metadata.tagging),
      ...copiedVersion(source),
      ...encryption?.shown,
      ...(written.versionId === null ? {} : { VersionId: written.versionId }),
    };
  } finally {
    source.body.close();
  }
});
