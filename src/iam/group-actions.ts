/** Groups and their members. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html and its neighbours. */

import { entityArn } from "../account/arn.ts";
import { list } from "../model/shape.ts";
import { declareQueryAction } from "./action.ts";
import { pageOf, pageOutput, pageRequest } from "./paging.ts";
import {
  existingUserName,
  Group,
  groupName,
  optional,
  paged,
  paging,
  path,
  pathPrefix,
  required,
  User,
} from "./shapes.ts";
import { everyArn, groupOf, groupResource, userOf, userResource } from "./targets.ts";
import { groupView, listedUser } from "./views.ts";

export const CreateGroup = declareQueryAction({
  name: "CreateGroup",
  service: "iam",
  action: "iam:CreateGroup",
  resource: ({ GroupName, Path }, { accountId }) => entityArn("group", accountId, Path ?? "/", GroupName),
  input: { Path: optional(path), GroupName: required(groupName) },
  output: { Group: required(Group) },
  errors: ["EntityAlreadyExists", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ Path, GroupName }, context) => {
  const { accountId, caller } = context;
  const message = { by: caller.actor, accountId, groupName: GroupName, path: Path ?? "/" };
  const { group } = await context.ask("group.create", message);
  return { Group: groupView(group) };
});

export const GetGroup = declareQueryAction({
  name: "GetGroup",
  service: "iam",
  action: "iam:GetGroup",
  resource: ({ GroupName }, context) => groupResource(context, GroupName),
  input: { GroupName: required(groupName), ...paging },
  output: { Group: required(Group), Users: required(list(User)), ...paged },
  errors: ["NoSuchEntity"],
}).handledBy(({ GroupName, ...page }, context) => {
  const group = groupOf(context, GroupName);
  const found = context.directory.members(context.accountId, GroupName, pageRequest(page));
  return { Group: groupView(group), Users: found.items.map(listedUser), ...pageOutput(found) };
});

export const ListGroups = declareQueryAction({
  name: "ListGroups",
  service: "iam",
  action: "iam:ListGroups",
  resource: (_input, { accountId }) => everyArn(accountId, "group"),
  input: { PathPrefix: optional(pathPrefix), ...paging },
  output: { Groups: required(list(Group)), ...paged },
  errors: [],
}).handledBy(({ PathPrefix = "/", ...page }, { directory, accountId }) => {
  const found = directory.groups(accountId, PathPrefix, pageRequest(page));
  return { Groups: found.items.map(groupView), ...pageOutput(found) };
});

export const ListGroupsForUser = declareQueryAction({
  name: "ListGroupsForUser",
  service: "iam",
  action: "iam:ListGroupsForUser",
  resource: ({ UserName }, context) => userResource(context, UserName),
  input: { UserName: required(existingUserName), ...paging },
  output: { Groups: required(list(Group)), ...paged },
  errors: ["NoSuchEntity"],
}).handledBy(({ UserName, ...page }, context) => {
  const groups = context.directory.groupsOf(userOf(context, UserName));
  const found = pageOf(groups, page, ({ name }) => name);
  return { Groups: found.items.map(groupView), ...pageOutput(found) };
});

export const UpdateGroup = declareQueryAction({
  name: "UpdateGroup",
  service: "iam",
  action: "iam:UpdateGroup",
  resource: ({ GroupName }, context) => groupResource(context, GroupName),
  input: { GroupName: required(groupName), NewPath: optional(path), NewGroupName: optional(groupName) },
  output: null,
  errors: ["EntityAlreadyExists", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ GroupName, NewPath, NewGroupName }, context) => {
  const { accountId, caller, directory } = context;
  if (NewPath !== undefined || NewGroupName !== undefined) {
    const keptPath = directory.group(accountId, GroupName)?.path ?? "/";
    context.require("iam:UpdateGroup", entityArn("group", accountId, NewPath ?? keptPath, NewGroupName ?? GroupName));
  }
  await context.ask("group.update", {
    by: caller.actor,
    accountId,
    groupName: GroupName,
    newName: NewGroupName ?? null,
    newPath: NewPath ?? null,
  });
});

export const DeleteGroup = declareQueryAction({
  name: "DeleteGroup",
  service: "iam",
  action: "iam:DeleteGroup",
  resource: ({ GroupName }, context) => groupResource(context, GroupName),
  input: { GroupName: required(groupName) },
  output: null,
  errors: ["DeleteConflict", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ GroupName }, context) => {
  const { accountId, caller } = context;
  await context.ask("group.delete", { by: caller.actor, accountId, groupName: GroupName });
});

const membership = (name: "AddUserToGroup" | "RemoveUserFromGroup", message: "group.addUser" | "group.removeUser") =>
  declareQueryAction({
    name,
    service: "iam",
    action: `iam:${name}`,
    resource: ({ GroupName }, context) => groupResource(context, GroupName),
    input: { GroupName: required(groupName), UserName: required(existingUserName) },
    output: null,
    errors: ["LimitExceeded", "NoSuchEntity"],
  }).handledBy(async ({ GroupName, UserName }, context) => {
    const { accountId, caller } = context;
    await context.ask(message, { by: caller.actor, accountId, groupName: GroupName, userName: UserName });
  });

export const AddUserToGroup = membership("AddUserToGroup", "group.addUser");
export const RemoveUserFromGroup = membership("RemoveUserFromGroup", "group.removeUser");
