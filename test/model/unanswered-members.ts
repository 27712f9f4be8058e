/** Members of answers that no answer of a served operation ever has, and why. */

export interface UnansweredMembers {
  readonly members: RegExp;
  /** Of these operations only; of every one when absent. */
  readonly operations?: readonly string[];
  readonly reason: string;
}

export const unansweredMembers: readonly UnansweredMembers[] = [
  { members: /^(?:ObjectLock|Default)?EventHold/, reason: "event holds are not served" },
  { members: /^(?:Days|Years)$/, operations: ["GetObjectRetention"], reason: "event holds are not served" },
  { members: /^Checksum(?:SHA512|MD5|XXHASH64|XXHASH3|XXHASH128)$/, reason: "these algorithms are refused" },
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
  {
    members: /^(?:TargetGrants|Grantee|Type|DisplayName|EmailAddress|ID|URI|Permission)$/,
    operations: ["GetBucketLogging"],
    reason: "grants on log objects are refused",
  },
  {
    members: /^EventBridgeConfiguration$/,
    operations: ["GetBucketNotificationConfiguration"],
    reason: "there is no EventBridge: refused",
  },
  { members: /^MFADelete$/, reason: "MFA delete cannot be enabled" },
  { members: /^BucketArn$/, reason: "buckets are named, not by ARNs" },
  { members: /^BucketLocation(?:Type|Name)$/, reason: "for directory buckets" },
  { members: /^Status$/, operations: ["GetBucketAccelerateConfiguration"], reason: "acceleration cannot be enabled" },
  {
    members: /^/,
    operations: [
      "GetBucketAnalyticsConfiguration",
      "GetBucketIntelligentTieringConfiguration",
      "GetBucketInventoryConfiguration",
      "GetBucketMetricsConfiguration",
    ],
    reason: "there are none: answered with NoSuchConfiguration",
  },
  {
    members: /^(?!IsTruncated$|ContinuationToken$)/,
    operations: [
      "ListBucketAnalyticsConfigurations",
      "ListBucketIntelligentTieringConfigurations",
      "ListBucketInventoryConfigurations",
      "ListBucketMetricsConfigurations",
    ],
    reason: "there are none: the list is empty",
  },
  {
    operations: ["GetBucketLogging"],
    members: /^(?:TargetGrants|Grantee|Permission|DisplayName|EmailAddress|ID|Type|URI)$/,
    reason: "grants are refused when they are put",
  },
  {
    operations: ["GetBucketNotificationConfiguration"],
    members: /^EventBridgeConfiguration$/,
    reason: "there is no EventBridge: it is refused when it is put",
  },
];
