/** The words of the reference model: operations, states, conditions, algorithms and error codes, each a closed list. */

/** Of objects and uploads: their meaning depends on the bucket's versioning. */
export const coreOperations = [
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
type CoreOperation = (typeof coreOperations)[number];

/** The operations of sub-resources, and the answers that a run must see of each. Total. */
export const featureAnswers = {
  PutObjectTagging: [
    "done",
    "NoSuchKey",
    "NoSuchVersion",
    "MethodNotAllowed",
    "InvalidTag",
    "BadRequest",
    "MalformedXML",
  ],
  GetObjectTagging: ["done", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed"],
  DeleteObjectTagging: ["done", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed"],
  PutObjectLockConfiguration: ["done", "InvalidBucketState", "MalformedXML", "InvalidArgument"],
  GetObjectLockConfiguration: ["done", "ObjectLockConfigurationNotFoundError"],
  PutObjectRetention: ["done", "AccessDenied", "InvalidRequest", "InvalidArgument", "MalformedXML", "NoSuchKey"],
  GetObjectRetention: ["done", "NoSuchObjectLockConfiguration", "InvalidRequest", "NoSuchKey"],
  PutObjectLegalHold: ["done", "InvalidRequest", "NoSuchKey", "MethodNotAllowed"],
  GetObjectLegalHold: ["done", "NoSuchObjectLockConfiguration", "InvalidRequest", "NoSuchKey"],
  PutObjectAcl: ["done", "NoSuchKey", "AccessDenied", "AccessControlListNotSupported"],
  GetObjectAcl: ["done", "NoSuchKey"],
  PutBucketAcl: ["done", "AccessDenied", "AccessControlListNotSupported"],
  GetBucketAcl: ["done"],
  PutBucketPolicy: ["done", "AccessDenied", "MalformedPolicy"],
  GetBucketPolicy: ["done", "NoSuchBucketPolicy"],
  GetBucketPolicyStatus: ["done", "NoSuchBucketPolicy"],
  DeleteBucketPolicy: ["done"],
  PutPublicAccessBlock: ["done", "MalformedXML"],
  GetPublicAccessBlock: ["done", "NoSuchPublicAccessBlockConfiguration"],
  DeletePublicAccessBlock: ["done"],
  PutBucketOwnershipControls: ["done", "MalformedXML", "InvalidBucketAclWithObjectOwnership"],
  GetBucketOwnershipControls: ["done", "OwnershipControlsNotFoundError"],
  DeleteBucketOwnershipControls: ["done"],
  PutBucketTagging: ["done", "InvalidTag", "MalformedXML"],
  GetBucketTagging: ["done", "NoSuchTagSet"],
  DeleteBucketTagging: ["done"],
  PutBucketCors: ["done", "InvalidRequest", "MalformedXML"],
  GetBucketCors: ["done", "NoSuchCORSConfiguration"],
  DeleteBucketCors: ["done"],
  Preflight: ["done", "AccessForbidden"],
  PutBucketEncryption: ["done", "MalformedXML"],
  GetBucketEncryption: ["done", "ServerSideEncryptionConfigurationNotFoundError"],
  DeleteBucketEncryption: ["done"],
  PutBucketLifecycleConfiguration: ["done", "MalformedXML", "InvalidArgument"],
  GetBucketLifecycleConfiguration: ["done", "NoSuchLifecycleConfiguration"],
  DeleteBucketLifecycle: ["done"],
  PutBucketWebsite: ["done", "InvalidArgument"],
  GetBucketWebsite: ["done", "NoSuchWebsiteConfiguration"],
  DeleteBucketWebsite: ["done"],
  PutBucketNotificationConfiguration: ["done", "InvalidArgument"],
  GetBucketNotificationConfiguration: ["done"],
  PutBucketLogging: ["done", "InvalidTargetBucketForLogging"],
  GetBucketLogging: ["done"],
  PostObject: ["done", "AccessDenied", "EntityTooLarge", "EntityTooSmall", "BadDigest"],
  PutBucketReplication: ["done", "InvalidRequest", "MalformedXML"],
  GetBucketReplication: ["done", "ReplicationConfigurationNotFoundError"],
  DeleteBucketReplication: ["done"],
} as const satisfies Readonly<Record<string, readonly ("done" | ErrorCode)[]>>;
export type FeatureOperation = keyof typeof featureAnswers;
export type Operation = CoreOperation | FeatureOperation;
export const featureOperations = Object.keys(featureAnswers) as FeatureOperation[];
export const operations: readonly Operation[] = [...coreOperations, ...featureOperations];

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
  AccessControlListNotSupported: 400,
  AccessDenied: 403,
  AccessForbidden: 403,
  BadDigest: 400,
  BadRequest: 400,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  InvalidArgument: 400,
  InvalidBucketAclWithObjectOwnership: 400,
  InvalidBucketState: 409,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartNumber: 416,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidStorageClass: 400,
  InvalidTag: 400,
  InvalidTargetBucketForLogging: 400,
  KeyTooLongError: 400,
  MalformedPolicy: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  NoSuchBucket: 404,
  NoSuchBucketPolicy: 404,
  NoSuchCORSConfiguration: 404,
  NoSuchKey: 404,
  NoSuchLifecycleConfiguration: 404,
  NoSuchObjectLockConfiguration: 404,
  NoSuchPublicAccessBlockConfiguration: 404,
  NoSuchTagSet: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NoSuchWebsiteConfiguration: 404,
  NotImplemented: 501,
  NotModified: 304,
  ObjectLockConfigurationNotFoundError: 404,
  OwnershipControlsNotFoundError: 404,
  PreconditionFailed: 412,
  ReplicationConfigurationNotFoundError: 404,
  ServerSideEncryptionConfigurationNotFoundError: 404,
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

/** Who sends a request: the bucket's account, a user of it who may not read or bypass, another account, nobody. */
export const requesters = ["owner", "limited", "stranger", "anonymous"] as const;
export type Requester = (typeof requesters)[number];
/** Whose objects are: of the accounts of requesters. */
export const owners = ["owner", "stranger", "anonymous"] as const;
export type Owner = (typeof owners)[number];
/** Operations that an object's ACL has a say in. */
export const aclOperations = ["GetObject", "GetObjectAcl", "PutObjectAcl"] as const;
export type AclOperation = (typeof aclOperations)[number];
/** What all of them send. */
export const judgedOperations = [
  "GetObject",
  "HeadObject",
  "PutObject",
  "DeleteObject",
  "ListObjectsV2",
  "GetObjectAttributes",
  "GetObjectAcl",
  "PutObjectAcl",
] as const;
export type JudgedOperation = (typeof judgedOperations)[number];
export const verdicts = ["allowed", "refused"] as const;
export type Verdict = (typeof verdicts)[number];

/** What stands in the way of the removal of a version, and whether the request asks to pass governance, and may. */
export const protections = ["unprotected", "GOVERNANCE", "COMPLIANCE", "legal hold"] as const;
export type Protection = (typeof protections)[number];
export const bypasses = ["without bypass", "with bypass", "may not bypass"] as const;
export type Bypass = (typeof bypasses)[number];

/** How an object is encrypted, and the customer's key that a read brings. */
export const encryptionKinds = ["unencrypted", "SSE-S3", "SSE-KMS", "SSE-C"] as const;
export type EncryptionKind = (typeof encryptionKinds)[number];
export const keyFits = ["right key", "wrong key", "no key"] as const;
export type KeyFit = (typeof keyFits)[number];

/** What a form's policy does not allow of it. */
export const formFaults = ["expired", "another key", "a field too many", "too small", "too large"] as const;
export type FormFault = (typeof formFaults)[number];
/** How a form is answered that was taken. */
export const formAnswers = ["200", "201", "204", "303"] as const;
export type FormAnswer = (typeof formAnswers)[number];

/** What a request that names its origin is answered. */
export const originAnswers = [
  "refused",
  "granted to one",
  "granted to one, an error",
  "granted to everybody",
  "granted to everybody, an error",
] as const;
export type OriginAnswer = (typeof originAnswers)[number];

/** One thing that a run can reach; the names of the coverage table. */
export type Point =
  | `operation ${Operation}`
  | `versioning ${Versioning} × ${CoreOperation}`
  | `answer ${FeatureOperation} ${"done" | ErrorCode}`
  | `decision ${Requester} ${JudgedOperation} ${Verdict}`
  | `removal ${Protection} ${Bypass}`
  | `read ${EncryptionKind} ${KeyFit}`
  | `${Versioning}, ${NullState} × ${NullOperation}`
  | `${Condition} ${Outcome}`
  | `checksum ${Algorithm} ${ChecksumType}`
  | `error ${ErrorCode}`
  | `document ${string}`
  | `form ${FormFault | FormAnswer}`
  | `part of ${EncryptionKind} ${KeyFit}`
  | `copied part ${"into" | "from"} ${EncryptionKind}`
  | `completed ${EncryptionKind}`
  | `object of ${Owner}, ${Owner}'s ${AclOperation} ${Verdict}`
  | `origin ${OriginAnswer}`
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
