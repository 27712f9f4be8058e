/** What the admin API needs of the rest of the product: reads of control records, mail, bucket deletion, policies. Narrow, so that a test can stand in for each. */

import type {
  AccessKeyRecord,
  AccountRecord,
  ApiTokenRecord,
  AuditRecord,
  GroupRecord,
  HolderKind,
  KeyUsedRecord,
  ManagedPolicyRecord,
  RoleRecord,
  SessionRecord,
  UserRecord,
} from "../control/identity-records.ts";
import type { BucketRecord } from "../control/records.ts";
import type { Caller, CallerSession } from "./caller.ts";

/** A page of names: those after `after` ("" = from the first), at most `limit`. */
export interface Range {
  readonly after: string;
  readonly limit: number;
}

/** A page, and where the next begins; null = this is the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Synchronous reads of the newest commit after `refresh`. What is returned is shared: treat it as frozen. */
export interface AdminReader {
  /** Right before a request's first read, and again after any await. */
  refresh(): void;
  account(accountId: string): AccountRecord | undefined;
  /** The first account; null before there is one. */
  operatorId(): string | null;
  /** The accounts directly below one. */
  childAccounts(parent: string, range: Range): Page<AccountRecord>;
  /** Whether `accountId` is below `ancestor`, at any depth. */
  isBelow(accountId: string, ancestor: string): boolean;
  /** Whether nobody above the account, nor it, has disabled site selection. */
  mayChooseSites(accountId: string): boolean;
  user(accountId: string, name: string): UserRecord | undefined;
  users(accountId: string, range: Range): Page<UserRecord>;
  group(accountId: string, name: string): GroupRecord | undefined;
  groups(accountId: string, range: Range): Page<GroupRecord>;
  /** Names of a group's users. */
  members(accountId: string, group: string, range: Range): Page<string>;
  role(accountId: string, name: string): RoleRecord | undefined;
  roles(accountId: string, range: Range): Page<RoleRecord>;
  policy(accountId: string, name: string): ManagedPolicyRecord | undefined;
  policies(accountId: string, range: Range): Page<ManagedPolicyRecord>;
  /** How many users, groups, roles and boundaries name the policy, at most `limits.controlListMax`. */
  attachmentCount(policyArn: string): number;
  /** The document of an inline policy. */
  inlinePolicy(kind: HolderKind, accountId: string, holder: string, name: string): string | undefined;
  accessKey(accessKeyId: string): AccessKeyRecord | undefined;
  accessKeys(accountId: string, user: string): readonly AccessKeyRecord[];
  keyUsed(accessKeyId: string): KeyUsedRecord | undefined;
  sessions(accountId: string, user: string): readonly SessionRecord[];
  tokens(accountId: string, user: string): readonly ApiTokenRecord[];
  /** Newest first. @param accountId null = of every account */
  audit(accountId: string | null, range: Range): Page<{ readonly id: string; readonly record: AuditRecord }>;
  bucket(name: string): BucketRecord | undefined;
  buckets(accountId: string, range: Range): Page<BucketRecord>;
}

/** What proves who calls. Reads what the reader's last `refresh` has seen. */
export interface ProofReader {
  /** The session of a cookie's token, if it has neither ended nor idled out. */
  session(token: string, nowMs: number): CallerSession | null;
  /** The API token, if it has not expired. */
  apiToken(token: string, nowMs: number): ApiTokenRecord | null;
  /** An active access key with its secret; no temporary one. */
  credential(
    accessKeyId: string,
  ): { readonly secretAccessKey: string; readonly accountId: string; readonly userName: string } | undefined;
  /** Whether the account and those above it are active, and its address ranges take the peer. */
  mayUse(account: AccountRecord, address: string): boolean;
}

/** Goes on from `deleting`. @returns whether the bucket is gone; false = it holds something and is live again */
export type BucketDeletion = (bucket: BucketRecord) => Promise<boolean>;

export type MailKind = "invite" | "reset" | "recoveryCodeUsed" | "mfaChanged" | "passwordChanged";

export interface AdminMail {
  /** False: mails go to a file, so the inviter is shown the link. */
  readonly isDelivered: boolean;
  /** Queues one mail; failures are the mailer's to log and retry. */
  send(mail: {
    readonly kind: MailKind;
    readonly to: string;
    readonly displayName: string;
    /** null in mails that only tell of something. */
    readonly link: string | null;
  }): void;
}

/** What policies say, of callers and of others. */
export interface PolicyJudge {
  /** @param resource an ARN, or "*" */
  allows(caller: Caller, action: string, resource: string, context: JudgedRequest): boolean;
  explain(question: SimulatedRequest): Explained;
  /** The managed policies that every account has. */
  builtIn(): readonly BuiltInPolicy[];
}

export interface BuiltInPolicy {
  readonly arn: string;
  readonly name: string;
  readonly description: string;
  /** JSON text. */
  readonly document: string;
}

/** A request that is not made, only judged. */
export interface SimulatedRequest {
  readonly kind: "user" | "role";
  readonly accountId: string;
  readonly name: string;
  readonly action: string;
  readonly resource: string;
  /** Values of condition keys; names in lower case. */
  readonly context: ReadonlyMap<string, readonly string[]>;
}

export interface Explained {
  readonly effect: "Allow" | "ExplicitDeny" | "ImplicitDeny" | "Deferred";
  readonly reason: string;
  readonly statements: {
    readonly source: string;
    readonly index: number;
    readonly sid: string | null;
    readonly effect: "Allow" | "Deny";
    readonly matches: boolean;
    readonly why: string | null;
  }[];
}

/** What conditions of policies may ask of a request. */
export interface JudgedRequest {
  readonly address: string;
  readonly userAgent: string;
  readonly secure: boolean;
  readonly nowMs: number;
}
