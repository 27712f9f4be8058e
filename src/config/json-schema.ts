/** The published forms of the configuration's schema: JSON Schema for editors, and the flat list of keys. */

import { z } from "zod";
import { configSchema, secretKeys } from "./schema.ts";

/** The part of JSON Schema that the configuration's schema makes use of. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** One key of the configuration: a leaf, or an object that may be null as a whole. */
export interface ConfigKey {
  /** Member names joined by "."; "[]" stands for each item of a list. */
  readonly name: string;
  /** Member names; null for a key inside a list, which cannot be set on its own. */
  readonly path: readonly string[] | null;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
}

/** Where the schema is published, for `$schema` in a configuration file. */
export const schemaFile = "docs/cluster.config.schema.json";

/** The JSON Schema (2020-12) of `cluster.config.json`. */
export function configJsonSchema(): JsonSchema {
  const made = z.toJSONSchema(configSchema, { io: "input" }) as JsonSchema & Record<string, unknown>;
  return { title: "Troupe configuration", ...made } as JsonSchema;
}

/** Every key, sorted by name. */
export function configKeys(): ConfigKey[] {
  const keys: ConfigKey[] = [];
  collect(configJsonSchema(), [], true, keys);
  return keys.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function collect(schema: JsonSchema, parts: readonly string[], settable: boolean, keys: ConfigKey[]): void {
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (name === "$schema") continue;
    const path = [...parts, name];
    const inner = objectOf(member);
    const dotted = path.join(".");
    if (inner === null || inner !== member) {
      keys.push({
        name: dotted,
        path: settable ? path : null,
        schema: member,
        isRequired: schema.required?.includes(name) ?? false,
        isSecret: secretKeys.has(dotted),
      });
    }
    if (inner !== null) collect(inner, path, settable, keys);
    const item = member.items?.properties === undefined ? null : member.items;
    if (item !== null) collect(item, [...parts, `${name}[]`], false, keys);
  }
}

/** The object that `schema` describes, if it describes one, alone or beside null. */
function objectOf(schema: JsonSchema): JsonSchema | null {
  if (schema.properties !== undefined) return schema;
  return schema.anyOf?.find((alternative) => alternative.properties !== undefined) ?? null;
}

/** The schema's names at a path of member names and list indexes; none where there is no object. */
export function namesAt(path: readonly PropertyKey[]): string[] {
  let schema: JsonSchema | null = configJsonSchema();
  for (const step of path) {
    if (schema === null) return [];
    const next: JsonSchema | undefined =
      typeof step === "number" ? schema.items : objectOf(schema)?.properties?.[String(step)];
    schema = next ?? null;
  }
  return schema === null ? [] : Object.keys(objectOf(schema)?.properties ?? {});
}
