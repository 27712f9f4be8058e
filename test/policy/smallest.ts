/** Makes a failing case small: takes policies, statements, elements and values away as long as it still fails. */

import type { PolicyCase } from "./random-cases.ts";
import { listOf, type PlainSets, type RawPolicy, type RawStatement } from "./raw.ts";

const stepsMax = 10_000;

/** @param fails whether a case shows the fault; true for `from` */
export function smallest(from: PolicyCase, fails: (one: PolicyCase) => boolean): PolicyCase {
  let best = from;
  for (let step = 0; step < stepsMax; step += 1) {
    const smaller = [...smallerCases(best)].find(fails);
    if (smaller === undefined) return best;
    best = smaller;
  }
  return best;
}

function* smallerCases(one: PolicyCase): Generator<PolicyCase> {
  for (const sets of smallerSets(one.sets)) yield { ...one, sets };
  for (const index of one.deferred.keys()) yield { ...one, deferred: one.deferred.toSpliced(index, 1) };
  const { context } = one.request;
  for (const key of Object.keys(context)) {
    const { [key]: values = [], ...rest } = context;
    // The keys of the caller belong to every request of that caller.
    if (/^aws:(user|principal(type|account|arn))/.test(key)) continue;
    yield { ...one, request: { ...one.request, context: rest } };
    if (values.length > 1) yield { ...one, request: { ...one.request, context: { ...rest, [key]: values.slice(1) } } };
  }
}

function* smallerSets(sets: PlainSets): Generator<PlainSets> {
  for (const [index, policy] of sets.identity.entries()) {
    yield { ...sets, identity: sets.identity.toSpliced(index, 1) };
    for (const smaller of smallerPolicies(policy)) yield { ...sets, identity: sets.identity.with(index, smaller) };
  }
  if (sets.session !== null) yield { ...sets, session: null };
  for (const policy of sets.session ?? []) {
    for (const smaller of smallerPolicies(policy)) yield { ...sets, session: [smaller] };
  }
  for (const place of ["boundary", "resource"] as const) {
    const policy = sets[place];
    if (policy === null) continue;
    yield { ...sets, [place]: null };
    for (const smaller of smallerPolicies(policy)) yield { ...sets, [place]: smaller };
  }
}

function* smallerPolicies(policy: RawPolicy): Generator<RawPolicy> {
  const statements = listOf(policy.Statement);
  for (const [index, statement] of statements.entries()) {
    if (statements.length > 1) yield { ...policy, Statement: statements.toSpliced(index, 1) };
    for (const smaller of smallerStatements(statement)) {
      yield { ...policy, Statement: statements.with(index, smaller) };
    }
  }
}

function* smallerStatements(statement: RawStatement): Generator<RawStatement> {
  const { Condition = {}, ...rest } = statement;
  if (statement.Condition !== undefined) yield rest;
  for (const [operator, keys] of Object.entries(Condition)) {
    const { [operator]: _operator, ...others } = Condition;
    if (Object.keys(others).length > 0) yield { ...rest, Condition: others };
    for (const [key, values] of Object.entries(keys)) {
      const { [key]: _key, ...otherKeys } = keys;
      if (Object.keys(otherKeys).length > 0) yield { ...rest, Condition: { ...Condition, [operator]: otherKeys } };
      for (const index of listOf(values).keys()) {
        if (listOf(values).length === 1) break;
        const fewer = { ...keys, [key]: listOf(values).toSpliced(index, 1) };
        yield { ...rest, Condition: { ...Condition, [operator]: fewer } };
      }
    }
  }
  for (const element of ["Action", "NotAction", "Resource", "NotResource"] as const) {
    const items = listOf(statement[element]);
    for (const index of items.keys()) {
      if (items.length > 1) yield { ...statement, [element]: items.toSpliced(index, 1) };
    }
  }
}
