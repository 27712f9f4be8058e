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

/** Of 100,000 cases. */
const decidedMin = 1000;
const deferredMin = 1000;
const shareMin = 0.25;
const casesOfMinima = 100_000;

const countNames = {
  outcomes: ["Allow", "ImplicitDeny", "ExplicitDeny"],
  operators: [...allOperators, "IfExists", "ForAnyValue", "ForAllValues"],
  keys: conditionKeys.map(({ name }) => name.toLowerCase()),
} as const;

interface Counts {
  readonly cases: number;
  readonly deferred: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly operators: ReadonlyMap<string, number>;
  readonly keys: ReadonlyMap<string, number>;
}

const zeroes = (names: readonly string[]): Map<string, number> => new Map(names.map((name) => [name, 0]));

export class Coverage {
  cases = 0;
  #deferred = 0;
  readonly #outcomes = zeroes(countNames.outcomes);
  readonly #operators = zeroes(countNames.operators);
  readonly #keys = zeroes(countNames.keys);

  record(one: PolicyCase, outcome: Outcome, wasDeferred: boolean): void {
    const operators = new Map<string, number>();
    const keys = new Map<string, number>();
    for (const { operator, key } of deciders(one, outcome)) {
      const { base, ifExists, quantifier } = operatorParts(operator);
      for (const name of [base, ifExists ? "IfExists" : null, quantifier]) if (name !== null) operators.set(name, 1);
      keys.set(key.toLowerCase(), 1);
    }
    this.add({ cases: 1, deferred: wasDeferred ? 1 : 0, outcomes: new Map([[outcome, 1]]), operators, keys });
  }

  /** The counts as plain data, for another thread to add to its own. */
  counts(): Counts {
    return {
      cases: this.cases,
      deferred: this.#deferred,
      outcomes: this.#outcomes,
      operators: this.#operators,
      keys: this.#keys,
    };
  }

  add({ cases, deferred, outcomes, operators, keys }: Counts): void {
    const sum = (into: Map<string, number>, from: ReadonlyMap<string, number>): void => {
      for (const [name, count] of from) into.set(name, (into.get(name) ?? 0) + count);
    };
    this.cases += cases;
    this.#deferred += deferred;
    sum(this.#outcomes, outcomes);
    sum(this.#operators, operators);
    sum(this.#keys, keys);
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
