/** What a user leaves all over the control records, and how it is removed. */

import { limits } from "../base/limits.ts";
import { identityKeys, type UserRecord } from "../control/identity-records.ts";
import type { Turn } from "./turn.ts";

/** Index rows that point at a secret's hash. */
async function removeByHash(
  turn: Turn,
  prefix: string,
  keyOf: (hash: string) => string,
  limit: number,
): Promise<boolean> {
  const names = await turn.names(prefix, limit);
  for (const name of names) {
    const found = await turn.read<{ hash: string }>(prefix + name);
    if (found !== undefined) turn.remove(keyOf(found.hash));
    turn.remove(prefix + name);
  }
  return names.length === limit;
}

/** Ends the sessions of a user, whose record the turn changes too: a sign-in under way, which compares that, begins anew. */
export async function endSessions(turn: Turn, accountId: string, userName: string): Promise<void> {
  turn.remove(identityKeys.signIns(accountId, userName));
  const prefix = identityKeys.userSession(accountId, userName, "");
  await removeByHash(turn, prefix, identityKeys.session, limits.tracesPerTurnMax);
}

/**
 * Removes keys, tokens, sessions, invites and resets of a user in turns of bounded size, committed one after the other: the user is
 * disabled meanwhile, so that none of them works. What is left fits the caller's turn. Repeating it goes on.
 */
export async function removeTraces(turn: Turn, user: UserRecord): Promise<void> {
  const { accountId, name } = user;
  const keys = identityKeys.userKey(accountId, name, "");
  for (let isMore = true; isMore; ) {
    const ids = await turn.names(keys, limits.tracesPerTurnMax);
    for (const id of ids) removeKey(turn, accountId, name, id);
    isMore = ids.length === limits.tracesPerTurnMax;
    await turn.commit(accountId, null);
  }
  const hashed = [
    [identityKeys.userSession(accountId, name, ""), identityKeys.session],
    [identityKeys.userToken(accountId, name, ""), identityKeys.token],
  ] as const;
  for (const [prefix, keyOf] of hashed) {
    while (await removeByHash(turn, prefix, keyOf, limits.tracesPerTurnMax)) await turn.commit(accountId, null);
    await turn.commit(accountId, null);
  }
  turn.remove(identityKeys.signIns(accountId, name));
  await removeMailTokens(turn, accountId, name);
}

export function removeKey(turn: Turn, accountId: string, userName: string, accessKeyId: string): void {
  turn.remove(identityKeys.accessKey(accessKeyId));
  turn.remove(identityKeys.userKey(accountId, userName, accessKeyId));
  turn.remove(identityKeys.keyUsed(accessKeyId));
}

/** The invite that is out, and the last reset. */
export async function removeMailTokens(turn: Turn, accountId: string, userName: string): Promise<void> {
  for (const key of [identityKeys.invite(accountId, userName), identityKeys.resetSent(accountId, userName)]) {
    const found = await turn.read<{ hash?: string }>(key);
    if (found === undefined) continue;
    if (found.hash !== undefined) turn.remove(identityKeys.mailToken(found.hash));
    turn.remove(key);
  }
}
