/**
 * The control records of identities: accounts, users, groups, roles, policies, keys, sessions, tokens, audit. Values are
 * msgpack maps of these shapes. A record of an earlier release lacks newer members: only `identity-upgrade.ts` decodes them,
 * and fills in what is missing.
 */

import type { StoredPolicy } from "../policy/stored-policy.ts";

export type AccountKind = "operator" | "reseller" | "customer";

/** `accounts/<accountId>` */
export interface AccountRecord {
  /** 12 digits. */
  readonly accountId: string;
  readonly canonicalId: string;
  readonly displayName: string;
  readonly kind: AccountKind;
  /** The reseller or operator above it; null for an operator. */
  readonly parent: string | null;
  readonly createdMs: number;
  /** Of a suspended account, and of every account below it, no credential works. */
  readonly status: "active" | "suspended" | "deleting";
  /** DNS label of its host names (`s3.<label>.<domain>`), unique over all accounts; null = none of its own. */
  readonly label: string | null;
  readonly quota: Quota;
  /** False: its users cannot choose the sites of a bucket. */
  readonly siteSelection: boolean;
  /** IP addresses and CIDR ranges that its requests must come from; empty = any. */
  readonly addressRanges: readonly string[];
  /** Shown to its customers on the support page: an e-mail address or URL. */
  readonly contact: string | null;
}

/** null = without bound. */
export interface Quota {
  /** Logical bytes of all versions and open parts. */
  readonly bytes: number | null;
  readonly objects: number | null;
  readonly buckets: number | null;
}

export type Role = "root" | "admin" | "user";

/** What a user, a group and a role have in common: their policies. */
export interface PolicyHolder {
  /** ARNs of managed policies, in the order of attachment. */
  readonly attached: readonly string[];
  /** Names of inline policies; their documents are records of their own. */
  readonly inline: readonly string[];
}

/** `users/<accountId>/<userName>`; the Root of an account has the name "root" and role "root". */
export interface UserRecord extends PolicyHolder {
  readonly accountId: string;
  readonly name: string;
  /** Never used again: `TRPU` and 16 capitals and digits. */
  readonly userId: string;
  /** Begins and ends with "/". */
  readonly path: string;
  /** In lower case. null: a user made by the IAM API, who signs requests but not in. */
  readonly email: string | null;
  readonly role: Role;
  /** invited: has no password yet. disabled: neither signs in nor signs requests. */
  readonly status: "active" | "invited" | "disabled";
  readonly groups: readonly string[];
  /** ARN of the managed policy that bounds what the others allow; null = none. */
  readonly boundary: string | null;
  readonly tags: readonly Tag[];
  /** Opaque password hash, null when none is set. */
  readonly passwordHash: string | null;
  readonly passwordChangedMs: number | null;
  readonly mfa: MfaState | null;
  /** Identity at an outside provider; null = none. */
  readonly external: { readonly issuer: string; readonly subject: string } | null;
  readonly createdMs: number;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** `renamed/<userId>`: where a user who has had another name is now. */
export interface RenamedUserRecord {
  readonly accountId: string;
  readonly name: string;
}

export interface MfaState {
  /** TOTP secret, sealed by the key ring. */
  readonly sealedSecret: Uint8Array;
  /** False until a first code has confirmed it: then it is not asked for. */
  readonly confirmed: boolean;
  /** The newest time step whose code was taken; none at or before it is taken again. */
  readonly lastStep: number;
  /** Hashes of the recovery codes that are left. */
  readonly recoveryHashes: readonly string[];
}

/** `groups/<accountId>/<groupName>`; its members stand at `members/<accountId>/<groupName>/<userName>`. */
export interface GroupRecord extends PolicyHolder {
  readonly accountId: string;
  readonly name: string;
  readonly groupId: string;
  readonly path: string;
  readonly createdMs: number;
}

/** `roles/<accountId>/<roleName>` */
export interface RoleRecord extends PolicyHolder {
  readonly accountId: string;
  readonly name: string;
  readonly roleId: string;
  readonly path: string;
  readonly description: string | null;
  readonly trustPolicy: StoredPolicy;
  readonly boundary: string | null;
  /** 3600 to 43200. */
  readonly maxSessionSeconds: number;
  readonly tags: readonly Tag[];
  readonly createdMs: number;
}

/** `policies/<accountId>/<policyName>`: a managed policy of the account. */
export interface ManagedPolicyRecord {
  readonly accountId: string;
  readonly name: string;
  readonly policyId: string;
  readonly path: string;
  readonly description: string | null;
  readonly tags: readonly Tag[];
  /** "v1", "v2" …; at most five. */
  readonly defaultVersion: string;
  readonly versions: readonly PolicyVersion[];
  /** Number of the newest version ever made. */
  readonly lastVersion: number;
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface PolicyVersion {
  readonly id: string;
  /** JSON text as it was given. */
  readonly document: string;
  readonly createdMs: number;
}

/** Who holds an inline policy or an attachment. */
export type HolderKind = "user" | "group" | "role";

/** `inline/<kind>/<accountId>/<holderName>/<policyName>` */
export interface InlinePolicyRecord {
  /** JSON text as it was given. */
  readonly document: string;
}

/** `keys/<accessKeyId>`; listed by `user-keys/<accountId>/<userName>/<accessKeyId>`. */
export interface AccessKeyRecord {
  readonly accessKeyId: string;
  /** Sealed by the key ring for the access key's id. */
  readonly sealedSecret: Uint8Array;
  readonly accountId: string;
  readonly userName: string;
  readonly status: "Active" | "Inactive";
  readonly createdMs: number;
}

/** `key-used/<accessKeyId>`: written at most once a minute. */
export interface KeyUsedRecord {
  readonly usedMs: number;
  readonly service: string;
  readonly region: string;
}

/** `sessions/<hash of the token>`; listed by `user-sessions/<accountId>/<userName>/<hash>`. */
export interface SessionRecord {
  /** Shown and named in lists; not a secret. */
  readonly sessionId: string;
  readonly accountId: string;
  readonly userName: string;
  /** password: the second factor is still due, and no other route works. */
  readonly stage: "password" | "complete";
  /** The account whose Root's role is taken on; null = none. */
  readonly actingAs: string | null;
  readonly csrfHash: string;
  readonly address: string;
  readonly userAgent: string;
  readonly createdMs: number;
  /** Written at most once a minute. */
  readonly seenMs: number;
}

/**
 * `sign-ins/<accountId>/<userName>`: written with every session that is made, renewed or ended with all others, and compared
 * by the same: a session that is just being made cannot outlive the end of all sessions.
 */
export interface SignInsRecord {
  /** Of another id: left over from a user of the same name who is gone; counts as absent. */
  readonly userId: string;
  /** Where the user has signed in to the end, newest first; at most `limits.knownAddressesMax`. */
  readonly addresses: readonly { readonly network: string; readonly atMs: number }[];
}

export type TokenScope = "usage" | "customers" | "all";

/** `tokens/<hash of the token>`: an API token; listed by `user-tokens/<accountId>/<userName>/<tokenId>`. */
export interface ApiTokenRecord {
  readonly tokenId: string;
  readonly name: string;
  readonly accountId: string;
  readonly userName: string;
  readonly scope: TokenScope;
  /** null = does not expire. */
  readonly expiresMs: number | null;
  readonly createdMs: number;
}

/** `mail-tokens/<hash of the token>`: what a link in a mail stands for; used once. */
export interface MailTokenRecord {
  readonly purpose: "invite" | "reset";
  readonly accountId: string;
  readonly userName: string;
  readonly expiresMs: number;
}

/** `reset-sent/<accountId>/<userName>`: the last reset mail to a user; the next one ends its token. */
export interface ResetSentRecord {
  readonly atMs: number;
  readonly hash: string;
}

/** `audit/<ms, 14 digits>-<8 hex digits>`; listed for an account by `account-audit/<accountId>/<same>`. */
export interface AuditRecord {
  readonly atMs: number;
  /** Message or event: "user.create", "session.begin". */
  readonly action: string;
  readonly outcome: "done" | "denied" | "failed";
  /** The account it happened in. */
  readonly accountId: string;
  /** What it was done to: "user/ann", "bucket/photos". */
  readonly target: string;
  readonly by: Actor;
  readonly detail: Readonly<Record<string, string>>;
}

/** Who asks for a change of control records. */
export interface Actor {
  readonly accountId: string;
  /** User name, `rootUserName`, or role name. */
  readonly name: string;
  /** system: the product itself (start, jobs, the local socket of the node's own machine). */
  readonly kind: "user" | "role" | "system";
  readonly via: "key" | "session" | "token" | "system";
  /** The identity that acts as this one; null = itself. Both stand in the audit log. */
  readonly original: { readonly accountId: string; readonly name: string } | null;
  /** Peer address, or null inside the product. */
  readonly address: string | null;
  /** Id of the request, or null inside the product. */
  readonly requestId: string | null;
}

/** An account with everything that has a default. */
export function newAccount(
  given: Pick<AccountRecord, "accountId" | "canonicalId" | "displayName" | "kind" | "parent" | "createdMs">,
): AccountRecord {
  return {
    accountId: given.accountId,
    canonicalId: given.canonicalId,
    displayName: given.displayName,
    kind: given.kind,
    parent: given.parent,
    createdMs: given.createdMs,
    status: "active",
    label: null,
    quota: { bytes: null, objects: null, buckets: null },
    siteSelection: true,
    addressRanges: [],
    contact: null,
  };
}

/** A user with nothing but what is given. */
export function newUser(
  given: Pick<UserRecord, "accountId" | "name" | "userId" | "email" | "role" | "status" | "createdMs">,
): UserRecord {
  return {
    accountId: given.accountId,
    name: given.name,
    userId: given.userId,
    path: "/",
    email: given.email,
    role: given.role,
    status: given.status,
    groups: [],
    boundary: null,
    tags: [],
    passwordHash: null,
    passwordChangedMs: null,
    mfa: null,
    external: null,
    createdMs: given.createdMs,
    attached: [],
    inline: [],
  };
}

/** Name of the user record of an account's Root. */
export const rootUserName = "root";

export const identityKeys = {
  /** → `{version}`: what has been made of records of earlier releases. */
  version: "identity-version",
  account: (accountId: string) => `accounts/${accountId}`,
  /** → `{}`: the accounts below one. */
  child: (parent: string, accountId: string) => `children/${parent}/${accountId}`,
  /** → `PublicAccessBlock` of an account that has set one. */
  publicAccessBlock: (accountId: string) => `public-access-blocks/${accountId}`,
  /** → `{accountId}` */
  label: (label: string) => `labels/${label}`,
  /** → `{accountId}`: canonical ids are unique. */
  canonical: (canonicalId: string) => `canonical/${canonicalId}`,
  user: (accountId: string, name: string) => `users/${accountId}/${name}`,
  renamed: (userId: string) => `renamed/${userId}`,
  /** → `{}`; the address as in the record. One person may be a user of several accounts; unique in each. */
  email: (address: string, accountId: string, name: string) => `emails/${address}/${accountId}/${name}`,
  group: (accountId: string, name: string) => `groups/${accountId}/${name}`,
  /** → `{}` */
  member: (accountId: string, group: string, user: string) => `members/${accountId}/${group}/${user}`,
  /** → `{name}`: names of one kind in an account differ in more than case. */
  name: (kind: HolderKind | "policy", accountId: string, name: string) =>
    `names/${kind}/${accountId}/${name.toLowerCase()}`,
  role: (accountId: string, name: string) => `roles/${accountId}/${name}`,
  policy: (accountId: string, name: string) => `policies/${accountId}/${name}`,
  /** → `{}`: who has the policy attached, or as boundary (then the name is `user.<name>` or `role.<name>`). */
  attachment: (policyArn: string, kind: HolderKind | "boundary", accountId: string, name: string) =>
    `attached/${policyArn}|${kind}/${accountId}/${name}`,
  inline: (kind: HolderKind, accountId: string, holder: string, policy: string) =>
    `inline/${kind}/${accountId}/${holder}/${policy}`,
  accessKey: (accessKeyId: string) => `keys/${accessKeyId}`,
  /** → `{}` */
  userKey: (accountId: string, user: string, accessKeyId: string) => `user-keys/${accountId}/${user}/${accessKeyId}`,
  keyUsed: (accessKeyId: string) => `key-used/${accessKeyId}`,
  session: (hash: string) => `sessions/${hash}`,
  /** → `{hash}` */
  userSession: (accountId: string, user: string, sessionId: string) =>
    `user-sessions/${accountId}/${user}/${sessionId}`,
  signIns: (accountId: string, user: string) => `sign-ins/${accountId}/${user}`,
  token: (hash: string) => `tokens/${hash}`,
  /** → `{hash}` */
  userToken: (accountId: string, user: string, tokenId: string) => `user-tokens/${accountId}/${user}/${tokenId}`,
  /** → `{hash}`: the invite that is out to a user. */
  invite: (accountId: string, user: string) => `invites/${accountId}/${user}`,
  mailToken: (hash: string) => `mail-tokens/${hash}`,
  resetSent: (accountId: string, user: string) => `reset-sent/${accountId}/${user}`,
  audit: (id: string) => `audit/${id}`,
  /** → `{}` */
  accountAudit: (accountId: string, id: string) => `account-audit/${accountId}/${id}`,
} as const;
