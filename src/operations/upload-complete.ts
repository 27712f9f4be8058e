/** Completing a multipart upload. */

import { limits } from "../base/limits.ts";
import type { BucketRequest } from "../bucket/messages.ts";
import { body, header, label, payload, query } from "../model/member.ts";
import { boolean, integer, list, long, string, structure, type ValueOf } from "../model/shape.ts";
import { ChecksumType, RequestCharged, RequestPayer, ServerSideEncryption } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { checksumElements, checksumHeaders, customerKeyHeaders } from "../s3/member-groups.ts";
import { bareEtag } from "../s3/read-conditions.ts";
import { checkClaimedValue, claimedChecksum } from "./checksum-claims.ts";
import { declareOperation } from "./context.ts";
import { customerKeyOf, judgeUploadKey } from "./customer-key.ts";
import { shownEncryption } from "./encryption.ts";
import { currentTagging, writtenExpiration } from "./lifecycle-headers.ts";
import { quoteEtag, typedChecksum, writePreconditions } from "./object-metadata.ts";
import { checkPartNumber } from "./part-number.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

const CompletedPart = structure("CompletedPart", {
  ETag: body(string),
  ...checksumElements,
  PartNumber: body(integer),
});

const CompletedMultipartUpload = structure("CompletedMultipartUpload", {
  Parts: body(list(CompletedPart), { xmlName: "Part", xmlFlattened: true }),
});

type Parts = BucketRequest<"upload.complete">["parts"];

/**
 * @throws S3Error MalformedXML (no part, too many, or one without number or ETag), InvalidArgument (a part number out of
 * bounds), and those of `claimedChecksum`
 */
const completedParts = (listed: readonly ValueOf<typeof CompletedPart>[] | undefined): Parts => {
  if (listed === undefined || listed.length === 0 || listed.length > limits.partNumberMax) {
    throw new S3Error("MalformedXML");
  }
  return listed.map((part) => {
    if (part.PartNumber === undefined || part.ETag === undefined) throw new S3Error("MalformedXML");
    checkPartNumber(part.PartNumber);
    return { partNumber: part.PartNumber, etag: bareEtag(part.ETag), checksum: claimedChecksum(part)?.value ?? null };
  });
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export const CompleteMultipartUpload = declareOperation({
  name: "CompleteMultipartUpload",
  http: { method: "POST", uri: "/{Bucket}/{Key+}", status: 200 },
  action: "s3:PutObject",
  input: structure("CompleteMultipartUploadRequest", {
    Bucket: label(string),
    Key: label(string),
    UploadId: query("uploadId", string, { required: true }),
    MultipartUpload: payload(CompletedMultipartUpload, { xmlName: "CompleteMultipartUpload" }),
    ...checksumHeaders,
    ChecksumType: header("x-amz-checksum-type", ChecksumType),
    MpuObjectSize: header("x-amz-mp-object-size", long),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    IfMatch: header("If-Match", string),
    IfNoneMatch: header("If-None-Match", string),
    ...customerKeyHeaders,
  }),
  output: structure(
    "CompleteMultipartUploadOutput",
    {
      Location: body(string),
      Bucket: body(string),
      Key: body(string),
      Expiration: header("x-amz-expiration", string),
      ETag: body(string),
      ...checksumElements,
      ChecksumType: body(ChecksumType),
      ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
      VersionId: header("x-amz-version-id", string),
      SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
      BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
      RequestCharged: header("x-amz-request-charged", RequestCharged),
    },
    { xmlName: "CompleteMultipartUploadResult" },
  ),
  errors: [
    "NoSuchBucket",
    "NoSuchUpload",
    "BadDigest",
    "EntityTooSmall",
    "InvalidArgument",
    "InvalidEncryptionAlgorithmError",
    "InvalidPart",
    "InvalidPartOrder",
    "InvalidRequest",
    "MalformedXML",
    "PreconditionFailed",
    "QuotaExceeded",
  ],
}).handledBy(async (input, context) => {
  const { bucket, request, services } = context;
  refuseUnservedHeaders(request.headers);
  const preconditions = writePreconditions(request.headers);
  const parts = completedParts(input.MultipartUpload?.Parts);
  const { Key: key, UploadId: uploadId } = input;
  // Not there any more when the call is repeated.
  const upload = services.objects.upload({ bucket: bucket.id, partition: bucket.partition, key }, uploadId);
  const customer = customerKeyOf(input, context);
  if (upload !== null) judgeUploadKey(upload.encryption, customer, true);
  const checksum = claimedChecksum(input);
  if (checksum !== null) checkClaimedValue(checksum);
  const written = await services.askBucket(bucket, "upload.complete", {
    key,
    uploadId,
    parts,
    preconditions,
    objectBytes: input.MpuObjectSize ?? null,
    claim: { checksum, checksumType: input.ChecksumType ?? null },
  });
  const host = request.headers.get("host") ?? "";
  return {
    Location: `${request.secure ? "https" : "http"}://${host}${request.rawPath}`,
    Bucket: bucket.name,
    Key: key,
    Expiration: writtenExpiration(context, key, written, currentTagging(context, key)),
    ETag: quoteEtag(written.etag),
    ...typedChecksum(written.checksum),
    ...shownEncryption(written.encryption ?? undefined, context),
    ...(written.versionId === null ? {} : { VersionId: written.versionId }),
  };
});
