/** Counts what random cases reach: outcomes, and which operators and keys decide. */

import { allOperators, conditionKeys } from "./keys.ts";
import { decide } from "./oracle.ts";
import { conditionHolds, operatorParts } from "./oracle-conditions.ts";
import type { PolicyCase } from "./random-cases.ts";
import {
  listOf,
  type Outcome,
  type PlainRequest,
  type PlainSets,
  type RawConditions,
  type RawPolicy,
  type RawStatement,
} from "./raw.ts";

const forms = ["IfExists", "ForAnyValue", "ForAllValues"];
/** Of 100,000 cases. */
const decidedMin = 1000;
const deferredMin = 1000;
const shareMin = 0.25;
const casesOfMinima = 100_000;

export class Coverage {
  cases = 0;
  #deferred = 0;
  readonly #outcomes = new Map<Outcome, number>();
  readonly #operators = new Map<string, number>([...allOperators, ...forms].map((name) => [name, 0]));
  readonly #keys = new Map<string, number>(conditionKeys.map(({ name }) => [name.toLowerCase(), 0]));

  record(one: PolicyCase, outcome: Outcome, wasDeferred: boolean): void {
    this.cases += 1;
    if (wasDeferred) this.#deferred += 1;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    const operators = new Set<string>();
    const keys = new Set<string>();
    for (const { operator, key } of deciders(one, outcome)) {
      const { base, ifExists, quantifier } = operatorParts(operator);
      for (const name of [base, ifExists ? "IfExists" : null, quantifier]) if (name !== null) operators.add(name);
      keys.add(key.toLowerCase());
    }
    for (const name of operators) this.#operators.set(name, (this.#operators.get(name) ?? 0) + 1);
    for (const name of keys) this.#keys.set(name, (this.#keys.get(name) ?? 0) + 1);
  }

  /** What was reached too seldom, for as many cases as there were. */
  missing(): readonly string[] {
    const scale = this.cases / casesOfMinima;
    const missing: string[] = [];
    for (const outcome of ["Allow", "ExplicitDeny"] as const) {
      const count = this.#outcomes.get(outcome) ?? 0;
      if (count < shareMin * this.cases) missing.push(`${outcome}: only ${count} of ${this.cases}`);
    }
    if (this.#deferred < deferredMin * scale) missing.push(`deferred decisions: only ${this.#deferred}`);
    for (const [name, count] of [...this.#operators, ...this.#keys]) {
      if (count < decidedMin * scale) missing.push(`${name} decides only ${count}`);
    }
    return missing;
  }

  table(): readonly string[] {
    const line = (name: string, count: number): string => `  ${name.padEnd(54)}${String(count).padStart(8)}`;
    return [
      `${this.cases} cases`,
      ...[...this.#outcomes].map(([outcome, count]) => line(outcome, count)),
      line("decided only when the deferred values were known", this.#deferred),
      "operators that decided",
      ...[...this.#operators].map(([name, count]) => line(name, count)),
      "keys that decided",
      ...[...this.#keys].map(([name, count]) => line(name, count)),
    ];
  }
}

interface Decider {
  readonly operator: string;
  readonly key: string;
}

/**
 * The conditions without which the outcome is another. Taking one away only widens a statement, so no explicit deny
 * changes, and a condition that holds changes nothing.
 */
function* deciders({ request, sets }: PolicyCase, outcome: Outcome): Generator<Decider> {
  if (outcome === "ExplicitDeny") return;
  for (const { operator, key, without } of withoutEach(sets, request)) {
    if (decide(request, without) !== outcome) yield { operator, key };
  }
}

function* withoutEach(sets: PlainSets, request: PlainRequest): Generator<Decider & { readonly without: PlainSets }> {
  for (const [index, policy] of sets.identity.entries()) {
    for (const one of policyWithoutEach(policy, request))
      yield { ...one, without: { ...sets, identity: sets.identity.with(index, one.policy) } };
  }
  for (const [index, policy] of (sets.session ?? []).entries()) {
    for (const one of policyWithoutEach(policy, request))
      yield { ...one, without: { ...sets, session: sets.session?.with(index, one.policy) ?? null } };
  }
  for (const place of ["boundary", "resource"] as const) {
    const policy = sets[place];
    if (policy === null) continue;
    for (const one of policyWithoutEach(policy, request)) yield { ...one, without: { ...sets, [place]: one.policy } };
  }
}

function* policyWithoutEach(
  policy: RawPolicy,
  request: PlainRequest,
): Generator<Decider & { readonly policy: RawPolicy }> {
  const statements = listOf(policy.Statement);
  const version = policy.Version ?? "2008-10-17";
  for (const [index, statement] of statements.entries()) {
    for (const { operator, key, conditions } of conditionsWithoutEach(statement.Condition ?? {})) {
      if (conditionHolds(operator, key, listOf(statement.Condition?.[operator]?.[key]), version, request)) continue;
      const widened: RawStatement = { ...statement, Condition: conditions };
      yield { operator, key, policy: { ...policy, Statement: statements.with(index, widened) } };
    }
  }
}

function* conditionsWithoutEach(
  conditions: RawConditions,
): Generator<Decider & { readonly conditions: RawConditions }> {
  for (const [operator, keys] of Object.entries(conditions)) {
    for (const key of Object.keys(keys)) {
      const { [key]: _gone, ...rest } = keys;
      yield { operator, key, conditions: { ...conditions, [operator]: rest } };
    }
  }
}
