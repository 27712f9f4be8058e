/** Versions of managed policies. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html and its neighbours. */

import type { PolicyView } from "../account/policy-directory.ts";
import { boolean, list } from "../model/shape.ts";
import { declareQueryAction } from "./action.ts";
import { QueryError } from "./errors.ts";
import { pageOf, pageOutput } from "./paging.ts";
import { ofPolicy, policyHeld } from "./policy-actions.ts";
import { arn, optional, PolicyVersion, paged, paging, policyDocument, required, versionId } from "./shapes.ts";
import { ownPolicyOf, policyOf } from "./targets.ts";
import { versionView } from "./views.ts";

/** @throws QueryError NoSuchEntity */
function versionOf(policy: PolicyView, id: string): PolicyView["versions"][number] {
  const version = policy.versions.find((each) => each.id === id);
  if (version === undefined) {
    throw new QueryError("NoSuchEntity", `Policy ${policy.arn} version ${id} does not exist or is not attachable.`);
  }
  return version;
}

export const CreatePolicyVersion = declareQueryAction({
  name: "CreatePolicyVersion",
  service: "iam",
  action: "iam:CreatePolicyVersion",
  resource: ofPolicy,
  conditions: policyHeld,
  input: { PolicyArn: required(arn), PolicyDocument: required(policyDocument), SetAsDefault: optional(boolean) },
  output: { PolicyVersion: optional(PolicyVersion) },
  errors: ["InvalidInput", "LimitExceeded", "MalformedPolicyDocument", "NoSuchEntity"],
}).handledBy(async ({ PolicyArn, PolicyDocument, SetAsDefault = false }, context) => {
  const { defaultVersion } = ownPolicyOf(context, PolicyArn);
  const { version } = await context.ask("policy.createVersion", {
    by: context.caller.actor,
    policyArn: PolicyArn,
    document: PolicyDocument,
    setAsDefault: SetAsDefault,
  });
  return { PolicyVersion: versionView(version, SetAsDefault ? version.id : defaultVersion, false) };
});

export const GetPolicyVersion = declareQueryAction({
  name: "GetPolicyVersion",
  service: "iam",
  action: "iam:GetPolicyVersion",
  resource: ofPolicy,
  conditions: policyHeld,
  input: { PolicyArn: required(arn), VersionId: required(versionId) },
  output: { PolicyVersion: optional(PolicyVersion) },
  errors: ["InvalidInput", "NoSuchEntity"],
}).handledBy(({ PolicyArn, VersionId }, context) => {
  const policy = policyOf(context, PolicyArn);
  return { PolicyVersion: versionView(versionOf(policy, VersionId), policy.defaultVersion, true) };
});

const digitsOfVersion = 8;
/** Newest first, as AWS lists them. */
const placeOf = (id: string): string =>
  String(10 ** digitsOfVersion - Number(id.slice(1))).padStart(digitsOfVersion, "0");

export const ListPolicyVersions = declareQueryAction({
  name: "ListPolicyVersions",
  service: "iam",
  action: "iam:ListPolicyVersions",
  resource: ofPolicy,
  conditions: policyHeld,
  input: { PolicyArn: required(arn), ...paging },
  output: { Versions: optional(list(PolicyVersion)), ...paged },
  errors: ["InvalidInput", "NoSuchEntity"],
}).handledBy(({ PolicyArn, ...page }, context) => {
  const policy = policyOf(context, PolicyArn);
  const found = pageOf(policy.versions, page, ({ id }) => placeOf(id));
  const versions = found.items.map((version) => versionView(version, policy.defaultVersion, false));
  return { Versions: versions, ...pageOutput(found) };
});

const versionInput = { PolicyArn: required(arn), VersionId: required(versionId) };

export const SetDefaultPolicyVersion = declareQueryAction({
  name: "SetDefaultPolicyVersion",
  service: "iam",
  action: "iam:SetDefaultPolicyVersion",
  resource: ofPolicy,
  conditions: policyHeld,
  input: versionInput,
  output: null,
  errors: ["InvalidInput", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ PolicyArn, VersionId }, context) => {
  versionOf(ownPolicyOf(context, PolicyArn), VersionId);
  const by = context.caller.actor;
  await context.ask("policy.setDefaultVersion", { by, policyArn: PolicyArn, versionId: VersionId });
});

export const DeletePolicyVersion = declareQueryAction({
  name: "DeletePolicyVersion",
  service: "iam",
  action: "iam:DeletePolicyVersion",
  resource: ofPolicy,
  conditions: policyHeld,
  input: versionInput,
  output: null,
  errors: ["DeleteConflict", "InvalidInput", "LimitExceeded", "NoSuchEntity"],
}).handledBy(async ({ PolicyArn, VersionId }, context) => {
  versionOf(ownPolicyOf(context, PolicyArn), VersionId);
  const by = context.caller.actor;
  await context.ask("policy.deleteVersion", { by, policyArn: PolicyArn, versionId: VersionId });
});
