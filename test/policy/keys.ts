/**
 * The condition keys that the random cases use, by the kind of their values.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */

export type KeyKind = "text" | "number" | "date" | "epoch" | "truth" | "address" | "arn";

export interface ConditionKey {
  readonly name: string;
  readonly kind: KeyKind;
  /** May have several values in one request. */
  readonly isMultivalued: boolean;
  /** Follows from the caller; a request cannot choose it. */
  readonly isOfCaller: boolean;
}

const single: Readonly<Record<KeyKind, readonly string[]>> = {
  text: [
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:FederatedProvider",
    "aws:PrincipalOrgID",
    "aws:PrincipalServiceName",
    "aws:PrincipalTag/team",
    "aws:RequestedRegion",
    "aws:RequestTag/team",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceTag/team",
    "aws:SourceAccount",
    "aws:SourceIdentity",
    "aws:SourceOrgID",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:UserAgent",
    "aws:referer",
    "s3:AccessPointNetworkOrigin",
    "s3:AccessPointTag/team",
    "s3:BucketTag/team",
    "s3:DataAccessPointAccount",
    "s3:ExistingJobOperation",
    "s3:ExistingObjectTag/team",
    "s3:InventoryAccessibleOptionalFields",
    "s3:JobSuspendedCause",
    "s3:RequestJobOperation",
    "s3:RequestObjectTag/team",
    "s3:ResourceAccount",
    "s3:VersionId",
    "s3:authType",
    "s3:delimiter",
    "s3:if-match",
    "s3:if-none-match",
    "s3:locationconstraint",
    "s3:object-lock-legal-hold",
    "s3:object-lock-mode",
    "s3:prefix",
    "s3:signatureversion",
    "s3:x-amz-acl",
    "s3:x-amz-content-sha256",
    "s3:x-amz-copy-source",
    "s3:x-amz-grant-full-control",
    "s3:x-amz-grant-read",
    "s3:x-amz-grant-read-acp",
    "s3:x-amz-grant-write",
    "s3:x-amz-grant-write-acp",
    "s3:x-amz-metadata-directive",
    "s3:x-amz-object-ownership",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-server-side-encryption-customer-algorithm",
    "s3:x-amz-storage-class",
    "s3:x-amz-website-redirect-location",
  ],
  number: [
    "aws:MultiFactorAuthAge",
    "s3:ExistingJobPriority",
    "s3:RequestJobPriority",
    "s3:TlsVersion",
    "s3:max-keys",
    "s3:object-lock-remaining-retention-days",
    "s3:signatureAge",
  ],
  date: ["aws:CurrentTime", "aws:TokenIssueTime", "s3:object-lock-retain-until-date"],
  epoch: ["aws:EpochTime"],
  truth: [
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalIsAWSService",
    "aws:SecureTransport",
    "aws:ViaAWSService",
    "s3:ObjectCreationOperation",
  ],
  address: ["aws:SourceIp", "aws:VpcSourceIp"],
  arn: ["aws:SourceArn", "s3:AccessGrantsInstanceArn", "s3:DataAccessPointArn"],
};

const multivalued = [
  "aws:CalledVia",
  "aws:PrincipalOrgPaths",
  "aws:PrincipalServiceNamesList",
  "aws:ResourceOrgPaths",
  "aws:SourceOrgPaths",
  "aws:TagKeys",
  "s3:RequestObjectTagKeys",
];

const ofCaller = [
  { name: "aws:PrincipalAccount", kind: "text" },
  { name: "aws:PrincipalArn", kind: "arn" },
  { name: "aws:PrincipalType", kind: "text" },
  { name: "aws:userid", kind: "text" },
  { name: "aws:username", kind: "text" },
] as const;

export const conditionKeys: readonly ConditionKey[] = [
  ...Object.entries(single).flatMap(([kind, names]) =>
    names.map((name) => ({ name, kind: kind as KeyKind, isMultivalued: false, isOfCaller: false })),
  ),
  ...multivalued.map((name) => ({ name, kind: "text" as const, isMultivalued: true, isOfCaller: false })),
  ...ofCaller.map((key) => ({ ...key, isMultivalued: false, isOfCaller: true })),
];

/** The keys as often as they are chosen: six operators share the few keys with dates. */
export const weightedKeys: readonly ConditionKey[] = conditionKeys.flatMap((key) =>
  key.kind === "date" || key.kind === "epoch" ? [key, key, key] : [key],
);

const ordered = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"];
const textOperators = [
  "StringEquals",
  "StringNotEquals",
  "StringEqualsIgnoreCase",
  "StringNotEqualsIgnoreCase",
  "StringLike",
  "StringNotLike",
];
/** Those that miss more seldom than their likes stand more often, so that they decide as often. */
const seldomMissed = [
  "NotEquals",
  "NotEquals",
  "LessThanEquals",
  "GreaterThan",
  "GreaterThanEquals",
  "GreaterThanEquals",
];
const numberOperators = ordered.map((name) => `Numeric${name}`);
const dateOperators = ordered.map((name) => `Date${name}`);

/** The operators that a key of a kind is compared with; Null goes with every one. */
export const operatorsOf: Readonly<Record<KeyKind, readonly string[]>> = {
  text: [...textOperators, "BinaryEquals", "Null"],
  number: [...numberOperators, "NumericNotEquals", "NumericLessThanEquals", "NumericGreaterThanEquals", "Null"],
  date: [...dateOperators, ...seldomMissed.map((name) => `Date${name}`), "Null"],
  epoch: [...dateOperators, ...seldomMissed.map((name) => `Date${name}`), ...numberOperators],
  truth: ["Bool", "Null"],
  address: ["IpAddress", "NotIpAddress"],
  arn: ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
};

export const allOperators: readonly string[] = [...new Set(Object.values(operatorsOf).flat())];

const dollar = "$";
/** Values that a request has, and those that policies compare them with; close enough to one another to be hit and missed. */
export const requestValues: Readonly<Record<KeyKind, readonly string[]>> = {
  text: ["alpha", "beta", "Alpha", "al*", "alice", "al/pha", "", "QUJD"],
  number: ["5", "10", "10.5", "-3", "7"],
  date: ["2024-06-01T12:00:00Z", "2024-06-01T00:00:00Z", "2024-06-02T00:00:00.250Z"],
  epoch: ["1717243200", "1717200000", "1717286400"],
  truth: ["true", "false"],
  address: ["203.0.113.7", "203.0.112.200", "203.0.114.7", "::ffff:203.0.113.9", "2001:db8:1::5", "2001:db8:2::5"],
  arn: ["arn:aws:sns:us-east-1:123456789012:topic", "arn:aws:s3:::bucket", "arn:aws:sns:us-east-2:123456789012:a:b/c"],
};

export const policyValues: Readonly<Record<KeyKind, readonly (string | number | boolean)[]>> = {
  text: [
    "alpha",
    "ALPHA",
    "beta",
    "al*",
    "a?pha",
    "*",
    "",
    "*a",
    `${dollar}{aws:username}`,
    `${dollar}{aws:PrincipalTag/team}`,
    `${dollar}{aws:PrincipalTag/team, 'alpha'}`,
    `al${dollar}{*}`,
    "al/*",
    "nothing",
  ],
  number: ["5", 10, "10", "10.50", "-3.0", "7", 6],
  date: [
    "2024-06-01T12:00:00Z",
    "2024-06-01T14:00:00+02:00",
    "2024-06-01",
    "2024-06",
    "1717200000",
    "2024-06-02T00:00Z",
    1717243200,
  ],
  epoch: ["1717243200", 1717200000, "1717286400"],
  truth: ["true", "false", true, false],
  address: [
    "203.0.113.0/24",
    "203.0.113.7",
    "203.0.112.0/22",
    "::ffff:203.0.113.0/120",
    "2001:db8:1::/48",
    "2001:DB8::/32",
    "0.0.0.0/0",
    "2001:db8:1::5",
  ],
  arn: [
    "arn:aws:sns:us-east-1:123456789012:topic",
    "arn:aws:sns:*:123456789012:*",
    "arn:aws:s3:::*",
    "arn:aws:iam::*:user/*",
    "arn:aws:iam::111122223333:*",
    "arn:aws:sqs:*:111122223333:queue/*",
    "arn:aws:sns:us-east-?:*:a*",
    "arn:aws:*:*:*:*",
    `arn:aws:iam::111122223333:user/${dollar}{aws:username}`,
  ],
};

export const binaryValues: readonly string[] = ["QUJD", "YWxwaGE=", "AAEC"];
