/** Rows of groups and their members. */

import { z } from "zod";
import type { GroupRecord } from "../control/identity-records.ts";
import { groupArn, newArn } from "./arns.ts";
import type { AdminContext } from "./context.ts";
import { byPolicy, declareAdmin } from "./declaration.ts";
import { pageOf, pageQuery, rangeOf, replyPage } from "./page.ts";
import { AdminError } from "./problem.ts";
import { userOf } from "./rows-keys.ts";
import { anyName, entityName, nothing, path } from "./schemas.ts";
import { groupForm, showGroup } from "./show.ts";

const group = "Groups";
const ofGroup = z.strictObject({ name: anyName });
const ofMember = z.strictObject({ name: anyName, userName: anyName });

/** @throws AdminError NoSuchEntity */
function groupOf({ caller, reader }: AdminContext, name: string): GroupRecord {
  const found = reader.group(caller.account.accountId, name);
  if (found === undefined) throw new AdminError("NoSuchEntity", `There is no group ${JSON.stringify(name)}.`);
  return found;
}

export const ListGroups = declareAdmin({
  name: "ListGroups",
  method: "GET",
  path: "/groups",
  group,
  summary: "The groups of the account, in the order of their names.",
  admits: byPolicy("iam:ListGroups"),
  params: nothing,
  query: pageQuery,
  body: null,
  reply: pageOf(groupForm),
  status: 200,
  errors: [],
}).handledBy(async ({ query }, { caller, reader }) =>
  replyPage(reader.groups(caller.account.accountId, rangeOf(query)), showGroup),
);

export const CreateGroup = declareAdmin({
  name: "CreateGroup",
  method: "POST",
  path: "/groups",
  group,
  summary: "Makes a group.",
  admits: byPolicy("iam:CreateGroup"),
  params: nothing,
  query: nothing,
  body: z.strictObject({ name: entityName(128), path: path.default("/") }),
  reply: groupForm,
  status: 201,
  errors: ["EntityAlreadyExists", "LimitExceeded"],
})
  .on(newArn("group"))
  .handledBy(async ({ body }, context) => {
    const { actor, account } = context.caller;
    const wanted = { accountId: account.accountId, groupName: body.name, path: body.path };
    return showGroup((await context.ask("group.create", { by: actor, ...wanted })).group);
  });

export const GetGroup = declareAdmin({
  name: "GetGroup",
  method: "GET",
  path: "/groups/{name}",
  group,
  summary: "One group.",
  admits: byPolicy("iam:GetGroup"),
  params: ofGroup,
  query: nothing,
  body: null,
  reply: groupForm,
  status: 200,
  errors: ["NoSuchEntity"],
})
  .on(groupArn)
  .handledBy(async ({ params }, context) => showGroup(groupOf(context, params.name)));

export const UpdateGroup = declareAdmin({
  name: "UpdateGroup",
  method: "PATCH",
  path: "/groups/{name}",
  group,
  summary: "Changes the name or path of a group.",
  admits: byPolicy("iam:UpdateGroup"),
  params: ofGroup,
  query: nothing,
  body: z.strictObject({ name: entityName(128).optional(), path: path.optional() }),
  reply: groupForm,
  status: 200,
  errors: ["NoSuchEntity", "EntityAlreadyExists", "ConcurrentModification"],
})
  .on(groupArn)
  .handledBy(async ({ params, body }, context) => {
    const { accountId, name } = groupOf(context, params.name);
    const changes = { newName: body.name ?? null, newPath: body.path ?? null };
    const by = context.caller.actor;
    return showGroup((await context.ask("group.update", { by, accountId, groupName: name, ...changes })).group);
  });

export const DeleteGroup = declareAdmin({
  name: "DeleteGroup",
  method: "DELETE",
  path: "/groups/{name}",
  group,
  summary: "Deletes a group without members and policies.",
  admits: byPolicy("iam:DeleteGroup"),
  params: ofGroup,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity", "DeleteConflict"],
})
  .on(groupArn)
  .handledBy(async ({ params }, context) => {
    const { accountId, name } = groupOf(context, params.name);
    await context.ask("group.delete", { by: context.caller.actor, accountId, groupName: name });
    return null;
  });

export const ListGroupUsers = declareAdmin({
  name: "ListGroupUsers",
  method: "GET",
  path: "/groups/{name}/users",
  group,
  summary: "Names of the users in a group.",
  admits: byPolicy("iam:GetGroup"),
  params: ofGroup,
  query: pageQuery,
  body: null,
  reply: pageOf(z.string()),
  status: 200,
  errors: ["NoSuchEntity"],
})
  .on(groupArn)
  .handledBy(async ({ params, query }, context) => {
    const { accountId, name } = groupOf(context, params.name);
    return replyPage(context.reader.members(accountId, name, rangeOf(query)), (member) => member.name);
  });

export const AddGroupUser = declareAdmin({
  name: "AddGroupUser",
  method: "PUT",
  path: "/groups/{name}/users/{userName}",
  group,
  summary: "Takes a user into a group.",
  admits: byPolicy("iam:AddUserToGroup"),
  params: ofMember,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity", "LimitExceeded"],
})
  .on(groupArn)
  .handledBy(async ({ params }, context) => {
    const { accountId, name } = groupOf(context, params.name);
    const user = userOf(context, params.userName);
    await context.ask("group.addUser", { by: context.caller.actor, accountId, userName: user.name, groupName: name });
    return null;
  });

export const RemoveGroupUser = declareAdmin({
  name: "RemoveGroupUser",
  method: "DELETE",
  path: "/groups/{name}/users/{userName}",
  group,
  summary: "Takes a user out of a group.",
  admits: byPolicy("iam:RemoveUserFromGroup"),
  params: ofMember,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity"],
})
  .on(groupArn)
  .handledBy(async ({ params }, context) => {
    const { accountId, name } = groupOf(context, params.name);
    const user = userOf(context, params.userName);
    await context.ask("group.removeUser", {
      by: context.caller.actor,
      accountId,
      userName: user.name,
      groupName: name,
    });
    return null;
  });
