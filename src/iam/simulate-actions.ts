/** What policies would say. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html and its neighbours. */

import { limits } from "../base/limits.ts";
import { boolean, enumeration, list, string, structure } from "../model/shape.ts";
import { type CompiledPolicy, compilePolicy } from "../policy/compile.ts";
import { PolicyError, type PolicyKind, parsePolicy } from "../policy/document.ts";
import { explain } from "../policy/explain.ts";
import type { PolicySets, RequestPrincipal } from "../policy/request.ts";
import { type ActionContext, declareQueryAction } from "./action.ts";
import { QueryError } from "./errors.ts";
import { pageOf, pageOutput } from "./paging.ts";
import { contextKeysOf, policiesOfEntity, type SourcedPolicy, type SourceType } from "./policy-sources.ts";
import { callerIdentity } from "./session-credentials.ts";
import {
  actionName,
  arn,
  contextKeyName,
  optional,
  paged,
  paging,
  policyDocument,
  required,
  resourceName,
} from "./shapes.ts";

const ContextEntry = structure("ContextEntry", {
  ContextKeyName: optional(contextKeyName),
  ContextKeyValues: optional(list(string)),
  ContextKeyType: optional(
    enumeration(
      "string",
      "stringList",
      "numeric",
      "numericList",
      "boolean",
      "booleanList",
      "ip",
      "ipList",
      "binary",
      "binaryList",
      "date",
      "dateList",
    ),
  ),
});

const Statement = structure("Statement", { SourcePolicyId: optional(string), SourcePolicyType: optional(string) });
const decisions = enumeration("allowed", "explicitDeny", "implicitDeny");
const BoundaryDetail = structure("PermissionsBoundaryDecisionDetail", {
  AllowedByPermissionsBoundary: optional(boolean),
});

const EvaluationResult = structure("EvaluationResult", {
  EvalActionName: required(string),
  EvalResourceName: optional(string),
  EvalDecision: required(decisions),
  MatchedStatements: optional(list(Statement)),
  MissingContextValues: optional(list(string)),
  PermissionsBoundaryDecisionDetail: optional(BoundaryDetail),
});

const documents = list(policyDocument);

const simulation = {
  PermissionsBoundaryPolicyInputList: optional(documents),
  ActionNames: required(list(actionName)),
  ResourceArns: optional(list(resourceName)),
  ResourcePolicy: optional(policyDocument),
  ResourceOwner: optional(resourceName),
  CallerArn: optional(resourceName),
  ContextEntries: optional(list(ContextEntry)),
  ...paging,
};

interface SimulationInput {
  readonly PermissionsBoundaryPolicyInputList?: readonly string[] | undefined;
  readonly ActionNames: readonly string[];
  readonly ResourceArns?: readonly string[] | undefined;
  readonly ResourcePolicy?: string | undefined;
  readonly ResourceOwner?: string | undefined;
  readonly CallerArn?: string | undefined;
  readonly ContextEntries?:
    | readonly {
        readonly ContextKeyName?: string | undefined;
        readonly ContextKeyValues?: readonly string[] | undefined;
      }[]
    | undefined;
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** @throws QueryError InvalidInput, as these actions name a document that cannot be read */
function compiled(text: string, kind: PolicyKind, source: string): CompiledPolicy {
  try {
    return compilePolicy(parsePolicy(text, kind), source);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new QueryError("InvalidInput", `The policy ${source} is malformed: ${error.message}`, { cause: error });
  }
}

/** Who asks in the simulation: the user of CallerArn, or whom the policies are of. @throws QueryError InvalidInput */
function simulatedPrincipal(
  input: SimulationInput,
  sourceArn: string | null,
  context: ActionContext,
): RequestPrincipal {
  const { accountId, canonicalId, arn: callerArn } = callerIdentity(context);
  const asked = input.CallerArn ?? sourceArn ?? callerArn;
  const [, owner, resource = ""] = /^arn:aws:iam::(\d{12}):(.+)$/.exec(asked) ?? [];
  const isUser = resource.startsWith("user/");
  if (input.CallerArn !== undefined && (!isUser || owner !== accountId)) {
    throw new QueryError("InvalidInput", "CallerArn must be the ARN of a user of the account.");
  }
  const name = resource.split("/").at(-1) ?? "";
  const userId = isUser ? (context.directory.user(accountId, name)?.userId ?? name) : accountId;
  if (resource.startsWith("role/")) {
    const session = `arn:aws:sts::${accountId}:assumed-role/${name}/simulation`;
    return {
      kind: "role-session",
      accountId,
      canonicalId,
      arn: session,
      roleArn: asked,
      roleId: null,
      userId: `${name}:simulation`,
    };
  }
  return { kind: "user", accountId, canonicalId, arn: asked, roleArn: null, roleId: null, userId };
}

/** The account of ResourceOwner, an account's ARN or id. @throws QueryError InvalidInput */
function ownerOf(owner: string | undefined, accountId: string): string {
  if (owner === undefined) return accountId;
  const match = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(owner);
  if (match?.[1] === undefined) throw new QueryError("InvalidInput", "ResourceOwner must be the ARN of an account.");
  return match[1];
}

const decisionNames = { Allow: "allowed", ExplicitDeny: "explicitDeny" } as const;

interface Simulation {
  readonly sets: PolicySets;
  readonly principal: RequestPrincipal;
  readonly types: ReadonlyMap<string, SourceType>;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

function simulate({ sets, principal, types, values }: Simulation, action: string, resource: string) {
  const missing = new Set<string>();
  const context = (key: string): readonly string[] | undefined => {
    const value = values.get(key);
    if (value === undefined) missing.add(key);
    return value;
  };
  const { effect, decidedBy, notAllowedBy } = explain({ action, resource, principal, context }, sets);
  const boundary = sets.boundary === null ? undefined : !notAllowedBy.includes("boundary");
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: effect === "Allow" || effect === "ExplicitDeny" ? decisionNames[effect] : ("implicitDeny" as const),
    MatchedStatements: decidedBy.map(({ source }) => ({
      SourcePolicyId: source,
      SourcePolicyType: types.get(source) ?? "none",
    })),
    MissingContextValues: [...missing].sort(),
    PermissionsBoundaryDecisionDetail: boundary === undefined ? undefined : { AllowedByPermissionsBoundary: boundary },
  };
}

function answer(
  input: SimulationInput,
  sources: readonly SourcedPolicy[],
  ownBoundary: SourcedPolicy | null,
  sourceArn: string | null,
  context: ActionContext,
) {
  const resources = input.ResourceArns ?? ["*"];
  if (input.ActionNames.length * resources.length > limits.simulationsMax) {
    throw new QueryError("InvalidInput", `More than ${limits.simulationsMax} actions on resources.`);
  }
  const boundaries = input.PermissionsBoundaryPolicyInputList ?? [];
  if (boundaries.length > 1) throw new QueryError("InvalidInput", "At most one permissions boundary can be given.");
  const boundaryText = boundaries[0] ?? ownBoundary?.document;
  const boundarySource = boundaries.length > 0 ? boundaryInput : (ownBoundary?.source ?? boundaryInput);
  const values = (input.ContextEntries ?? []).map(
    ({ ContextKeyName, ContextKeyValues }) => [(ContextKeyName ?? "").toLowerCase(), ContextKeyValues ?? []] as const,
  );
  const simulation: Simulation = {
    principal: simulatedPrincipal(input, sourceArn, context),
    types: new Map(sources.map(({ source, type }) => [source, type])),
    values: new Map(values),
    sets: {
      identity: sources.map(({ source, document }) => compiled(document, "identity", source)),
      boundary: boundaryText === undefined ? null : compiled(boundaryText, "identity", boundarySource),
      session: null,
      resource:
        input.ResourcePolicy === undefined ? null : compiled(input.ResourcePolicy, "resource", "ResourcePolicy"),
      resourceAccountId: ownerOf(input.ResourceOwner, context.accountId),
    },
  };
  const pairs = input.ActionNames.flatMap((action) => resources.map((resource) => ({ action, resource })));
  const numbered = pairs.map((pair, index) => ({ ...pair, place: String(index).padStart(6, "0") }));
  const found = pageOf(numbered, input, ({ place }) => place);
  const results = found.items.map(({ action, resource }) => simulate(simulation, action, resource));
  return { EvaluationResults: results, ...pageOutput(found) };
}

const boundaryInput = "PermissionsBoundaryPolicyInputList.1";

const asInputs = (texts: readonly string[] | undefined): SourcedPolicy[] =>
  (texts ?? []).map((document, index) => ({ source: `PolicyInputList.${index + 1}`, type: "none", document }));

const results = { EvaluationResults: optional(list(EvaluationResult)), ...paged };

export const SimulateCustomPolicy = declareQueryAction({
  name: "SimulateCustomPolicy",
  service: "iam",
  action: "iam:SimulateCustomPolicy",
  resource: () => "*",
  input: { PolicyInputList: required(documents), ...simulation },
  output: results,
  errors: ["InvalidInput"],
}).handledBy((input, context) => answer(input, asInputs(input.PolicyInputList), null, null, context));

const sourceArn = ({ PolicySourceArn }: { readonly PolicySourceArn: string }, { accountId }: ActionContext): string => {
  if (!PolicySourceArn.startsWith(`arn:aws:iam::${accountId}:`)) {
    throw new QueryError("AccessDenied", `${PolicySourceArn} is no identity of account ${accountId}.`);
  }
  return PolicySourceArn;
};

export const SimulatePrincipalPolicy = declareQueryAction({
  name: "SimulatePrincipalPolicy",
  service: "iam",
  action: "iam:SimulatePrincipalPolicy",
  resource: sourceArn,
  input: { PolicySourceArn: required(arn), PolicyInputList: optional(documents), ...simulation },
  output: results,
  errors: ["InvalidInput", "NoSuchEntity"],
}).handledBy((input, context) => {
  const { policies, boundary } = policiesOfEntity(input.PolicySourceArn, context);
  const all = [...policies, ...asInputs(input.PolicyInputList)];
  const isGroup = input.PolicySourceArn.includes(":group/");
  return answer(input, all, boundary, isGroup ? null : input.PolicySourceArn, context);
});

const keyNames = { ContextKeyNames: optional(list(string)) };

const keysOf = (texts: readonly string[]): { ContextKeyNames: string[] } => {
  const keys = texts.flatMap((text) => {
    try {
      return contextKeysOf(parsePolicy(text, "identity"));
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      throw new QueryError("InvalidInput", `A policy is malformed: ${error.message}`, { cause: error });
    }
  });
  return { ContextKeyNames: [...new Set(keys)].sort() };
};

export const GetContextKeysForCustomPolicy = declareQueryAction({
  name: "GetContextKeysForCustomPolicy",
  service: "iam",
  action: "iam:GetContextKeysForCustomPolicy",
  resource: () => "*",
  input: { PolicyInputList: required(documents) },
  output: keyNames,
  errors: ["InvalidInput"],
}).handledBy(({ PolicyInputList }) => keysOf(PolicyInputList));

export const GetContextKeysForPrincipalPolicy = declareQueryAction({
  name: "GetContextKeysForPrincipalPolicy",
  service: "iam",
  action: "iam:GetContextKeysForPrincipalPolicy",
  resource: sourceArn,
  input: { PolicySourceArn: required(arn), PolicyInputList: optional(documents) },
  output: keyNames,
  errors: ["InvalidInput", "NoSuchEntity"],
}).handledBy(({ PolicySourceArn, PolicyInputList = [] }, context) => {
  const { policies } = policiesOfEntity(PolicySourceArn, context);
  return keysOf([...policies.map(({ document }) => document), ...PolicyInputList]);
});
