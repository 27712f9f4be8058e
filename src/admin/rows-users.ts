/** Rows of users. What an Admin may do to whom the control actor judges; policies of a User are judged by the row. */

import { z } from "zod";
import { rootUserName } from "../control/identity-records.ts";
import { newArn, userArn } from "./arns.ts";
import { byPolicy, declareAdmin } from "./declaration.ts";
import { invitationForm, invite } from "./links.ts";
import { tell } from "./mails.ts";
import { pageOf, pageQuery, rangeOf, replyPage } from "./page.ts";
import { AdminError } from "./problem.ts";
import { userOf } from "./rows-keys.ts";
import { anyName, email, entityName, nothing, oneLine, path, policyArn, role, tags, userName } from "./schemas.ts";
import { arnOf, showUser, userForm } from "./show.ts";

const group = "Users";
const ofUser = z.strictObject({ name: anyName });

export const ListUsers = declareAdmin({
  name: "ListUsers",
  method: "GET",
  path: "/users",
  group,
  summary: "The users of the account, in the order of their names.",
  admits: byPolicy("iam:ListUsers"),
  params: nothing,
  query: pageQuery,
  body: null,
  reply: pageOf(userForm),
  status: 200,
  errors: [],
}).handledBy(async ({ query }, { caller, reader }) =>
  replyPage(reader.users(caller.account.accountId, rangeOf(query)), showUser),
);

/** By e-mail alone: the address becomes the name, unless one is given. */
const newUser = z
  .strictObject({
    name: userName.optional().describe("Default: the e-mail address."),
    email: email.nullable().default(null).describe("null: a user who signs requests but not in."),
    role: role.default("user"),
    path: path.default("/"),
    tags: tags.default([]),
    boundary: policyArn.nullable().default(null),
    policies: z.array(policyArn).max(10).default([]).describe("Managed policies to attach."),
    groups: z.array(entityName(128)).max(10).default([]).describe("Groups to join."),
    invite: z.boolean().default(true).describe("Mails a link that sets the password, if there is an address."),
  })
  .transform((user, context) => {
    const name = userName.safeParse(user.name ?? user.email);
    if (name.success) return { ...user, name: name.data };
    const message = user.email === null ? "name or email is missing" : "is needed: the e-mail address cannot be a name";
    context.addIssue({ code: "custom", path: ["name"], message });
    return z.NEVER;
  });

export const CreateUser = declareAdmin({
  name: "CreateUser",
  method: "POST",
  path: "/users",
  group,
  summary: "Makes a user; an e-mail address is enough, and a link that sets the password goes to it.",
  admits: byPolicy("iam:CreateUser"),
  params: nothing,
  query: nothing,
  body: newUser,
  reply: z.strictObject({ user: userForm, invitation: invitationForm.nullable() }),
  status: 201,
  errors: ["EntityAlreadyExists", "LimitExceeded", "NoSuchEntity"],
})
  .on(newArn("user"))
  .handledBy(async ({ body }, context) => {
    const { caller, reader } = context;
    const { accountId } = caller.account;
    const wanted = { accountId, userName: body.name };
    for (const arn of body.policies) context.demand("iam:AttachUserPolicy", arn);
    for (const name of body.groups) {
      const found = reader.group(accountId, name);
      if (found === undefined) throw new AdminError("NoSuchEntity", `There is no group ${JSON.stringify(name)}.`);
      context.demand("iam:AddUserToGroup", arnOf("group", found));
    }
    const { user, token } = await context.ask("user.create", {
      by: caller.actor,
      ...wanted,
      path: body.path,
      email: body.email,
      role: body.role,
      tags: body.tags,
      boundary: body.boundary,
      invite: body.invite && body.email !== null,
    });
    const holder = { kind: "user" as const, accountId, name: user.name };
    for (const arn of body.policies) await context.ask("policy.attach", { by: caller.actor, holder, policyArn: arn });
    for (const groupName of body.groups) await context.ask("group.addUser", { by: caller.actor, ...wanted, groupName });
    const invitation =
      token === null || user.email === null ? null : await invite(context, { ...wanted, email: user.email }, token);
    return { user: showUser(reader.user(accountId, user.name) ?? user), invitation };
  });

export const GetUser = declareAdmin({
  name: "GetUser",
  method: "GET",
  path: "/users/{name}",
  group,
  summary: "One user.",
  admits: byPolicy("iam:GetUser"),
  params: ofUser,
  query: nothing,
  body: null,
  reply: userForm,
  status: 200,
  errors: ["NoSuchEntity"],
})
  .on(userArn)
  .handledBy(async ({ params }, context) => showUser(userOf(context, params.name)));

export const UpdateUser = declareAdmin({
  name: "UpdateUser",
  method: "PATCH",
  path: "/users/{name}",
  group,
  summary: "Changes what is given of a user: name, path, address, role, status, outside identity.",
  admits: byPolicy("iam:UpdateUser"),
  params: ofUser,
  query: nothing,
  body: z.strictObject({
    name: userName.optional(),
    path: path.optional(),
    email: email.nullable().optional(),
    role: role.optional(),
    status: z.enum(["active", "disabled"]).optional(),
    external: z
      .strictObject({ issuer: oneLine(512), subject: oneLine(256) })
      .nullable()
      .optional(),
  }),
  reply: userForm,
  status: 200,
  errors: ["NoSuchEntity", "EntityAlreadyExists", "ConcurrentModification"],
})
  .on(userArn)
  .handledBy(async ({ params, body }, context) => {
    const { caller } = context;
    const { accountId, name } = userOf(context, params.name);
    // A role is no policy's to give: whoever may make an Admin may everything.
    if (body.role !== undefined && caller.role === "user")
      throw new AdminError("AccessDenied", "Only for Admin and Root.");
    const { user } = await context.ask("user.update", {
      by: caller.actor,
      accountId,
      userName: name,
      changes: withoutUndefined(body),
    });
    return showUser(user);
  });

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Members that are absent stay as they are; zod leaves them out, and this says so to the compiler. */
export function withoutUndefined<T extends object>(changes: T): Given<T> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Given<T>;
}

export const DeleteUser = declareAdmin({
  name: "DeleteUser",
  method: "DELETE",
  path: "/users/{name}",
  group,
  summary: "Deletes a user; Root cannot be deleted.",
  admits: byPolicy("iam:DeleteUser"),
  params: ofUser,
  query: z.strictObject({
    cascade: z
      .boolean()
      .default(false)
      .describe("With keys, policies and memberships; without: 409 while there are any."),
  }),
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity", "DeleteConflict"],
})
  .on(userArn)
  .handledBy(async ({ params, query }, context) => {
    const { accountId, name } = userOf(context, params.name);
    const { cascade } = query;
    const asked = context.ask("user.delete", { by: context.caller.actor, accountId, userName: name, cascade });
    await asked.catch((error: unknown) => {
      throw isRefusedFor(error, name) ? new AdminError("DeleteConflict", "Root cannot be deleted.") : error;
    });
    return null;
  });

/** Nobody deletes Root, whoever asks: a conflict with what an account is, not a want of rights. The audit log has the try. */
function isRefusedFor(error: unknown, name: string): boolean {
  return name === rootUserName && error instanceof AdminError && error.code === "AccessDenied";
}

export const InviteUser = declareAdmin({
  name: "InviteUser",
  method: "POST",
  path: "/users/{name}/invite",
  group,
  summary: "Invites a user again; the link sent before ends.",
  admits: byPolicy("iam:CreateUser"),
  params: ofUser,
  query: nothing,
  body: nothing,
  reply: invitationForm,
  status: 200,
  errors: ["NoSuchEntity"],
})
  .on(userArn)
  .handledBy(async ({ params }, context) => {
    const { accountId, name, email: to } = userOf(context, params.name);
    const { token } = await context.ask("user.invite", { by: context.caller.actor, accountId, userName: name });
    if (token === null || to === null) throw new AdminError("InvalidInput", "The user has no e-mail address.");
    return invite(context, { email: to, accountId, userName: name }, token);
  });

export const ResetUserMfa = declareAdmin({
  name: "ResetUserMfa",
  method: "DELETE",
  path: "/users/{name}/mfa",
  group,
  summary: "Ends the second factor of a user who has lost it and all recovery codes.",
  admits: { ...byPolicy("iam:DeactivateMFADevice"), whileActing: false },
  params: ofUser,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity"],
})
  .on(userArn)
  .handledBy(async ({ params }, context) => {
    const user = userOf(context, params.name);
    await context.ask("mfa.reset", { by: context.caller.actor, accountId: user.accountId, userName: user.name });
    tell(context, user, { kind: "mfa", change: "disabled" });
    return null;
  });

export const SetUserBoundary = declareAdmin({
  name: "SetUserBoundary",
  method: "PUT",
  path: "/users/{name}/boundary",
  group,
  summary: "Sets the managed policy that bounds what a user's other policies allow; null ends it.",
  admits: byPolicy("iam:PutUserPermissionsBoundary"),
  params: ofUser,
  query: nothing,
  body: z.strictObject({ policyArn: policyArn.nullable() }),
  reply: null,
  status: 204,
  errors: ["NoSuchEntity"],
})
  .on(userArn)
  .handledBy(async ({ params, body }, context) => {
    const { accountId, name } = userOf(context, params.name);
    const by = context.caller.actor;
    await context.ask("user.setBoundary", { by, accountId, userName: name, policyArn: body.policyArn });
    return null;
  });

export const SetUserTags = declareAdmin({
  name: "SetUserTags",
  method: "PUT",
  path: "/users/{name}/tags",
  group,
  summary: "Replaces the tags of a user.",
  admits: byPolicy("iam:TagUser"),
  params: ofUser,
  query: nothing,
  body: z.strictObject({ tags }),
  reply: null,
  status: 204,
  errors: ["NoSuchEntity", "LimitExceeded"],
})
  .on(userArn)
  .handledBy(async ({ params, body }, context) => {
    const user = userOf(context, params.name);
    const whose = { by: context.caller.actor, accountId: user.accountId, userName: user.name };
    const kept = new Set(body.tags.map(({ key }) => key));
    const keys = user.tags.map(({ key }) => key).filter((key) => !kept.has(key));
    if (keys.length > 0) await context.ask("user.untag", { ...whose, keys });
    if (body.tags.length > 0) await context.ask("user.tag", { ...whose, tags: body.tags });
    return null;
  });
