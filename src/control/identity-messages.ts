/**
 * The control actor's messages on identities: accounts, users, groups, roles, policies, keys. Every request says who asks
 * (`by`); the actor reads that identity again, judges what roles may do to whom (`account/authority.ts`), writes the change and
 * its audit row in one transaction. What policies say (`iam:*` actions) the caller has judged before.
 *
 * Refusals are codes of the IAM API: NoSuchEntity, EntityAlreadyExists, DeleteConflict, LimitExceeded, MalformedPolicyDocument,
 * ValidationError (InvalidInput), AccessDenied, ConcurrentModification; ServiceUnavailable when the store is closed.
 */

import type {
  AccountKind,
  AccountRecord,
  Actor,
  ApiTokenRecord,
  GroupRecord,
  HolderKind,
  ManagedPolicyRecord,
  PolicyVersion,
  Quota,
  Role,
  RoleRecord,
  Tag,
  TokenScope,
  UserRecord,
} from "./identity-records.ts";

type Nothing = Record<string, never>;

interface By {
  readonly by: Actor;
}

interface OfUser extends By {
  readonly accountId: string;
  readonly userName: string;
}

/** A user, group or role whose policies change. */
export interface Holder {
  readonly kind: HolderKind;
  readonly accountId: string;
  readonly name: string;
}

interface OfHolder extends By {
  readonly holder: Holder;
}

interface OfPolicy extends By {
  readonly policyArn: string;
}

/** A secret that is shown once; the store keeps its hash. */
interface WithToken {
  readonly token: string | null;
}

interface AccountMessages {
  /** Makes an account with its Root, who is invited: `token` is for the link that sets the password. */
  "account.create": [
    By & {
      readonly kind: AccountKind;
      readonly parent: string;
      readonly displayName: string;
      readonly email: string;
      readonly label: string | null;
      readonly quota: Quota | null;
    },
    WithToken & { readonly account: AccountRecord },
  ];
  /** Members that are absent stay as they are. */
  "account.update": [
    By & { readonly accountId: string; readonly changes: Partial<AccountChanges> },
    { readonly account: AccountRecord },
  ];
  "account.setStatus": [By & { readonly accountId: string; readonly status: "active" | "suspended" }, Nothing];
  /** DeleteConflict while it owns buckets or has accounts below it. */
  "account.delete": [By & { readonly accountId: string }, Nothing];
}

export type AccountChanges = Pick<
  AccountRecord,
  "displayName" | "kind" | "label" | "quota" | "siteSelection" | "addressRanges" | "contact"
>;

interface UserMessages {
  "user.create": [
    OfUser & {
      readonly path: string;
      readonly email: string | null;
      readonly role: Exclude<Role, "root">;
      readonly tags: readonly Tag[];
      readonly boundary: string | null;
      /** Makes a token for a link that sets the password; needs an e-mail address. */
      readonly invite: boolean;
    },
    WithToken & { readonly user: UserRecord },
  ];
  /** A new name moves keys and memberships along and ends the sessions. */
  "user.update": [
    OfUser & {
      readonly changes: Partial<{
        readonly name: string;
        readonly path: string;
        readonly email: string | null;
        readonly role: Exclude<Role, "root">;
        readonly status: "active" | "disabled";
        readonly external: UserRecord["external"];
      }>;
    },
    { readonly user: UserRecord },
  ];
  /** cascade: with keys, policies, memberships, sessions; without: DeleteConflict while there are any. */
  "user.delete": [OfUser & { readonly cascade: boolean }, Nothing];
  /** Adds tags, and replaces those of the same key. */
  "user.tag": [OfUser & { readonly tags: readonly Tag[] }, Nothing];
  "user.untag": [OfUser & { readonly keys: readonly string[] }, Nothing];
  "user.setBoundary": [OfUser & { readonly policyArn: string | null }, Nothing];
  /** A new token for a user who is still invited; the one before ends. */
  "user.invite": [OfUser, WithToken];

  "group.create": [
    By & { readonly accountId: string; readonly groupName: string; readonly path: string },
    { readonly group: GroupRecord },
  ];
  "group.update": [
    By & {
      readonly accountId: string;
      readonly groupName: string;
      readonly newName: string | null;
      readonly newPath: string | null;
    },
    { readonly group: GroupRecord },
  ];
  "group.delete": [By & { readonly accountId: string; readonly groupName: string }, Nothing];
  "group.addUser": [OfUser & { readonly groupName: string }, Nothing];
  "group.removeUser": [OfUser & { readonly groupName: string }, Nothing];
}

interface RoleMessages {
  "role.create": [
    By & {
      readonly accountId: string;
      readonly roleName: string;
      readonly path: string;
      readonly description: string | null;
      readonly trustPolicy: string;
      readonly boundary: string | null;
      readonly maxSessionSeconds: number;
      readonly tags: readonly Tag[];
    },
    { readonly role: RoleRecord },
  ];
  "role.update": [
    By & {
      readonly accountId: string;
      readonly roleName: string;
      readonly changes: Partial<
        Pick<RoleRecord, "description" | "maxSessionSeconds" | "boundary" | "tags"> & { readonly trustPolicy: string }
      >;
    },
    { readonly role: RoleRecord },
  ];
  "role.tag": [By & { readonly accountId: string; readonly roleName: string; readonly tags: readonly Tag[] }, Nothing];
  "role.untag": [
    By & { readonly accountId: string; readonly roleName: string; readonly keys: readonly string[] },
    Nothing,
  ];
  "role.delete": [By & { readonly accountId: string; readonly roleName: string }, Nothing];
}

interface PolicyMessages {
  "policy.create": [
    By & {
      readonly accountId: string;
      readonly policyName: string;
      readonly path: string;
      readonly description: string | null;
      readonly document: string;
      readonly tags: readonly Tag[];
    },
    { readonly policy: ManagedPolicyRecord },
  ];
  "policy.createVersion": [
    OfPolicy & { readonly document: string; readonly setAsDefault: boolean },
    { readonly version: PolicyVersion },
  ];
  "policy.setDefaultVersion": [OfPolicy & { readonly versionId: string }, Nothing];
  "policy.deleteVersion": [OfPolicy & { readonly versionId: string }, Nothing];
  /** All its tags; those there were before are gone. */
  "policy.setTags": [OfPolicy & { readonly tags: readonly Tag[] }, Nothing];
  "policy.tag": [OfPolicy & { readonly tags: readonly Tag[] }, Nothing];
  "policy.untag": [OfPolicy & { readonly keys: readonly string[] }, Nothing];
  "policy.delete": [OfPolicy, Nothing];
  "policy.attach": [OfHolder & { readonly policyArn: string }, Nothing];
  "policy.detach": [OfHolder & { readonly policyArn: string }, Nothing];
  "inline.put": [OfHolder & { readonly policyName: string; readonly document: string }, Nothing];
  "inline.delete": [OfHolder & { readonly policyName: string }, Nothing];
}

interface KeyMessages {
  /** The secret is in this answer and in no other. */
  "key.create": [
    OfUser,
    { readonly accessKeyId: string; readonly secretAccessKey: string; readonly createdMs: number },
  ];
  "key.update": [OfUser & { readonly accessKeyId: string; readonly status: "Active" | "Inactive" }, Nothing];
  "key.delete": [OfUser & { readonly accessKeyId: string }, Nothing];
  /** From the fronts, once a minute at most. */
  "key.used": [
    {
      readonly used: readonly {
        readonly accessKeyId: string;
        readonly usedMs: number;
        readonly service: string;
        readonly region: string;
      }[];
    },
    Nothing,
  ];
}

export interface SignInMessages {
  /**
   * Password sign-in. `email` with the account that the host names, or any account (null). Errors: one refusal for unknown
   * address, wrong password, disabled user and suspended account (`SignInFailed`); `Throttled` with RetryAfterMs.
   */
  "session.begin": [
    {
      readonly email: string;
      readonly password: string;
      readonly accountId: string | null;
      readonly address: string;
      readonly userAgent: string;
    },
    SessionReply,
  ];
  /** The second factor: a TOTP code or a recovery code. The session gets a new token. */
  "session.mfa": [{ readonly sessionHash: string; readonly code: string; readonly address: string }, SessionReply];
  "session.end": [{ readonly sessionHash: string }, Nothing];
  "session.seen": [{ readonly sessionHash: string; readonly seenMs: number }, Nothing];
  /** One by its id, or (null) all but the one that asks. */
  "session.revoke": [OfUser & { readonly sessionId: string | null; readonly exceptHash: string | null }, Nothing];
  /** Takes on the Root's role of an account below; null ends it. The session gets a new token. */
  "session.actAs": [By & { readonly sessionHash: string; readonly accountId: string | null }, SessionReply];

  /** A TOTP secret (base32), not in force before it is confirmed. */
  "mfa.begin": [OfUser & { readonly password: string }, { readonly secret: string }];
  /** Ten recovery codes, shown once. Ends all other sessions: they were begun without the second factor. */
  "mfa.confirm": [
    OfUser & { readonly code: string; readonly exceptHash: string | null },
    { readonly recoveryCodes: readonly string[] },
  ];
  "mfa.disable": [OfUser & { readonly password: string; readonly code: string }, Nothing];
  /** An administrator's help for a user who has lost everything: below its own role only. */
  "mfa.reset": [OfUser, Nothing];
  /** Takes a TOTP code for something else than signing in: credentials that say so. SignInFailed, InvalidInput without a factor. */
  "mfa.take": [OfUser & { readonly code: string }, Nothing];
  "mfa.newRecoveryCodes": [OfUser & { readonly code: string }, { readonly recoveryCodes: readonly string[] }];

  /** Ends all other sessions. */
  "password.change": [
    OfUser & { readonly oldPassword: string; readonly newPassword: string; readonly exceptHash: string | null },
    Nothing,
  ];
  /** The password of a user who is signed in, before what cannot be taken back. Errors: SignInFailed, Throttled. */
  "password.confirm": [OfUser & { readonly password: string }, Nothing];
  /** At most one mail a minute and user; `sent` is empty when there is none to send, and the caller's answer is the same. */
  "password.requestReset": [
    { readonly email: string; readonly accountId: string | null; readonly address: string },
    { readonly sent: readonly { readonly email: string; readonly token: string; readonly displayName: string }[] },
  ];
  /** What a reset or an invite link does. Errors: InvalidToken. */
  "password.redeem": [
    { readonly token: string; readonly newPassword: string; readonly address: string },
    { readonly accountId: string; readonly userName: string },
  ];

  "token.create": [
    OfUser & { readonly name: string; readonly scope: TokenScope; readonly expiresMs: number | null },
    { readonly token: string; readonly record: ApiTokenRecord },
  ];
  "token.delete": [OfUser & { readonly tokenId: string }, Nothing];
}

export interface SessionReply {
  /** For the cookie; its hash names the session. */
  readonly token: string;
  /** For the header that state-changing requests carry. */
  readonly csrf: string;
  readonly stage: "password" | "complete";
  /** A recovery code was used, which its owner is to be told by mail; null = none was. */
  readonly recovery: { readonly left: number; readonly email: string | null } | null;
}

interface AuditMessages {
  /** An event that no other message records: a denied request, a sign-in elsewhere. */
  "audit.write": [
    By & {
      readonly action: string;
      readonly outcome: "done" | "denied" | "failed";
      readonly accountId: string;
      readonly target: string;
      readonly detail: Readonly<Record<string, string>>;
    },
    Nothing,
  ];
}

/** What changes who there is and what they may do. */
export interface DirectoryMessages
  extends AccountMessages,
    UserMessages,
    RoleMessages,
    PolicyMessages,
    KeyMessages,
    AuditMessages {}

export interface IdentityMessages extends DirectoryMessages, SignInMessages {}

/** What the identity messages refuse with; the IAM API and the admin API each have a table of statuses for them. */
export const identityErrorCodes = [
  "AccessDenied",
  "ConcurrentModification",
  "DeleteConflict",
  "EntityAlreadyExists",
  "ExpiredToken",
  "InvalidInput",
  "InvalidToken",
  "LimitExceeded",
  "MalformedPolicyDocument",
  "NoSuchEntity",
  "SignInFailed",
  "Throttled",
] as const;
export type IdentityErrorCode = (typeof identityErrorCodes)[number];
