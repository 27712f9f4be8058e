/** Asks the engine what the second evaluator is asked: with every value known, or with some known only when it settles. */

import { type CompiledPolicy, compilePolicy } from "#src/policy/compile.ts";
import { type PolicyKind, parseBucketPolicy, parsePolicy } from "#src/policy/document.ts";
import { evaluate, settle } from "#src/policy/evaluate.ts";
import { explain } from "#src/policy/explain.ts";
import type { AccessRequest, PolicySets } from "#src/policy/request.ts";
import type { Outcome, PlainRequest, PlainSets, RawPolicy } from "./raw.ts";

/** The policies of a request as the engine keeps them. */
export function compileSets(sets: PlainSets): PolicySets {
  const identity = (policy: RawPolicy, source: string): CompiledPolicy =>
    compilePolicy(parsePolicy(policy, "identity"), source);
  return {
    identity: sets.identity.map((policy, index) => identity(policy, `user policy ${index}`)),
    boundary: sets.boundary === null ? null : identity(sets.boundary, "boundary"),
    session: sets.session?.map((policy, index) => identity(policy, `session policy ${index}`)) ?? null,
    resource: sets.resource === null ? null : compileResource(sets.resource),
    resourceAccountId: sets.resourceAccountId,
  };
}

/** A policy whose statements name no resource is a role's trust policy. */
function compileResource(policy: RawPolicy): CompiledPolicy {
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  const isTrust = statements.every((one) => one.Resource === undefined && one.NotResource === undefined);
  const document = parsePolicy(policy, isTrust ? "trust" : "resource");
  return compilePolicy(document, isTrust ? "trust policy" : "bucket policy");
}

export interface EngineAnswer {
  readonly outcome: Outcome;
  /** Whether the engine could not say before it knew the deferred values. */
  readonly wasDeferred: boolean;
}

/** @param deferred names of keys, in lower case, that the engine is told only when it settles */
export function askEngine(request: PlainRequest, sets: PolicySets, deferred: ReadonlySet<string>): EngineAnswer {
  const asked = new Set<string>();
  const context = (key: string): readonly string[] | undefined | "deferred" => {
    if (key !== key.toLowerCase()) throw new Error(`the engine asked for ${key}, not in lower case`);
    if (asked.has(key)) throw new Error(`the engine asked twice for ${key}`);
    asked.add(key);
    return deferred.has(key) ? "deferred" : request.context[key];
  };
  const decision = evaluate(accessRequest(request, context), sets);
  if (decision.effect !== "Deferred") return { outcome: decision.effect, wasDeferred: false };
  if (deferred.size === 0) throw new Error("the engine deferred, though every value was known");
  const facts = (key: string): readonly string[] | undefined => {
    if (!deferred.has(key)) throw new Error(`the engine asked again for ${key}, which it was told`);
    return request.context[key];
  };
  return { outcome: settle(structuredClone(decision.residual), facts), wasDeferred: true };
}

/** The outcome that the explanation of a request tells. */
export const explainedOutcome = (request: PlainRequest, sets: PolicySets): string =>
  explain(
    accessRequest(request, (key) => request.context[key]),
    sets,
  ).effect;

function accessRequest(request: PlainRequest, context: AccessRequest["context"]): AccessRequest {
  return { action: request.action, resource: request.resource, principal: request.principal, context };
}

/** How the engine takes a document: null, or the code and message that refuse it. */
export function refusalOf(
  document: unknown,
  kind: PolicyKind,
  bucket?: string,
): { code: string; message: string } | null {
  try {
    if (bucket === undefined) parsePolicy(document, kind);
    else parseBucketPolicy(typeof document === "string" ? document : JSON.stringify(document), bucket);
    return null;
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return { code: String(error.code), message: error.message };
  }
}
