/**
 * A second evaluator of policies, written for reading: from the AWS pages alone, nothing of the engine in it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 */

import { conditionHolds } from "./oracle-conditions.ts";
import { expand, matches } from "./oracle-text.ts";
import {
  listOf,
  type Outcome,
  type PlainPrincipal,
  type PlainRequest,
  type PlainSets,
  type RawPolicy,
  type RawPrincipal,
  type RawStatement,
} from "./raw.ts";

/**
 * How a Principal element reaches the caller: everyone, the caller's own ARN, the role of the session, the account.
 * They differ in what else must allow.
 */
type Reach = "everyone" | "itself" | "role" | "account";

export function decide(request: PlainRequest, sets: PlainSets): Outcome {
  const { principal } = request;
  const hasBoundary = sets.boundary !== null;
  const ofPrincipal = [...sets.identity, ...listOf(sets.boundary ?? undefined), ...(sets.session ?? [])];

  const isDenied =
    ofPrincipal.some((policy) => statementsOf(policy, "Deny").some((one) => applies(one, policy, request))) ||
    (sets.resource !== null && !isOwnersKey(request, sets) && deniesByResource(sets.resource, request, hasBoundary));
  if (isDenied) return "ExplicitDeny";

  const reaches = sets.resource === null ? [] : allowingReaches(sets.resource, request);
  return isAllowed(principal, reaches, request, sets) ? "Allow" : "ImplicitDeny";
}

/**
 * What the root of the bucket's account can do whatever the bucket policy denies, so that no policy locks it out.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */
const isOwnersKey = ({ action, principal }: PlainRequest, { resourceAccountId }: PlainSets): boolean =>
  principal.kind === "root" &&
  principal.accountId === resourceAccountId &&
  /^s3:(get|put|delete)bucketpolicy$/i.test(action);

function isAllowed(principal: PlainPrincipal, reaches: readonly Reach[], request: PlainRequest, sets: PlainSets) {
  if (principal.kind === "anonymous") return reaches.includes("everyone");
  const isRoot = principal.kind === "root";
  const identityAllows = isRoot || sets.identity.some((policy) => allows(policy, request));
  const boundaryAllows = isRoot || sets.boundary === null || allows(sets.boundary, request);
  const sessionAllows = sets.session === null || sets.session.some((policy) => allows(policy, request));

  // Each side of two accounts has to allow.
  if (principal.accountId !== sets.resourceAccountId) {
    return reaches.length > 0 && identityAllows && boundaryAllows && sessionAllows;
  }
  const isTrust = /^sts:assumerole/i.test(request.action) && sets.resource !== null;
  if (isTrust && reaches.length === 0) return false;
  if (reaches.includes("everyone")) return true;
  if (isRoot) return sessionAllows;
  // A user with session policies is a federated session: the user's ARN does not name the session itself.
  const isSessionOfUser = principal.kind === "user" && sets.session !== null;
  if (reaches.includes("itself") && !isSessionOfUser) return true;
  const granted = identityAllows || reaches.includes("role") || reaches.includes("itself");
  return granted && boundaryAllows && sessionAllows;
}

const versionOf = (policy: RawPolicy): string => policy.Version ?? "2008-10-17";

const statementsOf = (policy: RawPolicy, effect: "Allow" | "Deny"): readonly RawStatement[] =>
  listOf(policy.Statement).filter((statement) => statement.Effect === effect);

const allows = (policy: RawPolicy, request: PlainRequest): boolean =>
  statementsOf(policy, "Allow").some((statement) => applies(statement, policy, request));

/** Whether action, resource and conditions of a statement are those of the request. */
function applies(statement: RawStatement, policy: RawPolicy, request: PlainRequest): boolean {
  const version = versionOf(policy);
  const isAction = (pattern: string): boolean => {
    const letters = [...pattern.toLowerCase()];
    const characters = letters.map((character) => ({ character, isWild: character === "*" || character === "?" }));
    return matches(characters, request.action.toLowerCase());
  };
  const isResource = (text: string): boolean => {
    const pattern = expand(text, version, request);
    return pattern !== null && matches(pattern, request.resource);
  };
  if (statement.Action !== undefined && !listOf(statement.Action).some(isAction)) return false;
  if (statement.NotAction !== undefined && listOf(statement.NotAction).some(isAction)) return false;
  if (statement.Resource !== undefined && !listOf(statement.Resource).some(isResource)) return false;
  if (statement.NotResource !== undefined && listOf(statement.NotResource).some(isResource)) return false;
  return Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => conditionHolds(operator, key, listOf(wanted), version, request)),
  );
}

function deniesByResource(policy: RawPolicy, request: PlainRequest, hasBoundary: boolean): boolean {
  return statementsOf(policy, "Deny").some((statement) => {
    const { principal } = request;
    const isMeant =
      statement.NotPrincipal === undefined
        ? reachOf(statement.Principal, principal) !== null
        : hasBoundary || !isExempt(statement.NotPrincipal, principal);
    return isMeant && applies(statement, policy, request);
  });
}

function allowingReaches(policy: RawPolicy, request: PlainRequest): readonly Reach[] {
  const reaches: Reach[] = [];
  for (const statement of statementsOf(policy, "Allow")) {
    const reach = reachOf(statement.Principal, request.principal);
    if (reach !== null && applies(statement, policy, request)) reaches.push(reach);
  }
  return reaches;
}

const anyone = (clause: RawPrincipal): boolean => clause === "*" || listOf(clause["AWS"]).includes("*");

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
function reachOf(clause: RawPrincipal | undefined, principal: PlainPrincipal): Reach | null {
  if (clause === undefined) return null;
  if (clause === "*" || anyone(clause)) return "everyone";
  if (principal.kind === "anonymous") return null;
  const names = listOf(clause["AWS"]);
  const { accountId, arn, roleArn, canonicalId } = principal;
  if (principal.kind !== "root" && names.includes(arn)) return "itself";
  if (roleArn !== null && names.includes(roleArn)) return "role";
  const isAccount = names.includes(accountId) || names.includes(`arn:aws:iam::${accountId}:root`);
  return isAccount || listOf(clause["CanonicalUser"]).includes(canonicalId) ? "account" : null;
}

/**
 * Whether NotPrincipal spares the caller: only whom it names. An account in it is the account itself, not its users; a
 * role is not its sessions.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
function isExempt(clause: RawPrincipal, principal: PlainPrincipal): boolean {
  if (clause === "*" || anyone(clause)) return true;
  if (principal.kind === "anonymous") return false;
  const names = listOf(clause["AWS"]);
  return names.includes(principal.arn) || (principal.kind === "root" && reachOf(clause, principal) !== null);
}
