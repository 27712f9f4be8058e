/**
 * The condition operators: their names and how each reads its values. Pure.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */

import { parseAddressRange } from "./address-range.ts";
import { parseInstant } from "./instant.ts";
import { hasVariables, parseTemplate } from "./template.ts";

type Comparison = "=" | "<" | "<=" | ">" | ">=";

export type OperatorFamily =
  | "equals"
  | "equals-ignore-case"
  | "like"
  | "numeric"
  | "date"
  | "bool"
  | "binary"
  | "address"
  | "arn"
  | "null";

export interface OperatorRow {
  readonly family: OperatorFamily;
  /** True: the condition holds when no value matches, so also when the key is missing. */
  readonly negated: boolean;
  /** numeric and date: how the request's value stands to the policy's. */
  readonly comparison: Comparison;
}

const row = (family: OperatorFamily, negated = false, comparison: Comparison = "="): OperatorRow => ({
  family,
  negated,
  comparison,
});

/** Every operator by its base name: without quantifier and without IfExists. */
export const operators: ReadonlyMap<string, OperatorRow> = new Map([
  ["StringEquals", row("equals")],
  ["StringNotEquals", row("equals", true)],
  ["StringEqualsIgnoreCase", row("equals-ignore-case")],
  ["StringNotEqualsIgnoreCase", row("equals-ignore-case", true)],
  ["StringLike", row("like")],
  ["StringNotLike", row("like", true)],
  ...numbers("Numeric", "numeric"),
  ...numbers("Date", "date"),
  ["Bool", row("bool")],
  ["BinaryEquals", row("binary")],
  ["IpAddress", row("address")],
  ["NotIpAddress", row("address", true)],
  ["ArnEquals", row("arn")],
  ["ArnLike", row("arn")],
  ["ArnNotEquals", row("arn", true)],
  ["ArnNotLike", row("arn", true)],
  ["Null", row("null")],
]);

function numbers(prefix: string, family: OperatorFamily): [string, OperatorRow][] {
  return [
    [`${prefix}Equals`, row(family)],
    [`${prefix}NotEquals`, row(family, true)],
    [`${prefix}LessThan`, row(family, false, "<")],
    [`${prefix}LessThanEquals`, row(family, false, "<=")],
    [`${prefix}GreaterThan`, row(family, false, ">")],
    [`${prefix}GreaterThanEquals`, row(family, false, ">=")],
  ];
}

export type Quantifier = "ForAnyValue" | "ForAllValues";

/** The parts of an operator's name: `ForAnyValue:StringLikeIfExists`. Null when it is not one. Names are case-sensitive. */
export function parseOperator(
  name: string,
): { operator: string; ifExists: boolean; quantifier: Quantifier | null } | null {
  const colon = name.indexOf(":");
  const prefix = colon < 0 ? null : name.slice(0, colon);
  if (prefix !== null && prefix !== "ForAnyValue" && prefix !== "ForAllValues") return null;
  const rest = name.slice(colon + 1);
  const ifExists = rest.endsWith("IfExists");
  const operator = ifExists ? rest.slice(0, -"IfExists".length) : rest;
  if (!operators.has(operator)) return null;
  if (operator === "Null" && (ifExists || prefix !== null)) return null;
  return { operator, ifExists, quantifier: prefix };
}

const decimal = /^[+-]?\d{1,30}(\.\d{1,30})?$/;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The number that a value stands for: an integer or a decimal, without exponent. Null when it is none. */
export const readNumber = (text: string): number | null => (decimal.test(text) ? Number(text) : null);

/** The standard form of base64 text, which is one for every byte string. Null when it is not base64. */
export const readBinary = (text: string): string | null =>
  base64.test(text) ? Buffer.from(text, "base64").toString("base64") : null;

/** "true" or "false", in any case. */
export function readBool(text: string): boolean | null {
  const lower = text.toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : null;
}

/** Why an operator cannot read a value of a policy; null when it can. */
export function refusedValue({ family }: OperatorRow, value: string, variables: boolean): string | null {
  switch (family) {
    case "equals":
    case "equals-ignore-case":
    case "like": {
      const parts = parseTemplate(value, { wildcards: family === "like", variables });
      return typeof parts === "string" ? parts : null;
    }
    case "arn":
      return refusedArn(value, variables);
    case "numeric":
      return readNumber(value) === null ? "is not a number" : null;
    case "date":
      return parseInstant(value) === null ? "is not a date (ISO 8601, or seconds since 1970)" : null;
    case "bool":
    case "null":
      return readBool(value) === null ? "is neither true nor false" : null;
    case "binary":
      return readBinary(value) === null ? "is not base64" : null;
    case "address":
      return parseAddressRange(value) === null ? "is neither an IP address nor a CIDR range" : null;
  }
}

/** An ARN has six parts; a variable may stand for several of them. */
function refusedArn(value: string, variables: boolean): string | null {
  if (value === "*") return null;
  const parts = parseTemplate(value, { wildcards: true, variables });
  if (typeof parts === "string") return parts;
  if (hasVariables(parts)) return null;
  return value.startsWith("arn:") && value.split(":").length >= 6 ? null : "is not an ARN of six parts";
}
