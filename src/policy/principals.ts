/**
 * Principal and NotPrincipal: reading them and matching them with who asks. Pure.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */

import type { RequestPrincipal } from "./request.ts";

/** Whom a statement of a resource policy names. */
export interface PrincipalClause {
  /** NotPrincipal. */
  readonly negated: boolean;
  /** `"*"` or `{"AWS": "*"}`: everybody, anonymous too. */
  readonly any: boolean;
  /** Accounts (12 digits, or `arn:aws:iam::ID:root`), users, roles, sessions; of a stored policy, unique ids in place of ARNs. */
  readonly aws: readonly string[];
  readonly canonicalUsers: readonly string[];
  readonly services: readonly string[];
  readonly federated: readonly string[];
}

const accountId = /^\d{12}$/;
const rootArn = /^arn:aws:iam::(\d{12}):root$/;
/** Names and paths of users and roles. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const namedArn =
  /^arn:aws:(?:iam::\d{12}:(?:user|role)\/(?:[!-~]{1,512}\/)?[\w+=,.@-]{1,64}|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]{1,64}\/[\w+=,.@-]{2,64}|federated-user\/[\w+=,.@-]{1,64}))$/;
/** 64 hex digits at AWS; accounts that were brought along keep their own. */
const canonicalUser = /^[\w.-]{1,256}$/;
const serviceName = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;

export type PrincipalType = "AWS" | "CanonicalUser" | "Service" | "Federated";

/** Why a principal of this type cannot be named so; null when it can. Part of a name cannot be a wildcard. */
export function refusedPrincipal(type: PrincipalType, id: string): string | null {
  switch (type) {
    case "AWS":
      if (id === "*" || accountId.test(id) || rootArn.test(id)) return null;
      return namedArn.test(id) && !/[*?]/.test(id) ? null : "is not an account, user, role or session";
    case "CanonicalUser":
      return canonicalUser.test(id) ? null : "is not a canonical user id";
    case "Service":
      return serviceName.test(id) ? null : "is not the name of a service";
    case "Federated":
      return id === "" || /[*?\s]/.test(id) ? "is not an identity provider" : null;
  }
}

/** The account that a principal of type AWS is; null when it is none. */
export const accountOfPrincipal = (id: string): string | null =>
  accountId.test(id) ? id : (rootArn.exec(id)?.[1] ?? null);

/** A clause with its names as sets. */
export interface CompiledPrincipals {
  readonly negated: boolean;
  readonly any: boolean;
  readonly accounts: ReadonlySet<string>;
  /** Users, roles and sessions: unique ids, and ARNs that were never bound to one. */
  readonly identities: ReadonlySet<string>;
  readonly canonicalUsers: ReadonlySet<string>;
}

export function compilePrincipals({ negated, any, aws, canonicalUsers }: PrincipalClause): CompiledPrincipals {
  const accounts = new Set<string>();
  const identities = new Set<string>();
  for (const id of aws) {
    const account = accountOfPrincipal(id);
    if (account === null) identities.add(id);
    else accounts.add(account);
  }
  return { negated, any, accounts, identities, canonicalUsers: new Set(canonicalUsers) };
}

/**
 * How a statement of a resource policy names who asks, which decides what else must allow:
 * "itself" (the user, the session, or everybody) needs nothing else in the same account, "role" stays within boundary and session
 * policies, "account" leaves the decision to the account's own policies.
 */
export type Naming = "none" | "account" | "role" | "itself";

/** @param hasSession session policies were given: a user's own ARN then names the user, and not the session */
export function namingOf(clause: CompiledPrincipals, principal: RequestPrincipal, hasSession: boolean): Naming {
  if (clause.any) return "itself";
  if (principal.kind === "anonymous") return "none";
  if (namesItself(clause, principal)) return principal.kind === "user" && hasSession ? "role" : "itself";
  if (namesRole(clause, principal)) return "role";
  return namesAccount(clause, principal) ? "account" : "none";
}

/**
 * True when a Deny with NotPrincipal spares who asks. It spares a user or a session by its own ARN only, not by the account's or the
 * role's, and nobody who has a permission boundary.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
export function isSpared(clause: CompiledPrincipals, principal: RequestPrincipal, hasBoundary: boolean): boolean {
  if (clause.any) return true;
  if (principal.kind === "anonymous") return false;
  if (principal.kind === "root") return namesAccount(clause, principal);
  return !hasBoundary && namesItself(clause, principal);
}

type Known = Exclude<RequestPrincipal, { kind: "anonymous" }>;

function namesItself({ identities }: CompiledPrincipals, { arn, userId }: Known): boolean {
  return identities.has(arn) || identities.has(userId);
}

function namesRole({ identities }: CompiledPrincipals, { roleArn, roleId }: Known): boolean {
  return (roleArn !== null && identities.has(roleArn)) || (roleId !== null && identities.has(roleId));
}

function namesAccount(clause: CompiledPrincipals, principal: Known): boolean {
  return clause.accounts.has(principal.accountId) || clause.canonicalUsers.has(principal.canonicalId);
}
