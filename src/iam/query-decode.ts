/** A form's tree as the input of an action, held to the shapes' bounds. All faults are told at once. */

import { unreachable } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { isScalar, parseScalar } from "../model/scalar.ts";
import type { ListShape, Shape, StructureShape } from "../model/shape.ts";
import { QueryError } from "./errors.ts";
import { type FormNode, shown } from "./query-form.ts";
import type { BoundedList, BoundedString } from "./shapes.ts";

/** Parameters of every request. */
const protocolNames: ReadonlySet<string> = new Set(["Action", "Version"]);
const indexPattern = /^[1-9]\d{0,4}$/;

/**
 * @returns a value of `shape`
 * @throws QueryError ValidationError with every fault; InvalidQueryParameter for a parameter that the action does not have
 */
export function decodeForm(shape: StructureShape, root: FormNode): unknown {
  const faults: string[] = [];
  const value = decodeStructure(shape, root, "", faults, protocolNames);
  if (faults.length === 0) return value;
  const told = faults.slice(0, limits.queryFaultsMax).join("; ");
  throw new QueryError(
    "ValidationError",
    `${faults.length} validation error${faults.length === 1 ? "" : "s"} detected: ${told}`,
  );
}

function decodeStructure(
  shape: StructureShape,
  node: FormNode,
  at: string,
  faults: string[],
  others: ReadonlySet<string> | null,
): unknown {
  if (others === null && node.value !== null) refuseValue(at);
  const value: Record<string, unknown> = {};
  let known = 0;
  for (const [name, { shape: inner, traits }] of Object.entries(shape.members)) {
    const wireName = traits.xmlName ?? name;
    const child = node.children?.get(wireName);
    const place = `${at}${lowerFirst(wireName)}`;
    if (child !== undefined) {
      known += 1;
      value[name] = decodeValue(inner, child, place, faults);
    } else if (traits.required) faults.push(constraint("null", place, "Member must not be null"));
  }
  if (node.children !== null && node.children.size > known) refuseUnknown(shape, node.children, at, others);
  return value;
}

function decodeValue(shape: Shape, node: FormNode, at: string, faults: string[]): unknown {
  if (isScalar(shape)) {
    if (node.children !== null || node.value === null) refuseValue(at);
    const text = node.value ?? "";
    const value = parseScalar(shape, text, "date-time");
    if (typeof value === "object") faults.push(constraint(quoted(text), at, scalarConstraint(shape, value.fault)));
    else if (shape.kind === "string") checkString(shape as BoundedString, text, at, faults);
    return value;
  }
  switch (shape.kind) {
    case "list":
      return decodeList(shape, node, at, faults);
    case "structure":
      return decodeStructure(shape, node, `${at}.`, faults, null);
    case "map":
    case "stream":
      return refuseValue(at);
    default:
      return unreachable(shape);
  }
}

/** `X.member.1`, `X.member.2` …; `X=` is an empty list. */
function decodeList(shape: ListShape, node: FormNode, at: string, faults: string[]): unknown[] {
  if (node.children === null) {
    if (node.value !== "") refuseValue(at);
    return [];
  }
  const items = node.children.get(shape.memberName)?.children;
  if (node.value !== null || node.children.size !== 1 || items === null || items === undefined) return refuseValue(at);
  const places = [...items.keys()].map((name) => (indexPattern.test(name) ? Number(name) : refuseValue(at)));
  places.sort((a, b) => a - b);
  if (places[0] !== 1 || places.at(-1) !== places.length) refuseValue(at);
  const { itemsMax } = shape as Partial<BoundedList<Shape>>;
  if (itemsMax !== undefined && places.length > itemsMax) {
    faults.push(
      constraint(`[${places.length} items]`, at, `Member must have length less than or equal to ${itemsMax}`),
    );
    return [];
  }
  return places.map((place) =>
    decodeValue(shape.member, items.get(String(place)) as FormNode, `${at}.${place}.member`, faults),
  );
}

function checkString(shape: Partial<BoundedString>, text: string, at: string, faults: string[]): void {
  const { min, max, pattern, patternText } = shape;
  if (min === undefined || max === undefined) return;
  if (text.length > max) {
    faults.push(constraint(quoted(text), at, `Member must have length less than or equal to ${max}`));
  } else if (text.length < min) {
    faults.push(constraint(quoted(text), at, `Member must have length greater than or equal to ${min}`));
  } else if (pattern?.test(text) === false) {
    faults.push(constraint(quoted(text), at, `Member must satisfy regular expression pattern: ${patternText}`));
  }
}

function scalarConstraint(shape: Shape, fault: string): string {
  return shape.kind === "enum"
    ? `Member must satisfy enum value set: [${shape.values.join(", ")}]`
    : `Member ${fault.replace(/^not /, "must not be ")}`;
}

function constraint(value: string, at: string, fault: string): string {
  return `Value ${value} at '${at}' failed to satisfy constraint: ${fault}`;
}

function quoted(text: string): string {
  return `'${shown(text)}'`;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function refuseValue(at: string): never {
  throw new QueryError("InvalidQueryParameter", `The parameter ${shown(at)} does not have the form of its kind.`);
}

function refuseUnknown(
  shape: StructureShape,
  children: ReadonlyMap<string, FormNode>,
  at: string,
  others: ReadonlySet<string> | null,
): void {
  const names = new Set(Object.entries(shape.members).map(([name, { traits }]) => traits.xmlName ?? name));
  for (const name of children.keys()) {
    if (names.has(name) || others?.has(name) === true) continue;
    throw new QueryError("InvalidQueryParameter", `The parameter ${shown(`${at}${name}`)} is not known.`);
  }
}
