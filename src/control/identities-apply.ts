/** Brings accounts, users and keys in line with an identities document: adds and updates, never deletes, writes only what differs. */

import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import {
  accepted,
  type ControlReply,
  type IdentitiesDocument,
  type IdentityAccount,
  type IdentityKey,
  type Passwords,
  refused,
} from "./messages.ts";
import { type AccessKeyRecord, type AccountRecord, controlKeys, rootUserName, type UserRecord } from "./records.ts";
import type { ControlCompare, ControlOperation, ControlStore } from "./store.ts";
import { getTyped, putTyped } from "./typed-records.ts";

export interface IdentitiesOptions {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly passwords: Passwords;
}

type Reply = Outcome<ControlReply<"identities.apply">>;

/**
 * Applies `document`. Each account goes in one transaction with its Root; users and keys follow in bounded ones, so that a
 * crash in between leaves a state that the next call completes. What an administrator has set since and the document does
 * not say (a key's status, a password that is absent from it) stays.
 */
export async function applyIdentities(options: IdentitiesOptions, document: IdentitiesDocument): Promise<Reply> {
  const problems = await clashes(options.store, document);
  if (problems.length > 0) {
    return refused("InvalidArgument", Object.fromEntries(problems.map((text, index) => [`Problem${index + 1}`, text])));
  }
  for (const account of document.accounts) {
    if (!(await write(options.store, await accountChanges(options, account)))) return refused("OperationAborted");
  }
  return accepted({});
}

/** A record as it should be, made from the one there is. */
interface Change {
  readonly key: string;
  readonly revision: bigint;
  readonly record: object;
}

async function write(store: ControlStore, changes: readonly Change[]): Promise<boolean> {
  for (let start = 0; start < changes.length; start += limits.controlOperationsMax) {
    const slice = changes.slice(start, start + limits.controlOperationsMax);
    const compare: ControlCompare[] = slice.map(({ key, revision }) => ({ key, revision }));
    const operations: ControlOperation[] = slice.map(({ key, record }) => putTyped(key, record));
    if (!(await store.txn(compare, operations))) return false;
  }
  return true;
}

/** What differs in the account and everything below it; account and Root first. */
async function accountChanges(options: IdentitiesOptions, account: IdentityAccount): Promise<Change[]> {
  const { accountId } = account;
  const changes: Change[] = [];
  const propose = async <T extends object>(key: string, make: (before: T | undefined) => T | Promise<T>) => {
    const before = await getTyped<T>(options.store, key);
    const record = await make(before.value);
    if (!isDeepStrictEqual(record, before.value)) changes.push({ key, revision: before.revision, record });
  };
  const nowMs = options.clock.nowMs();
  await propose<AccountRecord>(controlKeys.account(accountId), (before) => ({
    accountId,
    canonicalId: account.canonicalId,
    displayName: account.displayName,
    kind: account.kind,
    parent: account.parent ?? null,
    createdMs: before?.createdMs ?? nowMs,
  }));
  await propose<CanonicalRecord>(controlKeys.canonical(account.canonicalId), () => ({ accountId }));
  const users = [
    { ...account.root, name: rootUserName, role: "root" as const, policies: [] },
    ...(account.users ?? []),
  ];
  for (const user of users) {
    await propose<UserRecord>(controlKeys.user(accountId, user.name), async (before) => ({
      accountId,
      name: user.name,
      email: user.email,
      role: user.role,
      policies: user.policies ?? [],
      passwordHash: await passwordHash(options.passwords, user.password, before?.passwordHash ?? null),
      createdMs: before?.createdMs ?? nowMs,
    }));
    for (const key of user.keys ?? []) {
      await propose<AccessKeyRecord>(controlKeys.accessKey(key.accessKeyId), (before) => ({
        accessKeyId: key.accessKeyId,
        secretAccessKey: key.secretAccessKey,
        accountId,
        userName: user.name,
        status: before?.status ?? "Active",
        createdMs: before?.createdMs ?? nowMs,
      }));
    }
  }
  return changes;
}

/** The hash there is while it fits, so that applying the same password again changes nothing. */
async function passwordHash(
  passwords: Passwords,
  password: string | undefined,
  before: string | null,
): Promise<string | null> {
  if (password === undefined) return before;
  if (before !== null && (await passwords.matches(password, before))) return before;
  return passwords.hash(password);
}

/** `canonical/<canonicalId>` */
interface CanonicalRecord {
  readonly accountId: string;
}

/** What in the document contradicts the store; within the document itself its parser has looked. */
async function clashes(store: ControlStore, document: IdentitiesDocument): Promise<string[]> {
  const problems: string[] = [];
  const inDocument = new Map(document.accounts.map((account) => [account.accountId, account.kind]));
  for (const [index, account] of document.accounts.entries()) {
    const place = `/accounts/${index}`;
    const canonical = await getTyped<CanonicalRecord>(store, controlKeys.canonical(account.canonicalId));
    if (canonical.value !== undefined && canonical.value.accountId !== account.accountId) {
      problems.push(`${place}/canonicalId: belongs to account ${canonical.value.accountId}`);
    }
    const before = await getTyped<AccountRecord>(store, controlKeys.account(account.accountId));
    if (before.value !== undefined && before.value.canonicalId !== account.canonicalId) {
      problems.push(`${place}/canonicalId: account ${account.accountId} has another, and it never changes`);
    }
    if (account.parent !== undefined && !inDocument.has(account.parent)) {
      const parent = await getTyped<AccountRecord>(store, controlKeys.account(account.parent));
      if (parent.value === undefined) problems.push(`${place}/parent: there is no account ${account.parent}`);
      else if (parent.value.kind === "customer") problems.push(`${place}/parent: a customer has no accounts below it`);
    }
    for (const [key, keyPlace] of keysOf(account)) {
      const stored = await getTyped<AccessKeyRecord>(store, controlKeys.accessKey(key.accessKeyId));
      if (stored.value !== undefined && stored.value.accountId !== account.accountId) {
        problems.push(`${place}${keyPlace}: the access key belongs to account ${stored.value.accountId}`);
      }
    }
  }
  return problems;
}

function keysOf(account: IdentityAccount): [IdentityKey, string][] {
  const of = (keys: readonly IdentityKey[] | undefined, place: string): [IdentityKey, string][] =>
    (keys ?? []).map((key, index) => [key, `${place}/keys/${index}`]);
  return [
    ...of(account.root.keys, "/root"),
    ...(account.users ?? []).flatMap((user, index) => of(user.keys, `/users/${index}`)),
  ];
}
