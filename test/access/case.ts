/** One question of who may do what to a bucket or an object, in words that neither the product nor its judge here has from the other. */

export const actions = [
  "s3:DeleteObject",
  "s3:GetBucketAcl",
  "s3:GetBucketPolicy",
  "s3:GetBucketTagging",
  "s3:GetObject",
  "s3:GetObjectAcl",
  "s3:GetObjectTagging",
  "s3:ListBucket",
  "s3:PutBucketAcl",
  "s3:PutObject",
  "s3:PutObjectAcl",
] as const;
export type ActionName = (typeof actions)[number];

/** The bucket is of the account "owner". */
export const askers = [
  "anonymous",
  "owner-root",
  "owner-user",
  "owner-role",
  "other-root",
  "other-user",
  "third-root",
] as const;
export type Asker = (typeof askers)[number];

export const accounts = ["owner", "other", "third"] as const;
export type Account = (typeof accounts)[number];

export const accountIds: Readonly<Record<Account, string>> = {
  owner: "100000000000",
  other: "200000000000",
  third: "300000000000",
};

export const arns = {
  ownerUser: "arn:aws:iam::100000000000:user/ursula",
  ownerRole: "arn:aws:iam::100000000000:role/rolf",
  ownerSession: "arn:aws:sts::100000000000:assumed-role/rolf/today",
  otherUser: "arn:aws:iam::200000000000:user/otto",
} as const;

/** Whom a statement of a bucket policy names. */
export const namings = [
  "everybody",
  "owner",
  "other",
  "canonical other",
  ...(Object.keys(arns) as (keyof typeof arns)[]),
] as const;
export type Naming = (typeof namings)[number];

/** tag: the object has the tag class=red. here: the client's address, in a narrow range; elsewhere: a range that it is not in. */
export const conditions = ["none", "tag", "here", "elsewhere"] as const;

export interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly isAboutIt: boolean;
  readonly condition: (typeof conditions)[number];
}

export interface NamingStatement extends Statement {
  readonly names: Naming;
}

export const grantees = ["all", "authenticated", "owner", "other"] as const;
export const permissions = ["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"] as const;

export interface Acl {
  readonly owner: Account | "anonymous";
  readonly grants: readonly {
    readonly to: (typeof grantees)[number];
    readonly permission: (typeof permissions)[number];
  }[];
}

export interface Flags {
  readonly ignoresAcls: boolean;
  readonly restricts: boolean;
}

export interface Case {
  readonly who: Asker;
  readonly action: ActionName;
  /** Of users and roles. */
  readonly own: readonly Statement[];
  /** Permission boundary of users and roles: none, one that allows everything, one that allows nothing. */
  readonly boundary: "none" | "open" | "shut";
  /** Null: the bucket has no policy. */
  readonly policy: readonly NamingStatement[] | null;
  /** Null: the bucket has none. Its owner is the account "owner". */
  readonly bucketAcl: Acl | null;
  readonly ownership: "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter" | null;
  readonly bucketBlock: Flags | null;
  readonly accountBlock: Flags | null;
  /** Null: there is none at the key. */
  readonly object: { readonly isRed: boolean; readonly acl: Acl | null } | null;
}

export const isObjectAction = (action: ActionName): boolean => action.includes("Object");
