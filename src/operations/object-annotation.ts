/** Annotations of objects (`?annotation`). */

import { body, header, label, payload, query } from "../model/member.ts";
import { integer, list, long, natural, stream, string, structure, timestamp } from "../model/shape.ts";
import {
  ChecksumAlgorithm,
  ChecksumMode,
  ChecksumType,
  ReplicationStatus,
  RequestCharged,
  RequestPayer,
  ServerSideEncryption,
} from "../s3/enumerations.ts";
import { checksumHeaders } from "../s3/member-groups.ts";
import { declareOperation } from "./context.ts";

const AnnotationEntry = structure("AnnotationEntry", {
  AnnotationName: body(string, { required: true }),
  LastModified: body(timestamp, { required: true }),
  Size: body(long, { required: true }),
  ETag: body(string),
  ChecksumAlgorithm: body(list(ChecksumAlgorithm), { xmlFlattened: true }),
  ReplicationStatus: body(ReplicationStatus),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectAnnotation.html */
export const DeleteObjectAnnotation = declareOperation({
  name: "DeleteObjectAnnotation",
  http: { method: "DELETE", uri: "/{Bucket}/{Key+}?annotation", status: 204 },
  action: "s3:DeleteObjectAnnotation",
  input: structure("DeleteObjectAnnotationRequest", {
    Bucket: label(string),
    Key: label(string),
    AnnotationName: query("annotationName", string, { required: true }),
    VersionId: query("versionId", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ObjectIfMatch: header("x-amz-object-if-match", string),
  }),
  output: structure("DeleteObjectAnnotationOutput", {
    ObjectVersionId: header("x-amz-object-version-id", string),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: ["NoSuchBucket"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAnnotation.html */
export const GetObjectAnnotation = declareOperation({
  name: "GetObjectAnnotation",
  http: { method: "GET", uri: "/{Bucket}/{Key+}?annotation", status: 200 },
  action: "s3:GetObjectAnnotation",
  input: structure("GetObjectAnnotationRequest", {
    Bucket: label(string),
    Key: label(string),
    AnnotationName: query("annotationName", string, { required: true }),
    VersionId: query("versionId", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
    ChecksumMode: header("x-amz-checksum-mode", ChecksumMode),
  }),
  output: structure("GetObjectAnnotationOutput", {
    AnnotationPayload: payload(stream),
    ObjectVersionId: header("x-amz-object-version-id", string),
    LastModified: header("Last-Modified", timestamp),
    ContentLength: header("Content-Length", long),
    ETag: header("ETag", string),
    ...checksumHeaders,
    ChecksumType: header("x-amz-checksum-type", ChecksumType),
    ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
    ReplicationStatus: header("x-amz-replication-status", ReplicationStatus),
  }),
  errors: ["NoSuchBucket", "NoSuchKey"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectAnnotations.html */
export const ListObjectAnnotations = declareOperation({
  name: "ListObjectAnnotations",
  http: { method: "GET", uri: "/{Bucket}/{Key+}?annotation", status: 200 },
  action: "s3:ListObjectAnnotations",
  input: structure("ListObjectAnnotationsRequest", {
    Bucket: label(string),
    Key: label(string),
    VersionId: query("versionId", string),
    MaxAnnotationResults: query("max-annotation-results", natural),
    AnnotationPrefix: query("annotation-prefix", string),
    ContinuationToken: query("continuation-token", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("ListObjectAnnotationsOutput", {
    Annotations: body(list(AnnotationEntry, "AnnotationEntry")),
    Bucket: body(string),
    Key: body(string),
    ObjectVersionId: header("x-amz-object-version-id", string),
    AnnotationPrefix: body(string),
    MaxAnnotationResults: body(natural),
    AnnotationCount: body(integer),
    ContinuationToken: body(string),
    NextContinuationToken: body(string),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: ["NoSuchBucket", "NoSuchKey"],
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAnnotation.html */
export const PutObjectAnnotation = declareOperation({
  name: "PutObjectAnnotation",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}?annotation", status: 200 },
  action: "s3:PutObjectAnnotation",
  requiresBodyDigest: true,
  input: structure("PutObjectAnnotationRequest", {
    Bucket: label(string),
    Key: label(string),
    AnnotationName: query("annotationName", string, { required: true }),
    AnnotationPayload: payload(stream, { required: true }),
    VersionId: query("versionId", string),
    ObjectIfMatch: header("x-amz-object-if-match", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ...checksumHeaders,
    ContentMD5: header("Content-MD5", string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("PutObjectAnnotationOutput", {
    Key: body(string),
    AnnotationName: body(string),
    ObjectVersionId: header("x-amz-object-version-id", string),
    ETag: header("ETag", string),
    ...checksumHeaders,
    ChecksumType: header("x-amz-checksum-type", ChecksumType),
    ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: ["NoSuchBucket"],
});
