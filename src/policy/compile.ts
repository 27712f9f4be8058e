/** Policies as the evaluator runs them: patterns compiled, statements indexed by action. Pure. */

import { limits } from "../base/limits.ts";
import { type CompiledCondition, compileCondition } from "./condition.ts";
import type { PolicyDocument, PolicyStatement } from "./document.ts";
import { compileGlob, type Glob, globMatches, parseAtoms } from "./glob.ts";
import { type CompiledPrincipals, compilePrincipals } from "./principals.ts";
import type { RequestContext } from "./request-context.ts";
import { asAtoms, hasVariables, leadOf, parseTemplate, resolveTemplate, type Template } from "./template.ts";
import { no, not, type Truth, unknown, yes } from "./truth.ts";

/** Opaque to callers. */
export interface CompiledPolicy {
  /** How explanations name the policy. */
  readonly source: string;
  /** A trust policy: its statements have no Resource. */
  readonly isTrust: boolean;
  readonly statements: readonly CompiledStatement[];
  /** Statements by the actions that were asked for; bounded. */
  readonly byAction: Map<string, ActionStatements>;
}

/** The statements of a policy that speak of one action. */
export interface ActionStatements {
  readonly denies: readonly CompiledStatement[];
  readonly allows: readonly CompiledStatement[];
}

export interface CompiledStatement {
  readonly index: number;
  readonly sid: string | null;
  readonly effect: "Allow" | "Deny";
  readonly principals: CompiledPrincipals | null;
  readonly actions: { readonly negated: boolean; readonly globs: readonly Glob[] };
  readonly resources: CompiledResources | null;
  readonly conditions: readonly CompiledCondition[];
  /** Whether `${…}` is a variable. */
  readonly variables: boolean;
}

export interface CompiledResources {
  readonly source: NonNullable<PolicyStatement["resources"]>;
  readonly negated: boolean;
  readonly globs: readonly Glob[];
  /** Patterns with variables. */
  readonly templates: readonly Template[];
}

/**
 * Compiles a document that `parsePolicy` took.
 * @param source how explanations name it: "user policy x", "bucket policy"
 */
export function compilePolicy(document: PolicyDocument, source: string): CompiledPolicy {
  const variables = document.version !== "2008-10-17";
  return {
    source,
    isTrust: document.statements.every(({ resources }) => resources === null),
    statements: document.statements.map((statement, index) => compileStatement(statement, index, variables)),
    byAction: new Map(),
  };
}

function compileStatement(statement: PolicyStatement, index: number, variables: boolean): CompiledStatement {
  const { sid, effect, principals, actions, resources, conditions } = statement;
  return {
    index,
    sid,
    effect,
    principals: principals === null ? null : compilePrincipals(principals),
    actions: { negated: actions.negated, globs: actions.patterns.map(compileAction) },
    resources: resources === null ? null : compileResources(resources, variables),
    conditions: conditions.map((condition) => compileCondition(condition, variables)),
    variables,
  };
}

/** Actions compare without regard to case. */
const compileAction = (pattern: string): Glob => compileGlob(parseAtoms(pattern.toLowerCase()));

export function compileResources(source: CompiledResources["source"], variables: boolean): CompiledResources {
  const parsed = source.patterns
    .map((pattern) => parseTemplate(pattern, { wildcards: true, variables }))
    .filter((parts) => typeof parts !== "string");
  return {
    source,
    negated: source.negated,
    globs: parsed.filter((parts) => !hasVariables(parts)).map((parts) => compileGlob(asAtoms(parts))),
    templates: parsed.filter(hasVariables),
  };
}

/** The statements that speak of `action`, by NotAction too. O(1) for an action that was asked for before. */
export function statementsFor(policy: CompiledPolicy, action: string): ActionStatements {
  const known = policy.byAction.get(action);
  if (known !== undefined) return known;
  const lower = action.toLowerCase();
  const speaking = policy.statements.filter((statement) => actionMatches(statement, lower));
  const found = {
    denies: speaking.filter(({ effect }) => effect === "Deny"),
    allows: speaking.filter(({ effect }) => effect === "Allow"),
  };
  if (policy.byAction.size >= limits.policyActionsCachedMax) policy.byAction.clear();
  policy.byAction.set(action, found);
  return found;
}

/** @param action in lower case */
export function actionMatches({ actions }: CompiledStatement, action: string): boolean {
  return actions.globs.some((glob) => globMatches(glob, action)) !== actions.negated;
}

/** Whether a statement's resources hold `resource`. A statement of a trust policy is about the role it belongs to. */
export function resourceTruth(resources: CompiledResources | null, resource: string, context: RequestContext): Truth {
  if (resources === null) return yes;
  let truth: Truth = no;
  for (const glob of resources.globs) {
    if (!globMatches(glob, resource)) continue;
    truth = yes;
    break;
  }
  if (truth === no && resources.templates.length > 0) truth = templatesTruth(resources.templates, resource, context);
  return resources.negated ? not(truth) : truth;
}

function templatesTruth(templates: readonly Template[], resource: string, context: RequestContext): Truth {
  let truth: Truth = no;
  for (const template of templates) {
    if (!resource.startsWith(leadOf(template))) continue;
    const atoms = resolveTemplate(template, context);
    if (atoms === "deferred") truth = unknown;
    else if (atoms !== null && globMatches(compileGlob(atoms), resource)) return yes;
  }
  return truth;
}
