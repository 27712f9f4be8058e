/** What is left to decide once an object's state is known: plain data that travels to the bucket's thread. */

import { type CompiledStatement, compileResources, resourceTruth } from "./compile.ts";
import { compileCondition, conditionTruth } from "./condition.ts";
import { allowedBy, type Part, type Rule } from "./decision.ts";
import type { PolicyCondition, PolicyStatement } from "./document.ts";
import type { Inquiry } from "./inquiry.ts";
import { RequestContext } from "./request-context.ts";
import { askVariables } from "./template.ts";
import { and, no, or, type Truth, unknown, yes } from "./truth.ts";

/** A statement that applies when all that is left of it holds. */
interface ResidualStatement {
  /** Whether `${…}` is a variable. */
  readonly variables: boolean;
  /** Null: the resources are decided. */
  readonly resources: PolicyStatement["resources"];
  readonly conditions: readonly PolicyCondition[];
}

/** An answer, or the statements of which one must apply. */
type ResidualAnswer = typeof no | typeof yes | readonly ResidualStatement[];

export interface Residual {
  readonly rule: Rule;
  readonly resource: string;
  /** Values that were known when the request came; null: not in the request. */
  readonly known: readonly (readonly [key: string, values: readonly string[] | null])[];
  readonly denied: ResidualAnswer;
  readonly parts: Readonly<Record<Part, ResidualAnswer>>;
}

export function residualOf(inquiry: Inquiry): Residual {
  const answer = (name: Part | "denied", truth: Truth): ResidualAnswer =>
    truth === unknown ? (inquiry.open?.get(name) ?? []).map((statement) => leftOf(statement, inquiry)) : truth;
  const part = (name: Part): ResidualAnswer => answer(name, inquiry.part(name));
  const residualParts = {
    identity: part("identity"),
    boundary: part("boundary"),
    session: part("session"),
    itself: part("itself"),
    role: part("role"),
    account: part("account"),
  };
  const denied = answer("denied", inquiry.denied());
  return {
    rule: inquiry.rule,
    resource: inquiry.request.resource,
    known: inquiry.context.known(),
    denied,
    parts: residualParts,
  };
}

/** What of a statement is not decided. Whatever it depends on and can be known now is asked for now: in the turn only object state is. */
function leftOf(statement: CompiledStatement, { context, request }: Inquiry): ResidualStatement {
  const { variables, resources } = statement;
  const isOpen = resourceTruth(resources, request.resource, context) === unknown;
  if (isOpen && resources !== null) askVariables(resources.templates, context);
  const conditions = statement.conditions.filter((condition) => conditionTruth(condition, context) === unknown);
  for (const { templates } of conditions) askVariables(templates, context);
  return {
    variables,
    resources: isOpen && resources !== null ? resources.source : null,
    conditions: conditions.map(({ source }) => source),
  };
}

/** What an object's ACL says, once it is known. */
export interface SettledAcl {
  readonly everybody: boolean;
  readonly account: boolean;
  /**
   * Who owns the object: the account that the sets named, that of who asks, or a third. A resource policy allows only what its
   * own account owns, and denies everything else too.
   */
  readonly owner: "resource" | "requester" | "other";
}

const privateToOwner: SettledAcl = { everybody: false, account: false, owner: "resource" };

/**
 * Ends a deferred decision.
 * @param facts values of the keys that were deferred, named in lower case; undefined: the object has none
 */
export function settle(
  residual: Residual,
  facts: (key: string) => readonly string[] | undefined,
  acl: SettledAcl = privateToOwner,
): "Allow" | "ExplicitDeny" | "ImplicitDeny" {
  const known = new Map(residual.known);
  const context = new RequestContext((key) => {
    const values = known.get(key);
    return values === undefined ? facts(key) : (values ?? undefined);
  });
  const truthOf = (answer: ResidualAnswer): Truth => {
    if (typeof answer === "number") return answer;
    let truth: Truth = no;
    for (const statement of answer) truth = or(truth, statementTruth(statement, residual.resource, context));
    return truth;
  };
  if (truthOf(residual.denied) !== no) return "ExplicitDeny";
  const { owner } = acl;
  const allowed = allowedBy(ruleFor(residual.rule, owner), (name) => {
    const granted = name === "itself" ? acl.everybody : name === "account" && acl.account;
    if (granted) return yes;
    return owner !== "resource" && ofResource.has(name) ? no : truthOf(residual.parts[name]);
  });
  return allowed === yes ? "Allow" : "ImplicitDeny";
}

const ofResource: ReadonlySet<Part> = new Set<Part>(["itself", "role", "account"]);

function ruleFor(rule: Rule, owner: SettledAcl["owner"]): Rule {
  if (owner === "resource" || rule === "anonymous") return rule;
  return owner === "requester" ? "same" : "other";
}

function statementTruth(statement: ResidualStatement, resource: string, context: RequestContext): Truth {
  const { variables, resources, conditions } = statement;
  let truth: Truth =
    resources === null ? yes : resourceTruth(compileResources(resources, variables), resource, context);
  for (const condition of conditions) {
    if (truth === no) return no;
    truth = and(truth, conditionTruth(compileCondition(condition, variables), context));
  }
  return truth;
}
