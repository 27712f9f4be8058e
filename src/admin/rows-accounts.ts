/** Rows of accounts: the own one, and those below it, which resellers and operators make, bound, suspend and delete. */

import { z } from "zod";
import type { AccountRecord } from "../control/identity-records.ts";
import { rootUserName } from "../control/identity-records.ts";
import type { AdminContext } from "./context.ts";
import { byPolicy, declareAdmin, overAccounts } from "./declaration.ts";
import { invitationForm, invite } from "./links.ts";
import { pageOf, pageQuery, rangeOf, replyPage } from "./page.ts";
import { AdminError } from "./problem.ts";
import { withoutUndefined } from "./rows-users.ts";
import { accountId, addressRanges, email, label, nothing, oneLine, quota } from "./schemas.ts";
import { accountForm, showAccount } from "./show.ts";

const group = "Accounts";
const ofAccount = z.strictObject({ accountId });
const contact = oneLine(254);

/** An account below the caller's, at any depth; others are as unknown as none. @throws AdminError NoSuchEntity */
function accountBelow({ caller, reader }: AdminContext, wanted: string): AccountRecord {
  const found = reader.account(wanted);
  if (found === undefined || !reader.isBelow(wanted, caller.account.accountId)) {
    throw new AdminError("NoSuchEntity", "There is no such account below yours.");
  }
  return found;
}

export const GetOwnAccount = declareAdmin({
  name: "GetOwnAccount",
  method: "GET",
  path: "/account",
  group,
  summary: "The caller's account.",
  admits: byPolicy("iam:GetAccountSummary"),
  params: nothing,
  query: nothing,
  body: null,
  reply: accountForm,
  status: 200,
  errors: [],
}).handledBy(async (_input, { caller }) => showAccount(caller.account));

export const UpdateOwnAccount = declareAdmin({
  name: "UpdateOwnAccount",
  method: "PATCH",
  path: "/account",
  group,
  summary: "Changes what an account may change of itself: name and contact (Root), allowed addresses (also Admin).",
  admits: { ...byPolicy("account:PutAccountName"), role: "admin" },
  params: nothing,
  query: nothing,
  body: z.strictObject({
    displayName: oneLine(128).optional(),
    contact: contact.nullable().optional(),
    addressRanges: addressRanges.optional().describe("Requests must come from here; empty = from anywhere."),
  }),
  reply: accountForm,
  status: 200,
  errors: ["ConcurrentModification"],
}).handledBy(async ({ body }, context) => {
  const { actor, account } = context.caller;
  const changes = withoutUndefined(body);
  const reply = await context.ask("account.update", { by: actor, accountId: account.accountId, changes });
  return showAccount(reply.account);
});

export const ListAccounts = declareAdmin({
  name: "ListAccounts",
  method: "GET",
  path: "/accounts",
  group,
  summary: "The accounts directly below the caller's.",
  admits: overAccounts("organizations:ListAccounts", "admin"),
  params: nothing,
  query: pageQuery,
  body: null,
  reply: pageOf(accountForm),
  status: 200,
  errors: [],
}).handledBy(async ({ query }, { caller, reader }) =>
  replyPage(reader.childAccounts(caller.account.accountId, rangeOf(query)), showAccount),
);

export const CreateAccount = declareAdmin({
  name: "CreateAccount",
  method: "POST",
  path: "/accounts",
  group,
  summary: "Makes a reseller or customer with its Root, who is invited by mail.",
  admits: overAccounts("organizations:CreateAccount"),
  params: nothing,
  query: nothing,
  body: z.strictObject({
    kind: z.enum(["reseller", "customer"]).default("customer"),
    displayName: oneLine(128),
    email: email.describe("Of its Root."),
    label: label.nullable().default(null).describe("Its host names are s3.<label>.<domain>."),
    quota: quota.nullable().default(null),
  }),
  reply: z.strictObject({ account: accountForm, invitation: invitationForm.nullable() }),
  status: 201,
  errors: ["EntityAlreadyExists", "LimitExceeded"],
}).handledBy(async ({ body }, context) => {
  const { actor, account: parent } = context.caller;
  const { account, token } = await context.ask("account.create", {
    by: actor,
    kind: body.kind,
    parent: parent.accountId,
    displayName: body.displayName,
    email: body.email,
    label: body.label,
    quota: body.quota,
  });
  const root = {
    email: body.email,
    displayName: body.displayName,
    accountId: account.accountId,
    userName: rootUserName,
  };
  return { account: showAccount(account), invitation: token === null ? null : await invite(context, root, token) };
});

export const GetAccount = declareAdmin({
  name: "GetAccount",
  method: "GET",
  path: "/accounts/{accountId}",
  group,
  summary: "An account below the caller's.",
  admits: overAccounts("organizations:DescribeAccount", "admin"),
  params: ofAccount,
  query: nothing,
  body: null,
  reply: accountForm,
  status: 200,
  errors: ["NoSuchEntity"],
}).handledBy(async ({ params }, context) => showAccount(accountBelow(context, params.accountId)));

export const UpdateAccount = declareAdmin({
  name: "UpdateAccount",
  method: "PATCH",
  path: "/accounts/{accountId}",
  group,
  summary: "Changes what is given of an account below.",
  admits: overAccounts("organizations:UpdateAccount"),
  params: ofAccount,
  query: nothing,
  body: z.strictObject({
    displayName: oneLine(128).optional(),
    kind: z.enum(["reseller", "customer"]).optional().describe("Of a reseller no access key works."),
    label: label.nullable().optional(),
    quota: quota.optional(),
    siteSelection: z.boolean().optional().describe("False: its users cannot choose the sites of a bucket."),
    addressRanges: addressRanges.optional(),
    contact: contact.nullable().optional(),
  }),
  reply: accountForm,
  status: 200,
  errors: ["NoSuchEntity", "EntityAlreadyExists", "ConcurrentModification"],
}).handledBy(async ({ params, body }, context) => {
  const account = accountBelow(context, params.accountId);
  const by = context.caller.actor;
  const changes = withoutUndefined(body);
  return showAccount((await context.ask("account.update", { by, accountId: account.accountId, changes })).account);
});

const standing = (status: "active" | "suspended", verb: "suspend" | "resume") =>
  declareAdmin({
    name: verb === "suspend" ? "SuspendAccount" : "ResumeAccount",
    method: "POST",
    path: `/accounts/{accountId}/${verb}`,
    group,
    summary:
      verb === "suspend"
        ? "Suspends an account: no credential of it, or of accounts below it, works."
        : "Ends the suspension of an account.",
    admits: overAccounts("organizations:UpdateAccount"),
    params: ofAccount,
    query: nothing,
    body: nothing,
    reply: null,
    status: 204,
    errors: ["NoSuchEntity", "ConcurrentModification"],
  }).handledBy(async ({ params }, context) => {
    const account = accountBelow(context, params.accountId);
    const by = context.caller.actor;
    await context.ask("account.setStatus", { by, accountId: account.accountId, status });
    return null;
  });

export const SuspendAccount = standing("suspended", "suspend");
export const ResumeAccount = standing("active", "resume");

export const DeleteAccount = declareAdmin({
  name: "DeleteAccount",
  method: "DELETE",
  path: "/accounts/{accountId}",
  group,
  summary: "Deletes an account that owns no buckets and has no accounts below it.",
  admits: overAccounts("organizations:CloseAccount"),
  params: ofAccount,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity", "DeleteConflict"],
}).handledBy(async ({ params }, context) => {
  const account = accountBelow(context, params.accountId);
  await context.ask("account.delete", { by: context.caller.actor, accountId: account.accountId });
  return null;
});

export const InviteAccountRoot = declareAdmin({
  name: "InviteAccountRoot",
  method: "POST",
  path: "/accounts/{accountId}/invite",
  group,
  summary: "Invites the Root of an account below again; the link sent before ends.",
  admits: overAccounts("organizations:CreateAccount"),
  params: ofAccount,
  query: nothing,
  body: nothing,
  reply: invitationForm,
  status: 200,
  errors: ["NoSuchEntity"],
}).handledBy(async ({ params }, context) => {
  const account = accountBelow(context, params.accountId);
  const whose = { accountId: account.accountId, userName: rootUserName };
  const root = context.reader.user(account.accountId, rootUserName);
  const { token } = await context.ask("user.invite", { by: context.caller.actor, ...whose });
  if (token === null || root === undefined || root.email === null) throw new AdminError("NoSuchEntity");
  return invite(context, { ...whose, email: root.email }, token);
});
