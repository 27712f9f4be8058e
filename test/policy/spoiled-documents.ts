/** Documents most of which have one place spoiled: the grammar takes them or refuses them by its own error, and never fails otherwise. */

import fc from "fast-check";
import { compilePolicy } from "#src/policy/compile.ts";
import { parsePolicy } from "#src/policy/document.ts";
import { Digits } from "./digits.ts";
import { refusalOf } from "./engine.ts";
import { randomCases } from "./random-cases.ts";

const names = ["Statement", "Action", "Resource", "Principal", "Condition", "AWS", "__proto__", "constructor", ""];
const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    null,
    [],
    {},
    "*",
    "$",
    "${",
    "${}",
    "${aws:username",
    "${aws:username, '",
    "arn:aws:s3:::",
    ":",
    Number.POSITIVE_INFINITY,
  ),
  fc.constantFrom(...names).map((name) => JSON.parse(`{${JSON.stringify(name)}: ["x"]}`) as unknown),
);

/** Puts junk in at a place of a value, or adds it under a name. */
function spoil(value: unknown, digits: Digits, bad: unknown): unknown {
  if (typeof value !== "object" || value === null || digits.isOneIn(5)) return bad;
  if (Array.isArray(value)) {
    if (value.length === 0) return [bad];
    const at = digits.below(value.length);
    return value.with(at, spoil(value[at], digits, bad));
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || digits.isOneIn(6)) return Object.fromEntries([...entries, [digits.of(names), bad]]);
  const at = digits.below(entries.length);
  return Object.fromEntries(entries.map(([name, one], index) => [name, index === at ? spoil(one, digits, bad) : one]));
}

/** @returns how many documents were refused, and how many taken; the failure is null when none broke the grammar */
export function spoilDocuments(
  seed: number,
  count: number,
): { failure: string | null; refused: number; taken: number } {
  let refused = 0;
  let taken = 0;
  const property = fc.property(randomCases, fc.noBias(fc.maxSafeNat()), junk, ({ sets }, number, bad) => {
    const digits = new Digits(number);
    const kind = sets.resource === null || digits.isOneIn(2) ? "identity" : "resource";
    const whole = kind === "resource" ? sets.resource : (sets.identity[0] ?? { Statement: [] });
    const document = digits.isOneIn(4) ? whole : spoil(whole, digits, bad);
    const text = JSON.stringify(document) ?? "";
    const given = digits.isOneIn(8)
      ? text.slice(0, digits.below(text.length + 1))
      : digits.isOneIn(2)
        ? text
        : document;
    const refusal = refusalOf(given, kind);
    if (refusal === null) {
      taken += 1;
      compilePolicy(parsePolicy(given, kind), "spoiled");
      return true;
    }
    refused += 1;
    return refusal.code === "MalformedPolicy" && refusal.message !== "";
  });
  const { failed, counterexample, errorInstance } = fc.check(property, { seed, numRuns: count });
  return {
    failure: failed ? `seed ${seed}: ${errorInstance} ${JSON.stringify(counterexample)}` : null,
    refused,
    taken,
  };
}
