/** Roles. */

import { limits } from "../base/limits.ts";
import { newIdentityId } from "../control/identity-ids.ts";
import type { DirectoryMessages } from "../control/identity-messages.ts";
import { identityKeys, type RoleRecord, type Tag } from "../control/identity-records.ts";
import type { Handlers } from "../control/messages.ts";
import { isControlKey } from "../control/store.ts";
import { getTyped } from "../control/typed-records.ts";
import { PolicyError } from "../policy/document.ts";
import type { StoredPolicy } from "../policy/stored-policy.ts";
import { checkCount, readRole, releaseName, takeName, whomOfHolder } from "./entities.ts";
import {
  checkDescription,
  checkPath,
  checkPolicy,
  checkTags,
  invalid,
  withoutTags,
  withTags,
} from "./identity-rules.ts";
import type { IdentityTurns } from "./identity-turns.ts";
import { bindPolicy, principalKeys } from "./policy-principals.ts";
import { Refusal } from "./refusal.ts";
import type { Turn } from "./turn.ts";
import { bound } from "./user-changes.ts";

type RoleMessage = "role.create" | "role.update" | "role.tag" | "role.untag" | "role.delete";
type Request<T extends RoleMessage> = DirectoryMessages[T][0];

export function roleChanges(turns: IdentityTurns): Handlers<RoleMessage> {
  const run = <T extends RoleMessage, R>(message: T, request: Request<T>, work: (turn: Turn) => Promise<R>) => {
    const { by, accountId, roleName } = request;
    return turns.run({ message, by, accountId, target: `role/${roleName}` }, work);
  };
  return {
    "role.create": (request) => run("role.create", request, (turn) => create(turn, request)),
    "role.update": (request) => run("role.update", request, (turn) => update(turn, request)),
    "role.tag": (request) =>
      run("role.tag", request, (turn) => retag(turn, request, (tags) => withTags(tags, request.tags))),
    "role.untag": (request) =>
      run("role.untag", request, (turn) => retag(turn, request, (tags) => withoutTags(tags, request.keys))),
    "role.delete": (request) => run("role.delete", request, (turn) => remove(turn, request)),
  };
}

async function create(turn: Turn, request: Request<"role.create">): Promise<{ role: RoleRecord }> {
  const { accountId, roleName: name, path, description, trustPolicy, boundary, maxSessionSeconds, tags } = request;
  await turn.judge(accountId, "entity");
  checkPath(path);
  checkTags(tags);
  checkRole({ description, maxSessionSeconds });
  const trusted = await boundTrust(turn, trustPolicy);
  await turn.account(accountId);
  await takeName(turn, "role", accountId, name);
  await checkCount(turn, "role", accountId);
  await bound(turn, "role", { accountId, name, boundary: null }, boundary);
  const role: RoleRecord = {
    accountId,
    name,
    roleId: newIdentityId("TRPR", turn.ports.random),
    path,
    description,
    trustPolicy: trusted,
    boundary,
    maxSessionSeconds,
    tags,
    createdMs: turn.nowMs,
    attached: [],
    inline: [],
  };
  turn.put(identityKeys.role(accountId, name), role);
  await turn.commit(accountId, `role/${name}`);
  return { role };
}

async function update(turn: Turn, request: Request<"role.update">): Promise<{ role: RoleRecord }> {
  const { accountId, roleName, changes } = request;
  const before = await readRole(turn, accountId, roleName);
  await turn.judge(accountId, await whomOfHolder(turn, { kind: "role", accountId, name: roleName }));
  const role: RoleRecord = {
    ...before,
    description: changes.description === undefined ? before.description : changes.description,
    trustPolicy: changes.trustPolicy === undefined ? before.trustPolicy : await boundTrust(turn, changes.trustPolicy),
    maxSessionSeconds: changes.maxSessionSeconds ?? before.maxSessionSeconds,
    boundary: changes.boundary === undefined ? before.boundary : changes.boundary,
    tags: changes.tags ?? before.tags,
  };
  checkRole(role);
  checkTags(role.tags);
  if (role.boundary !== before.boundary) await bound(turn, "role", before, role.boundary);
  turn.put(identityKeys.role(accountId, roleName), role);
  await turn.commit(accountId, `role/${roleName}`, { changed: Object.keys(changes).join(" ") });
  return { role };
}

async function retag(
  turn: Turn,
  { accountId, roleName }: Request<"role.tag" | "role.untag">,
  make: (held: readonly Tag[]) => readonly Tag[],
): Promise<Record<string, never>> {
  const role = await readRole(turn, accountId, roleName);
  await turn.judge(accountId, await whomOfHolder(turn, { kind: "role", accountId, name: roleName }));
  turn.put(identityKeys.role(accountId, roleName), { ...role, tags: make(role.tags) });
  await turn.commit(accountId, `role/${roleName}`);
  return {};
}

async function remove(turn: Turn, { accountId, roleName }: Request<"role.delete">): Promise<Record<string, never>> {
  const role = await readRole(turn, accountId, roleName);
  await turn.judge(accountId, await whomOfHolder(turn, { kind: "role", accountId, name: roleName }));
  const conflict = (what: string) => new Refusal("DeleteConflict", `Cannot delete entity, must ${what} first.`);
  if (role.attached.length > 0) throw conflict("detach all policies");
  if (role.inline.length > 0) throw conflict("delete policies");
  removeRole(turn, role);
  await turn.commit(accountId, `role/${roleName}`);
  return {};
}

/** A role with its policies. */
export function removeRole(turn: Turn, { accountId, name, attached, inline, boundary }: RoleRecord): void {
  turn.remove(identityKeys.role(accountId, name));
  releaseName(turn, "role", accountId, name);
  for (const arn of attached) turn.remove(identityKeys.attachment(arn, "role", accountId, name));
  for (const policy of inline) turn.remove(identityKeys.inline("role", accountId, name, policy));
  if (boundary !== null) turn.remove(identityKeys.attachment(boundary, "boundary", accountId, `role.${name}`));
}

/** @throws Refusal MalformedPolicyDocument when it names somebody who is not there, LimitExceeded */
async function boundTrust({ ports: { store } }: Turn, text: string): Promise<StoredPolicy> {
  const document = checkPolicy(text, "trust", "ACLSizePerRole", limits.trustPolicyCharsMax);
  const records = new Map<string, unknown>();
  // Not compared at the commit: an id is that of who was there, whatever becomes of it.
  for (const key of principalKeys(document)) {
    if (isControlKey(key)) records.set(key, (await getTyped<object>(store, key)).value);
  }
  try {
    return bindPolicy(text, document, <T>(key: string) => records.get(key) as T | undefined);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new Refusal("MalformedPolicyDocument", error.message);
  }
}

function checkRole(role: Pick<RoleRecord, "description" | "maxSessionSeconds">): void {
  const min = limits.roleSessionSecondsMin;
  const max = limits.roleSessionSecondsMax;
  const { description, maxSessionSeconds } = role;
  checkDescription(description);
  if (!Number.isInteger(maxSessionSeconds) || maxSessionSeconds < min || maxSessionSeconds > max) {
    throw invalid(`The maximum session duration must be ${min} to ${max} seconds.`);
  }
}
