/**
 * Whom resource policies name: found when a policy is put, and bound by unique id, so that a later user or role of the same name
 * is another; and shown by their ARNs of today.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */

import {
  type AccountRecord,
  identityKeys,
  type RenamedUserRecord,
  type RoleRecord,
  type UserRecord,
} from "../control/identity-records.ts";
import { type PolicyDocument, PolicyError } from "../policy/document.ts";
import { accountOfPrincipal } from "../policy/principals.ts";
import { type StoredPolicy, withPrincipals } from "../policy/stored-policy.ts";
import { entityArn } from "./arn.ts";

/** Control records at one moment. */
export type ReadRecord = <T>(key: string) => T | undefined;

/** Somebody that a policy names, and the record that there must be for it. */
type Named =
  | { readonly kind: "account" | "canonicalUser" | "user" | "role"; readonly id: string; readonly key: string }
  | { readonly kind: "session"; readonly id: string; readonly key: string; readonly session: string };

const entity = /^arn:aws:iam::(\d{12}):(user|role)\/(?:[!-~]*\/)?([^/]+)$/;
const roleSession = /^arn:aws:sts::(\d{12}):assumed-role\/([^/]+)\/([^/]+)$/;
const federatedUser = /^arn:aws:sts::(\d{12}):federated-user\//;

/** @param id one that the grammar has taken */
function namedBy(id: string): Named {
  const [, accountId = "", kind, name = ""] = entity.exec(id) ?? [];
  if (kind === "user") return { kind: "user", id, key: identityKeys.user(accountId, name) };
  if (kind === "role") return { kind: "role", id, key: identityKeys.role(accountId, name) };
  const [, owner = "", role = "", session] = roleSession.exec(id) ?? [];
  if (session !== undefined) return { kind: "session", id, key: identityKeys.role(owner, role), session };
  const account = accountOfPrincipal(id) ?? federatedUser.exec(id)?.[1] ?? "";
  return { kind: "account", id, key: identityKeys.account(account) };
}

/** Each principal once. */
function namedIn({ statements }: PolicyDocument): Named[] {
  const found = new Map<string, Named>();
  for (const { principals } of statements) {
    for (const id of principals?.aws ?? []) found.set(id, namedBy(id));
    for (const id of principals?.canonicalUsers ?? []) {
      found.set(`CanonicalUser ${id}`, { kind: "canonicalUser", id, key: identityKeys.canonical(id) });
    }
  }
  return [...found.values()];
}

/** The keys that `bindPolicy` reads. */
export function principalKeys(document: PolicyDocument): string[] {
  return [...new Set(namedIn(document).map(({ key }) => key))];
}

/**
 * The policy as it is to be stored.
 * @param document what `text` says
 * @throws PolicyError when somebody is named who is not there
 */
export function bindPolicy(text: string, document: PolicyDocument, read: ReadRecord): StoredPolicy {
  const principals: Record<string, string> = {};
  for (const named of namedIn(document)) {
    const found = read<object>(named.key);
    const at = found === undefined ? null : identityAt(named, found);
    // A name of another path is no name of it.
    if (at === null || at.arn !== named.id) {
      const type = named.kind === "canonicalUser" ? "CanonicalUser" : "AWS";
      throw new PolicyError(`Invalid principal in policy: "${type}":${JSON.stringify(named.id)}`, "");
    }
    if (at.uniqueId !== null) principals[named.id] = at.uniqueId;
  }
  return Object.keys(principals).length === 0 ? text : { text, principals };
}

/**
 * The policy's text as it is to be shown: as it was put while everybody has the name of then. Who was renamed stands there by the
 * new ARN, and who is gone by the unique id, which nobody will have again.
 */
export function shownPolicy(stored: StoredPolicy, read: ReadRecord): string {
  if (typeof stored === "string") return stored;
  const changed = new Map<string, string>();
  for (const [arn, uniqueId] of Object.entries(stored.principals)) {
    const shown = arnOf(arn, uniqueId, read) ?? uniqueId;
    if (shown !== arn) changed.set(arn, shown);
  }
  return changed.size === 0 ? stored.text : withPrincipals(stored.text, changed);
}

/** Null: nobody has the id any more. */
function arnOf(arn: string, uniqueId: string, read: ReadRecord): string | null {
  const named = namedBy(arn);
  const found = read<object>(named.key);
  const at = found === undefined ? null : identityAt(named, found);
  if (at?.uniqueId === uniqueId) return at.arn;
  if (named.kind !== "user") return null;
  const renamed = read<RenamedUserRecord>(identityKeys.renamed(uniqueId));
  const user = renamed === undefined ? undefined : read<UserRecord>(identityKeys.user(renamed.accountId, renamed.name));
  return user?.userId === uniqueId ? entityArn("user", user.accountId, user.path, user.name) : null;
}

interface Identity {
  readonly arn: string;
  /** Null: the name itself is never used again. */
  readonly uniqueId: string | null;
}

/** @param found what stands at the key; null: it is not to be named. The key says of which type it is. */
function identityAt(named: Named, found: object): Identity | null {
  switch (named.kind) {
    case "account":
      return (found as AccountRecord).status === "deleting" ? null : { arn: named.id, uniqueId: null };
    case "canonicalUser":
      return { arn: named.id, uniqueId: null };
    case "user": {
      const { accountId, path, name, userId } = found as UserRecord;
      return { arn: entityArn("user", accountId, path, name), uniqueId: userId };
    }
    case "role": {
      const { accountId, path, name, roleId } = found as RoleRecord;
      return { arn: entityArn("role", accountId, path, name), uniqueId: roleId };
    }
    case "session":
      return { arn: named.id, uniqueId: `${(found as RoleRecord).roleId}:${named.session}` };
  }
}
