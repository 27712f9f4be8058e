/** Stand of the tests of sign-in: a store in memory with a small tree of accounts, passwords that cost nothing, a hand-moved clock. */

import { createHmac } from "node:crypto";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import type { Outcome } from "../base/outcome.ts";
import { systemRandom } from "../base/random.ts";
import { EmbeddedControlStore } from "../control/embedded-store.ts";
import { createControlMemory } from "../control/environment.ts";
import {
  type AccountKind,
  type AccountRecord,
  type Actor,
  type AuditRecord,
  identityKeys,
  newAccount,
  newUser,
  type Role,
  rootUserName,
  type SessionRecord,
  type UserRecord,
} from "../control/identity-records.ts";
import { ControlReader } from "../control/reader.ts";
import { ringSecretBox } from "../control/secret-box.ts";
import { decodeRecord, getTyped, putTyped } from "../control/typed-records.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import type { IdentityProvider } from "./identity-provider.ts";
import type { PasswordHasher } from "./password.ts";
import { hashToken } from "./secret-token.ts";
import { type SignedInSession, sessionOf } from "./session-reader.ts";
import { signInBehaviour } from "./sign-in.ts";

/** operator > reseller > customer; operator > direct; another operator's customer stands alone. */
export const accountIds = {
  operator: "100000000000",
  reseller: "200000000000",
  customer: "300000000000",
  direct: "400000000000",
  foreign: "500000000000",
} as const;

const kinds: Readonly<Record<keyof typeof accountIds, readonly [AccountKind, string | null]>> = {
  operator: ["operator", null],
  reseller: ["reseller", accountIds.operator],
  customer: ["customer", accountIds.reseller],
  direct: ["customer", accountIds.operator],
  foreign: ["operator", null],
};

/** Hashes are readable; counts every one that would have cost time. */
export interface CountingHasher extends PasswordHasher {
  count: number;
}

export function countingHasher(): CountingHasher {
  return {
    count: 0,
    async hash(password) {
      this.count += 1;
      return `hash of ${password}`;
    },
    async matches(password, hash) {
      this.count += 1;
      return hash === `hash of ${password}` || hash === `old hash of ${password}`;
    },
    needsRehash: (hash) => hash.startsWith("old "),
    async burn() {
      this.count += 1;
    },
  };
}

export const address = "192.0.2.1";
export const password = "correct horse";

export type Stand = Awaited<ReturnType<typeof openStand>>;

export async function openStand(provider?: IdentityProvider) {
  const environment = createControlMemory();
  const clock = new ManualClock();
  const store = new EmbeddedControlStore({ environment, clock, random: systemRandom });
  const passwords = countingHasher();
  const secrets = ringSecretBox(KeyRing.inMemory(systemRandom));
  const options = { store, clock, random: systemRandom, passwords, secrets };
  const handle = signInBehaviour(provider === undefined ? options : { ...options, provider });
  const reader = new ControlReader(environment.snapshot());

  async function put(key: string, record: object) {
    await store.txn([], [putTyped(key, record)]);
  }
  async function addUser(accountId: string, name: string, role: Role, changes: Partial<UserRecord> = {}) {
    const given = {
      accountId,
      name,
      userId: `id of ${accountId}/${name}`,
      email: `${name}@${accountId}.example`,
      role,
    };
    const user: UserRecord = {
      ...newUser({ ...given, status: "active", createdMs: clock.nowMs() }),
      passwordHash: `hash of ${password}`,
      ...changes,
    };
    await put(identityKeys.user(accountId, name), user);
    if (user.email !== null) await put(identityKeys.email(user.email, accountId, name), {});
    return user;
  }
  for (const [name, [kind, parent]] of Object.entries(kinds)) {
    const accountId = accountIds[name as keyof typeof accountIds];
    const given = { accountId, canonicalId: `c${accountId}`, displayName: name, kind, parent, createdMs: 0 };
    await put(identityKeys.account(accountId), newAccount(given));
    await addUser(accountId, rootUserName, "root");
  }

  return {
    store,
    clock,
    passwords,
    secrets,
    handle,
    put,
    addUser,
    close: () => store.close(),
    email: (accountId: string, name: string = rootUserName) => `${name}@${accountId}.example`,
    user: async (accountId: string, name: string = rootUserName) =>
      (await getTyped<UserRecord>(store, identityKeys.user(accountId, name))).value as UserRecord,
    changeUser: async (accountId: string, name: string, changes: Partial<UserRecord>) => {
      const { value } = await getTyped<UserRecord>(store, identityKeys.user(accountId, name));
      await put(identityKeys.user(accountId, name), { ...value, ...changes });
    },
    changeAccount: async (accountId: string, changes: Partial<AccountRecord>) => {
      const { value } = await getTyped<AccountRecord>(store, identityKeys.account(accountId));
      await put(identityKeys.account(accountId), { ...value, ...changes });
    },
    session: async (token: string) =>
      (await getTyped<SessionRecord>(store, identityKeys.session(hashToken(token)))).value,
    /** What the admin API sees. */
    see: (token: string): SignedInSession | null => {
      reader.refresh();
      return sessionOf(reader, token, clock.nowMs());
    },
    reader: () => {
      reader.refresh();
      return reader;
    },
    sessionCount: async (accountId: string, name: string = rootUserName) =>
      (await store.list(identityKeys.userSession(accountId, name, ""))).length,
    audit: async () => (await store.list(identityKeys.audit(""))).map(({ value }) => decodeRecord<AuditRecord>(value)),
    begin: (accountId: string, changes: Partial<Parameters<(typeof handle)["session.begin"]>[0]> = {}) =>
      handle["session.begin"]({
        email: `${rootUserName}@${accountId}.example`,
        password,
        accountId: null,
        address,
        userAgent: "agent",
        ...changes,
      }),
  };
}

/** The user as itself, in a session. */
export function actor(accountId: string, name: string = rootUserName, changes: Partial<Actor> = {}): Actor {
  return { accountId, name, kind: "user", via: "session", original: null, address, requestId: "r", ...changes };
}

export const product = actor("", "", { kind: "system", via: "system", address: null });

/** The value, or the code of the refusal. */
export function seen<R>(outcome: Outcome<R>): R | string {
  return outcome.ok ? outcome.value : outcome.code;
}

/** @throws Error when it was refused */
export function done<R>(outcome: Outcome<R>): R {
  if (!outcome.ok) throw new Error(`refused: ${outcome.code} ${JSON.stringify(outcome.detail)}`);
  return outcome.value;
}

/** RFC 6238 by itself, as an authenticator app works it out. */
export function totpCode(secret: string, nowMs: number): string {
  const bits = [...secret].map((letter) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
  );
  const bytes = (bits.join("").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)));
  const mac = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Sets up a second factor for a user; the code of the present step is used up. */
export async function withFactor(stand: Stand, accountId: string, name: string = rootUserName) {
  const by = actor(accountId, name);
  const { secret } = done(await stand.handle["mfa.begin"]({ by, accountId, userName: name, password }));
  const code = totpCode(secret, stand.clock.nowMs());
  const request = { by, accountId, userName: name, code, exceptHash: null };
  const { recoveryCodes } = done(await stand.handle["mfa.confirm"](request));
  return { secret, recoveryCodes, code };
}
