/** Groups and their members. */

import { limits } from "../base/limits.ts";
import { newIdentityId } from "../control/identity-ids.ts";
import type { DirectoryMessages } from "../control/identity-messages.ts";
import {
  type GroupRecord,
  type InlinePolicyRecord,
  identityKeys,
  type UserRecord,
} from "../control/identity-records.ts";
import type { Handlers } from "../control/messages.ts";
import { checkCount, readGroup, readUser, releaseName, takeName, whomOfGroup, whomOfUser } from "./entities.ts";
import { checkPath } from "./identity-rules.ts";
import type { IdentityTurns } from "./identity-turns.ts";
import { existsAlready, overQuota, Refusal } from "./refusal.ts";
import type { Turn } from "./turn.ts";

type GroupMessage = "group.create" | "group.update" | "group.delete" | "group.addUser" | "group.removeUser";
type Request<T extends GroupMessage> = DirectoryMessages[T][0];
type Nothing = Record<string, never>;

export function groupChanges(turns: IdentityTurns): Handlers<GroupMessage> {
  const run = <T extends GroupMessage, R>(message: T, request: Request<T>, work: (turn: Turn) => Promise<R>) => {
    const { by, accountId, groupName } = request;
    return turns.run({ message, by, accountId, target: `group/${groupName}` }, work);
  };
  return {
    "group.create": (request) => run("group.create", request, (turn) => create(turn, request)),
    "group.update": (request) => run("group.update", request, (turn) => update(turn, request)),
    "group.delete": (request) => run("group.delete", request, (turn) => remove(turn, request)),
    "group.addUser": (request) => run("group.addUser", request, (turn) => addUser(turn, request)),
    "group.removeUser": (request) => run("group.removeUser", request, (turn) => removeUser(turn, request)),
  };
}

async function create(turn: Turn, request: Request<"group.create">): Promise<{ group: GroupRecord }> {
  const { accountId, groupName: name, path } = request;
  await turn.judge(accountId, "entity");
  checkPath(path);
  await turn.account(accountId);
  await takeName(turn, "group", accountId, name);
  await checkCount(turn, "group", accountId);
  const group: GroupRecord = {
    accountId,
    name,
    groupId: newIdentityId("TRPG", turn.ports.random),
    path,
    createdMs: turn.nowMs,
    attached: [],
    inline: [],
  };
  turn.put(identityKeys.group(accountId, name), group);
  await turn.commit(accountId, `group/${name}`);
  return { group };
}

/**
 * A new name is given in steps, so that any number of members can move: both groups stand meanwhile, with the same id and the
 * same policies, and each member is in one of them. After a crash the same request goes on.
 */
async function update(turn: Turn, request: Request<"group.update">): Promise<{ group: GroupRecord }> {
  const { accountId, groupName, newName, newPath } = request;
  if (newPath !== null) checkPath(newPath);
  const before = await readGroup(turn, accountId, groupName);
  await turn.judge(accountId, await whomOfGroup(turn, accountId, groupName));
  const path = newPath ?? before.path;
  if (newName === null || newName === groupName) {
    const group: GroupRecord = { ...before, path };
    turn.put(identityKeys.group(accountId, groupName), group);
    await turn.commit(accountId, `group/${groupName}`, { path });
    return { group };
  }
  await prepareTwin(turn, before, newName, path);
  await moveMembers(turn, before, newName);
  const left = await readGroup(turn, accountId, groupName);
  const twin = await readGroup(turn, accountId, newName);
  await turn.judge(accountId, await whomOfGroup(turn, accountId, newName));
  removeGroup(turn, left);
  // Of two names that differ in case alone the index has one row: the new one's.
  turn.put(identityKeys.name("group", accountId, newName), { name: newName });
  await turn.commit(accountId, `group/${groupName}`, { newName, path });
  return { group: twin };
}

async function prepareTwin(turn: Turn, before: GroupRecord, name: string, path: string): Promise<void> {
  const { accountId } = before;
  const found = await turn.read<GroupRecord>(identityKeys.group(accountId, name));
  if (found !== undefined && found.groupId !== before.groupId) throw existsAlready("Group", name);
  if (found === undefined) {
    if (name.toLowerCase() === before.name.toLowerCase()) releaseName(turn, "group", accountId, before.name);
    await takeName(turn, "group", accountId, name);
  }
  const twin: GroupRecord = { ...before, name, path };
  turn.put(identityKeys.group(accountId, name), twin);
  for (const arn of twin.attached) turn.put(identityKeys.attachment(arn, "group", accountId, name), {});
  for (const policy of twin.inline) {
    const document = await turn.read<InlinePolicyRecord>(identityKeys.inline("group", accountId, before.name, policy));
    turn.put(identityKeys.inline("group", accountId, name, policy), document ?? { document: "" });
  }
  await turn.commit(accountId, null);
}

async function moveMembers(turn: Turn, { accountId, name: before }: GroupRecord, after: string): Promise<void> {
  for (;;) {
    const members = await turn.names(identityKeys.member(accountId, before, ""), limits.tracesPerTurnMax);
    for (const name of members) {
      const user = await turn.read<UserRecord>(identityKeys.user(accountId, name));
      if (user !== undefined) {
        const groups = user.groups.map((group) => (group === before ? after : group));
        turn.put(identityKeys.user(accountId, name), { ...user, groups });
        turn.put(identityKeys.member(accountId, after, name), {});
      }
      turn.remove(identityKeys.member(accountId, before, name));
    }
    if (members.length === 0) return;
    await turn.commit(accountId, null);
  }
}

async function remove(turn: Turn, { accountId, groupName }: Request<"group.delete">): Promise<Nothing> {
  const group = await readGroup(turn, accountId, groupName);
  await turn.judge(accountId, await whomOfGroup(turn, accountId, groupName));
  const conflict = (what: string) => new Refusal("DeleteConflict", `Cannot delete entity, must ${what} first.`);
  const members = await turn.names(identityKeys.member(accountId, groupName, ""), 1);
  if (members.length > 0) throw conflict("remove users from group");
  if (group.attached.length > 0) throw conflict("detach all policies");
  if (group.inline.length > 0) throw conflict("delete policies");
  removeGroup(turn, group);
  await turn.commit(accountId, `group/${groupName}`);
  return {};
}

/** A group without members, its policies with it. */
export function removeGroup(turn: Turn, { accountId, name, attached, inline }: GroupRecord): void {
  turn.remove(identityKeys.group(accountId, name));
  releaseName(turn, "group", accountId, name);
  for (const arn of attached) turn.remove(identityKeys.attachment(arn, "group", accountId, name));
  for (const policy of inline) turn.remove(identityKeys.inline("group", accountId, name, policy));
}

async function addUser(turn: Turn, request: Request<"group.addUser">): Promise<Nothing> {
  const { accountId, groupName, userName } = request;
  const user = await readUser(turn, accountId, userName);
  await turn.judge(accountId, whomOfUser(turn, user));
  await readGroup(turn, accountId, groupName);
  if (user.groups.includes(groupName)) return {};
  if (user.groups.length >= limits.groupsPerUserMax) throw overQuota("GroupsPerUser", limits.groupsPerUserMax);
  turn.put(identityKeys.user(accountId, userName), { ...user, groups: [...user.groups, groupName] });
  turn.put(identityKeys.member(accountId, groupName, userName), {});
  await turn.commit(accountId, `group/${groupName}`, { user: userName });
  return {};
}

async function removeUser(turn: Turn, request: Request<"group.removeUser">): Promise<Nothing> {
  const { accountId, groupName, userName } = request;
  const user = await readUser(turn, accountId, userName);
  await turn.judge(accountId, whomOfUser(turn, user));
  await readGroup(turn, accountId, groupName);
  if (!user.groups.includes(groupName)) {
    throw new Refusal("NoSuchEntity", `User ${userName} is not in the group ${groupName}.`);
  }
  turn.put(identityKeys.user(accountId, userName), {
    ...user,
    groups: user.groups.filter((name) => name !== groupName),
  });
  turn.remove(identityKeys.member(accountId, groupName, userName));
  await turn.commit(accountId, `group/${groupName}`, { user: userName });
  return {};
}
