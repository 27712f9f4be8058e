/** Says why a request is allowed or not: for a simulator, and for "why was I denied". Pure; not for the path of requests. */

import { actionMatches, type CompiledPolicy, type CompiledStatement, resourceTruth } from "./compile.ts";
import { type CompiledCondition, conditionTruth } from "./condition.ts";
import { type Decision, decide } from "./evaluate.ts";
import { Inquiry } from "./inquiry.ts";
import { type Naming, namingOf } from "./principals.ts";
import type { AccessRequest, PolicySets } from "./request.ts";
import { no, unknown, yes } from "./truth.ts";

/** A kind of policy that has a say. */
export type PolicySetName = "identity" | "boundary" | "session" | "resource";

/** What of a statement the request does not meet. */
export type Mismatch =
  | { readonly reason: "principal" | "action" | "resource" }
  /** The operator by its whole name, as `ForAnyValue:StringLikeIfExists`. */
  | { readonly reason: "condition"; readonly operator: string; readonly key: string };

export interface StatementReference {
  /** The policy, as it was named when it was compiled. */
  readonly source: string;
  /** Place of the statement in its document, from 0. */
  readonly index: number;
  readonly sid: string | null;
}

export interface StatementExplanation extends StatementReference {
  readonly set: PolicySetName;
  readonly effect: "Allow" | "Deny";
  /** "open": depends on the object's state. */
  readonly outcome: "applies" | "open" | "does not apply";
  /** Null unless the statement does not apply; the first thing that is not met. */
  readonly mismatch: Mismatch | null;
  /** Of an Allow of a resource policy: how it names who asks. "account" leaves the decision to the account's identity policies. */
  readonly naming: Naming | null;
}

export interface Explanation {
  readonly effect: Decision["effect"];
  /**
   * ExplicitDeny: the denials that apply. Allow: what allows; empty for the account's root. Deferred: what is open.
   * ImplicitDeny: empty.
   */
  readonly decidedBy: readonly StatementReference[];
  /** ImplicitDeny: where an Allow is missing. Within an account one of identity and resource suffices, when both are named. */
  readonly notAllowedBy: readonly PolicySetName[];
  /** Every statement of every policy, in the order identity, boundary, session, resource. */
  readonly statements: readonly StatementExplanation[];
}

/** Judges as `evaluate` does and tells how. The context is asked at most once for each key. */
export function explain(request: AccessRequest, sets: PolicySets): Explanation {
  const inquiry = new Inquiry(request, sets);
  const { effect } = decide(inquiry);
  const statements = [
    ...sets.identity.flatMap((policy) => explainPolicy(policy, "identity", inquiry)),
    ...(sets.boundary === null ? [] : explainPolicy(sets.boundary, "boundary", inquiry)),
    ...(sets.session ?? []).flatMap((policy) => explainPolicy(policy, "session", inquiry)),
    ...(sets.resource === null ? [] : explainPolicy(sets.resource, "resource", inquiry)),
  ];
  return {
    effect,
    decidedBy: statements.filter((statement) => decides(statement, effect, inquiry)).map(reference),
    notAllowedBy: effect === "ImplicitDeny" ? missingAllows(inquiry) : [],
    statements,
  };
}

const reference = ({ source, index, sid }: StatementExplanation): StatementReference => ({ source, index, sid });

function decides(statement: StatementExplanation, effect: Decision["effect"], { rule, request }: Inquiry): boolean {
  if (effect === "Deferred") return statement.outcome === "open";
  if (statement.outcome !== "applies" || effect === "ImplicitDeny") return false;
  if (effect === "ExplicitDeny") return statement.effect === "Deny";
  const isRoot = request.principal.kind === "root" && rule === "same";
  return statement.effect === "Allow" && !isRoot && !(rule === "same" && statement.naming === "account");
}

function missingAllows({ rule, part }: Inquiry): PolicySetName[] {
  if (rule === "anonymous") return ["resource"];
  const named = part("itself") === yes || part("role") === yes || (rule !== "same" && part("account") === yes);
  const missing: PolicySetName[] = [];
  if (part("identity") !== yes && !(rule !== "other" && part("role") === yes)) missing.push("identity");
  if (part("boundary") !== yes) missing.push("boundary");
  if (part("session") !== yes) missing.push("session");
  if (!named && (rule !== "same" || missing.includes("identity"))) missing.push("resource");
  return missing;
}

function explainPolicy(policy: CompiledPolicy, set: PolicySetName, inquiry: Inquiry): StatementExplanation[] {
  return policy.statements.map((statement) => {
    const mismatch = mismatchOf(statement, set, inquiry);
    const isOpen = mismatch === null && inquiry.statementTruth(statement) === unknown;
    const { principals, effect } = statement;
    const { request, sets } = inquiry;
    return {
      source: policy.source,
      index: statement.index,
      sid: statement.sid,
      set,
      effect,
      outcome: mismatch !== null ? "does not apply" : isOpen ? "open" : "applies",
      mismatch,
      naming:
        principals === null || effect === "Deny"
          ? null
          : namingOf(principals, request.principal, sets.session !== null),
    };
  });
}

function mismatchOf(statement: CompiledStatement, set: PolicySetName, inquiry: Inquiry): Mismatch | null {
  const { request, context } = inquiry;
  if (set === "resource") {
    const isAbove = statement.effect === "Deny" && inquiry.isAboveResourcePolicy();
    if (isAbove || !inquiry.isNamed(statement)) return { reason: "principal" };
  }
  if (!actionMatches(statement, request.action.toLowerCase())) return { reason: "action" };
  if (resourceTruth(statement.resources, request.resource, context) === no) return { reason: "resource" };
  const failed = statement.conditions.find((condition) => conditionTruth(condition, context) === no);
  return failed === undefined ? null : { reason: "condition", operator: wholeName(failed), key: failed.source.key };
}

function wholeName({ source: { operator, ifExists, quantifier } }: CompiledCondition): string {
  return `${quantifier === null ? "" : `${quantifier}:`}${operator}${ifExists ? "IfExists" : ""}`;
}
