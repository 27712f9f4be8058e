/** Who makes a request, with everything that decides what they may do. */

import { type AccountRecord, type Actor, newAccount, type Role, type Tag } from "../control/identity-records.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import type { RequestPrincipal } from "../policy/request.ts";
import { anonymousId } from "../s3/acl.ts";

/** Shared by all requests of one credential while none of the records it was made from changes: treat it as frozen. */
export interface Principal {
  readonly account: AccountRecord;
  /** User name, "root", or role name. */
  readonly name: string;
  /** session: temporary credentials of a role. */
  readonly role: Role | "session";
  readonly accessKeyId: string;
  /** As policies see it. */
  readonly identity: RequestPrincipal;
  /** `aws:username`; null for Root and for sessions of roles. */
  readonly userName: string | null;
  readonly tags: readonly Tag[];
  /** Attached and inline, its groups' too; those that its role implies stand first. */
  readonly policies: readonly CompiledPolicy[];
  readonly boundary: CompiledPolicy | null;
  /** Policies of temporary credentials; null = none were given. */
  readonly sessionPolicies: readonly CompiledPolicy[] | null;
  /** Everything in its own account is allowed, unless a resource's policy denies it: nothing needs to be evaluated. */
  readonly isUnbounded: boolean;
  /** Null for long-lived keys. */
  readonly temporary: {
    readonly issuedMs: number;
    readonly mfa: boolean;
    /** What they die with; credentials that they ask for die with the same. */
    readonly parentAccessKeyId: string | null;
    readonly sessionId: string | null;
  } | null;
}

/** Whoever sends a request without any signature: of no account that there is. */
export const anonymousPrincipal: Principal = {
  account: newAccount({
    accountId: "anonymous",
    canonicalId: anonymousId,
    displayName: "",
    kind: "customer",
    parent: null,
    createdMs: 0,
  }),
  name: "anonymous",
  role: "user",
  accessKeyId: "",
  identity: { kind: "anonymous" },
  userName: null,
  tags: [],
  policies: [],
  boundary: null,
  sessionPolicies: null,
  isUnbounded: false,
  temporary: null,
};

/** The principal as control messages name it. */
export function actorOf(principal: Principal, address: string | null, requestId: string | null): Actor {
  return {
    accountId: principal.account.accountId,
    name: principal.name,
    kind: principal.role === "session" ? "role" : "user",
    via: "key",
    original: null,
    address,
    requestId,
  };
}

/** False for a reseller: its keys, and what was presigned with them, do not work. */
export function mayUseKeys(account: AccountRecord): boolean {
  return account.kind !== "reseller";
}

/** A user who acts for itself with its key. */
export function ownActor(accountId: string, name: string): Actor {
  return { accountId, name, kind: "user", via: "key", original: null, address: null, requestId: null };
}
