/** Enumerations that several sub-resources share. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Types.html */

import { enumeration, enumerationRefusedAs, ignoringCase } from "../model/shape.ts";

/**
 * With those of the user guide that the model does not have: a bucket's owner is its bucket's owner, so that what canned
 * ACLs of objects give to that owner changes nothing.
 */
export const BucketCannedACL = enumeration(
  "authenticated-read",
  "aws-exec-read",
  "bucket-owner-full-control",
  "bucket-owner-read",
  "log-delivery-write",
  "private",
  "public-read",
  "public-read-write",
);

export const ChecksumAlgorithm = ignoringCase(
  enumerationRefusedAs(
    "InvalidRequest",
    "CRC32",
    "CRC32C",
    "CRC64NVME",
    "MD5",
    "SHA1",
    "SHA256",
    "SHA512",
    "XXHASH128",
    "XXHASH3",
    "XXHASH64",
  ),
);

export const ChecksumMode = ignoringCase(enumeration("ENABLED"));

export const ChecksumType = ignoringCase(enumerationRefusedAs("InvalidRequest", "COMPOSITE", "FULL_OBJECT"));

export const CompressionType = enumeration("BZIP2", "GZIP", "NONE");

export const EncodingType = enumeration("url");

export const ExpressionType = enumeration("SQL");

export const FileHeaderInfo = enumeration("IGNORE", "NONE", "USE");

export const JSONType = enumeration("DOCUMENT", "LINES");

export const ObjectCannedACL = enumeration(
  "authenticated-read",
  "aws-exec-read",
  "bucket-owner-full-control",
  "bucket-owner-read",
  "private",
  "public-read",
  "public-read-write",
);

export const ObjectLockEventHold = enumeration("OFF", "ON");

export const ObjectLockLegalHoldStatus = enumeration("OFF", "ON");

export const ObjectLockMode = enumeration("COMPLIANCE", "GOVERNANCE");

export const ObjectLockRetentionMode = enumeration("COMPLIANCE", "GOVERNANCE");

export const ObjectOwnership = enumeration("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter");

export const OptionalObjectAttributes = enumeration("RestoreStatus");

export const Permission = enumeration("FULL_CONTROL", "READ", "READ_ACP", "WRITE", "WRITE_ACP");

export const QuoteFields = enumeration("ALWAYS", "ASNEEDED");

export const ReplicationStatus = enumeration("COMPLETE", "COMPLETED", "FAILED", "PENDING", "REPLICA");

export const RequestCharged = enumeration("requester");

export const RequestPayer = enumeration("requester");

export const ServerSideEncryption = enumeration("AES256", "aws:backup", "aws:fsx", "aws:kms", "aws:kms:dsse");

export const StorageClass = enumerationRefusedAs(
  "InvalidStorageClass",
  "AWS_BACKUP_LOW_COST_WARM",
  "AWS_BACKUP_WARM",
  "DEEP_ARCHIVE",
  "EXPRESS_ONEZONE",
  "FSX_ONTAP",
  "FSX_OPENZFS",
  "GLACIER",
  "GLACIER_IR",
  "INTELLIGENT_TIERING",
  "ONEZONE_IA",
  "OUTPOSTS",
  "REDUCED_REDUNDANCY",
  "SNOW",
  "STANDARD",
  "STANDARD_IA",
);

export const GranteeType = enumeration("AmazonCustomerByEmail", "CanonicalUser", "Group");
