/** Random conditions, and the values that a request has for their keys. */

import { Digits } from "./digits.ts";
import { binaryValues, type ConditionKey, operatorsOf, policyValues, requestValues, weightedKeys } from "./keys.ts";
import { conditionHolds } from "./oracle-conditions.ts";
import type { PlainRequest, RawConditions, RawValue } from "./raw.ts";

export interface RandomCondition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly RawValue[];
  readonly isList: boolean;
}

/** A request whose context grows with the conditions that ask for it. */
export interface GrowingRequest extends PlainRequest {
  readonly context: Record<string, readonly string[]>;
  /** Keys, in lower case, whose value is settled, though it may be that there is none. */
  readonly mentioned: Set<string>;
}

const oftenQuantified = 3;
const seldomQuantified = 8;

/** @param number the choices; the first condition on a key chooses the request's value too */
export function randomCondition(number: number, request: GrowingRequest): RandomCondition {
  const digits = new Digits(number);
  const key = digits.of(weightedKeys);
  const operator = digits.of(operatorsOf[key.kind]);
  growContext(key, digits, request);
  return {
    operator: decorated(operator, key, digits),
    key: digits.isOneIn(8) ? key.name.toUpperCase() : key.name,
    values: wantedValues(operator, key, digits, request),
    isList: digits.isOneIn(2),
  };
}

function decorated(operator: string, key: ConditionKey, digits: Digits): string {
  const isQuantified = key.isMultivalued ? digits.below(oftenQuantified) > 0 : digits.isOneIn(seldomQuantified);
  const quantifier = digits.of(["ForAnyValue:", "ForAllValues:"]);
  const ifExists = digits.isOneIn(4) ? "IfExists" : "";
  if (operator === "Null") return operator;
  return `${isQuantified ? quantifier : ""}${operator}${ifExists}`;
}

function growContext(key: ConditionKey, digits: Digits, request: GrowingRequest): void {
  const name = key.name.toLowerCase();
  const fate = digits.below(8);
  const values = [
    digits.of(requestValues[key.kind]),
    digits.of(requestValues[key.kind]),
    digits.of(requestValues[key.kind]),
  ];
  if (key.isOfCaller || request.mentioned.has(name)) return;
  request.mentioned.add(name);
  if (fate === 0) return;
  if (!key.isMultivalued) request.context[name] = values.slice(0, 1);
  else request.context[name] = values.slice(0, fate === 1 ? 0 : 1 + (fate % 3));
}

function wantedValues(operator: string, key: ConditionKey, digits: Digits, request: PlainRequest): readonly RawValue[] {
  const count = digits.of([1, 1, 1, 2, 3]);
  if (operator === "Null") return [digits.of(["true", "false", true])];
  const [own = ""] = request.context[key.name.toLowerCase()] ?? [];
  const pool: readonly RawValue[] = operator === "BinaryEquals" ? binaryValues : policyValues[key.kind];
  const isOwn = key.isOfCaller && own !== "" && operator !== "BinaryEquals";
  const near: readonly RawValue[] = key.kind === "arn" ? [own] : [own, own.toUpperCase(), `${own.slice(0, 2)}*`];
  return Array.from({ length: count }, () => (isOwn && digits.isOneIn(2) ? digits.of(near) : digits.of(pool)));
}

export const holds = ({ operator, key, values }: RandomCondition, version: string, request: PlainRequest): boolean =>
  conditionHolds(operator, key, values, version, request);

/** The conditions as one Condition element; of two on the same key with the same operator the first stays. */
export function conditionElement(conditions: readonly RandomCondition[]): RawConditions | undefined {
  const element: Record<string, Record<string, RawValue | readonly RawValue[]>> = {};
  const seen = new Set<string>();
  for (const { operator, key, values, isList } of conditions) {
    const place = `${operator} ${key.toLowerCase()}`;
    if (seen.has(place)) continue;
    seen.add(place);
    const [first = ""] = values;
    element[operator] = { ...element[operator], [key]: values.length > 1 || isList ? values : first };
  }
  return conditions.length === 0 ? undefined : element;
}
