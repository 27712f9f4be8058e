/**
 * What users, groups and roles have in common: inline policies and attachments, three rows of each kind; and the boundaries of
 * users and roles. https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html and its neighbours.
 */

import type { HolderKind } from "../control/identity-records.ts";
import { list, string } from "../model/shape.ts";
import { type ActionContext, declareQueryAction, type QueryAction } from "./action.ts";
import { QueryError } from "./errors.ts";
import { pageOf, pageOutput } from "./paging.ts";
import {
  AttachedPolicy,
  arn,
  type BoundedString,
  existingUserName,
  groupName,
  newUserName,
  optional,
  paged,
  paging,
  policyDocument,
  policyName,
  policyPath,
  required,
  requiredAs,
  roleName,
} from "./shapes.ts";
import { boundaryAsked, type HolderTarget, holderTargets, policyOf } from "./targets.ts";
import { encodedDocument } from "./views.ts";

type OfHolder = { readonly HolderName: string };

const names: Readonly<Record<HolderKind, { readonly inline: BoundedString; readonly attached: BoundedString }>> = {
  user: { inline: existingUserName, attached: newUserName },
  group: { inline: groupName, attached: groupName },
  role: { inline: roleName, attached: roleName },
};

const holderOf = ({ kind }: HolderTarget, name: string, { accountId }: ActionContext) => ({ kind, accountId, name });

const judged = (target: HolderTarget) => ({
  resource: ({ HolderName }: OfHolder, context: ActionContext) => target.arn(context, HolderName),
  conditions: ({ HolderName }: OfHolder, context: ActionContext) => target.conditions(context, HolderName),
});

function inlineActions(target: HolderTarget): QueryAction[] {
  const { noun, kind } = target;
  const holder = requiredAs(`${noun}Name`, names[kind].inline);
  const named = { HolderName: holder, PolicyName: required(policyName) };
  const put = declareQueryAction({
    name: `Put${noun}Policy`,
    service: "iam",
    action: `iam:Put${noun}Policy`,
    ...judged(target),
    input: { ...named, PolicyDocument: required(policyDocument) },
    output: null,
    errors: ["LimitExceeded", "MalformedPolicyDocument", "NoSuchEntity"],
  }).handledBy(async ({ HolderName, PolicyName, PolicyDocument }, context) => {
    await context.ask("inline.put", {
      by: context.caller.actor,
      holder: holderOf(target, HolderName, context),
      policyName: PolicyName,
      document: PolicyDocument,
    });
  });
  const get = declareQueryAction({
    name: `Get${noun}Policy`,
    service: "iam",
    action: `iam:Get${noun}Policy`,
    ...judged(target),
    input: named,
    output: { HolderName: holder, PolicyName: required(policyName), PolicyDocument: required(policyDocument) },
    errors: ["NoSuchEntity"],
  }).handledBy(({ HolderName, PolicyName }, context) => {
    target.record(context, HolderName);
    const document = context.directory.inlinePolicy(kind, context.accountId, HolderName, PolicyName);
    if (document === undefined) {
      throw new QueryError("NoSuchEntity", `The ${kind} policy with name ${PolicyName} cannot be found.`);
    }
    return { HolderName, PolicyName, PolicyDocument: encodedDocument(document) };
  });
  const listed = declareQueryAction({
    name: `List${noun}Policies`,
    service: "iam",
    action: `iam:List${noun}Policies`,
    ...judged(target),
    input: { HolderName: holder, ...paging },
    output: { PolicyNames: required(list(string)), ...paged },
    errors: ["NoSuchEntity"],
  }).handledBy(({ HolderName, ...page }, context) => {
    const found = pageOf(target.record(context, HolderName).inline, page, (name) => name);
    return { PolicyNames: found.items, ...pageOutput(found) };
  });
  const remove = declareQueryAction({
    name: `Delete${noun}Policy`,
    service: "iam",
    action: `iam:Delete${noun}Policy`,
    ...judged(target),
    input: named,
    output: null,
    errors: ["LimitExceeded", "NoSuchEntity"],
  }).handledBy(async ({ HolderName, PolicyName }, context) => {
    const message = { holder: holderOf(target, HolderName, context), policyName: PolicyName };
    await context.ask("inline.delete", { by: context.caller.actor, ...message });
  });
  return [put, get, listed, remove];
}

function attachmentActions(target: HolderTarget): QueryAction[] {
  const { noun, kind } = target;
  const holder = requiredAs(`${noun}Name`, names[kind].attached);
  const attachment = {
    resource: judged(target).resource,
    conditions: ({ HolderName, PolicyArn }: OfHolder & { readonly PolicyArn: string }, context: ActionContext) => ({
      ...target.conditions(context, HolderName),
      "iam:policyarn": [PolicyArn],
    }),
    input: { HolderName: holder, PolicyArn: required(arn) },
    output: null,
  } as const;
  const attach = declareQueryAction({
    name: `Attach${noun}Policy`,
    service: "iam",
    action: `iam:Attach${noun}Policy`,
    ...attachment,
    errors: ["InvalidInput", "LimitExceeded", "NoSuchEntity"],
  }).handledBy(async ({ HolderName, PolicyArn }, context) => {
    policyOf(context, PolicyArn);
    const message = { holder: holderOf(target, HolderName, context), policyArn: PolicyArn };
    await context.ask("policy.attach", { by: context.caller.actor, ...message });
  });
  const detach = declareQueryAction({
    name: `Detach${noun}Policy`,
    service: "iam",
    action: `iam:Detach${noun}Policy`,
    ...attachment,
    errors: ["InvalidInput", "LimitExceeded", "NoSuchEntity"],
  }).handledBy(async ({ HolderName, PolicyArn }, context) => {
    const message = { holder: holderOf(target, HolderName, context), policyArn: PolicyArn };
    await context.ask("policy.detach", { by: context.caller.actor, ...message });
  });
  const listed = declareQueryAction({
    name: `ListAttached${noun}Policies`,
    service: "iam",
    action: `iam:ListAttached${noun}Policies`,
    ...judged(target),
    input: { HolderName: holder, PathPrefix: optional(policyPath), ...paging },
    output: { AttachedPolicies: optional(list(AttachedPolicy)), ...paged },
    errors: ["InvalidInput", "NoSuchEntity"],
  }).handledBy(({ HolderName, PathPrefix = "/", ...page }, context) => {
    const attached = target.record(context, HolderName).attached.flatMap((PolicyArn) => {
      const policy = context.policies.policy(PolicyArn, context.accountId);
      return policy?.path.startsWith(PathPrefix) === true ? [{ PolicyName: policy.name, PolicyArn }] : [];
    });
    const found = pageOf(attached, page, ({ PolicyArn }) => PolicyArn);
    return { AttachedPolicies: found.items, ...pageOutput(found) };
  });
  return [attach, detach, listed];
}

function boundaryActions(target: HolderTarget): QueryAction[] {
  const { noun, kind } = target;
  const holder = requiredAs(`${noun}Name`, names[kind].attached);
  const setBoundary = async (name: string, policyArn: string | null, context: ActionContext): Promise<void> => {
    const { accountId, caller } = context;
    if (kind === "user") {
      await context.ask("user.setBoundary", { by: caller.actor, accountId, userName: name, policyArn });
    } else {
      const changes = { boundary: policyArn };
      await context.ask("role.update", { by: caller.actor, accountId, roleName: name, changes });
    }
  };
  const put = declareQueryAction({
    name: `Put${noun}PermissionsBoundary`,
    service: "iam",
    action: `iam:Put${noun}PermissionsBoundary`,
    resource: judged(target).resource,
    conditions: ({ HolderName, PermissionsBoundary }, context) => ({
      ...target.conditions(context, HolderName),
      ...boundaryAsked(PermissionsBoundary),
    }),
    input: { HolderName: holder, PermissionsBoundary: required(arn) },
    output: null,
    errors: ["InvalidInput", "NoSuchEntity"],
  }).handledBy(async ({ HolderName, PermissionsBoundary }, context) => {
    policyOf(context, PermissionsBoundary);
    await setBoundary(HolderName, PermissionsBoundary, context);
  });
  const remove = declareQueryAction({
    name: `Delete${noun}PermissionsBoundary`,
    service: "iam",
    action: `iam:Delete${noun}PermissionsBoundary`,
    ...judged(target),
    input: { HolderName: holder },
    output: null,
    errors: ["NoSuchEntity"],
  }).handledBy(({ HolderName }, context) => setBoundary(HolderName, null, context));
  return [put, remove];
}

const { user, group, role } = holderTargets;

export const holderActions: readonly QueryAction[] = [
  ...[user, group, role].flatMap(inlineActions),
  ...[user, group, role].flatMap(attachmentActions),
  ...[user, role].flatMap(boundaryActions),
];
