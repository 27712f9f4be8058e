/** Access keys. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html and its neighbours. */

import { list, string, structure, timestamp } from "../model/shape.ts";
import { declareQueryAction } from "./action.ts";
import { QueryError } from "./errors.ts";
import { pageOutput, pageRequest } from "./paging.ts";
import { accessKeyId, existingUserName, keyStatus, optional, paged, paging, required } from "./shapes.ts";
import { everyArn, ownUserResource, userNameOr, userOrSelf, userResource } from "./targets.ts";

const AccessKey = structure("AccessKey", {
  UserName: required(string),
  AccessKeyId: required(string),
  Status: required(keyStatus),
  SecretAccessKey: required(string),
  CreateDate: optional(timestamp),
});

const AccessKeyMetadata = structure("AccessKeyMetadata", {
  UserName: required(string),
  AccessKeyId: required(string),
  Status: required(keyStatus),
  CreateDate: required(timestamp),
});

const AccessKeyLastUsed = structure("AccessKeyLastUsed", {
  LastUsedDate: optional(timestamp),
  ServiceName: required(string),
  Region: required(string),
});

export const CreateAccessKey = declareQueryAction({
  name: "CreateAccessKey",
  service: "iam",
  action: "iam:CreateAccessKey",
  resource: ownUserResource,
  input: { UserName: optional(existingUserName) },
  output: { AccessKey: required(AccessKey) },
  errors: ["LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ UserName }, context) => {
  const { accountId, caller } = context;
  const userName = userNameOr(UserName, context);
  const key = await context.ask("key.create", { by: caller.actor, accountId, userName });
  return {
    AccessKey: {
      UserName: userName,
      AccessKeyId: key.accessKeyId,
      Status: "Active",
      SecretAccessKey: key.secretAccessKey,
      CreateDate: key.createdMs,
    },
  };
});

export const ListAccessKeys = declareQueryAction({
  name: "ListAccessKeys",
  service: "iam",
  action: "iam:ListAccessKeys",
  resource: ownUserResource,
  input: { UserName: optional(existingUserName), ...paging },
  output: { AccessKeyMetadata: required(list(AccessKeyMetadata)), ...paged },
  errors: ["NoSuchEntity"],
}).handledBy(({ UserName, ...page }, context) => {
  const { directory, accountId } = context;
  const { name } = userOrSelf(context, UserName);
  const found = directory.keysOf(accountId, name, pageRequest(page));
  const metadata = found.items.map(({ key }) => ({
    UserName: name,
    AccessKeyId: key.accessKeyId,
    Status: key.status,
    CreateDate: key.createdMs,
  }));
  return { AccessKeyMetadata: metadata, ...pageOutput(found) };
});

export const UpdateAccessKey = declareQueryAction({
  name: "UpdateAccessKey",
  service: "iam",
  action: "iam:UpdateAccessKey",
  resource: ownUserResource,
  input: {
    UserName: optional(existingUserName),
    AccessKeyId: required(accessKeyId),
    Status: required(keyStatus),
  },
  output: null,
  errors: ["InvalidInput", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ UserName, AccessKeyId, Status }, context) => {
  const { accountId, caller } = context;
  const userName = userNameOr(UserName, context);
  await context.ask("key.update", { by: caller.actor, accountId, userName, accessKeyId: AccessKeyId, status: Status });
});

export const DeleteAccessKey = declareQueryAction({
  name: "DeleteAccessKey",
  service: "iam",
  action: "iam:DeleteAccessKey",
  resource: ownUserResource,
  input: { UserName: optional(existingUserName), AccessKeyId: required(accessKeyId) },
  output: null,
  errors: ["LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ UserName, AccessKeyId }, context) => {
  const { accountId, caller } = context;
  const userName = userNameOr(UserName, context);
  await context.ask("key.delete", { by: caller.actor, accountId, userName, accessKeyId: AccessKeyId });
});

export const GetAccessKeyLastUsed = declareQueryAction({
  name: "GetAccessKeyLastUsed",
  service: "iam",
  action: "iam:GetAccessKeyLastUsed",
  resource: ({ AccessKeyId }, context) => {
    const key = context.directory.accessKey(AccessKeyId);
    // Another account's key is judged, and answered, as one that does not exist.
    return key?.accountId === context.accountId
      ? userResource(context, key.userName)
      : everyArn(context.accountId, "user");
  },
  input: { AccessKeyId: required(accessKeyId) },
  output: { UserName: optional(string), AccessKeyLastUsed: optional(AccessKeyLastUsed) },
  errors: ["NoSuchEntity"],
}).handledBy(({ AccessKeyId }, { directory, accountId }) => {
  const key = directory.accessKey(AccessKeyId);
  if (key?.accountId !== accountId) {
    throw new QueryError("NoSuchEntity", `The Access Key with id ${AccessKeyId} cannot be found.`);
  }
  const used = directory.keyUsed(AccessKeyId);
  return {
    UserName: key.userName,
    AccessKeyLastUsed: {
      LastUsedDate: used?.usedMs,
      ServiceName: used?.service ?? "N/A",
      Region: used?.region ?? "N/A",
    },
  };
});
