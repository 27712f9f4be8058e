/**
 * Accounts deleted with everything that is theirs, but for the audit log. First the account is marked, and from then on none of its
 * credentials works; then its identities go in turns of bounded size, the account itself last. A crash in between is
 * made good by `resumeDeletions` at the next start, or by asking again.
 */

import { limits } from "../base/limits.ts";
import type { DirectoryMessages } from "../control/identity-messages.ts";
import {
  type AccountRecord,
  type Actor,
  type GroupRecord,
  identityKeys,
  type RoleRecord,
  type UserRecord,
} from "../control/identity-records.ts";
import { accepted, type Handlers } from "../control/messages.ts";
import { controlKeys } from "../control/records.ts";
import { decodeRecord } from "../control/typed-records.ts";
import { removeGroup } from "./group-changes.ts";
import type { IdentityTurns } from "./identity-turns.ts";
import { Refusal } from "./refusal.ts";
import { removeRole } from "./role-changes.ts";
import { denied, type Turn } from "./turn.ts";
import { removeUser, strip } from "./user-deletion.ts";

type Request = DirectoryMessages["account.delete"][0];

export function accountDeletion(turns: IdentityTurns): Handlers<"account.delete"> {
  return {
    "account.delete": async (request) => {
      const { by, accountId } = request;
      const asked = { message: "account.delete", by, accountId, target: "account" } as const;
      const marked = await turns.run(asked, (turn) => mark(turn, request));
      if (!marked.ok) return marked;
      await finish(turns, accountId);
      return accepted({});
    },
  };
}

/** Goes on with deletions that the last stop has interrupted; O(accounts). */
export async function resumeDeletions(turns: IdentityTurns): Promise<void> {
  const { store } = turns.ports;
  for (let after = ""; ; ) {
    const page = await store.list(identityKeys.account(""), after, limits.controlListMax);
    for (const { value } of page) {
      const account = decodeRecord<AccountRecord>(value);
      if (account.status === "deleting") await finish(turns, account.accountId);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < limits.controlListMax) return;
    after = last.key;
  }
}

/** @throws Refusal DeleteConflict when it owns buckets or has accounts below it */
async function mark(turn: Turn, { accountId }: Request): Promise<void> {
  await turn.judge(accountId, "entity");
  const account = await turn.read<AccountRecord>(identityKeys.account(accountId));
  if (account === undefined) throw new Refusal("NoSuchEntity", `There is no account ${accountId}.`);
  if (account.parent === null) throw denied("The operator is not deleted.");
  await checkEmpty(turn, accountId);
  if (account.status === "deleting") return;
  turn.put(identityKeys.account(accountId), { ...account, status: "deleting" });
  await turn.commit(accountId, "account", { displayName: account.displayName });
  // A bucket that was just being made has compared the account before: from now on none is.
  try {
    await checkEmpty(turn, accountId);
  } catch (error) {
    turn.put(identityKeys.account(accountId), account);
    await turn.commit(accountId, null);
    throw error;
  }
}

async function checkEmpty(turn: Turn, accountId: string): Promise<void> {
  const [bucket] = await turn.names(controlKeys.ownedBucket(accountId, ""), 1);
  if (bucket !== undefined) throw new Refusal("DeleteConflict", "The account owns buckets: delete them first.");
  const [below] = await turn.names(identityKeys.child(accountId, ""), 1);
  if (below !== undefined) throw new Refusal("DeleteConflict", "The account has accounts below it: delete them first.");
}

const product: Actor = {
  accountId: "system",
  name: "system",
  kind: "system",
  via: "system",
  original: null,
  address: null,
  requestId: null,
};

async function finish(turns: IdentityTurns, accountId: string): Promise<void> {
  const asked = { message: "account.delete", by: product, accountId, target: "account" } as const;
  const outcome = await turns.run(asked, (turn) => removeAll(turn, accountId));
  if (!outcome.ok) throw new Error(`the deletion of account ${accountId} ended in ${outcome.code}`);
}

async function removeAll(turn: Turn, accountId: string): Promise<void> {
  const marked = await turn.read<AccountRecord>(identityKeys.account(accountId));
  const [bucket] = await turn.names(controlKeys.ownedBucket(accountId, ""), 1);
  if (marked !== undefined && bucket !== undefined) {
    // The last run ended between the mark and the second look: nothing has been removed yet.
    turn.put(identityKeys.account(accountId), { ...marked, status: "suspended" });
    await turn.commit(accountId, null);
    return;
  }
  await removeEach<UserRecord>(turn, accountId, identityKeys.user(accountId, ""), async (user) => {
    await strip(turn, user);
    removeUser(turn, (await turn.read<UserRecord>(identityKeys.user(accountId, user.name))) ?? user);
  });
  await removeEach<GroupRecord>(turn, accountId, identityKeys.group(accountId, ""), async (group) => {
    removeGroup(turn, group);
  });
  await removeEach<RoleRecord>(turn, accountId, identityKeys.role(accountId, ""), async (role) =>
    removeRole(turn, role),
  );
  // Rows that belong to no record any more: names, members of groups, what signing in has left.
  const rows = [
    identityKeys.policy(accountId, ""),
    ...(["user", "group", "role", "policy"] as const).map((kind) => identityKeys.name(kind, accountId, "")),
    ...[`members/${accountId}/`, `sign-ins/${accountId}/`, `reset-sent/${accountId}/`, `invites/${accountId}/`],
    `attached/arn:aws:iam::${accountId}:policy/`,
  ];
  for (const prefix of rows) {
    for (;;) {
      const names = await turn.names(prefix, limits.tracesPerTurnMax);
      if (names.length === 0) break;
      for (const name of names) turn.remove(prefix + name);
      await turn.commit(accountId, null);
    }
  }
  const account = await turn.read<AccountRecord>(identityKeys.account(accountId));
  if (account === undefined) return;
  if (account.parent !== null) turn.remove(identityKeys.child(account.parent, accountId));
  if (account.label !== null) turn.remove(identityKeys.label(account.label));
  turn.remove(identityKeys.canonical(account.canonicalId));
  turn.remove(identityKeys.publicAccessBlock(accountId));
  turn.remove(identityKeys.account(accountId));
  await turn.commit(accountId, null);
}

async function removeEach<T extends object>(
  turn: Turn,
  accountId: string,
  prefix: string,
  remove: (record: T) => Promise<void>,
): Promise<void> {
  for (;;) {
    const [name] = await turn.names(prefix, 1);
    if (name === undefined) return;
    const record = await turn.read<T>(prefix + name);
    if (record !== undefined) await remove(record);
    await turn.commit(accountId, null);
  }
}
