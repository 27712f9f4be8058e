/** Managed policies of an account, and their versions. */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { newIdentityId } from "../control/identity-ids.ts";
import type { DirectoryMessages } from "../control/identity-messages.ts";
import { identityKeys, type ManagedPolicyRecord, type PolicyVersion } from "../control/identity-records.ts";
import { accepted, type Handlers } from "../control/messages.ts";
import { entityArn, parsePolicyArn } from "./arn.ts";
import { checkCount, readPolicy, releaseName, takeName, whomOfPolicy } from "./entities.ts";
import { checkDescription, checkPath, checkPolicy, checkTags, withoutTags, withTags } from "./identity-rules.ts";
import type { IdentityTurns } from "./identity-turns.ts";
import { overQuota, Refusal } from "./refusal.ts";
import type { Turn } from "./turn.ts";

type PolicyMessage =
  | "policy.create"
  | "policy.createVersion"
  | "policy.setDefaultVersion"
  | "policy.deleteVersion"
  | "policy.setTags"
  | "policy.tag"
  | "policy.untag"
  | "policy.delete";
type Request<T extends PolicyMessage> = DirectoryMessages[T][0];
type Changed = { readonly record: ManagedPolicyRecord; readonly detail?: Readonly<Record<string, string>> };
type Nothing = Record<string, never>;

export function policyChanges(turns: IdentityTurns): Handlers<PolicyMessage> {
  /** Of a policy that there is: reads it, judges who asks, writes what `change` makes of it. */
  const change = async <T extends Exclude<PolicyMessage, "policy.create">>(
    message: T,
    { by, policyArn }: Request<T>,
    make: (record: ManagedPolicyRecord, turn: Turn) => Changed | Promise<Changed>,
  ) => {
    const accountId = parsePolicyArn(policyArn)?.accountId ?? by.accountId;
    return turns.run({ message, by, accountId, target: policyArn }, async (turn): Promise<ManagedPolicyRecord> => {
      const before = await readPolicy(turn, policyArn);
      await turn.judge(accountId, await whomOfPolicy(turn, before));
      const { record, detail = {} } = await make(before, turn);
      turn.put(identityKeys.policy(accountId, record.name), record);
      await turn.commit(accountId, policyArn, detail);
      return record;
    });
  };
  const nothing = async (outcome: ReturnType<typeof change>) => {
    const changed = await outcome;
    return changed.ok ? accepted<Nothing>({}) : changed;
  };
  return {
    "policy.create": (request) => {
      const { by, accountId, policyName } = request;
      const asked = { message: "policy.create", by, accountId, target: `policy/${policyName}` } as const;
      return turns.run(asked, (turn) => create(turn, request));
    },
    "policy.createVersion": async (request) => {
      const changed = await change("policy.createVersion", request, (before, turn) =>
        addVersion(before, turn, request),
      );
      if (!changed.ok) return changed;
      const version = changed.value.versions.at(-1);
      assert(version !== undefined, "a version was added");
      return accepted({ version });
    },
    "policy.setDefaultVersion": (request) =>
      nothing(
        change("policy.setDefaultVersion", request, (before, turn) => {
          checkVersion(before, request.versionId);
          const record = { ...before, defaultVersion: request.versionId, updatedMs: turn.nowMs };
          return { record, detail: { version: request.versionId } };
        }),
      ),
    "policy.deleteVersion": (request) =>
      nothing(
        change("policy.deleteVersion", request, (before, turn) => withoutVersion(before, turn, request.versionId)),
      ),
    "policy.setTags": (request) =>
      nothing(
        change("policy.setTags", request, (before) => {
          checkTags(request.tags);
          return { record: { ...before, tags: request.tags } };
        }),
      ),
    "policy.tag": (request) =>
      nothing(
        change("policy.tag", request, (before) => ({
          record: { ...before, tags: withTags(before.tags, request.tags) },
        })),
      ),
    "policy.untag": (request) =>
      nothing(
        change("policy.untag", request, (before) => ({
          record: { ...before, tags: withoutTags(before.tags, request.keys) },
        })),
      ),
    "policy.delete": (request) => {
      const { by, policyArn } = request;
      const accountId = parsePolicyArn(policyArn)?.accountId ?? by.accountId;
      return turns.run({ message: "policy.delete", by, accountId, target: policyArn }, (turn) =>
        remove(turn, accountId, policyArn),
      );
    },
  };
}

async function create(turn: Turn, request: Request<"policy.create">): Promise<{ policy: ManagedPolicyRecord }> {
  const { accountId, policyName: name, path, description, document, tags } = request;
  await turn.judge(accountId, "entity");
  checkPath(path);
  checkDescription(description);
  checkTags(tags);
  checkPolicy(document, "identity", "PolicySize", limits.managedPolicyCharsMax);
  await turn.account(accountId);
  await takeName(turn, "policy", accountId, name);
  await checkCount(turn, "policy", accountId);
  const { nowMs } = turn;
  const policy: ManagedPolicyRecord = {
    accountId,
    name,
    policyId: newIdentityId("TRPP", turn.ports.random),
    path,
    description,
    tags,
    defaultVersion: "v1",
    versions: [{ id: "v1", document, createdMs: nowMs }],
    lastVersion: 1,
    createdMs: nowMs,
    updatedMs: nowMs,
  };
  turn.put(identityKeys.policy(accountId, name), policy);
  await turn.commit(accountId, entityArn("policy", accountId, path, name));
  return { policy };
}

function addVersion(before: ManagedPolicyRecord, turn: Turn, request: Request<"policy.createVersion">): Changed {
  const { document, setAsDefault } = request;
  checkPolicy(document, "identity", "PolicySize", limits.managedPolicyCharsMax);
  if (before.versions.length >= limits.policyVersionsMax) {
    throw overQuota("VersionsPerPolicy", limits.policyVersionsMax);
  }
  const lastVersion = before.lastVersion + 1;
  const version: PolicyVersion = { id: `v${lastVersion}`, document, createdMs: turn.nowMs };
  const defaultVersion = setAsDefault ? version.id : before.defaultVersion;
  const versions = [...before.versions, version];
  return {
    record: { ...before, versions, lastVersion, defaultVersion, updatedMs: version.createdMs },
    detail: { version: version.id, isDefault: String(setAsDefault) },
  };
}

function withoutVersion(before: ManagedPolicyRecord, turn: Turn, versionId: string): Changed {
  checkVersion(before, versionId);
  if (before.defaultVersion === versionId) {
    throw new Refusal("DeleteConflict", "Cannot delete the default version of a policy.");
  }
  const versions = before.versions.filter(({ id }) => id !== versionId);
  return { record: { ...before, versions, updatedMs: turn.nowMs }, detail: { version: versionId } };
}

function checkVersion(policy: ManagedPolicyRecord, versionId: string): void {
  if (policy.versions.some(({ id }) => id === versionId)) return;
  throw new Refusal("NoSuchEntity", `Policy ${policy.name} version ${versionId} does not exist.`);
}

async function remove(turn: Turn, accountId: string, policyArn: string): Promise<Nothing> {
  const policy = await readPolicy(turn, policyArn);
  await turn.judge(accountId, await whomOfPolicy(turn, policy));
  const holders = await turn.names(`attached/${policyArn}|`, 1);
  if (holders.length > 0) {
    throw new Refusal("DeleteConflict", "Cannot delete a policy attached to entities, or used as a boundary.");
  }
  if (policy.versions.length > 1) {
    throw new Refusal("DeleteConflict", "This policy has more than one version: delete the others first.");
  }
  removePolicy(turn, policy);
  await turn.commit(accountId, policyArn);
  return {};
}

/** A policy that nobody has. */
export function removePolicy(turn: Turn, { accountId, name }: ManagedPolicyRecord): void {
  turn.remove(identityKeys.policy(accountId, name));
  releaseName(turn, "policy", accountId, name);
}
