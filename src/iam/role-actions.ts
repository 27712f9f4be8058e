/** Roles and their tags. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html and its neighbours. */

import { entityArn } from "../account/arn.ts";
import { limits } from "../base/limits.ts";
import { list } from "../model/shape.ts";
import { type ActionContext, declareQueryAction } from "./action.ts";
import { pageOutput, pageRequest } from "./paging.ts";
import {
  arn,
  maxSessionDuration,
  optional,
  paged,
  paging,
  path,
  pathPrefix,
  policyDocument,
  Role,
  required,
  roleDescription,
  roleName,
  tags,
} from "./shapes.ts";
import { boundaryAsked, everyArn, heldBy, policyOf, recordTags, roleOf, roleResource, tagsAsked } from "./targets.ts";
import { listedRole, roleView } from "./views.ts";

type OfRole = { readonly RoleName: string };

const ofRole = ({ RoleName }: OfRole, context: ActionContext): string => roleResource(context, RoleName);
const held = ({ RoleName }: OfRole, { directory, accountId }: ActionContext) =>
  heldBy(directory.role(accountId, RoleName));

export const CreateRole = declareQueryAction({
  name: "CreateRole",
  service: "iam",
  action: "iam:CreateRole",
  resource: ({ RoleName, Path }, { accountId }) => entityArn("role", accountId, Path ?? "/", RoleName),
  conditions: ({ Tags, PermissionsBoundary }) => ({ ...tagsAsked(Tags), ...boundaryAsked(PermissionsBoundary) }),
  input: {
    Path: optional(path),
    RoleName: required(roleName),
    AssumeRolePolicyDocument: required(policyDocument),
    Description: optional(roleDescription),
    MaxSessionDuration: optional(maxSessionDuration),
    PermissionsBoundary: optional(arn),
    Tags: optional(tags),
  },
  output: { Role: required(Role) },
  errors: ["ConcurrentModification", "EntityAlreadyExists", "InvalidInput", "LimitExceeded", "MalformedPolicyDocument"],
}).handledBy(async (input, context) => {
  const { accountId, caller } = context;
  if (input.PermissionsBoundary !== undefined) policyOf(context, input.PermissionsBoundary);
  const { role } = await context.ask("role.create", {
    by: caller.actor,
    accountId,
    roleName: input.RoleName,
    path: input.Path ?? "/",
    description: input.Description ?? null,
    trustPolicy: input.AssumeRolePolicyDocument,
    boundary: input.PermissionsBoundary ?? null,
    maxSessionSeconds: input.MaxSessionDuration ?? limits.roleSessionSecondsDefault,
    tags: recordTags(input.Tags),
  });
  return { Role: roleView(context, role) };
});

export const GetRole = declareQueryAction({
  name: "GetRole",
  service: "iam",
  action: "iam:GetRole",
  resource: ofRole,
  conditions: held,
  input: { RoleName: required(roleName) },
  output: { Role: required(Role) },
  errors: ["NoSuchEntity"],
}).handledBy(({ RoleName }, context) => ({ Role: roleView(context, roleOf(context, RoleName)) }));

export const ListRoles = declareQueryAction({
  name: "ListRoles",
  service: "iam",
  action: "iam:ListRoles",
  resource: (_input, { accountId }) => everyArn(accountId, "role"),
  input: { PathPrefix: optional(pathPrefix), ...paging },
  output: { Roles: required(list(Role)), ...paged },
  errors: [],
}).handledBy(({ PathPrefix = "/", ...page }, context) => {
  const { directory, accountId } = context;
  const found = directory.roles(accountId, PathPrefix, pageRequest(page));
  return { Roles: found.items.map((role) => listedRole(context, role)), ...pageOutput(found) };
});

export const UpdateRole = declareQueryAction({
  name: "UpdateRole",
  service: "iam",
  action: "iam:UpdateRole",
  resource: ofRole,
  conditions: held,
  input: {
    RoleName: required(roleName),
    Description: optional(roleDescription),
    MaxSessionDuration: optional(maxSessionDuration),
  },
  output: {},
  errors: ["NoSuchEntity"],
}).handledBy(async ({ RoleName, Description, MaxSessionDuration }, context) => {
  const { accountId, caller } = context;
  const description = Description === undefined ? {} : { description: Description };
  // As at AWS, a role that is updated without a duration gets the default one.
  const maxSessionSeconds = MaxSessionDuration ?? limits.roleSessionSecondsDefault;
  await context.ask("role.update", {
    by: caller.actor,
    accountId,
    roleName: RoleName,
    changes: { ...description, maxSessionSeconds },
  });
  return {};
});

export const UpdateRoleDescription = declareQueryAction({
  name: "UpdateRoleDescription",
  service: "iam",
  action: "iam:UpdateRoleDescription",
  resource: ofRole,
  conditions: held,
  input: { RoleName: required(roleName), Description: required(roleDescription) },
  output: { Role: optional(Role) },
  errors: ["NoSuchEntity"],
}).handledBy(async ({ RoleName, Description }, context) => {
  const { accountId, caller } = context;
  const changes = { description: Description };
  const { role } = await context.ask("role.update", { by: caller.actor, accountId, roleName: RoleName, changes });
  return { Role: roleView(context, role) };
});

export const UpdateAssumeRolePolicy = declareQueryAction({
  name: "UpdateAssumeRolePolicy",
  service: "iam",
  action: "iam:UpdateAssumeRolePolicy",
  resource: ofRole,
  conditions: held,
  input: { RoleName: required(roleName), PolicyDocument: required(policyDocument) },
  output: null,
  errors: ["LimitExceeded", "MalformedPolicyDocument", "NoSuchEntity"],
}).handledBy(async ({ RoleName, PolicyDocument }, context) => {
  const { accountId, caller } = context;
  const changes = { trustPolicy: PolicyDocument };
  await context.ask("role.update", { by: caller.actor, accountId, roleName: RoleName, changes });
});

export const DeleteRole = declareQueryAction({
  name: "DeleteRole",
  service: "iam",
  action: "iam:DeleteRole",
  resource: ofRole,
  conditions: held,
  input: { RoleName: required(roleName) },
  output: null,
  errors: ["ConcurrentModification", "DeleteConflict", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ RoleName }, context) => {
  const { accountId, caller } = context;
  await context.ask("role.delete", { by: caller.actor, accountId, roleName: RoleName });
});
