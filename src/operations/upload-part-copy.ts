/** Parts of a multipart upload from a stored object. */

import { body, header, label, payload, query } from "../model/member.ts";
import { boolean, integer, string, structure, timestamp } from "../model/shape.ts";
import { RequestCharged, RequestPayer, ServerSideEncryption } from "../s3/enumerations.ts";
import { checksumElements, customerKeyHeaders } from "../s3/member-groups.ts";
import { declareOperation } from "./context.ts";
import { copiedVersion, openCopySource } from "./copy-source.ts";
import { encryptionForPart } from "./encryption.ts";
import { checksumMember, quoteEtag } from "./object-metadata.ts";
import { uploadOfPart } from "./part-upload.ts";
import { planCopy } from "./request-body.ts";

const CopyPartResult = structure("CopyPartResult", {
  ETag: body(string),
  LastModified: body(timestamp),
  ...checksumElements,
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export const UploadPartCopy = declareOperation({
  name: "UploadPartCopy",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}", status: 200, requiresHeader: "x-amz-copy-source" },
  action: "s3:PutObject",
  input: structure("UploadPartCopyRequest", {
    Bucket: label(string),
    CopySource: header("x-amz-copy-source", string, { required: true }),
    Key: label(string),
    PartNumber: query("partNumber", integer, { required: true }),
    UploadId: query("uploadId", string, { required: true }),
    CopySourceIfMatch: header("x-amz-copy-source-if-match", string),
    CopySourceIfModifiedSince: header("x-amz-copy-source-if-modified-since", timestamp),
    CopySourceIfNoneMatch: header("x-amz-copy-source-if-none-match", string),
    CopySourceIfUnmodifiedSince: header("x-amz-copy-source-if-unmodified-since", timestamp),
    CopySourceRange: header("x-amz-copy-source-range", string),
    ...customerKeyHeaders,
    CopySourceSSECustomerAlgorithm: header("x-amz-copy-source-server-side-encryption-customer-algorithm", string),
    CopySourceSSECustomerKey: header("x-amz-copy-source-server-side-encryption-customer-key", string),
    CopySourceSSECustomerKeyMD5: header("x-amz-copy-source-server-side-encryption-customer-key-MD5", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ExpectedSourceBucketOwner: header("x-amz-source-expected-bucket-owner", string),
  }),
  output: structure("UploadPartCopyOutput", {
    CopySourceVersionId: header("x-amz-copy-source-version-id", string),
    CopyPartResult: payload(CopyPartResult),
    ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
    SSECustomerAlgorithm: header("x-amz-server-side-encryption-customer-algorithm", string),
    SSECustomerKeyMD5: header("x-amz-server-side-encryption-customer-key-MD5", string),
    SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
    BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: [
    "NoSuchBucket",
    "NoSuchUpload",
    "NoSuchKey",
    "NoSuchVersion",
    "InvalidArgument",
    "InvalidRequest",
    "InvalidEncryptionAlgorithmError",
    "KMS.NotFoundException",
    "PreconditionFailed",
    "QuotaExceeded",
  ],
}).handledBy(async (input, context) => {
  const { bucket, services } = context;
  const { Key: key, UploadId: uploadId, PartNumber: partNumber } = input;
  const address = { bucket: bucket.id, partition: bucket.partition };
  const upload = uploadOfPart(input, context);
  const encryption = await encryptionForPart(input, upload.encryption, context);
  const opened = await openCopySource(input, context);
  const { body } = opened;
  try {
    const plan = planCopy(bucket, body.contentLength, upload.checksumAlgorithm, {
      inlineBytesMax: 0,
      encryption: encryption?.body ?? null,
    });
    const source = await body.writtenBy(services.bodies.store(address, body, plan, context.requestId));
    const part = await services.askBucket(bucket, "upload.putPart", {
      key,
      uploadId,
      partNumber,
      source,
      isCopied: true,
    });
    return {
      CopyPartResult: {
        ETag: quoteEtag(part.etag),
        LastModified: part.modifiedMs,
        ...checksumMember(part.checksum),
      },
      ...copiedVersion(opened),
      ...encryption?.shown,
    };
  } finally {
    body.close();
  }
});
