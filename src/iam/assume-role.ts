/** Sessions of roles. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */

import { limits } from "../base/limits.ts";
import type { RoleRecord } from "../control/identity-records.ts";
import { integer, string, structure } from "../model/shape.ts";
import { compilePolicy } from "../policy/compile.ts";
import { PolicyError, parsePolicy } from "../policy/document.ts";
import { parseStoredPolicy } from "../policy/stored-policy.ts";
import { type ActionContext, declareQueryAction } from "./action.ts";
import type { Conditions } from "./caller.ts";
import { QueryError } from "./errors.ts";
import { callerIdentity, issueCredentials, lifeOf, verifySecondFactor } from "./session-credentials.ts";
import {
  arn,
  bounded,
  externalId,
  optional,
  policyDocument,
  required,
  roleSessionName,
  serialNumber,
  sourceIdentity,
  tokenCode,
  whole,
} from "./shapes.ts";
import { Credentials } from "./sts-actions.ts";

const PolicyDescriptor = structure("PolicyDescriptorType", { arn: required(arn) });
const AssumedRoleUser = structure("AssumedRoleUser", { AssumedRoleId: required(string), Arn: required(string) });

/** Any account's: AssumeRole is the one action that reaches across. */
interface AssumedRole {
  readonly arn: string;
  readonly record: RoleRecord;
}

const roleArnPattern = /^arn:aws:iam::(\d{12}):role(\/(?:[!-~]+\/)?)([\w+=,.@-]{1,64})$/;

/** The role of an ARN whose account, and every one above it, is active; null when there is none. */
function roleOfArn({ directory }: ActionContext, roleArn: string): AssumedRole | null {
  const match = roleArnPattern.exec(roleArn);
  if (match === null) return null;
  const [, accountId = "", path = "", name = ""] = match;
  const record = directory.role(accountId, name);
  if (record === undefined || record.path !== path) return null;
  const accounts = [directory.account(accountId), ...directory.accountsAbove(accountId)];
  return accounts.every((account) => account?.status === "active") ? { arn: roleArn, record } : null;
}

function requireTrust(
  action: string,
  role: AssumedRole | null,
  roleArn: string,
  context: ActionContext,
  asked: Conditions,
) {
  const identity = callerIdentity(context);
  // The answer is the same whether or not there is such a role.
  const refusal = new QueryError(
    "AccessDenied",
    `User: ${identity.arn} is not authorized to perform: ${action} on resource: ${roleArn}`,
  );
  if (role === null) throw refusal;
  const trust = compilePolicy(parseStoredPolicy(role.record.trustPolicy, "trust"), "trust policy");
  const side = { policy: trust, accountId: role.record.accountId };
  if (context.caller.allows(action, roleArn, asked, side).effect !== "Allow") throw refusal;
}

/** @throws QueryError ValidationError */
function durationOf(asked: number | undefined, { record }: AssumedRole, { caller }: ActionContext): number {
  const seconds = asked ?? limits.roleSessionSecondsDefault;
  if (caller.principal.role === "session" && seconds > limits.chainedSessionSecondsMax) {
    throw new QueryError(
      "ValidationError",
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    );
  }
  if (seconds > record.maxSessionSeconds) {
    throw new QueryError(
      "ValidationError",
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
  }
  return seconds;
}

/** @throws QueryError MalformedPolicyDocument, ValidationError, PackedPolicyTooLarge */
function checkSessionPolicies(
  policy: string | undefined,
  arns: readonly string[],
  role: AssumedRole,
  context: ActionContext,
) {
  if (policy !== undefined && policy.length > limits.sessionPolicyCharsMax) {
    throw new QueryError(
      "ValidationError",
      `Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to ${limits.sessionPolicyCharsMax}`,
    );
  }
  try {
    if (policy !== undefined) parsePolicy(policy, "identity");
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new QueryError("MalformedPolicyDocument", error.message, { cause: error });
  }
  for (const each of arns) {
    if (context.policies.policy(each, role.record.accountId) === undefined) {
      throw new QueryError("ValidationError", `Policy ${each} does not exist or is not attachable.`);
    }
  }
}

export const AssumeRole = declareQueryAction({
  name: "AssumeRole",
  service: "sts",
  action: "sts:AssumeRole",
  resource: "handler",
  input: {
    RoleArn: required(arn),
    RoleSessionName: required(roleSessionName),
    PolicyArns: optional(bounded(PolicyDescriptor, limits.sessionPolicyArnsMax)),
    Policy: optional(policyDocument),
    DurationSeconds: optional(whole(limits.sessionSecondsMin, limits.roleSessionSecondsMax)),
    ExternalId: optional(externalId),
    SerialNumber: optional(serialNumber),
    TokenCode: optional(tokenCode),
    SourceIdentity: optional(sourceIdentity),
  },
  output: {
    Credentials: optional(Credentials),
    AssumedRoleUser: optional(AssumedRoleUser),
    PackedPolicySize: optional(integer),
    SourceIdentity: optional(string),
  },
  errors: ["MalformedPolicyDocument", "PackedPolicyTooLarge"],
}).handledBy(async (input, context) => {
  const { caller, accountId } = context;
  const { principal } = caller;
  if (principal.role === "root") {
    throw new QueryError("AccessDenied", "Roles may not be assumed by root accounts.");
  }
  const mfa = await verifySecondFactor({ SerialNumber: input.SerialNumber, TokenCode: input.TokenCode }, context);
  const { RoleArn, RoleSessionName, ExternalId, SourceIdentity } = input;
  const asked: Conditions = {
    "sts:rolesessionname": [RoleSessionName],
    ...(ExternalId === undefined ? {} : { "sts:externalid": [ExternalId] }),
    ...(SourceIdentity === undefined ? {} : { "sts:sourceidentity": [SourceIdentity] }),
    ...(mfa ? { "aws:multifactorauthpresent": ["true"], "aws:multifactorauthage": ["0"] } : {}),
  };
  const role = roleOfArn(context, RoleArn);
  requireTrust("sts:AssumeRole", role, RoleArn, context, asked);
  if (SourceIdentity !== undefined) requireTrust("sts:SetSourceIdentity", role, RoleArn, context, asked);
  if (role === null) throw new QueryError("AccessDenied");
  const seconds = durationOf(input.DurationSeconds, role, context);
  const policyArns = (input.PolicyArns ?? []).map((descriptor) => descriptor.arn);
  checkSessionPolicies(input.Policy, policyArns, role, context);
  const { record } = role;
  const { credentials, packedPolicyPercent } = issueCredentials(context, {
    principal: {
      accountId: record.accountId,
      kind: "role",
      name: record.name,
      id: record.roleId,
      sessionName: RoleSessionName,
      source: { accountId, kind: principal.role === "session" ? "role" : "user", name: principal.name },
    },
    sessionPolicy: input.Policy ?? null,
    sessionPolicyArns: policyArns,
    expiresMs: lifeOf(context, seconds),
    sessionId: principal.temporary?.sessionId ?? null,
    parentAccessKeyId: principal.temporary === null ? principal.accessKeyId : principal.temporary.parentAccessKeyId,
    mfa,
  });
  await context.ask("audit.write", {
    by: caller.actor,
    action: "role.assume",
    outcome: "done",
    accountId: record.accountId,
    target: `role/${record.name}`,
    detail: {
      session: RoleSessionName,
      accessKeyId: credentials.AccessKeyId,
      ...(SourceIdentity === undefined ? {} : { sourceIdentity: SourceIdentity }),
    },
  });
  return {
    Credentials: credentials,
    AssumedRoleUser: {
      AssumedRoleId: `${record.roleId}:${RoleSessionName}`,
      Arn: `arn:aws:sts::${record.accountId}:assumed-role/${record.name}/${RoleSessionName}`,
    },
    PackedPolicySize: packedPolicyPercent,
    SourceIdentity,
  };
});
