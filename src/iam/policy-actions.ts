/** Managed policies and their tags. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html and its neighbours. */

import { entityArn, parsePolicyArn } from "../account/arn.ts";
import type { PolicyEntity } from "../account/policy-directory.ts";
import type { HolderKind } from "../control/identity-records.ts";
import { boolean, enumeration, list, string, structure } from "../model/shape.ts";
import { type ActionContext, declareQueryAction } from "./action.ts";
import { QueryError } from "./errors.ts";
import { pageOutput, pageRequest } from "./paging.ts";
import {
  arn,
  optional,
  Policy,
  paged,
  paging,
  path,
  policyDescription,
  policyDocument,
  policyName,
  policyPath,
  required,
  tags,
} from "./shapes.ts";
import { everyArn, ownPolicyOf, policyOf, recordTags, tagsAsked, tagsHeld } from "./targets.ts";
import { listedPolicy, policyView } from "./views.ts";

type OfPolicy = { readonly PolicyArn: string };

/** @throws QueryError InvalidInput, AccessDenied for another account's */
export function ofPolicy({ PolicyArn }: OfPolicy, { accountId }: ActionContext): string {
  const parsed = parsePolicyArn(PolicyArn);
  if (parsed === null) throw new QueryError("InvalidInput", `ARN ${PolicyArn} is not valid.`);
  if (parsed.accountId !== accountId && parsed.accountId !== null) {
    throw new QueryError("AccessDenied", `The policy ${PolicyArn} belongs to another account.`);
  }
  return PolicyArn;
}

export function policyHeld({ PolicyArn }: OfPolicy, { policies, accountId }: ActionContext) {
  return tagsHeld(policies.policy(PolicyArn, accountId)?.tags ?? []);
}

export const CreatePolicy = declareQueryAction({
  name: "CreatePolicy",
  service: "iam",
  action: "iam:CreatePolicy",
  resource: ({ PolicyName, Path }, { accountId }) => entityArn("policy", accountId, Path ?? "/", PolicyName),
  conditions: ({ Tags }) => tagsAsked(Tags),
  input: {
    PolicyName: required(policyName),
    Path: optional(policyPath),
    PolicyDocument: required(policyDocument),
    Description: optional(policyDescription),
    Tags: optional(tags),
  },
  output: { Policy: optional(Policy) },
  errors: ["ConcurrentModification", "EntityAlreadyExists", "InvalidInput", "LimitExceeded", "MalformedPolicyDocument"],
}).handledBy(async (input, context) => {
  const { accountId, caller } = context;
  const { policy } = await context.ask("policy.create", {
    by: caller.actor,
    accountId,
    policyName: input.PolicyName,
    path: input.Path ?? "/",
    description: input.Description ?? null,
    document: input.PolicyDocument,
    tags: recordTags(input.Tags),
  });
  const made = entityArn("policy", accountId, policy.path, policy.name);
  return { Policy: policyView(context, policyOf(context, made)) };
});

export const GetPolicy = declareQueryAction({
  name: "GetPolicy",
  service: "iam",
  action: "iam:GetPolicy",
  resource: ofPolicy,
  conditions: policyHeld,
  input: { PolicyArn: required(arn) },
  output: { Policy: optional(Policy) },
  errors: ["InvalidInput", "NoSuchEntity"],
}).handledBy(({ PolicyArn }, context) => ({ Policy: policyView(context, policyOf(context, PolicyArn)) }));

const scope = enumeration("All", "AWS", "Local");
const usage = enumeration("PermissionsPolicy", "PermissionsBoundary");

export const ListPolicies = declareQueryAction({
  name: "ListPolicies",
  service: "iam",
  action: "iam:ListPolicies",
  resource: (_input, { accountId }) => everyArn(accountId, "policy"),
  input: {
    Scope: optional(scope),
    OnlyAttached: optional(boolean),
    PathPrefix: optional(policyPath),
    PolicyUsageFilter: optional(usage),
    ...paging,
  },
  output: { Policies: optional(list(Policy)), ...paged },
  errors: [],
}).handledBy(({ Scope = "All", OnlyAttached, PathPrefix = "/", PolicyUsageFilter, ...page }, context) => {
  const asBoundary = PolicyUsageFilter === "PermissionsBoundary";
  const filter = { scope: Scope, pathPrefix: PathPrefix, onlyAttached: OnlyAttached === true && !asBoundary };
  const found = context.policies.policies(context.accountId, filter, pageRequest(page));
  const views = found.items.map((policy) => listedPolicy(context, policy));
  const used = asBoundary ? views.filter((view) => view.PermissionsBoundaryUsageCount > 0) : views;
  return { Policies: used, ...pageOutput(found) };
});

export const DeletePolicy = declareQueryAction({
  name: "DeletePolicy",
  service: "iam",
  action: "iam:DeletePolicy",
  resource: ofPolicy,
  conditions: policyHeld,
  input: { PolicyArn: required(arn) },
  output: null,
  errors: ["DeleteConflict", "InvalidInput", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ PolicyArn }, context) => {
  ownPolicyOf(context, PolicyArn);
  await context.ask("policy.delete", { by: context.caller.actor, policyArn: PolicyArn });
});

const PolicyGroup = structure("PolicyGroup", { GroupName: required(string), GroupId: required(string) });
const PolicyUser = structure("PolicyUser", { UserName: required(string), UserId: required(string) });
const PolicyRole = structure("PolicyRole", { RoleName: required(string), RoleId: required(string) });

const holderKinds: readonly HolderKind[] = ["user", "group", "role"];

/** The entities of one kind whose path fits. */
function named<T extends { readonly path: string }>(
  entities: readonly PolicyEntity[],
  kind: HolderKind,
  pathPrefix: string,
  find: (name: string) => T | undefined,
): { readonly name: string; readonly record: T }[] {
  return entities.flatMap((entity) => {
    const record = entity.kind === kind ? find(entity.name) : undefined;
    return record?.path.startsWith(pathPrefix) === true ? [{ name: entity.name, record }] : [];
  });
}

const filters: Readonly<Record<string, readonly HolderKind[]>> = { User: ["user"], Group: ["group"], Role: ["role"] };
const usages = { PermissionsPolicy: "policy", PermissionsBoundary: "boundary" } as const;

export const ListEntitiesForPolicy = declareQueryAction({
  name: "ListEntitiesForPolicy",
  service: "iam",
  action: "iam:ListEntitiesForPolicy",
  resource: ofPolicy,
  conditions: policyHeld,
  input: {
    PolicyArn: required(arn),
    EntityFilter: optional(enumeration("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy")),
    PathPrefix: optional(path),
    PolicyUsageFilter: optional(usage),
    ...paging,
  },
  output: {
    PolicyGroups: optional(list(PolicyGroup)),
    PolicyUsers: optional(list(PolicyUser)),
    PolicyRoles: optional(list(PolicyRole)),
    ...paged,
  },
  errors: ["InvalidInput", "NoSuchEntity"],
}).handledBy(({ PolicyArn, EntityFilter, PathPrefix = "/", PolicyUsageFilter, ...page }, context) => {
  policyOf(context, PolicyArn);
  const { directory, accountId } = context;
  const kinds = EntityFilter === undefined ? holderKinds : (filters[EntityFilter] ?? []);
  const as = PolicyUsageFilter === undefined ? null : usages[PolicyUsageFilter];
  const found = context.policies.entities(PolicyArn, accountId, { kinds, as }, pageRequest(page));
  const groups = named(found.items, "group", PathPrefix, (name) => directory.group(accountId, name));
  const users = named(found.items, "user", PathPrefix, (name) => directory.user(accountId, name));
  const roles = named(found.items, "role", PathPrefix, (name) => directory.role(accountId, name));
  return {
    PolicyGroups: groups.map(({ name, record }) => ({ GroupName: name, GroupId: record.groupId })),
    PolicyUsers: users.map(({ name, record }) => ({ UserName: name, UserId: record.userId })),
    PolicyRoles: roles.map(({ name, record }) => ({ RoleName: name, RoleId: record.roleId })),
    ...pageOutput(found),
  };
});
