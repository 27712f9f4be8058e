/** What a row of the admin API takes, as arguments and options of a command: one field for each member that a person can name. Pure. */

import { z } from "zod";
import type { AdminRow } from "../admin/declaration.ts";

/**
 * How a value is written.
 * - text, time, integer, number, boolean (true or false): one value; size: a number of bytes, also as 10GB or 1.5TiB
 * - flag, unflag: an option without a value, which says true, or false
 * - none: an option without a value, which says null
 * - list: repeated; pairs: repeated key=value, an array of {key, value}; map: repeated key=value, an object; lists: the same, of arrays
 * - document, json: the text itself, or @FILE; a document is sent as text
 * - secret: asked for, never an argument: those of a process everybody on its machine can read
 */
export type FieldKind =
  | "text"
  | "time"
  | "integer"
  | "number"
  | "size"
  | "boolean"
  | "flag"
  | "unflag"
  | "none"
  | "list"
  | "pairs"
  | "map"
  | "lists"
  | "document"
  | "json"
  | "secret";

export interface Field {
  readonly part: "params" | "query" | "body";
  /** Names of the members that lead to it; empty: the body itself. */
  readonly path: readonly string[];
  /** As an option, without its dashes. */
  readonly option: string;
  readonly kind: FieldKind;
  /** Whether the operation needs it. */
  readonly isRequired: boolean;
  /** Whether an empty value says null. */
  readonly isNullable: boolean;
  readonly choices: readonly string[];
  readonly description: string;
  /** What holds when it is not given, for people; null = nothing, or it does not matter. */
  readonly fallback: string | null;
}

/** The part of JSON Schema that is looked at here. */
export interface SchemaNode {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

export function schemaNode(schema: z.ZodType, io: "input" | "output"): SchemaNode {
  return z.toJSONSchema(schema, { io }) as SchemaNode;
}

/** `displayName` → `display-name`. */
export const kebab = (name: string): string =>
  name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

/** `policies` → `policy`, `groups` → `group`. */
export function singular(word: string): string {
  if (word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  if (word.endsWith("addresses")) return word.slice(0, -2);
  return word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}

/** All fields of a row: those of its path in their order, then query and body. */
export function fieldsOf(row: AdminRow): readonly Field[] {
  const labels = [...row.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const params = schemaNode(row.params, "input").properties ?? {};
  return [
    ...labels.map((name) => leaf({ part: "params", path: [name], isRequired: true }, params[name] ?? {})),
    ...membersOf("query", [], schemaNode(row.query, "input"), true),
    ...(row.body === null ? [] : bodyFields(schemaNode(row.body, "input"))),
  ];
}

function bodyFields(node: SchemaNode): readonly Field[] {
  if (node.type === "object" && node.properties !== undefined) return membersOf("body", [], node, true);
  const whole = leaf({ part: "body", path: ["document"], isRequired: true }, node);
  return [{ ...whole, path: [] }];
}

function membersOf(
  part: Field["part"],
  path: readonly string[],
  node: SchemaNode,
  isChainRequired: boolean,
): readonly Field[] {
  const { properties = {}, required = [] } = node;
  return Object.entries(properties).flatMap(([name, member]) => {
    const place = { part, path: [...path, name], isRequired: isChainRequired && required.includes(name) };
    const { core, isNullable } = withoutNull(member);
    const isObject = core.type === "object" && core.properties !== undefined;
    if (!isObject) return [leaf(place, member)];
    const members = membersOf(part, place.path, core, place.isRequired);
    if (!isNullable || member.default !== undefined) return members;
    const description = describe(member, `Ends ${kebab(name).replaceAll("-", " ")}.`);
    return [
      ...members,
      { ...leaf(place, { description }), option: `no-${optionOf(place.path)}`, kind: "none" as const },
    ];
  });
}

const optionOf = (path: readonly string[]): string => path.map(kebab).join("-");

const describe = (node: SchemaNode, otherwise = ""): string => node.description ?? otherwise;

interface Core {
  readonly core: SchemaNode;
  readonly isNullable: boolean;
}

function withoutNull(node: SchemaNode): Core {
  const { anyOf } = node;
  if (anyOf === undefined) return { core: node, isNullable: false };
  const rest = anyOf.filter(({ type }) => type !== "null");
  const [only] = rest;
  const isNullable = rest.length < anyOf.length;
  return rest.length === 1 && only !== undefined ? { core: only, isNullable } : { core: { anyOf: rest }, isNullable };
}

function leaf(place: Pick<Field, "part" | "path" | "isRequired">, node: SchemaNode): Field {
  const { core, isNullable } = withoutNull(node);
  const kind = kindOf(place.path, core, node.default);
  const repeats = kind === "list" || kind === "pairs";
  const option = optionOf(place.path);
  return {
    part: place.part,
    path: place.path,
    option: kind === "unflag" ? `no-${option}` : repeats ? singular(option) : option,
    kind,
    isRequired: place.isRequired,
    isNullable,
    choices: (core.enum ?? core.items?.enum ?? []).map(String),
    description: describe(node, describe(core)),
    fallback: fallbackOf(kind, node.default),
  };
}

function fallbackOf(kind: FieldKind, value: unknown): string | null {
  if (value === undefined || value === null || kind === "flag" || kind === "unflag") return null;
  const isEmpty = typeof value === "object" && Object.keys(value).length === 0;
  return isEmpty ? null : typeof value === "string" ? value : JSON.stringify(value);
}

function kindOf(path: readonly string[], node: SchemaNode, fallback: unknown): FieldKind {
  const name = path.at(-1) ?? "";
  switch (node.type) {
    case "string":
      if (/password$/i.test(name)) return "secret";
      return node.format === "date-time" ? "time" : "text";
    case "integer":
      return /bytes$/i.test(name) ? "size" : "integer";
    case "number":
      return "number";
    case "boolean":
      return fallback === false ? "flag" : fallback === true ? "unflag" : "boolean";
    case "array":
      return arrayKind(node.items);
    case "object":
      return mapKind(node.additionalProperties);
    default:
      return anyKind(node);
  }
}

function arrayKind(items: SchemaNode | undefined): FieldKind {
  if (items?.type === "string") return "list";
  return Object.keys(items?.properties ?? {})
    .sort()
    .join() === "key,value"
    ? "pairs"
    : "json";
}

function mapKind(values: boolean | SchemaNode | undefined): FieldKind {
  if (typeof values !== "object") return "json";
  if (values.type === "string") return "map";
  return values.type === "array" && values.items?.type === "string" ? "lists" : "json";
}

function anyKind({ anyOf = [], const: only }: SchemaNode): FieldKind {
  const types = new Set(anyOf.map(({ type, const: value }) => type ?? typeof value));
  if (types.has("string") && types.has("object")) return "document";
  return typeof only === "string" || (types.size === 1 && types.has("string")) ? "text" : "json";
}
