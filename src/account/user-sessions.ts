/** The session records of one user: made, renewed and ended together with a guard record, so that no two changes cross. */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { identityKeys, type SessionRecord, type SignInsRecord, type UserRecord } from "../control/identity-records.ts";
import type { ControlCompare, ControlOperation, ControlStore } from "../control/store.ts";
import { decodeRecord, getTyped, putTyped, type Versioned } from "../control/typed-records.ts";
import { newToken } from "./secret-token.ts";
import { isLive } from "./session-life.ts";

/** Part of a transaction. */
export interface RecordChange {
  readonly compare: readonly ControlCompare[];
  readonly operations: readonly ControlOperation[];
}

/** The secrets of a session, for its cookie and its header, and what the store keeps of them. */
export interface SessionSecrets {
  readonly token: string;
  readonly tokenHash: string;
  readonly csrf: string;
  readonly csrfHash: string;
}

interface HeldSession {
  readonly hash: string;
  readonly record: SessionRecord;
}

export function newSessionSecrets(random: Random): SessionSecrets {
  const token = newToken("session", random);
  const csrf = newToken("csrf", random);
  return { token: token.token, tokenHash: token.hash, csrf: csrf.token, csrfHash: csrf.hash };
}

/**
 * Adds a session, and makes room for it: those that have ended go; beyond `limits.sessionsPerUserMax`, or
 * `limits.halfSessionsPerUserMax` whose second factor is due, those of its kind that were longest not seen. Who has only the
 * password therefore pushes out no complete session.
 * @param knownNetwork remembered as one of the user's own when the session is complete
 */
export async function startSession(
  ports: { readonly store: ControlStore; readonly clock: Clock },
  user: UserRecord,
  session: SessionRecord,
  tokenHash: string,
  knownNetwork: string,
): Promise<RecordChange> {
  const nowMs = ports.clock.nowMs();
  const guard = await readGuard(ports.store, user.accountId, user.name);
  const held = await sessionsOf(ports.store, user.accountId, user.name);
  const network = session.stage === "complete" ? knownNetwork : null;
  return {
    compare: [guardCompare(user.accountId, user.name, guard)],
    operations: [...makeRoom(held, session, nowMs), ...puts(session, tokenHash), guardPut(user, guard, network, nowMs)],
  };
}

/** Puts `next` in the place of the session `before`, under a new token, and makes room as `startSession` does. */
export async function renewSession(
  ports: { readonly store: ControlStore; readonly clock: Clock },
  user: UserRecord,
  before: { readonly hash: string; readonly revision: bigint },
  next: SessionRecord,
  tokenHash: string,
  knownNetwork: string | null,
): Promise<RecordChange> {
  const nowMs = ports.clock.nowMs();
  const guard = await readGuard(ports.store, user.accountId, user.name);
  const others = (await sessionsOf(ports.store, user.accountId, user.name)).filter(({ hash }) => hash !== before.hash);
  return {
    compare: [
      { key: identityKeys.session(before.hash), revision: before.revision },
      guardCompare(user.accountId, user.name, guard),
    ],
    operations: [
      { kind: "remove", key: identityKeys.session(before.hash) },
      ...makeRoom(others, next, nowMs),
      ...puts(next, tokenHash),
      guardPut(user, guard, knownNetwork, nowMs),
    ],
  };
}

/**
 * Ends the sessions of a user, those that are just being made included.
 * @param exceptHash the session that asks and goes on; null = all end
 * @param knownNetwork remembered as one of the user's own; null = none
 */
export async function endAllSessions(
  ports: { readonly store: ControlStore; readonly clock: Clock },
  user: UserRecord,
  exceptHash: string | null,
  knownNetwork: string | null = null,
): Promise<RecordChange> {
  const guard = await readGuard(ports.store, user.accountId, user.name);
  const held = await sessionsOf(ports.store, user.accountId, user.name);
  return {
    compare: [guardCompare(user.accountId, user.name, guard)],
    operations: [
      ...held.filter(({ hash }) => hash !== exceptHash).flatMap(({ hash, record }) => endSession(record, hash)),
      guardPut(user, guard, knownNetwork, ports.clock.nowMs()),
    ],
  };
}

/** The hash of a user's session with this id; undefined when there is none. */
export async function hashOfSession(
  store: ControlStore,
  user: { readonly accountId: string; readonly name: string },
  sessionId: string,
): Promise<string | undefined> {
  const index = await getTyped<{ hash: string }>(store, identityKeys.userSession(user.accountId, user.name, sessionId));
  return index.value?.hash;
}

/** True when the user has lately signed in to the end from this network. */
export async function isKnownNetwork(
  ports: { readonly store: ControlStore; readonly clock: Clock },
  user: UserRecord,
  network: string,
): Promise<boolean> {
  const guard = await readGuard(ports.store, user.accountId, user.name);
  const sinceMs = ports.clock.nowMs() - limits.knownAddressMs;
  return addressesOf(guard, user).some((known) => known.network === network && known.atMs > sinceMs);
}

/** Read before the sessions are: then a change of them in between fails the transaction. */
function readGuard(store: ControlStore, accountId: string, name: string): Promise<Versioned<SignInsRecord>> {
  return getTyped<SignInsRecord>(store, identityKeys.signIns(accountId, name));
}

function guardCompare(accountId: string, name: string, guard: Versioned<SignInsRecord>): ControlCompare {
  return { key: identityKeys.signIns(accountId, name), revision: guard.revision };
}

function guardPut(
  user: UserRecord,
  guard: Versioned<SignInsRecord>,
  network: string | null,
  nowMs: number,
): ControlOperation {
  const before = addressesOf(guard, user);
  const addresses =
    network === null
      ? before
      : [{ network, atMs: nowMs }, ...before.filter((known) => known.network !== network)].slice(
          0,
          limits.knownAddressesMax,
        );
  const record: SignInsRecord = { userId: user.userId, addresses };
  return putTyped(identityKeys.signIns(user.accountId, user.name), record);
}

function addressesOf(guard: Versioned<SignInsRecord>, user: UserRecord): SignInsRecord["addresses"] {
  return guard.value?.userId === user.userId ? guard.value.addresses : [];
}

/** The sessions that give way to `next`, which is not among `held`. */
function makeRoom(held: readonly HeldSession[], next: SessionRecord, nowMs: number): ControlOperation[] {
  const max = next.stage === "complete" ? limits.sessionsPerUserMax : limits.halfSessionsPerUserMax;
  const likeIt = held
    .filter(({ record }) => isLive(record, nowMs) && record.stage === next.stage)
    .sort((a, b) => b.record.seenMs - a.record.seenMs);
  const pushedOut = new Set(likeIt.slice(max - 1).map(({ hash }) => hash));
  return held
    .filter(({ hash, record }) => pushedOut.has(hash) || !isLive(record, nowMs))
    .flatMap(({ hash, record }) => endSession(record, hash));
}

/** At most `limits.sessionsPerUserMax` and `limits.halfSessionsPerUserMax`: the guard lets no two be added at once. */
async function sessionsOf(store: ControlStore, accountId: string, name: string): Promise<HeldSession[]> {
  const held: HeldSession[] = [];
  for (const row of await store.list(identityKeys.userSession(accountId, name, ""))) {
    const { hash } = decodeRecord<{ hash: string }>(row.value);
    const { value } = await getTyped<SessionRecord>(store, identityKeys.session(hash));
    if (value !== undefined) held.push({ hash, record: value });
  }
  return held;
}

function puts(session: SessionRecord, hash: string): ControlOperation[] {
  return [
    putTyped(identityKeys.session(hash), session),
    putTyped(identityKeys.userSession(session.accountId, session.userName, session.sessionId), { hash }),
  ];
}

/** Ends one session: it, and its row in the user's list. */
export function endSession(session: SessionRecord, hash: string): ControlOperation[] {
  return [
    { kind: "remove", key: identityKeys.session(hash) },
    { kind: "remove", key: identityKeys.userSession(session.accountId, session.userName, session.sessionId) },
  ];
}
