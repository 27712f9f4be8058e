/** Rows of managed policies, their versions, and the simulator that says why something was denied. */

import { z } from "zod";
import type { ManagedPolicyRecord } from "../control/identity-records.ts";
import { policyArn as arnOfPolicy, newArn } from "./arns.ts";
import type { AdminContext } from "./context.ts";
import { byPolicy, declareAdmin } from "./declaration.ts";
import { pageOf, pageQuery, rangeOf, replyPage } from "./page.ts";
import { AdminError } from "./problem.ts";
import { anyName, description, documentText, entityName, nothing, path, policyDocument, tags } from "./schemas.ts";
import { arnOf, policyForm, showPolicy } from "./show.ts";

const group = "Policies";
const ofPolicy = z.strictObject({ name: anyName });
const ofVersion = z.strictObject({ name: anyName, versionId: z.string().max(16) });

/** @throws AdminError NoSuchEntity */
function policyOf({ caller, reader }: AdminContext, name: string): ManagedPolicyRecord {
  const found = reader.policy(caller.account.accountId, name);
  if (found === undefined) throw new AdminError("NoSuchEntity", `There is no policy ${JSON.stringify(name)}.`);
  return found;
}

const show = ({ reader }: AdminContext, policy: ManagedPolicyRecord) =>
  showPolicy(policy, reader.attachmentCount(arnOf("policy", policy), policy.accountId));

const named = (context: AdminContext, name: string) => ({
  by: context.caller.actor,
  policyArn: arnOf("policy", policyOf(context, name)),
});

export const ListPolicies = declareAdmin({
  name: "ListPolicies",
  method: "GET",
  path: "/policies",
  group,
  summary: "The managed policies of the account, in the order of their names.",
  admits: byPolicy("iam:ListPolicies"),
  params: nothing,
  query: pageQuery,
  body: null,
  reply: pageOf(policyForm),
  status: 200,
  errors: [],
}).handledBy(async ({ query }, context) =>
  replyPage(context.reader.policies(context.caller.account.accountId, rangeOf(query)), (policy) =>
    show(context, policy),
  ),
);

export const ListBuiltInPolicies = declareAdmin({
  name: "ListBuiltInPolicies",
  method: "GET",
  path: "/built-in-policies",
  group,
  summary: "The managed policies that every account has.",
  admits: byPolicy("iam:ListPolicies"),
  params: nothing,
  query: nothing,
  body: null,
  reply: z.strictObject({
    items: z.array(
      z.strictObject({ arn: z.string(), name: z.string(), description: z.string(), document: z.string() }),
    ),
  }),
  status: 200,
  errors: [],
}).handledBy(async (_input, { services }) => ({ items: services.policies.builtIn().map((policy) => ({ ...policy })) }));

export const CreatePolicy = declareAdmin({
  name: "CreatePolicy",
  method: "POST",
  path: "/policies",
  group,
  summary: "Makes a managed policy.",
  admits: byPolicy("iam:CreatePolicy"),
  params: nothing,
  query: nothing,
  body: z.strictObject({
    name: entityName(128),
    path: path.default("/"),
    description: description.nullable().default(null),
    document: policyDocument,
    tags: tags.default([]),
  }),
  reply: policyForm,
  status: 201,
  errors: ["EntityAlreadyExists", "LimitExceeded", "MalformedPolicyDocument"],
})
  .on(newArn("policy"))
  .handledBy(async ({ body }, context) => {
    const { actor, account } = context.caller;
    const { policy } = await context.ask("policy.create", {
      by: actor,
      accountId: account.accountId,
      policyName: body.name,
      path: body.path,
      description: body.description,
      document: documentText(body.document),
      tags: body.tags,
    });
    return show(context, policy);
  });

export const GetPolicy = declareAdmin({
  name: "GetPolicy",
  method: "GET",
  path: "/policies/{name}",
  group,
  summary: "One managed policy with the document that is in force.",
  admits: byPolicy("iam:GetPolicy"),
  params: ofPolicy,
  query: nothing,
  body: null,
  reply: policyForm,
  status: 200,
  errors: ["NoSuchEntity"],
})
  .on(arnOfPolicy)
  .handledBy(async ({ params }, context) => show(context, policyOf(context, params.name)));

export const DeletePolicy = declareAdmin({
  name: "DeletePolicy",
  method: "DELETE",
  path: "/policies/{name}",
  group,
  summary: "Deletes a managed policy that is attached nowhere.",
  admits: byPolicy("iam:DeletePolicy"),
  params: ofPolicy,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity", "DeleteConflict"],
})
  .on(arnOfPolicy)
  .handledBy(async ({ params }, context) => {
    await context.ask("policy.delete", named(context, params.name));
    return null;
  });

export const SetPolicyTags = declareAdmin({
  name: "SetPolicyTags",
  method: "PUT",
  path: "/policies/{name}/tags",
  group,
  summary: "Replaces the tags of a managed policy.",
  admits: byPolicy("iam:TagPolicy"),
  params: ofPolicy,
  query: nothing,
  body: z.strictObject({ tags }),
  reply: null,
  status: 204,
  errors: ["NoSuchEntity", "ConcurrentModification"],
})
  .on(arnOfPolicy)
  .handledBy(async ({ params, body }, context) => {
    await context.ask("policy.setTags", { ...named(context, params.name), tags: body.tags });
    return null;
  });

export const CreatePolicyVersion = declareAdmin({
  name: "CreatePolicyVersion",
  method: "POST",
  path: "/policies/{name}/versions",
  group,
  summary: "Changes a managed policy: adds a version and puts it into force.",
  admits: byPolicy("iam:CreatePolicyVersion"),
  params: ofPolicy,
  query: nothing,
  body: z.strictObject({ document: policyDocument, setAsDefault: z.boolean().default(true) }),
  reply: policyForm,
  status: 201,
  errors: ["NoSuchEntity", "LimitExceeded", "MalformedPolicyDocument", "ConcurrentModification"],
})
  .on(arnOfPolicy)
  .handledBy(async ({ params, body }, context) => {
    const { setAsDefault } = body;
    const document = documentText(body.document);
    await context.ask("policy.createVersion", { ...named(context, params.name), document, setAsDefault });
    return show(context, policyOf(context, params.name));
  });

export const GetPolicyVersion = declareAdmin({
  name: "GetPolicyVersion",
  method: "GET",
  path: "/policies/{name}/versions/{versionId}",
  group,
  summary: "The document of one version.",
  admits: byPolicy("iam:GetPolicyVersion"),
  params: ofVersion,
  query: nothing,
  body: null,
  reply: z.strictObject({ id: z.string(), document: z.string().describe("JSON text.") }),
  status: 200,
  errors: ["NoSuchEntity"],
})
  .on(arnOfPolicy)
  .handledBy(async ({ params }, context) => {
    const version = policyOf(context, params.name).versions.find(({ id }) => id === params.versionId);
    if (version === undefined) throw new AdminError("NoSuchEntity", "The policy has no such version.");
    return { id: version.id, document: version.document };
  });

export const SetDefaultPolicyVersion = declareAdmin({
  name: "SetDefaultPolicyVersion",
  method: "PUT",
  path: "/policies/{name}/default-version",
  group,
  summary: "Puts another version into force.",
  admits: byPolicy("iam:SetDefaultPolicyVersion"),
  params: ofPolicy,
  query: nothing,
  body: z.strictObject({ versionId: z.string().max(16) }),
  reply: null,
  status: 204,
  errors: ["NoSuchEntity", "ConcurrentModification"],
})
  .on(arnOfPolicy)
  .handledBy(async ({ params, body }, context) => {
    await context.ask("policy.setDefaultVersion", { ...named(context, params.name), versionId: body.versionId });
    return null;
  });

export const DeletePolicyVersion = declareAdmin({
  name: "DeletePolicyVersion",
  method: "DELETE",
  path: "/policies/{name}/versions/{versionId}",
  group,
  summary: "Deletes a version that is not in force.",
  admits: byPolicy("iam:DeletePolicyVersion"),
  params: ofVersion,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity", "DeleteConflict"],
})
  .on(arnOfPolicy)
  .handledBy(async ({ params }, context) => {
    await context.ask("policy.deleteVersion", { ...named(context, params.name), versionId: params.versionId });
    return null;
  });

const conditionKey = z
  .string()
  .regex(/^[A-Za-z0-9-]+:[\x21-\x7e]{1,128}$/, "must be a condition key such as aws:SourceIp");

/** Source: IAM API reference, SimulatePrincipalPolicy. */
export const SimulatePolicies = declareAdmin({
  name: "SimulatePolicies",
  method: "POST",
  path: "/policy-simulations",
  group,
  summary: "Says whether the policies allow a user or role something, and which statement decides.",
  admits: byPolicy("iam:SimulatePrincipalPolicy"),
  params: nothing,
  query: nothing,
  body: z.strictObject({
    principal: z.strictObject({ kind: z.enum(["user", "role"]), name: anyName }),
    action: z.string().regex(/^[a-z0-9-]{1,64}:[A-Za-z0-9]{1,128}$/, "must be an action such as s3:GetObject"),
    resource: z.string().min(1).max(2048).default("*"),
    context: z.record(conditionKey, z.array(z.string().max(1024)).max(100)).default({}),
  }),
  reply: z.strictObject({
    effect: z.enum(["Allow", "ExplicitDeny", "ImplicitDeny", "Deferred"]),
    reason: z.string().describe("A sentence for people."),
    statements: z.array(
      z.strictObject({
        source: z.string(),
        index: z.int(),
        sid: z.string().nullable(),
        effect: z.enum(["Allow", "Deny"]),
        outcome: z.enum(["applies", "open", "does not apply"]),
        why: z.string().nullable().describe("What of it the request does not meet."),
      }),
    ),
  }),
  status: 200,
  errors: ["NoSuchEntity"],
})
  .on(({ body }, accountId, reader) => {
    const { kind, name } = body.principal;
    return arnOf(kind, reader[kind](accountId, name) ?? { accountId, path: "/", name });
  })
  .handledBy(async ({ body }, { caller, reader, services }) => {
    const { accountId } = caller.account;
    const { kind, name } = body.principal;
    const holder = reader[kind](accountId, name);
    if (holder === undefined) throw new AdminError("NoSuchEntity", `There is no ${kind} ${JSON.stringify(name)}.`);
    const explained = services.policies.explain({
      kind,
      accountId,
      name: holder.name,
      action: body.action,
      resource: body.resource,
      context: new Map(Object.entries(body.context).map(([key, values]) => [key.toLowerCase(), values])),
    });
    return explained ?? { effect: "ImplicitDeny", reason: `The ${kind} is not in force.`, statements: [] };
  });
