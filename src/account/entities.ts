/** Users, groups, roles and policies as a turn reads them, and to whom a change of one of them is done (authority.ts). */

import { limits } from "../base/limits.ts";
import type { Holder } from "../control/identity-messages.ts";
import {
  type GroupRecord,
  identityKeys,
  type ManagedPolicyRecord,
  type RoleRecord,
  type UserRecord,
} from "../control/identity-records.ts";
import { managedPolicies } from "../policy/managed.ts";
import { entityArn, parsePolicyArn } from "./arn.ts";
import type { Whom } from "./authority.ts";
import { checkName, type NamedKind } from "./identity-rules.ts";
import { existsAlready, noSuch, overQuota, Refusal } from "./refusal.ts";
import { denied, type Turn } from "./turn.ts";

export type HolderRecord = UserRecord | GroupRecord | RoleRecord;

export function holderKey({ kind, accountId, name }: Holder): string {
  if (kind === "user") return identityKeys.user(accountId, name);
  return kind === "group" ? identityKeys.group(accountId, name) : identityKeys.role(accountId, name);
}

/** @throws Refusal NoSuchEntity */
export async function readHolder(turn: Turn, holder: Holder): Promise<HolderRecord> {
  const record = await turn.read<HolderRecord>(holderKey(holder));
  if (record === undefined) throw noSuch(holder.kind, holder.name);
  return record;
}

/** @throws Refusal NoSuchEntity */
export async function readUser(turn: Turn, accountId: string, name: string): Promise<UserRecord> {
  const user = await turn.read<UserRecord>(identityKeys.user(accountId, name));
  if (user === undefined) throw noSuch("user", name);
  return user;
}

/** @throws Refusal NoSuchEntity */
export async function readGroup(turn: Turn, accountId: string, name: string): Promise<GroupRecord> {
  const group = await turn.read<GroupRecord>(identityKeys.group(accountId, name));
  if (group === undefined) throw noSuch("group", name);
  return group;
}

/** @throws Refusal NoSuchEntity */
export async function readRole(turn: Turn, accountId: string, name: string): Promise<RoleRecord> {
  const role = await turn.read<RoleRecord>(identityKeys.role(accountId, name));
  if (role === undefined) throw noSuch("role", name);
  return role;
}

/** A policy of an account, which can be changed. @throws Refusal NoSuchEntity, AccessDenied (of the product), InvalidInput */
export async function readPolicy(turn: Turn, arn: string): Promise<ManagedPolicyRecord> {
  if (managedPolicies.has(arn)) throw denied("The product's own policies never change.");
  const parts = parsePolicyArn(arn);
  if (parts === null) throw new Refusal("InvalidInput", `ARN ${arn} is not valid.`);
  const record =
    parts.accountId === null
      ? undefined
      : await turn.read<ManagedPolicyRecord>(identityKeys.policy(parts.accountId, parts.name));
  if (record === undefined || record.path !== parts.path) {
    throw new Refusal("NoSuchEntity", `Policy ${arn} does not exist or is not attachable.`);
  }
  return record;
}

/** A policy that may be attached in `accountId`: its own or the product's. @throws Refusal NoSuchEntity, InvalidInput */
export async function checkAttachable(turn: Turn, arn: string, accountId: string): Promise<void> {
  if (managedPolicies.has(arn)) return;
  if (parsePolicyArn(arn)?.accountId === accountId) {
    await readPolicy(turn, arn);
    return;
  }
  if (parsePolicyArn(arn) === null) throw new Refusal("InvalidInput", `ARN ${arn} is not valid.`);
  throw new Refusal("NoSuchEntity", `Policy ${arn} does not exist or is not attachable.`);
}

const kindTitles: Readonly<Record<NamedKind, string>> = {
  user: "User",
  group: "Group",
  role: "Role",
  policy: "Policy",
};
const countOf: Readonly<
  Record<NamedKind, { readonly quota: string; readonly max: number; prefix(id: string): string }>
> = {
  user: { quota: "UsersPerAccount", max: limits.usersPerAccountMax, prefix: (id) => identityKeys.user(id, "") },
  group: { quota: "GroupsPerAccount", max: limits.groupsPerAccountMax, prefix: (id) => identityKeys.group(id, "") },
  role: { quota: "RolesPerAccount", max: limits.rolesPerAccountMax, prefix: (id) => identityKeys.role(id, "") },
  policy: {
    quota: "PoliciesPerAccount",
    max: limits.policiesPerAccountMax,
    prefix: (id) => identityKeys.policy(id, ""),
  },
};

/** Takes a name that is new in its account, also in another case. @throws Refusal InvalidInput, EntityAlreadyExists */
export async function takeName(turn: Turn, kind: NamedKind, accountId: string, name: string): Promise<void> {
  checkName(kind, name);
  const key = identityKeys.name(kind, accountId, name);
  const holds = await turn.read<{ name: string }>(key);
  const same = await turn.read(countOf[kind].prefix(accountId) + name);
  if (holds !== undefined || same !== undefined) throw existsAlready(kindTitles[kind], name);
  turn.put(key, { name });
}

export function releaseName(turn: Turn, kind: NamedKind, accountId: string, name: string): void {
  turn.remove(identityKeys.name(kind, accountId, name));
}

/** @throws Refusal LimitExceeded when the account has as many as it may */
export async function checkCount(turn: Turn, kind: NamedKind, accountId: string): Promise<void> {
  const { quota, max, prefix } = countOf[kind];
  let count = 0;
  for (let after = ""; ; ) {
    const page = await turn.names(prefix(accountId), limits.controlListMax, after);
    count += page.length;
    if (count >= max) throw overQuota(quota, max);
    const last = page.at(-1);
    if (last === undefined || page.length < limits.controlListMax) return;
    after = last;
  }
}

export function isSelf({ by }: Turn, kind: "user" | "role", accountId: string, name: string): boolean {
  return by.kind === kind && by.accountId === accountId && by.name === name;
}

export function whomOfUser(turn: Turn, user: UserRecord): Whom {
  return isSelf(turn, "user", user.accountId, user.name) ? "self" : user.role;
}

/** Whose rights change with the policies of a holder. */
export async function whomOfHolder(turn: Turn, holder: Holder): Promise<Whom> {
  if (holder.kind === "user") return whomOfUser(turn, await readUser(turn, holder.accountId, holder.name));
  if (holder.kind === "group") return whomOfGroup(turn, holder.accountId, holder.name);
  return isSelf(turn, "role", holder.accountId, holder.name) ? "self" : "entity";
}

/** Whose rights change with a group: its members'. Counts for those who may not change every one's. */
export async function whomOfGroup(turn: Turn, accountId: string, group: string): Promise<Whom> {
  if (await mayChangeAnyRights(turn)) return "entity";
  return highest(turn, accountId, await turn.names(identityKeys.member(accountId, group, ""), limits.directoryPageMax));
}

/** Whose rights change with a managed policy: of all who have it, themselves, by a group or as boundary. */
export async function whomOfPolicy(turn: Turn, { accountId, path, name }: ManagedPolicyRecord): Promise<Whom> {
  if (await mayChangeAnyRights(turn)) return "entity";
  const arn = entityArn("policy", accountId, path, name);
  const holders = (kind: "user" | "group" | "role" | "boundary") =>
    turn.names(identityKeys.attachment(arn, kind, accountId, ""), limits.directoryPageMax);
  const bounded = await holders("boundary");
  const users = [...(await holders("user")), ...bounded.flatMap((holder) => afterDot("user", holder))];
  const roles = [...(await holders("role")), ...bounded.flatMap((holder) => afterDot("role", holder))];
  if (roles.some((role) => isSelf(turn, "role", accountId, role))) return "self";
  const found = [await highest(turn, accountId, users)];
  for (const group of await holders("group")) found.push(await whomOfGroup(turn, accountId, group));
  return found.find((whom) => whom === "self") ?? found.find((whom) => whom === "admin") ?? "entity";
}

async function mayChangeAnyRights(turn: Turn): Promise<boolean> {
  const { rank } = await turn.asking();
  return rank !== "user" && rank !== "role";
}

/** self before admin before the rest; with more users than are looked at there might be an admin. */
async function highest(turn: Turn, accountId: string, users: readonly string[]): Promise<Whom> {
  if (users.some((name) => isSelf(turn, "user", accountId, name))) return "self";
  if (users.length >= limits.rightsLookedAtMax) return "admin";
  for (const name of users) {
    const user = await turn.read<UserRecord>(identityKeys.user(accountId, name));
    if (user !== undefined && user.role !== "user") return "admin";
  }
  return "entity";
}

function afterDot(kind: string, holder: string): string[] {
  return holder.startsWith(`${kind}.`) ? [holder.slice(kind.length + 1)] : [];
}
