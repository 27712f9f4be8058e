/** Members of answers that no answer of a served operation ever has, and why. */

export interface UnansweredMembers {
  readonly members: RegExp;
  /** Of these operations only; of every one when absent. */
  readonly operations?: readonly string[];
  readonly reason: string;
}

export const unansweredMembers: readonly UnansweredMembers[] = [
  { members: /^RequestCharged$/, reason: "the bucket's owner pays" },
  {
    members: /^(?:ServerSideEncryption|SSECustomer.*|SSEKMS.*|BucketKeyEnabled)$/,
    reason: "encryption is not served yet",
  },
  { members: /^(?:ObjectLock|Default)?EventHold/, reason: "event holds are not served" },
  { members: /^(?:Days|Years)$/, operations: ["GetObjectRetention"], reason: "event holds are not served" },
  { members: /^Checksum(?:SHA512|MD5|XXHASH64|XXHASH3|XXHASH128)$/, reason: "these algorithms are refused" },
  { members: /^Expiration$/, reason: "there is no lifecycle yet" },
  { members: /^Abort(?:Date|RuleId)$/, reason: "there is no lifecycle yet" },
  {
    members: /^(?:Restore|RestoreStatus|IsRestoreInProgress|RestoreExpiryDate|ArchiveStatus)$/,
    reason: "the bytes of every storage class are at hand",
  },
  { members: /^ReplicationStatus$/, reason: "there is no replication yet" },
  { members: /^MissingMeta$/, reason: "all metadata came by headers, so none is missing" },
  { members: /^ExpiresString$/, reason: "SDKs make it of `Expires` themselves" },
  { members: /^Size$/, operations: ["PutObject"], reason: "for appends, which are refused" },
  {
    members: /^DeleteMarker$/,
    operations: ["GetObject", "GetObjectAttributes", "HeadObject"],
    reason: "a delete marker is answered with an error, which has the header",
  },
  {
    members: /^EmailAddress$/,
    operations: ["GetBucketAcl", "GetObjectAcl"],
    reason: "who was named by e-mail address is kept and shown by canonical id",
  },
  { members: /^MFADelete$/, reason: "MFA delete cannot be enabled" },
  { members: /^BucketArn$/, reason: "buckets are named, not by ARNs" },
  { members: /^BucketLocation(?:Type|Name)$/, reason: "for directory buckets" },
];
