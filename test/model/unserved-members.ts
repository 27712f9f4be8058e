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
  { members: /^(?:ObjectLock|Default)?EventHold/, treatment: "refused with NotImplemented" },
  { members: /^Token$/, treatment: "without effect: every bucket can be given object lock" },
  { members: /^ACL$/, treatment: "`aws-exec-read` grants nothing more than `private`: there is no EC2" },
  { members: /^MFA$/, treatment: "without effect: there is no MFA delete" },
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
  {
    members: /^(?:Transitions|NoncurrentVersionTransitions|TransitionDefaultMinimumObjectSize)$/,
    treatment: "judged, kept and given back, no effect: the bytes of every storage class are at hand",
  },
  { members: /^AnnotationDirective$/, treatment: "without effect: objects have no annotations" },
  { members: /^BucketNamespace$/, treatment: "`account-regional` is refused with NotImplemented" },
  { members: /^OptionalObjectAttributes$/, treatment: "without effect: no object is being restored" },
  {
    members: /^CreateBucketConfiguration$/,
    treatment: "`Location` and `Bucket` are refused with NotImplemented",
  },
  {
    members: /^ReplicationConfiguration$/,
    treatment: "checked, stored and answered; without effect: nothing is copied by it yet",
  },
  { members: /^StorageClass$/, treatment: "every class is taken, kept and answered; none changes how bytes are kept" },
];
