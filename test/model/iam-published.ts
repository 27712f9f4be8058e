/** The models of IAM and STS that AWS publishes, read from the schemas that its clients export, as one line per member. */

import * as iam from "@aws-sdk/client-iam";
import * as sts from "@aws-sdk/client-sts";

/** What a model says of one action. Members are keyed by path: `input.Tags[].Key`. */
export interface ActionModel {
  readonly members: ReadonlyMap<string, string>;
  /** Whether the answer has a result element. */
  readonly hasResult: boolean;
}

/** A schema is an array that begins with its kind. Source: @smithy/core schema "StaticSchema" tuples. */
const kinds = { simple: 0, list: 1, map: 2, structure: 3, operation: 9, error: -3 } as const;
const simpleNames: Readonly<Record<number, string>> = {
  0: "string",
  1: "number",
  2: "boolean",
  4: "timestamp",
  21: "blob",
  64: "list of string",
  128: "map",
  129: "map",
};

type Schema = number | readonly unknown[];

const unit: Schema = [];

const asSchema = (value: unknown): Schema => {
  const target: unknown = typeof value === "function" ? (value as () => unknown)() : value;
  if (typeof target === "number") return target;
  if (target === "unit") return unit;
  if (!Array.isArray(target)) throw new TypeError(`not a schema: ${String(target)}`);
  // A member's schema may be a pair of schema and traits.
  return target.length <= 2 ? asSchema(target[0]) : target;
};

const describe = (schema: Schema): string => {
  if (typeof schema === "number") return simpleNames[schema] ?? `unknown ${schema}`;
  if (schema[0] === kinds.simple) return describe(asSchema(schema[4]));
  if (schema[0] === kinds.list) return `list of ${describe(asSchema(schema[4]))}`;
  return schema[0] === kinds.map ? "map" : "structure";
};

const collect = (path: string, schema: Schema, members: Map<string, string>, within: readonly string[]): void => {
  if (typeof schema === "number") return;
  if (schema[0] === kinds.list) {
    collect(`${path}[]`, asSchema(schema[4]), members, within);
    return;
  }
  if (schema[0] !== kinds.structure || within.includes(String(schema[2]))) return;
  const names = schema[4] as readonly string[];
  const schemas = schema[5] as readonly unknown[];
  const requiredCount = typeof schema[6] === "number" ? schema[6] : 0;
  for (const [index, name] of names.entries()) {
    const member = asSchema(schemas[index]);
    const here = `${path}.${name}`;
    const isRequired = path.startsWith("input") && index < requiredCount;
    members.set(here, `${describe(member)}${isRequired ? ", required" : ""}`);
    collect(here, member, members, [...within, String(schema[2])]);
  }
};

const actionsOf = (client: Readonly<Record<string, unknown>>): Map<string, ActionModel> => {
  const actions = new Map<string, ActionModel>();
  for (const schema of Object.values<unknown>(client)) {
    if (!Array.isArray(schema) || schema[0] !== kinds.operation) continue;
    const members = new Map<string, string>();
    const output = asSchema(schema[5]);
    collect("input", asSchema(schema[4]), members, []);
    collect("output", output, members, []);
    actions.set(String(schema[2]), { members, hasResult: output !== unit });
  }
  return actions;
};

/** Every action of a service, by name. */
export const publishedActions = {
  iam: (): ReadonlyMap<string, ActionModel> => actionsOf(iam),
  sts: (): ReadonlyMap<string, ActionModel> => actionsOf(sts),
} as const;

/** Codes and statuses of the errors that the models have. */
export const publishedQueryErrors = (): ReadonlyMap<string, number> => {
  const errors = new Map<string, number>();
  for (const schema of [...Object.values<unknown>(iam), ...Object.values<unknown>(sts)]) {
    if (!Array.isArray(schema) || schema[0] !== kinds.error || typeof schema[3] !== "object") continue;
    const named = (schema[3] as { readonly awsQueryError?: readonly [string, number] }).awsQueryError;
    if (named !== undefined) errors.set(named[0], named[1]);
  }
  return errors;
};
