/** Rows of roles. */

import { z } from "zod";
import { limits } from "../base/limits.ts";
import type { RoleRecord } from "../control/identity-records.ts";
import { newArn, roleArn } from "./arns.ts";
import type { AdminContext } from "./context.ts";
import { byPolicy, declareAdmin } from "./declaration.ts";
import { pageOf, pageQuery, rangeOf, replyPage } from "./page.ts";
import { AdminError } from "./problem.ts";
import { withoutUndefined } from "./rows-users.ts";
import {
  anyName,
  description,
  documentText,
  entityName,
  nothing,
  path,
  policyArn,
  policyDocument,
  tags,
} from "./schemas.ts";
import { roleForm, showRole } from "./show.ts";

const group = "Roles";
const ofRole = z.strictObject({ name: anyName });
/** Source: IAM API reference, CreateRole MaxSessionDuration. */
const maxSessionSeconds = z.int().min(limits.roleSessionSecondsMin).max(limits.roleSessionSecondsMax);

/** @throws AdminError NoSuchEntity */
function roleOf({ caller, reader }: AdminContext, name: string): RoleRecord {
  const found = reader.role(caller.account.accountId, name);
  if (found === undefined) throw new AdminError("NoSuchEntity", `There is no role ${JSON.stringify(name)}.`);
  return found;
}

const shown = (reader: AdminContext["reader"], role: RoleRecord) => showRole(role, reader.trustPolicy(role));

export const ListRoles = declareAdmin({
  name: "ListRoles",
  method: "GET",
  path: "/roles",
  group,
  summary: "The roles of the account, in the order of their names.",
  admits: byPolicy("iam:ListRoles"),
  params: nothing,
  query: pageQuery,
  body: null,
  reply: pageOf(roleForm),
  status: 200,
  errors: [],
}).handledBy(async ({ query }, { caller, reader }) =>
  replyPage(reader.roles(caller.account.accountId, rangeOf(query)), (role) => shown(reader, role)),
);

export const CreateRole = declareAdmin({
  name: "CreateRole",
  method: "POST",
  path: "/roles",
  group,
  summary: "Makes a role that programs take on through STS.",
  admits: byPolicy("iam:CreateRole"),
  params: nothing,
  query: nothing,
  body: z.strictObject({
    name: entityName(64),
    path: path.default("/"),
    description: description.nullable().default(null),
    trustPolicy: policyDocument,
    boundary: policyArn.nullable().default(null),
    maxSessionSeconds: maxSessionSeconds.default(limits.roleSessionSecondsMin),
    tags: tags.default([]),
  }),
  reply: roleForm,
  status: 201,
  errors: ["EntityAlreadyExists", "LimitExceeded", "MalformedPolicyDocument"],
})
  .on(newArn("role"))
  .handledBy(async ({ body }, context) => {
    const { actor, account } = context.caller;
    const { role } = await context.ask("role.create", {
      by: actor,
      accountId: account.accountId,
      roleName: body.name,
      path: body.path,
      description: body.description,
      trustPolicy: documentText(body.trustPolicy),
      boundary: body.boundary,
      maxSessionSeconds: body.maxSessionSeconds,
      tags: body.tags,
    });
    return shown(context.reader, role);
  });

export const GetRole = declareAdmin({
  name: "GetRole",
  method: "GET",
  path: "/roles/{name}",
  group,
  summary: "One role.",
  admits: byPolicy("iam:GetRole"),
  params: ofRole,
  query: nothing,
  body: null,
  reply: roleForm,
  status: 200,
  errors: ["NoSuchEntity"],
})
  .on(roleArn)
  .handledBy(async ({ params }, context) => shown(context.reader, roleOf(context, params.name)));

export const UpdateRole = declareAdmin({
  name: "UpdateRole",
  method: "PATCH",
  path: "/roles/{name}",
  group,
  summary: "Changes what is given of a role.",
  admits: byPolicy("iam:UpdateRole"),
  params: ofRole,
  query: nothing,
  body: z.strictObject({
    description: description.nullable().optional(),
    trustPolicy: policyDocument.optional(),
    boundary: policyArn.nullable().optional(),
    maxSessionSeconds: maxSessionSeconds.optional(),
    tags: tags.optional(),
  }),
  reply: roleForm,
  status: 200,
  errors: ["NoSuchEntity", "ConcurrentModification", "MalformedPolicyDocument"],
})
  .on(roleArn)
  .handledBy(async ({ params, body }, context) => {
    const { accountId, name } = roleOf(context, params.name);
    const { trustPolicy, ...rest } = body;
    const text = trustPolicy === undefined ? {} : { trustPolicy: documentText(trustPolicy) };
    const { role } = await context.ask("role.update", {
      by: context.caller.actor,
      accountId,
      roleName: name,
      changes: { ...withoutUndefined(rest), ...text },
    });
    return shown(context.reader, role);
  });

export const DeleteRole = declareAdmin({
  name: "DeleteRole",
  method: "DELETE",
  path: "/roles/{name}",
  group,
  summary: "Deletes a role without policies.",
  admits: byPolicy("iam:DeleteRole"),
  params: ofRole,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity", "DeleteConflict"],
})
  .on(roleArn)
  .handledBy(async ({ params }, context) => {
    const { accountId, name } = roleOf(context, params.name);
    await context.ask("role.delete", { by: context.caller.actor, accountId, roleName: name });
    return null;
  });
