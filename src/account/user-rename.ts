/** A user gets a new name: everything that names it moves along in the same turn, and its sessions end. */

import { limits } from "../base/limits.ts";
import {
  type AccessKeyRecord,
  type ApiTokenRecord,
  type InlinePolicyRecord,
  identityKeys,
  type RenamedUserRecord,
  type UserRecord,
} from "../control/identity-records.ts";
import { releaseName, takeName } from "./entities.ts";
import { overQuota } from "./refusal.ts";
import type { Turn } from "./turn.ts";
import { endSessions, removeMailTokens } from "./user-traces.ts";

/**
 * @returns the user under its new name; an invite that is out ends
 * @throws Refusal EntityAlreadyExists, InvalidInput; LimitExceeded when it has more than can be moved at once
 */
export async function renameUser(turn: Turn, user: UserRecord, name: string): Promise<UserRecord> {
  const { accountId, name: before } = user;
  // Only in another case is the own name taken again.
  if (name.toLowerCase() === before.toLowerCase()) releaseName(turn, "user", accountId, before);
  await takeName(turn, "user", accountId, name);
  if (name.toLowerCase() !== before.toLowerCase()) releaseName(turn, "user", accountId, before);
  const renamed: UserRecord = { ...user, name };
  turn.remove(identityKeys.user(accountId, before));
  turn.put(identityKeys.user(accountId, name), renamed);
  // Policies that name the user by the ARN of before show the one of now.
  const trace: RenamedUserRecord = { accountId, name };
  turn.put(identityKeys.renamed(user.userId), trace);
  if (user.email !== null) move(turn, (user_) => identityKeys.email(user.email ?? "", accountId, user_), before, name);
  for (const group of user.groups) move(turn, (user_) => identityKeys.member(accountId, group, user_), before, name);
  for (const arn of user.attached)
    move(turn, (user_) => identityKeys.attachment(arn, "user", accountId, user_), before, name);
  if (user.boundary !== null) {
    const arn = user.boundary;
    move(turn, (user_) => identityKeys.attachment(arn, "boundary", accountId, `user.${user_}`), before, name);
  }
  for (const policy of user.inline) {
    const document = await turn.read<InlinePolicyRecord>(identityKeys.inline("user", accountId, before, policy));
    move(turn, (user_) => identityKeys.inline("user", accountId, user_, policy), before, name, document);
  }
  await moveKeys(turn, accountId, before, name);
  await moveTokens(turn, accountId, before, name);
  await endSessions(turn, accountId, before);
  await removeMailTokens(turn, accountId, before);
  return renamed;
}

function move(turn: Turn, keyOf: (user: string) => string, before: string, after: string, record: object = {}): void {
  turn.remove(keyOf(before));
  turn.put(keyOf(after), record);
}

async function moveKeys(turn: Turn, accountId: string, before: string, after: string): Promise<void> {
  const ids = await turn.names(identityKeys.userKey(accountId, before, ""), limits.tracesPerTurnMax);
  if (ids.length === limits.tracesPerTurnMax) throw overQuota("AccessKeysPerUser", limits.accessKeysPerUserMax);
  for (const id of ids) {
    const key = await turn.read<AccessKeyRecord>(identityKeys.accessKey(id));
    if (key !== undefined) turn.put(identityKeys.accessKey(id), { ...key, userName: after });
    move(turn, (user) => identityKeys.userKey(accountId, user, id), before, after);
  }
}

async function moveTokens(turn: Turn, accountId: string, before: string, after: string): Promise<void> {
  for (const id of await turn.names(identityKeys.userToken(accountId, before, ""), limits.tracesPerTurnMax)) {
    const found = await turn.read<{ hash: string }>(identityKeys.userToken(accountId, before, id));
    if (found === undefined) continue;
    const token = await turn.read<ApiTokenRecord>(identityKeys.token(found.hash));
    if (token !== undefined) turn.put(identityKeys.token(found.hash), { ...token, userName: after });
    move(turn, (user) => identityKeys.userToken(accountId, user, id), before, after, found);
  }
}
