/** Brings accounts, users and keys in line with an identities document: adds and updates, never deletes, writes only what differs. */

import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { Random } from "../base/random.ts";
import { builtInPolicyArn, newIdentityId } from "./identity-ids.ts";
import {
  type AccessKeyRecord,
  type AccountRecord,
  type InlinePolicyRecord,
  identityKeys,
  newAccount,
  newUser,
  rootUserName,
  type UserRecord,
} from "./identity-records.ts";
import {
  accepted,
  type ControlReply,
  type IdentitiesDocument,
  type IdentityAccount,
  type IdentityKey,
  type Passwords,
  refused,
} from "./messages.ts";
import { type SecretBox, secretPlaces } from "./secret-box.ts";
import type { ControlCompare, ControlOperation, ControlStore } from "./store.ts";
import { getTyped, putTyped } from "./typed-records.ts";

export interface IdentitiesOptions {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly passwords: Passwords;
  readonly secrets: SecretBox;
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
    const changes = new Changes(options.store);
    await proposeAccount(options, changes, account);
    if (!(await changes.write())) return refused("OperationAborted");
  }
  return accepted({});
}

/** Records as they should be, made from those there are. */
class Changes {
  readonly #store: ControlStore;
  readonly #compare: ControlCompare[] = [];
  readonly #operations: ControlOperation[] = [];

  constructor(store: ControlStore) {
    this.#store = store;
  }

  async propose<T extends object>(
    key: string,
    make: (before: T | undefined) => T | Promise<T>,
  ): Promise<T | undefined> {
    const before = await getTyped<T>(this.#store, key);
    const record = await make(before.value);
    if (!isDeepStrictEqual(record, before.value)) this.#add(before.revision, putTyped(key, record));
    return before.value;
  }

  async remove(key: string): Promise<void> {
    const before = await this.#store.get(key);
    if (before !== undefined) this.#add(before.revision, { kind: "remove", key });
  }

  async write(): Promise<boolean> {
    for (let start = 0; start < this.#operations.length; start += limits.controlOperationsMax) {
      const end = start + limits.controlOperationsMax;
      if (!(await this.#store.txn(this.#compare.slice(start, end), this.#operations.slice(start, end)))) return false;
    }
    return true;
  }

  #add(revision: bigint, operation: ControlOperation): void {
    this.#compare.push({ key: operation.key, revision });
    this.#operations.push(operation);
  }
}

/** What differs in the account and everything below it; account and Root first. */
async function proposeAccount(options: IdentitiesOptions, changes: Changes, account: IdentityAccount): Promise<void> {
  const { accountId, canonicalId, displayName, kind } = account;
  const parent = account.parent ?? null;
  const nowMs = options.clock.nowMs();
  const before = await changes.propose<AccountRecord>(identityKeys.account(accountId), (stored) =>
    stored === undefined
      ? newAccount({ accountId, canonicalId, displayName, kind, parent, createdMs: nowMs })
      : { ...stored, canonicalId, displayName, kind, parent },
  );
  await changes.propose<{ accountId: string }>(identityKeys.canonical(canonicalId), () => ({ accountId }));
  if (parent !== null) await changes.propose(identityKeys.child(parent, accountId), () => ({}));
  if (before !== undefined && before.parent !== null && before.parent !== parent) {
    await changes.remove(identityKeys.child(before.parent, accountId));
  }
  const root: User = { ...account.root, name: rootUserName, role: "root", policies: undefined };
  for (const user of [root, ...(account.users ?? [])]) await proposeUser(options, changes, accountId, user);
}

interface User {
  readonly name: string;
  readonly email: string;
  readonly role: UserRecord["role"];
  readonly password?: string | undefined;
  readonly policies?: readonly (string | Readonly<Record<string, unknown>>)[] | undefined;
  readonly keys?: readonly IdentityKey[] | undefined;
}

async function proposeUser(options: IdentitiesOptions, changes: Changes, accountId: string, user: User): Promise<void> {
  const { clock, random, passwords } = options;
  const { name, role } = user;
  const email = user.email.toLowerCase();
  const nowMs = clock.nowMs();
  const wanted = wantedPolicies(user.policies);
  const before = await changes.propose<UserRecord>(identityKeys.user(accountId, name), async (stored) => {
    const record =
      stored ??
      newUser({
        accountId,
        name,
        userId: newIdentityId("TRPU", random),
        email,
        role,
        status: "active",
        createdMs: nowMs,
      });
    const hash = await passwordHash(passwords, user.password, record.passwordHash);
    return {
      ...record,
      email,
      role,
      passwordHash: hash,
      passwordChangedMs: hash === record.passwordHash ? record.passwordChangedMs : nowMs,
      status: record.status === "invited" && hash !== null ? "active" : record.status,
      attached: wanted === null ? record.attached : merged(record.attached, wanted.arns, isBuiltIn),
      inline: wanted === null ? record.inline : merged(record.inline, [...wanted.documents.keys()], isFromDocument),
    };
  });
  await changes.propose(identityKeys.email(email, accountId, name), () => ({}));
  if (typeof before?.email === "string" && before.email !== email) {
    await changes.remove(identityKeys.email(before.email, accountId, name));
  }
  if (wanted !== null) await proposePolicies(changes, { accountId, name }, before, wanted);
  for (const key of user.keys ?? []) await proposeKey(options, changes, { accountId, userName: name }, key);
}

interface WantedPolicies {
  /** Of the product's own managed policies. */
  readonly arns: readonly string[];
  /** JSON text by name. */
  readonly documents: ReadonlyMap<string, string>;
}

const documentName = "identities-";
const isFromDocument = (name: string): boolean => name.startsWith(documentName);
const isBuiltIn = (arn: string): boolean => arn.startsWith(builtInPolicyArn(""));

/** null: the document says nothing on the user's policies, and they stay. */
function wantedPolicies(policies: User["policies"]): WantedPolicies | null {
  if (policies === undefined) return null;
  const names = policies.filter((policy) => typeof policy === "string");
  const documents = policies.filter((policy) => typeof policy !== "string");
  return {
    arns: [...new Set(names.map(builtInPolicyArn))],
    documents: new Map(documents.map((policy, index) => [`${documentName}${index + 1}`, JSON.stringify(policy)])),
  };
}

/** `before` without those of the kind that the document rules, and then those it wants. */
function merged(before: readonly string[], wanted: readonly string[], isRuled: (name: string) => boolean): string[] {
  const kept = before.filter((name) => !isRuled(name) || wanted.includes(name));
  return [...kept, ...wanted.filter((name) => !kept.includes(name))];
}

async function proposePolicies(
  changes: Changes,
  { accountId, name }: { accountId: string; name: string },
  before: UserRecord | undefined,
  wanted: WantedPolicies,
): Promise<void> {
  for (const arn of wanted.arns) {
    await changes.propose(identityKeys.attachment(arn, "user", accountId, name), () => ({}));
  }
  for (const [policy, document] of wanted.documents) {
    const key = identityKeys.inline("user", accountId, name, policy);
    await changes.propose<InlinePolicyRecord>(key, () => ({ document }));
  }
  for (const arn of (before?.attached ?? []).filter(isBuiltIn)) {
    if (!wanted.arns.includes(arn)) await changes.remove(identityKeys.attachment(arn, "user", accountId, name));
  }
  for (const policy of (before?.inline ?? []).filter(isFromDocument)) {
    if (!wanted.documents.has(policy)) await changes.remove(identityKeys.inline("user", accountId, name, policy));
  }
}

async function proposeKey(
  { clock, secrets }: IdentitiesOptions,
  changes: Changes,
  owner: { accountId: string; userName: string },
  { accessKeyId, secretAccessKey }: IdentityKey,
): Promise<void> {
  const place = secretPlaces.accessKey(accessKeyId);
  const before = await changes.propose<AccessKeyRecord>(identityKeys.accessKey(accessKeyId), (stored) => ({
    accessKeyId,
    // Sealing the same secret twice gives different bytes.
    sealedSecret:
      stored !== undefined && secrets.open(stored.sealedSecret, place) === secretAccessKey
        ? stored.sealedSecret
        : secrets.seal(secretAccessKey, place),
    ...owner,
    status: stored?.status ?? "Active",
    createdMs: stored?.createdMs ?? clock.nowMs(),
  }));
  await changes.propose(identityKeys.userKey(owner.accountId, owner.userName, accessKeyId), () => ({}));
  if (before !== undefined && before.userName !== owner.userName) {
    await changes.remove(identityKeys.userKey(before.accountId, before.userName, accessKeyId));
  }
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

/** What in the document contradicts the store; within the document itself its parser has looked. */
async function clashes(store: ControlStore, document: IdentitiesDocument): Promise<string[]> {
  const problems: string[] = [];
  const inDocument = new Map(document.accounts.map((account) => [account.accountId, account.kind]));
  for (const [index, account] of document.accounts.entries()) {
    const place = `/accounts/${index}`;
    const canonical = await getTyped<{ accountId: string }>(store, identityKeys.canonical(account.canonicalId));
    if (canonical.value !== undefined && canonical.value.accountId !== account.accountId) {
      problems.push(`${place}/canonicalId: belongs to account ${canonical.value.accountId}`);
    }
    const before = await getTyped<AccountRecord>(store, identityKeys.account(account.accountId));
    if (before.value !== undefined && before.value.canonicalId !== account.canonicalId) {
      problems.push(`${place}/canonicalId: account ${account.accountId} has another, and it never changes`);
    }
    if (account.parent !== undefined && !inDocument.has(account.parent)) {
      const parent = await getTyped<AccountRecord>(store, identityKeys.account(account.parent));
      if (parent.value === undefined) problems.push(`${place}/parent: there is no account ${account.parent}`);
      else if (parent.value.kind === "customer") problems.push(`${place}/parent: a customer has no accounts below it`);
    }
    for (const [key, keyPlace] of keysOf(account)) {
      const stored = await getTyped<AccessKeyRecord>(store, identityKeys.accessKey(key.accessKeyId));
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
