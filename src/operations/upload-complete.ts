/** Completing a multipart upload. */

import { limits } from "../base/limits.ts";
import type { BucketRequest } from "../bucket/messages.ts";
import type { UploadView } from "../bucket/read.ts";
import { body, header, label, payload, query } from "../model/member.ts";
import { boolean, integer, list, long, string, structure, type ValueOf } from "../model/shape.ts";
import { checksumAlgorithms } from "../s3/checksum-algorithms.ts";
import { ChecksumType, RequestCharged, RequestPayer, ServerSideEncryption } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { checksumElements, checksumHeaders, customerKeyHeaders } from "../s3/member-groups.ts";
import { bareEtag } from "../s3/read-conditions.ts";
import { declareOperation } from "./context.ts";
import { quoteEtag, typedChecksum, writePreconditions } from "./object-metadata.ts";
import { checkPartNumber } from "./part-number.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";
import { type ChecksumClaims, expectedChecksum, verifyUploadChecksum } from "./upload-verification.ts";

const CompletedPart = structure("CompletedPart", {
  ETag: body(string),
  ...checksumElements,
  PartNumber: body(integer),
});

const CompletedMultipartUpload = structure("CompletedMultipartUpload", {
  Parts: body(list(CompletedPart), { xmlName: "Part", xmlFlattened: true }),
});

type Parts = BucketRequest<"upload.complete">["parts"];

/** The one checksum that a part names, or null. @throws S3Error InvalidRequest for several */
const partChecksum = (part: ChecksumClaims): string | null => {
  const values = checksumAlgorithms.flatMap((algorithm) => part[`Checksum${algorithm}`] ?? []);
  if (values.length > 1) {
    throw new S3Error("InvalidRequest", { Message: "Expecting a single checksum for each part." });
  }
  return values[0] ?? null;
};

/** @throws S3Error MalformedXML (no part, too many, or one without number or ETag), InvalidArgument (a part number out of bounds) */
const completedParts = (listed: readonly ValueOf<typeof CompletedPart>[] | undefined): Parts => {
  if (listed === undefined || listed.length === 0 || listed.length > limits.partNumberMax) {
    throw new S3Error("MalformedXML");
  }
  return listed.map((part) => {
    if (part.PartNumber === undefined || part.ETag === undefined) throw new S3Error("MalformedXML");
    checkPartNumber(part.PartNumber);
    return { partNumber: part.PartNumber, etag: bareEtag(part.ETag), checksum: partChecksum(part) };
  });
};

/** A repeated completion has no open upload any more; the bucket answers it. @throws S3Error InvalidRequest */
const checkChecksumType = (claimed: ValueOf<typeof ChecksumType> | undefined, upload: UploadView | null): void => {
  if (claimed === undefined || upload === null || upload.checksumType === claimed) return;
  throw new S3Error("InvalidRequest", {
    Message: `The upload was created using the ${upload.checksumType ?? "null"} checksum mode. The complete request must use the same checksum mode.`,
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
    "InvalidPart",
    "InvalidPartOrder",
    "InvalidRequest",
    "MalformedXML",
    "PreconditionFailed",
  ],
}).handledBy(async (input, { bucket, request, services }) => {
  refuseUnservedHeaders(request.headers);
  const preconditions = writePreconditions(request.headers);
  const parts = completedParts(input.MultipartUpload?.Parts);
  const { Key: key, UploadId: uploadId } = input;
  const address = { bucket: bucket.id, partition: bucket.partition, key };
  checkChecksumType(input.ChecksumType, services.objects.upload(address, uploadId));
  const expected = expectedChecksum(input);
  if (expected !== null) await verifyUploadChecksum(services, bucket, { key, uploadId, parts, expected });
  const written = await services.askBucket(bucket, "upload.complete", {
    key,
    uploadId,
    parts,
    preconditions,
    objectBytes: input.MpuObjectSize ?? null,
  });
  const host = request.headers.get("host") ?? "";
  return {
    Location: `${request.secure ? "https" : "http"}://${host}${request.rawPath}`,
    Bucket: bucket.name,
    Key: key,
    ETag: quoteEtag(written.etag),
    ...typedChecksum(written.checksum),
    ...(written.versionId === null ? {} : { VersionId: written.versionId }),
  };
});
