/** Parts of a multipart upload from a request's body. */

import type { BodyPlan } from "../auth/body-plan.ts";
import { limits } from "../base/limits.ts";
import type { UploadView } from "../bucket/read.ts";
import { header, label, payload, query } from "../model/member.ts";
import { boolean, integer, long, stream, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm, RequestCharged, RequestPayer, ServerSideEncryption } from "../s3/enumerations.ts";
import { checksumHeaders, customerKeyHeaders } from "../s3/member-groups.ts";
import { judgePartChecksum } from "../s3/upload-checksum.ts";
import { declareOperation } from "./context.ts";
import { encryptionForPart } from "./encryption.ts";
import { checksumMember, quoteEtag } from "./object-metadata.ts";
import { uploadOfPart } from "./part-upload.ts";
import { planBody } from "./request-body.ts";

/** A part without a checksum of its own gets the upload's, so that the whole object has one. */
const withUploadChecksum = (plan: BodyPlan, { checksumAlgorithm, checksumType }: UploadView): BodyPlan =>
  plan.checksum !== null || checksumAlgorithm === null || checksumType !== "FULL_OBJECT"
    ? plan
    : { ...plan, checksum: { algorithm: checksumAlgorithm, expected: null } };

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export const UploadPart = declareOperation({
  name: "UploadPart",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}", status: 200 },
  action: "s3:PutObject",
  input: structure("UploadPartRequest", {
    Bucket: label(string),
    Key: label(string),
    PartNumber: query("partNumber", integer, { required: true }),
    UploadId: query("uploadId", string, { required: true }),
    Body: payload(stream),
    ContentLength: header("Content-Length", long),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ...checksumHeaders,
    ...customerKeyHeaders,
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("UploadPartOutput", {
    ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
    ETag: header("ETag", string),
    ...checksumHeaders,
    SSECustomerAlgorithm: header("x-amz-server-side-encryption-customer-algorithm", string),
    SSECustomerKeyMD5: header("x-amz-server-side-encryption-customer-key-MD5", string),
    SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
    BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: [
    "NoSuchBucket",
    "NoSuchUpload",
    "InvalidArgument",
    "InvalidRequest",
    "InvalidEncryptionAlgorithmError",
    "KMS.NotFoundException",
    "BadDigest",
    "EntityTooLarge",
    "IncompleteBody",
    "InvalidDigest",
    "MissingContentLength",
    "QuotaExceeded",
    "XAmzContentSHA256Mismatch",
  ],
}).handledBy(async (input, context) => {
  const { bucket, request, services } = context;
  const { Key: key, UploadId: uploadId, PartNumber: partNumber } = input;
  const address = { bucket: bucket.id, partition: bucket.partition };
  // Before the body is taken: a part of 5 GiB that cannot become one should not travel.
  const upload = uploadOfPart(input, context);
  const asked = encryptionForPart(input, upload.encryption, context);
  const encryption = asked instanceof Promise ? await asked : asked;
  const body = planBody(request, context.payload, bucket, {
    bytesMax: limits.singlePutBytesMax,
    inlineBytesMax: 0,
    encryption: encryption?.body ?? null,
  });
  judgePartChecksum(upload, body.checksum?.algorithm ?? null);
  const plan = withUploadChecksum(body, upload);
  const source = await services.bodies.store(address, request.body, plan, context.requestId);
  const part = await services.askBucket(bucket, "upload.putPart", { key, uploadId, partNumber, source });
  return { ETag: quoteEtag(part.etag), ...checksumMember(part.checksum), ...encryption?.shown };
});
