/** Input members of served operations that are not, or not fully, served, and what becomes of them. */

export interface UnservedMembers {
  readonly members: RegExp;
  readonly treatment: string;
}

export const unservedMembers: readonly UnservedMembers[] = [
  {
    members: /^ServerSideEncryption(?:Configuration)?$/,
    treatment: "`aws:kms:dsse` is refused with NotImplemented, `aws:fsx` and `aws:backup` with InvalidArgument",
  },
  {
    members: /^ObjectLock(?:Mode|RetainUntilDate|LegalHoldStatus)$/,
    treatment: "no bucket has object lock yet: refused with InvalidRequest, as S3 does for such buckets",
  },
  { members: /^ObjectLockEventHold/, treatment: "refused with NotImplemented" },
  { members: /^ObjectLockEnabledForBucket$/, treatment: "`true` is refused with NotImplemented" },
  {
    members: /^ACL$/,
    treatment: "`private` and `bucket-owner-full-control` are taken, others are refused with NotImplemented",
  },
  { members: /^Grant(?:FullControl|Read|ReadACP|Write|WriteACP)$/, treatment: "refused with NotImplemented" },
  {
    members: /^(?:MFA|BypassGovernanceRetention)$/,
    treatment: "without effect: there is no lock and no MFA delete",
  },
  { members: /^RequestPayer$/, treatment: "without effect: the bucket's owner pays" },
  {
    members: /^Checksum(?:SHA512|MD5|XXHASH64|XXHASH3|XXHASH128)$/,
    treatment: "these algorithms are refused with NotImplemented",
  },
  { members: /^WriteOffsetBytes$/, treatment: "appends are refused with NotImplemented" },
  {
    members: /^(?:IfMatchLastModifiedTime|IfMatchSize|IfMatchInitiatedTime)$/,
    treatment: "judged as S3 does in directory buckets; its general purpose buckets refuse them",
  },
  { members: /^VersioningConfiguration$/, treatment: "`MfaDelete` `Enabled` is refused with NotImplemented" },
  { members: /^AnnotationDirective$/, treatment: "without effect: objects have no annotations" },
  {
    members: /^ObjectOwnership$/,
    treatment: "`BucketOwnerEnforced` is what every bucket is; others are refused with NotImplemented",
  },
  { members: /^BucketNamespace$/, treatment: "`account-regional` is refused with NotImplemented" },
  { members: /^OptionalObjectAttributes$/, treatment: "without effect: no object is being restored" },
  {
    members: /^CreateBucketConfiguration$/,
    treatment: "`Location`, `Bucket` and `Tags` are refused with NotImplemented",
  },
];
