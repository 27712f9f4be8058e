/** The users, groups, roles and policies that actions name: found or refused with IAM's words, and their ARNs to be judged. */

import { type EntityKind, entityArn, parsePolicyArn } from "../account/arn.ts";
import type { PolicyView } from "../account/policy-directory.ts";
import type {
  GroupRecord,
  HolderKind,
  PolicyHolder,
  RoleRecord,
  Tag,
  UserRecord,
} from "../control/identity-records.ts";
import type { ActionContext } from "./action.ts";
import type { Conditions } from "./caller.ts";
import { QueryError } from "./errors.ts";

type Found = Pick<ActionContext, "directory" | "accountId">;
type FoundPolicies = Pick<ActionContext, "policies" | "accountId">;

function missing(kind: string, name: string): QueryError {
  return new QueryError("NoSuchEntity", `The ${kind} with name ${name} cannot be found.`);
}

/** A user, never Root: IAM does not know it as one. @throws QueryError NoSuchEntity */
export function userOf({ directory, accountId }: Found, name: string): UserRecord {
  const user = directory.user(accountId, name);
  if (user === undefined || user.role === "root") throw missing("user", name);
  return user;
}

/** @throws QueryError NoSuchEntity */
export function groupOf({ directory, accountId }: Found, name: string): GroupRecord {
  const group = directory.group(accountId, name);
  if (group === undefined) throw missing("group", name);
  return group;
}

/** @throws QueryError NoSuchEntity */
export function roleOf({ directory, accountId }: Found, name: string): RoleRecord {
  const role = directory.role(accountId, name);
  if (role === undefined) throw missing("role", name);
  return role;
}

/** The name of the user that an action without one is about: the caller. @throws QueryError ValidationError for a role */
export function userNameOr(name: string | undefined, { caller }: Pick<ActionContext, "caller">): string {
  if (name !== undefined) return name;
  if (caller.principal.role !== "session") return caller.principal.name;
  throw new QueryError("ValidationError", "Must specify userName when calling with non-User credentials");
}

/** A user that may be Root: for its own keys and devices. @throws QueryError NoSuchEntity */
export function userOrSelf(context: ActionContext, name: string | undefined): UserRecord {
  if (name !== undefined) return userOf(context, name);
  const user = context.directory.user(context.accountId, userNameOr(name, context));
  if (user === undefined) throw missing("user", context.caller.principal.name);
  return user;
}

/** What listings are judged on. */
export const everyArn = (accountId: string, kind: EntityKind): string => `arn:aws:iam::${accountId}:${kind}/*`;

/** The ARN to judge: that of the user there is, else the one that the name would have. */
export function userResource({ directory, accountId }: Found, name: string): string {
  return entityArn("user", accountId, directory.user(accountId, name)?.path ?? "/", name);
}

/** Of actions that are about the caller where they name nobody. */
export function ownUserResource(
  { UserName }: { readonly UserName?: string | undefined },
  context: ActionContext,
): string {
  return userResource(context, userNameOr(UserName, context));
}

export function groupResource({ directory, accountId }: Found, name: string): string {
  return entityArn("group", accountId, directory.group(accountId, name)?.path ?? "/", name);
}

export function roleResource({ directory, accountId }: Found, name: string): string {
  return entityArn("role", accountId, directory.role(accountId, name)?.path ?? "/", name);
}

/** A policy that can be attached or bound by: the account's own, or the product's. @throws QueryError NoSuchEntity, InvalidInput */
export function policyOf({ policies, accountId }: FoundPolicies, arn: string): PolicyView {
  if (parsePolicyArn(arn) === null) throw new QueryError("InvalidInput", `ARN ${arn} is not valid.`);
  const policy = policies.policy(arn, accountId);
  if (policy === undefined) {
    throw new QueryError("NoSuchEntity", `Policy ${arn} does not exist or is not attachable.`);
  }
  return policy;
}

/** A policy of the account, to be changed. @throws QueryError NoSuchEntity, InvalidInput, AccessDenied for the product's */
export function ownPolicyOf(context: FoundPolicies, arn: string): PolicyView {
  const policy = policyOf(context, arn);
  if (policy.isBuiltIn) throw new QueryError("AccessDenied", `The policy ${arn} cannot be changed.`);
  return policy;
}

/** A user, group or role as the holder of policies. */
export interface HolderTarget {
  readonly kind: HolderKind;
  /** As it stands in names of actions. */
  readonly noun: "User" | "Group" | "Role";
  record(context: Found, name: string): PolicyHolder;
  arn(context: Found, name: string): string;
  conditions(context: Found, name: string): Conditions;
}

export const holderTargets: Readonly<Record<HolderKind, HolderTarget>> = {
  user: {
    kind: "user",
    noun: "User",
    record: userOf,
    arn: userResource,
    conditions: ({ directory, accountId }, name) => heldBy(directory.user(accountId, name)),
  },
  group: { kind: "group", noun: "Group", record: groupOf, arn: groupResource, conditions: () => ({}) },
  role: {
    kind: "role",
    noun: "Role",
    record: roleOf,
    arn: roleResource,
    conditions: ({ directory, accountId }, name) => heldBy(directory.role(accountId, name)),
  },
};

/** Keys of what an entity already is: its tags, and the policy that bounds it. */
export function heldBy(
  entity: { readonly tags: readonly Tag[]; readonly boundary: string | null } | undefined,
): Conditions {
  if (entity === undefined) return {};
  const tags = tagsHeld(entity.tags);
  return entity.boundary === null ? tags : { ...tags, ...boundaryAsked(entity.boundary) };
}

export function tagsHeld(tags: readonly Tag[]): Conditions {
  const conditions: Record<string, readonly string[]> = {};
  for (const { key, value } of tags) {
    conditions[`aws:resourcetag/${key.toLowerCase()}`] = [value];
    conditions[`iam:resourcetag/${key.toLowerCase()}`] = [value];
  }
  return conditions;
}

/** Tags as requests carry them. */
export type InputTags = readonly { readonly Key: string; readonly Value: string }[];

/** Keys of the tags that a request brings. */
export function tagsAsked(tags: InputTags | undefined): Conditions {
  if (tags === undefined || tags.length === 0) return {};
  const conditions: Record<string, readonly string[]> = { "aws:tagkeys": tags.map(({ Key }) => Key) };
  for (const { Key, Value } of tags) conditions[`aws:requesttag/${Key.toLowerCase()}`] = [Value];
  return conditions;
}

export function boundaryAsked(arn: string | undefined): Conditions {
  return arn === undefined ? {} : { "iam:permissionsboundary": [arn] };
}

/** As records hold them. @throws QueryError InvalidInput for a key given twice: keys of IAM tags are told apart without case */
export function recordTags(tags: InputTags | undefined): Tag[] {
  const list = (tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }));
  if (new Set(list.map(({ key }) => key.toLowerCase())).size === list.length) return list;
  throw new QueryError("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
}

export function outputTags(tags: readonly Tag[]): { readonly Key: string; readonly Value: string }[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }));
}
