/** Rows of the policies of users, groups and roles: the same for each kind of holder, made by one function. */

import { z } from "zod";
import type { HolderKind } from "../control/identity-records.ts";
import { groupArn, roleArn, userArn } from "./arns.ts";
import type { AdminContext } from "./context.ts";
import { type AdminRow, byPolicy, declareAdmin } from "./declaration.ts";
import { AdminError } from "./problem.ts";
import { anyName, documentText, entityName, nothing, policyArn, policyDocument } from "./schemas.ts";

const titles = { user: "User", group: "Group", role: "Role" } as const;
const arns = { user: userArn, group: groupArn, role: roleArn } as const;
const group = "Policies";
const ofHolder = z.strictObject({ name: anyName });
const ofInline = z.strictObject({ name: anyName, policyName: anyName });

/** The holder as messages name it. @throws AdminError NoSuchEntity */
function holderOf({ caller, reader }: AdminContext, kind: HolderKind, name: string) {
  const { accountId } = caller.account;
  const found = reader[kind](accountId, name);
  if (found === undefined) throw new AdminError("NoSuchEntity", `There is no ${kind} ${JSON.stringify(name)}.`);
  return { by: caller.actor, holder: { kind, accountId, name: found.name } };
}

function attachmentRows(kind: HolderKind): Record<string, AdminRow> {
  const title = titles[kind];
  const Attach = declareAdmin({
    name: `Attach${title}Policy`,
    method: "POST",
    path: `/${kind}s/{name}/policies`,
    group,
    summary: `Attaches a managed policy to a ${kind}.`,
    admits: byPolicy(`iam:Attach${title}Policy`),
    params: ofHolder,
    query: nothing,
    body: z.strictObject({ policyArn }),
    reply: null,
    status: 204,
    errors: ["NoSuchEntity", "LimitExceeded"],
  })
    .on(arns[kind])
    .handledBy(async ({ params, body }, context) => {
      await context.ask("policy.attach", { ...holderOf(context, kind, params.name), policyArn: body.policyArn });
      return null;
    });
  const Detach = declareAdmin({
    name: `Detach${title}Policy`,
    method: "DELETE",
    path: `/${kind}s/{name}/policies`,
    group,
    summary: `Detaches a managed policy from a ${kind}.`,
    admits: byPolicy(`iam:Detach${title}Policy`),
    params: ofHolder,
    query: z.strictObject({ policyArn }),
    body: null,
    reply: null,
    status: 204,
    errors: ["NoSuchEntity"],
  })
    .on(arns[kind])
    .handledBy(async ({ params, query }, context) => {
      await context.ask("policy.detach", { ...holderOf(context, kind, params.name), policyArn: query.policyArn });
      return null;
    });
  return { Attach, Detach };
}

function inlineRows(kind: HolderKind): Record<string, AdminRow> {
  const title = titles[kind];
  const path = `/${kind}s/{name}/inline-policies/{policyName}`;
  const Get = declareAdmin({
    name: `Get${title}InlinePolicy`,
    method: "GET",
    path,
    group,
    summary: `The document of an inline policy of a ${kind}.`,
    admits: byPolicy(`iam:Get${title}Policy`),
    params: ofInline,
    query: nothing,
    body: null,
    reply: z.strictObject({ document: z.string().describe("JSON text.") }),
    status: 200,
    errors: ["NoSuchEntity"],
  })
    .on(arns[kind])
    .handledBy(async ({ params }, context) => {
      const { holder } = holderOf(context, kind, params.name);
      const document = context.reader.inlinePolicy(kind, holder.accountId, holder.name, params.policyName);
      if (document === undefined)
        throw new AdminError("NoSuchEntity", `The ${kind} has no inline policy of that name.`);
      return { document };
    });
  const Put = declareAdmin({
    name: `Put${title}InlinePolicy`,
    method: "PUT",
    path,
    group,
    summary: `Makes or replaces an inline policy of a ${kind}.`,
    admits: byPolicy(`iam:Put${title}Policy`),
    params: z.strictObject({ name: anyName, policyName: entityName(128) }),
    query: nothing,
    body: z.strictObject({ document: policyDocument }),
    reply: null,
    status: 204,
    errors: ["NoSuchEntity", "LimitExceeded", "MalformedPolicyDocument"],
  })
    .on(arns[kind])
    .handledBy(async ({ params, body }, context) => {
      const document = documentText(body.document);
      const { policyName } = params;
      await context.ask("inline.put", { ...holderOf(context, kind, params.name), policyName, document });
      return null;
    });
  const Delete = declareAdmin({
    name: `Delete${title}InlinePolicy`,
    method: "DELETE",
    path,
    group,
    summary: `Deletes an inline policy of a ${kind}.`,
    admits: byPolicy(`iam:Delete${title}Policy`),
    params: ofInline,
    query: nothing,
    body: null,
    reply: null,
    status: 204,
    errors: ["NoSuchEntity"],
  })
    .on(arns[kind])
    .handledBy(async ({ params }, context) => {
      await context.ask("inline.delete", { ...holderOf(context, kind, params.name), policyName: params.policyName });
      return null;
    });
  return { Get, Put, Delete };
}

const kinds: readonly HolderKind[] = ["user", "group", "role"];

/** Five rows for each of user, group and role. */
export const holderRows: readonly AdminRow[] = kinds.flatMap((kind) => [
  ...Object.values(attachmentRows(kind)),
  ...Object.values(inlineRows(kind)),
]);
