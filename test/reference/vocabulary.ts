/** The words of the reference model: operations, states, conditions, algorithms and error codes, each a closed list. */

export const operations = [
  "CreateBucket",
  "HeadBucket",
  "DeleteBucket",
  "PutBucketVersioning",
  "GetBucketVersioning",
  "PutObject",
  "GetObject",
  "HeadObject",
  "GetObjectAttributes",
  "DeleteObject",
  "DeleteObjects",
  "CopyObject",
  "ListObjects",
  "ListObjectsV2",
  "ListObjectVersions",
  "CreateMultipartUpload",
  "UploadPart",
  "UploadPartCopy",
  "CompleteMultipartUpload",
  "AbortMultipartUpload",
  "ListParts",
  "ListMultipartUploads",
] as const;
export type Operation = (typeof operations)[number];

export const versioningStates = ["Off", "Enabled", "Suspended"] as const;
export type Versioning = (typeof versioningStates)[number];

/** Where the null version of a key stands in its history, and what it is. */
export const nullStates = [
  "no versions",
  "no null version",
  "null current",
  "null older",
  "null marker current",
  "null marker older",
] as const;
export type NullState = (typeof nullStates)[number];

export const algorithms = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export type Algorithm = (typeof algorithms)[number];
export const checksumTypes = ["FULL_OBJECT", "COMPOSITE"] as const;
export type ChecksumType = (typeof checksumTypes)[number];

/** Every precondition header, by what it guards. */
export const conditions = [
  "read if-match",
  "read if-none-match",
  "read if-modified-since",
  "read if-unmodified-since",
  "read if-range",
  "source if-match",
  "source if-none-match",
  "source if-modified-since",
  "source if-unmodified-since",
  "PutObject if-match",
  "PutObject if-none-match",
  "CopyObject if-match",
  "CopyObject if-none-match",
  "CompleteMultipartUpload if-match",
  "CompleteMultipartUpload if-none-match",
  "DeleteObject if-match",
  "DeleteObject x-amz-if-match-size",
  "DeleteObject x-amz-if-match-last-modified-time",
  "DeleteObjects ETag",
] as const;
export type Condition = (typeof conditions)[number];
export const outcomes = ["holds", "fails"] as const;
export type Outcome = (typeof outcomes)[number];

/** Codes that the model can answer, with their status. Source: AWS "Error responses". */
export const statusOf = {
  BadDigest: 400,
  BucketNotEmpty: 409,
  EntityTooSmall: 400,
  InvalidArgument: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartNumber: 416,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidStorageClass: 400,
  InvalidTag: 400,
  KeyTooLongError: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NotImplemented: 501,
  NotModified: 304,
  PreconditionFailed: 412,
} as const;
export type ErrorCode = keyof typeof statusOf;

/** Ways of reading part of an object. */
export const readForms = [
  "whole",
  "range",
  "suffix range",
  "open range",
  "several ranges",
  "part",
  "wrong range",
] as const;
export type ReadForm = (typeof readForms)[number];

/** Points of a run that are not an answer. */
export const events = [
  "crash",
  "in flight: decided",
  "in flight: undecided",
  "repeated Complete",
  "page by token",
] as const;
export type Event = (typeof events)[number];

/** One thing that a run can reach; the names of the coverage table. */
export type Point =
  | `operation ${Operation}`
  | `versioning ${Versioning} × ${Operation}`
  | `${Versioning}, ${NullState} × ${NullOperation}`
  | `${Condition} ${Outcome}`
  | `checksum ${Algorithm} ${ChecksumType}`
  | `error ${ErrorCode}`
  | `read ${ReadForm}`
  | `event ${Event}`;

/** Operations whose meaning depends on the null version of their key. */
export const nullOperations = [
  "put",
  "copy",
  "complete",
  "get",
  "head",
  "get null",
  "get version",
  "delete",
  "delete null",
  "delete version",
] as const;
export type NullOperation = (typeof nullOperations)[number];
