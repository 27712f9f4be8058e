/** Encryption of a stored object (`?encryption`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { boolean, string, structure, union } from "../model/shape.ts";
import { ChecksumAlgorithm, RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { declareOperation } from "./context.ts";

const SSEKMSEncryption = structure(
  "SSEKMSEncryption",
  {
    KMSKeyArn: body(string, { required: true }),
    BucketKeyEnabled: body(boolean),
  },
  { xmlName: "SSE-KMS" },
);

const ObjectEncryption = union("ObjectEncryption", {
  SSEKMS: body(SSEKMSEncryption, { xmlName: "SSE-KMS" }),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html */
export const UpdateObjectEncryption = declareOperation({
  name: "UpdateObjectEncryption",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}?encryption", status: 200 },
  action: "s3:UpdateObjectEncryption",
  requiresBodyDigest: true,
  input: structure("UpdateObjectEncryptionRequest", {
    Bucket: label(string),
    Key: label(string),
    ObjectEncryption: payload(ObjectEncryption, { required: true }),
    VersionId: query("versionId", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
  }),
  output: structure("UpdateObjectEncryptionResponse", {
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: ["NoSuchBucket"],
});
