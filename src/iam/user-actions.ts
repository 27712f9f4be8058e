/** Users, and their tags. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html and its neighbours. */

import { entityArn } from "../account/arn.ts";
import { list } from "../model/shape.ts";
import { declareQueryAction } from "./action.ts";
import { pageOutput, pageRequest } from "./paging.ts";
import {
  arn,
  existingUserName,
  newUserName,
  optional,
  paged,
  paging,
  path,
  pathPrefix,
  required,
  tags,
  User,
} from "./shapes.ts";
import {
  boundaryAsked,
  everyArn,
  heldBy,
  policyOf,
  recordTags,
  tagsAsked,
  userNameOr,
  userOrSelf,
  userResource,
} from "./targets.ts";
import { listedUser, userView } from "./views.ts";

export const CreateUser = declareQueryAction({
  name: "CreateUser",
  service: "iam",
  action: "iam:CreateUser",
  resource: ({ UserName, Path }, { accountId }) => entityArn("user", accountId, Path ?? "/", UserName),
  conditions: ({ Tags, PermissionsBoundary }) => ({ ...tagsAsked(Tags), ...boundaryAsked(PermissionsBoundary) }),
  input: {
    Path: optional(path),
    UserName: required(newUserName),
    PermissionsBoundary: optional(arn),
    Tags: optional(tags),
  },
  output: { User: optional(User) },
  errors: ["ConcurrentModification", "EntityAlreadyExists", "InvalidInput", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ Path, UserName, PermissionsBoundary, Tags }, context) => {
  if (PermissionsBoundary !== undefined) policyOf(context, PermissionsBoundary);
  const { user } = await context.ask("user.create", {
    by: context.caller.actor,
    accountId: context.accountId,
    userName: UserName,
    path: Path ?? "/",
    email: null,
    role: "user",
    tags: recordTags(Tags),
    boundary: PermissionsBoundary ?? null,
    invite: false,
  });
  return { User: userView(user) };
});

export const GetUser = declareQueryAction({
  name: "GetUser",
  service: "iam",
  action: "iam:GetUser",
  resource: ({ UserName }, context) => userResource(context, userNameOr(UserName, context)),
  conditions: ({ UserName }, context) =>
    heldBy(context.directory.user(context.accountId, userNameOr(UserName, context))),
  input: { UserName: optional(existingUserName) },
  output: { User: required(User) },
  errors: ["NoSuchEntity"],
}).handledBy(({ UserName }, context) => ({ User: userView(userOrSelf(context, UserName)) }));

export const ListUsers = declareQueryAction({
  name: "ListUsers",
  service: "iam",
  action: "iam:ListUsers",
  resource: (_input, { accountId }) => everyArn(accountId, "user"),
  input: { PathPrefix: optional(pathPrefix), ...paging },
  output: { Users: required(list(User)), ...paged },
  errors: [],
}).handledBy(({ PathPrefix = "/", ...page }, { directory, accountId }) => {
  const found = directory.users(accountId, PathPrefix, pageRequest(page));
  return { Users: found.items.filter(({ role }) => role !== "root").map(listedUser), ...pageOutput(found) };
});

export const UpdateUser = declareQueryAction({
  name: "UpdateUser",
  service: "iam",
  action: "iam:UpdateUser",
  resource: ({ UserName }, context) => userResource(context, UserName),
  conditions: ({ UserName }, { directory, accountId }) => heldBy(directory.user(accountId, UserName)),
  input: {
    UserName: required(existingUserName),
    NewPath: optional(path),
    NewUserName: optional(newUserName),
  },
  output: null,
  errors: ["ConcurrentModification", "EntityAlreadyExists", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ UserName, NewPath, NewUserName }, context) => {
  const { accountId, caller, directory } = context;
  const user = directory.user(accountId, UserName);
  const isRoot = user?.role === "root";
  // AWS judges the user that it becomes as well: else a right on one path would reach every other.
  if (!isRoot && (NewPath !== undefined || NewUserName !== undefined)) {
    context.require(
      "iam:UpdateUser",
      entityArn("user", accountId, NewPath ?? user?.path ?? "/", NewUserName ?? UserName),
    );
  }
  const name = NewUserName === undefined ? {} : { name: NewUserName };
  const moved = NewPath === undefined ? {} : { path: NewPath };
  await context.ask("user.update", {
    by: caller.actor,
    accountId,
    userName: UserName,
    changes: { ...name, ...moved },
  });
});

export const DeleteUser = declareQueryAction({
  name: "DeleteUser",
  service: "iam",
  action: "iam:DeleteUser",
  resource: ({ UserName }, context) => userResource(context, UserName),
  conditions: ({ UserName }, { directory, accountId }) => heldBy(directory.user(accountId, UserName)),
  input: { UserName: required(existingUserName) },
  output: null,
  errors: ["ConcurrentModification", "DeleteConflict", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ UserName }, context) => {
  const { accountId, caller } = context;
  await context.ask("user.delete", { by: caller.actor, accountId, userName: UserName, cascade: false });
});
