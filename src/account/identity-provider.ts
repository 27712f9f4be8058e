/**
 * Who somebody is, as the first step of a sign-in asks it. Passwords are the built-in way; an outside issuer is another
 * provider, whose identities stand in `UserRecord.external`. A provider never makes a session and never looks at MFA.
 */

import { limits } from "../base/limits.ts";
import { identityKeys, type UserRecord } from "../control/identity-records.ts";
import { type ControlCompare, type ControlStore, isControlKey } from "../control/store.ts";
import { getTyped } from "../control/typed-records.ts";
import { isInForce, lineageInStore } from "./lineage.ts";
import type { PasswordHasher } from "./password.ts";

export interface ProviderAttempt {
  /** As `normalEmail` gives it. */
  readonly email: string;
  /** The account that the host names; null = any. */
  readonly accountId: string | null;
  /** A password, or what an outside issuer has given out for this sign-in. Never logged, never stored. */
  readonly proof: string;
}

export interface ProvenIdentity {
  /** `passwordIssuer`, or the URL of an outside issuer. */
  readonly issuer: string;
  /** Who it is at the issuer; of `passwordIssuer`: `<accountId>/<userName>`. */
  readonly subject: string;
  readonly email: string;
  /** Revision of the user record that the proof was judged by; null = judged by nothing of ours. */
  readonly judgedRevision: bigint | null;
}

export interface IdentityProvider {
  /** For the audit log: "password". */
  readonly name: string;
  /** Null for every kind of failure. Rejects only when it cannot tell. */
  authenticate(attempt: ProviderAttempt): Promise<ProvenIdentity | null>;
}

/** A user record as it was read. */
export interface FoundUser {
  readonly user: UserRecord;
  readonly revision: bigint;
}

export async function readUser(store: ControlStore, accountId: string, name: string): Promise<FoundUser | null> {
  const { value, revision } = await getTyped<UserRecord>(store, identityKeys.user(accountId, name));
  return value === undefined ? null : { user: value, revision };
}

export function userCompare({ user, revision }: FoundUser): ControlCompare {
  return { key: identityKeys.user(user.accountId, user.name), revision };
}

export const passwordIssuer = "troupe";

/** Addresses are compared and stored without case and outer blanks. */
export function normalEmail(text: string): string {
  return text.trim().toLowerCase();
}

/**
 * Users with this address, oldest first, so that nobody is crowded out by users made later; looks at
 * `limits.signInListedMax` of them at most.
 * @param email of `normalEmail`; longer than `limits.emailBytesMax` finds nothing
 */
export async function usersOfEmail(
  store: ControlStore,
  email: string,
  accountId: string | null,
): Promise<readonly FoundUser[]> {
  const prefix = identityKeys.email(email, "", "").slice(0, -1);
  if (email === "" || Buffer.byteLength(email) > limits.emailBytesMax || !isControlKey(prefix)) return [];
  const inAccount = accountId === null ? prefix : `${prefix}${accountId}/`;
  const found: FoundUser[] = [];
  for (const { key } of await store.list(inAccount, "", limits.signInListedMax)) {
    // What does not have this form belongs to another address, which has a slash in it.
    const match = /^(\d{12})\/([^/]+)$/.exec(key.slice(prefix.length));
    if (match === null) continue;
    const [, account = "", name = ""] = match;
    const { value, revision } = await getTyped<UserRecord>(store, identityKeys.user(account, name));
    if (value !== undefined && value.email !== null && normalEmail(value.email) === email) {
      found.push({ user: value, revision });
    }
  }
  return found.sort((a, b) => a.user.createdMs - b.user.createdMs || (a.user.accountId < b.user.accountId ? -1 : 1));
}

/** True when the user may sign in: active, as its account and all accounts above are. */
export async function maySignIn(store: ControlStore, user: UserRecord): Promise<boolean> {
  if (user.status !== "active") return false;
  return isInForce(await lineageInStore(store, user.accountId));
}

/** The user behind a proven identity, read anew; null when there is none. */
export async function userOfIdentity(
  store: ControlStore,
  identity: ProvenIdentity,
  accountId: string | null,
): Promise<FoundUser | null> {
  if (identity.issuer === passwordIssuer) {
    const slash = identity.subject.indexOf("/");
    const key = identityKeys.user(identity.subject.slice(0, slash), identity.subject.slice(slash + 1));
    const { value, revision } = await getTyped<UserRecord>(store, key);
    return value === undefined ? null : { user: value, revision };
  }
  const { issuer, subject } = identity;
  for (const found of await usersOfEmail(store, normalEmail(identity.email), accountId)) {
    const { external } = found.user;
    if (external?.issuer !== issuer || external.subject !== subject) continue;
    if (await maySignIn(store, found.user)) return found;
  }
  return null;
}

/**
 * Sign-in by the password that the user record holds a hash of. How many hashes are computed depends on the question alone:
 * one when it names an account, else `limits.signInCandidatesMax`; where there is no user, for nobody. An address of several
 * users whose passwords are the same too signs in the oldest of them that may; the others sign in at their account's host.
 */
export function passwordProvider(store: ControlStore, passwords: PasswordHasher): IdentityProvider {
  return {
    name: "password",
    authenticate: async ({ email, accountId, proof }) => {
      const tries = accountId === null ? limits.signInCandidatesMax : 1;
      const candidates = (await usersOfEmail(store, email, accountId)).filter(({ user }) => user.passwordHash !== null);
      const matching: FoundUser[] = [];
      for (let index = 0; index < tries; index++) {
        const candidate = candidates[index];
        const hash = candidate?.user.passwordHash ?? null;
        if (candidate === undefined || hash === null) await passwords.burn(proof);
        else if (await passwords.matches(proof, hash)) matching.push(candidate);
      }
      for (const { user, revision } of matching) {
        if (!(await maySignIn(store, user))) continue;
        const subject = `${user.accountId}/${user.name}`;
        return { issuer: passwordIssuer, subject, email, judgedRevision: revision };
      }
      return null;
    },
  };
}
