/**
 * Conditions, one operator at a time, as the guide describes them:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 */

import { arnParts, expand, matches, textOf, valuesOf } from "./oracle-text.ts";
import { isInRange, numberOf, sameBytes, timeOf } from "./oracle-values.ts";
import type { PlainRequest, RawValue } from "./raw.ts";

interface OperatorParts {
  readonly quantifier: string | null;
  readonly base: string;
  readonly ifExists: boolean;
}

export function operatorParts(operator: string): OperatorParts {
  const [, quantifier, name = "", ifExists] = /^(?:(\w+):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  return { quantifier: quantifier ?? null, base: name, ifExists: ifExists !== undefined };
}

/** The operator that a negated one negates. */
const negations: Readonly<Record<string, string>> = {
  StringNotEquals: "StringEquals",
  StringNotEqualsIgnoreCase: "StringEqualsIgnoreCase",
  StringNotLike: "StringLike",
  NumericNotEquals: "NumericEquals",
  DateNotEquals: "DateEquals",
  NotIpAddress: "IpAddress",
  ArnNotEquals: "ArnEquals",
  ArnNotLike: "ArnLike",
};

/** Whether one condition holds for a request. */
export function conditionHolds(
  operator: string,
  key: string,
  wanted: readonly RawValue[],
  version: string,
  request: PlainRequest,
): boolean {
  const { quantifier, base, ifExists } = operatorParts(operator);
  const actual = valuesOf(request, key);
  const isMissing = actual.length === 0;
  if (base === "Null") return wanted.some((value) => (String(value) === "true") === isMissing);

  const positive = negations[base];
  if (isMissing) {
    if (ifExists || quantifier === "ForAllValues") return true;
    if (quantifier === "ForAnyValue") return false;
    return positive !== undefined;
  }
  const isEmptySet = actual.every((value) => value === "");
  if (quantifier !== null && isEmptySet) return quantifier === "ForAllValues";

  const fits = (value: string): boolean => {
    const isMatched = wanted.some((one) => isMatch(positive ?? base, value, String(one), version, request));
    return positive === undefined ? isMatched : !isMatched;
  };
  if (quantifier === "ForAllValues") return actual.every(fits);
  if (quantifier === "ForAnyValue") return actual.some(fits);
  return positive === undefined ? actual.some(fits) : actual.every(fits);
}

function isMatch(base: string, actual: string, wanted: string, version: string, request: PlainRequest): boolean {
  if (base.startsWith("Numeric")) return isOrdered(base.slice("Numeric".length), numberOf(actual), numberOf(wanted));
  if (base.startsWith("Date")) return isOrdered(base.slice("Date".length), timeOf(actual), timeOf(wanted));
  if (base === "Bool") return actual.toLowerCase() === wanted.toLowerCase();
  if (base === "BinaryEquals") return sameBytes(actual, wanted);
  if (base === "IpAddress") return isInRange(actual, wanted);

  const pattern = expand(wanted, version, request);
  if (pattern === null) return false;
  switch (base) {
    case "StringEquals":
      return actual === textOf(pattern);
    case "StringEqualsIgnoreCase":
      return actual.toLowerCase() === textOf(pattern).toLowerCase();
    case "StringLike":
      return matches(pattern, actual);
    case "ArnEquals":
    case "ArnLike": {
      const patternParts = arnParts(pattern);
      const parts = arnParts([...actual].map((character) => ({ character, isWild: false })));
      if (patternParts === null || parts === null) return false;
      return patternParts.every((part, index) => matches(part, textOf(parts[index] ?? [])));
    }
    default:
      throw new Error(`the oracle knows no operator ${base}`);
  }
}

function isOrdered(comparison: string, actual: number | null, wanted: number | null): boolean {
  if (actual === null || wanted === null) return false;
  switch (comparison) {
    case "Equals":
      return actual === wanted;
    case "LessThan":
      return actual < wanted;
    case "LessThanEquals":
      return actual <= wanted;
    case "GreaterThan":
      return actual > wanted;
    case "GreaterThanEquals":
      return actual >= wanted;
    default:
      throw new Error(`the oracle knows no comparison ${comparison}`);
  }
}
