/** Restoring an archived object (`?restore`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { enumeration, integer, list, string, structure } from "../model/shape.ts";
import {
  ChecksumAlgorithm,
  ExpressionType,
  ObjectCannedACL,
  RequestCharged,
  RequestPayer,
  ServerSideEncryption,
  StorageClass,
} from "../s3/enumerations.ts";
import { Grant, InputSerialization, OutputSerialization, Tagging } from "../s3/shapes.ts";
import { declareOperation } from "./context.ts";

const GlacierJobParameters = structure("GlacierJobParameters", {
  Tier: body(enumeration("Bulk", "Expedited", "Standard"), { required: true }),
});

const SelectParameters = structure("SelectParameters", {
  InputSerialization: body(InputSerialization, { required: true }),
  ExpressionType: body(ExpressionType, { required: true }),
  Expression: body(string, { required: true }),
  OutputSerialization: body(OutputSerialization, { required: true }),
});

const Encryption = structure("Encryption", {
  EncryptionType: body(ServerSideEncryption, { required: true }),
  KMSKeyId: body(string),
  KMSContext: body(string),
});

const MetadataEntry = structure("MetadataEntry", {
  Name: body(string),
  Value: body(string),
});

const S3Location = structure("S3Location", {
  BucketName: body(string, { required: true }),
  Prefix: body(string, { required: true }),
  Encryption: body(Encryption),
  CannedACL: body(ObjectCannedACL),
  AccessControlList: body(list(Grant, "Grant")),
  Tagging: body(Tagging),
  UserMetadata: body(list(MetadataEntry, "MetadataEntry")),
  StorageClass: body(StorageClass),
});

const OutputLocation = structure("OutputLocation", {
  S3: body(S3Location),
});

const RestoreRequest = structure("RestoreRequest", {
  Days: body(integer),
  GlacierJobParameters: body(GlacierJobParameters),
  Type: body(enumeration("SELECT")),
  Tier: body(enumeration("Bulk", "Expedited", "Standard")),
  Description: body(string),
  SelectParameters: body(SelectParameters),
  OutputLocation: body(OutputLocation),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html */
export const RestoreObject = declareOperation({
  name: "RestoreObject",
  http: { method: "POST", uri: "/{Bucket}/{Key+}?restore", status: 200 },
  action: "s3:RestoreObject",
  requiresBodyDigest: true,
  input: structure("RestoreObjectRequest", {
    Bucket: label(string),
    Key: label(string),
    VersionId: query("versionId", string),
    RestoreRequest: payload(RestoreRequest, { xmlName: "RestoreRequest" }),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("RestoreObjectOutput", {
    RequestCharged: header("x-amz-request-charged", RequestCharged),
    RestoreOutputPath: header("x-amz-restore-output-path", string),
  }),
  errors: ["NoSuchBucket"],
});
