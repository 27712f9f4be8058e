/**
 * Records of identities as earlier releases wrote them, rewritten once at a node's start: members that were not there yet get
 * their defaults, secrets are sealed, policies and indexes become records of their own. Everything else reads the new shapes only.
 */

import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { builtInPolicyArn, newIdentityId } from "./identity-ids.ts";
import {
  type AccessKeyRecord,
  type AccountKind,
  type AccountRecord,
  identityKeys,
  newAccount,
  newUser,
  type UserRecord,
} from "./identity-records.ts";
import { type SecretBox, secretPlaces } from "./secret-box.ts";
import { type ControlOperation, type ControlRecord, type ControlStore, isControlKey } from "./store.ts";
import { decodeRecord, getTyped, putTyped } from "./typed-records.ts";

/** `accounts/<accountId>` before `status`. */
interface FirstAccountRecord {
  readonly accountId: string;
  readonly canonicalId: string;
  readonly displayName: string;
  readonly kind: AccountKind;
  readonly parent: string | null;
  readonly createdMs: number;
}

/** `users/<accountId>/<userName>` before `userId`. */
interface FirstUserRecord {
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
  readonly role: UserRecord["role"];
  /** Names of managed policies, and documents that nothing has looked at. */
  readonly policies: readonly (string | Readonly<Record<string, unknown>>)[];
  readonly passwordHash: string | null;
  readonly createdMs: number;
}

/** `keys/<accessKeyId>` before `sealedSecret`. */
interface FirstAccessKeyRecord {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
  readonly userName: string;
  readonly status: AccessKeyRecord["status"];
  readonly createdMs: number;
}

export interface UpgradeOptions {
  readonly store: ControlStore;
  readonly random: Random;
  readonly secrets: SecretBox;
}

/** What the records are after an upgrade. */
const currentVersion = 1;

/**
 * Run at every start before anything else reads identities; O(identities) once, then one read. A crash in between leaves
 * records of both kinds, which the next start goes through again.
 * @throws Error when the records are of a later release
 */
export async function upgradeIdentities(options: UpgradeOptions): Promise<void> {
  const { store } = options;
  const { value, revision } = await getTyped<{ version: number }>(store, identityKeys.version);
  if (value !== undefined && value.version > currentVersion) {
    throw new Error(`the records of identities are of version ${value.version}; this release knows ${currentVersion}`);
  }
  if (value?.version === currentVersion) return;
  await eachOf(store, identityKeys.account(""), (record) => upgradeAccount(record));
  await eachOf(store, "users/", (record) => upgradeUser(options, record));
  await eachOf(store, identityKeys.accessKey(""), (record) => upgradeKey(options, record));
  await store.txn(
    [{ key: identityKeys.version, revision }],
    [putTyped(identityKeys.version, { version: currentVersion })],
  );
}

async function eachOf(
  store: ControlStore,
  prefix: string,
  upgrade: (record: ControlRecord) => readonly ControlOperation[],
): Promise<void> {
  for (let after = ""; ; ) {
    const page = await store.list(prefix, after, limits.controlListMax);
    for (const record of page) await write(store, upgrade(record));
    const last = page.at(-1);
    if (last === undefined || page.length < limits.controlListMax) return;
    after = last.key;
  }
}

/** In order, the record itself last: it says that it has been done. Nothing else writes yet. */
async function write(store: ControlStore, operations: readonly ControlOperation[]): Promise<void> {
  for (let start = 0; start < operations.length; start += limits.controlOperationsMax) {
    await store.txn([], operations.slice(start, start + limits.controlOperationsMax));
  }
}

function upgradeAccount(record: ControlRecord): ControlOperation[] {
  const before = decodeRecord<FirstAccountRecord | AccountRecord>(record.value);
  if ("status" in before) return [];
  return [
    ...(before.parent === null ? [] : [putTyped(identityKeys.child(before.parent, before.accountId), {})]),
    putTyped(record.key, newAccount(before)),
  ];
}

function upgradeUser({ random }: UpgradeOptions, record: ControlRecord): ControlOperation[] {
  const before = decodeRecord<FirstUserRecord | UserRecord>(record.value);
  if ("userId" in before) return [];
  const { accountId, name, role, policies, passwordHash, createdMs } = before;
  const email = before.email.toLowerCase();
  // No other name of a managed policy has ever granted anything.
  const attached = policies.includes("AdministratorAccess") ? [builtInPolicyArn("AdministratorAccess")] : [];
  const documents = policies.filter((policy) => typeof policy !== "string");
  const inline = documents.map((_, index) => `identities-${index + 1}`);
  const user = newUser({
    accountId,
    name,
    userId: newIdentityId("TRPU", random),
    email,
    role,
    status: "active",
    createdMs,
  });
  const emailKey = identityKeys.email(email, accountId, name);
  return [
    ...attached.map((arn) => putTyped(identityKeys.attachment(arn, "user", accountId, name), {})),
    ...documents.map((document, index) =>
      putTyped(identityKeys.inline("user", accountId, name, inline[index] ?? ""), {
        document: JSON.stringify(document),
      }),
    ),
    // Longer addresses than fit a key were once taken; they cannot sign in by address.
    ...(isControlKey(emailKey) ? [putTyped(emailKey, {})] : []),
    putTyped(record.key, { ...user, passwordHash, attached, inline }),
  ];
}

function upgradeKey({ secrets }: UpgradeOptions, record: ControlRecord): ControlOperation[] {
  const before = decodeRecord<FirstAccessKeyRecord | AccessKeyRecord>(record.value);
  if ("sealedSecret" in before) return [];
  const { accessKeyId, secretAccessKey, accountId, userName, status, createdMs } = before;
  const sealedSecret = secrets.seal(secretAccessKey, secretPlaces.accessKey(accessKeyId));
  const after: AccessKeyRecord = { accessKeyId, sealedSecret, accountId, userName, status, createdMs };
  return [putTyped(identityKeys.userKey(accountId, userName, accessKeyId), {}), putTyped(record.key, after)];
}
