/** Rows of the page that a user's e-mail leads to: what the user may do, why, in which buckets; and all of it changed at once. */

import { z } from "zod";
import { limits } from "../base/limits.ts";
import type { UserRecord } from "../control/identity-records.ts";
import { bucketArn, userArn } from "./arns.ts";
import type { AdminContext } from "./context.ts";
import { byPolicy, declareAdmin } from "./declaration.ts";
import { pageQuery, rangeOf, replyPage } from "./page.ts";
import { AdminError } from "./problem.ts";
import { userOf } from "./rows-keys.ts";
import { anyName, entityName, nothing, policyArn } from "./schemas.ts";
import { arnOf, showUser, userForm } from "./show.ts";

const group = "Users";
const ofUser = z.strictObject({ name: anyName });
const admits = byPolicy("iam:GetAccountAuthorizationDetails");

/** What people call it, and the action that decides: on the bucket, or on every key of it. */
const rights = [
  ["list", "s3:ListBucket", ""],
  ["read", "s3:GetObject", "/*"],
  ["write", "s3:PutObject", "/*"],
  ["delete", "s3:DeleteObject", "/*"],
  ["manage", "s3:PutBucketPolicy", ""],
] as const;

const grant = z.strictObject({
  kind: z.enum(["managed", "inline"]),
  name: z.string(),
  arn: z.string().nullable().describe("null for an inline policy."),
  through: z.string().nullable().describe("The group that it comes from; null = the user's own."),
  description: z.string().nullable(),
  document: z.string().describe("JSON text."),
});

const permissionsForm = z.strictObject({
  user: userForm,
  grants: z.array(grant).describe("All policies that allow or deny the user something, but for what the role implies."),
  boundary: z.string().nullable().describe("Managed policy that bounds what the grants allow."),
  buckets: z.strictObject({
    items: z.array(
      z.strictObject({
        name: z.string(),
        may: z
          .array(z.enum(["list", "read", "write", "delete", "manage"]))
          .describe("On all of it, from anywhere and at any time; what is allowed for some keys alone is not here."),
      }),
    ),
    next: z.string().nullable(),
  }),
});

function grantsOf({ reader }: AdminContext, user: UserRecord): z.input<typeof grant>[] {
  const { accountId } = user;
  const holders = [
    { kind: "user" as const, holder: user, through: null },
    ...user.groups.flatMap((name) => {
      const found = reader.group(accountId, name);
      return found === undefined ? [] : [{ kind: "group" as const, holder: found, through: name }];
    }),
  ];
  return holders.flatMap(({ kind, holder, through }) => [
    ...holder.attached.map((arn) => {
      const policy = reader.attachable(accountId, arn);
      return {
        kind: "managed" as const,
        name: policy?.name ?? arn,
        arn,
        through,
        description: policy?.description ?? null,
        document: policy?.document ?? "",
      };
    }),
    ...holder.inline.map((name) => ({
      kind: "inline" as const,
      name,
      arn: null,
      through,
      description: null,
      document: reader.inlinePolicy(kind, accountId, holder.name, name) ?? "",
    })),
  ]);
}

function showPermissions(
  context: AdminContext,
  user: UserRecord,
  query: z.output<typeof pageQuery>,
): z.input<typeof permissionsForm> {
  const { reader, services } = context;
  const allows = services.policies.judgeOf(user.accountId, user.name);
  return {
    user: showUser(user),
    grants: grantsOf(context, user),
    boundary: user.boundary,
    buckets: replyPage(reader.buckets(user.accountId, rangeOf(query)), ({ name }) => ({
      name,
      may: rights.filter(([, action, under]) => allows(action, bucketArn(name) + under)).map(([right]) => right),
    })),
  };
}

export const GetUserPermissions = declareAdmin({
  name: "GetUserPermissions",
  method: "GET",
  path: "/users/{name}/permissions",
  group,
  summary: "What a user may do: policies, own and through groups, and what they come to in each bucket, page by page.",
  admits,
  params: ofUser,
  query: pageQuery,
  body: null,
  reply: permissionsForm,
  status: 200,
  errors: ["NoSuchEntity"],
})
  .on(userArn)
  .handledBy(async ({ params, query }, context) => showPermissions(context, userOf(context, params.name), query));

export const SetUserPermissions = declareAdmin({
  name: "SetUserPermissions",
  method: "PUT",
  path: "/users/{name}/permissions",
  group,
  summary:
    "Changes a user's attached policies and groups to exactly these; each change takes its own permission (iam:AttachUserPolicy, iam:DetachUserPolicy, iam:AddUserToGroup, iam:RemoveUserFromGroup).",
  admits,
  params: ofUser,
  query: nothing,
  body: z.strictObject({
    policies: z.array(policyArn).max(limits.policiesPerHolderMax).optional().describe("Absent = as they are."),
    groups: z.array(entityName(128)).max(limits.groupsPerUserMax).optional().describe("Absent = as they are."),
  }),
  reply: permissionsForm,
  status: 200,
  errors: ["NoSuchEntity", "LimitExceeded"],
})
  .on(userArn)
  .handledBy(async ({ params, body }, context) => {
    const { caller, reader } = context;
    const user = userOf(context, params.name);
    const { accountId, name } = user;
    const policies = differences(user.attached, body.policies);
    const groups = differences(user.groups, body.groups);
    // All is judged before the first change.
    for (const arn of policies.added) {
      if (reader.attachable(accountId, arn) === null)
        throw new AdminError("NoSuchEntity", `There is no policy ${arn}.`);
    }
    const own = arnOf("user", user);
    if (policies.added.length > 0) context.demand("iam:AttachUserPolicy", own);
    if (policies.removed.length > 0) context.demand("iam:DetachUserPolicy", own);
    for (const groupName of groups.added) context.demand("iam:AddUserToGroup", groupArn(context, groupName));
    for (const groupName of groups.removed) context.demand("iam:RemoveUserFromGroup", groupArn(context, groupName));
    const by = caller.actor;
    const holder = { kind: "user" as const, accountId, name };
    for (const arn of policies.removed) await context.ask("policy.detach", { by, holder, policyArn: arn });
    for (const arn of policies.added) await context.ask("policy.attach", { by, holder, policyArn: arn });
    const whose = { by, accountId, userName: name };
    for (const groupName of groups.removed) await context.ask("group.removeUser", { ...whose, groupName });
    for (const groupName of groups.added) await context.ask("group.addUser", { ...whose, groupName });
    return showPermissions(context, userOf(context, name), { limit: limits.adminPageDefault });
  });

function differences(before: readonly string[], after: readonly string[] | undefined) {
  const wanted = [...new Set(after ?? before)];
  return {
    added: wanted.filter((one) => !before.includes(one)),
    removed: before.filter((one) => !wanted.includes(one)),
  };
}

/** @throws AdminError NoSuchEntity */
function groupArn({ caller, reader }: AdminContext, name: string): string {
  const found = reader.group(caller.account.accountId, name);
  if (found === undefined) throw new AdminError("NoSuchEntity", `There is no group ${JSON.stringify(name)}.`);
  return arnOf("group", found);
}
