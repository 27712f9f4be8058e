/**
 * The property: engine and second evaluator agree, whether the engine knows every value at once or some of them late, and
 * so does the explanation.
 */

import fc from "fast-check";
import type { Coverage } from "./coverage.ts";
import { askEngine, compileSets, explainedOutcome } from "./engine.ts";
import { decide } from "./oracle.ts";
import { type PolicyCase, randomCases } from "./random-cases.ts";
import { smallest } from "./smallest.ts";

export interface PropertyResult {
  /** Null when every case agreed. */
  readonly failure: string | null;
}

/** The first case of a seed that differs, as it was found; null when none of `cases` does. */
export function firstDifference(seed: number, cases: number): string | null {
  const property = fc.property(randomCases, (one) => difference(one, null) === null);
  const [found] = fc.check(property, { seed, numRuns: cases, endOnFailure: true }).counterexample ?? [];
  return found === undefined ? null : difference(found, null);
}

/** @param coverage counts what is reached; null when nobody looks at it */
export function checkProperty(seed: number, cases: number, coverage: Coverage | null): PropertyResult {
  const property = fc.property(randomCases, (one) => difference(one, coverage) === null);
  const { failed, counterexample } = fc.check(property, { seed, numRuns: cases });
  if (!failed) return { failure: null };
  const [found] = counterexample ?? [];
  if (found === undefined) return { failure: `seed ${seed}: the cases could not be made` };
  const small = smallest(found, (one) => difference(one, null) !== null);
  const why = difference(small, null);
  return { failure: `seed ${seed}: ${why}\n${JSON.stringify(small, null, 2)}` };
}

/** How the answers to a case differ; null when they agree. */
function difference(one: PolicyCase, coverage: Coverage | null): string | null {
  const expected = decide(one.request, one.sets);
  try {
    const compiled = compileSets(one.sets);
    const known = askEngine(one.request, compiled, new Set());
    if (known.outcome !== expected) return `the engine says ${known.outcome}, not ${expected}`;
    if (one.deferred.length === 0) {
      const explained = explainedOutcome(one.request, compiled);
      if (explained !== expected) return `the explanation says ${explained}, not ${expected}`;
      coverage?.record(one, expected, false);
      return null;
    }
    const late = askEngine(one.request, compiled, new Set(one.deferred));
    if (late.outcome !== expected)
      return `the engine, told ${one.deferred} late, says ${late.outcome}, not ${expected}`;
    coverage?.record(one, expected, late.wasDeferred);
    return null;
  } catch (error) {
    return `the engine throws ${error}`;
  }
}
