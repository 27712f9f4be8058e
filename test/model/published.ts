/** The S3 model that AWS publishes, read from the schemas that `@aws-sdk/client-s3` exports, as one line per member. */

import * as sdk from "@aws-sdk/client-s3";

/** What a model says of one operation. Members are keyed by path, `input.Delete.Objects[].Key`. */
export interface OperationModel {
  readonly name: string;
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly input: string;
  readonly output: string;
  readonly members: ReadonlyMap<string, string>;
}

/** A schema is an array that begins with its kind. Source: @smithy/core schema "StaticSchema" tuples. */
const kinds = { simple: 0, list: 1, structure: 3, union: 4, operation: 9 } as const;
type Traits = Readonly<Record<string, unknown>>;

const asArray = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  throw new TypeError(`not a schema: ${String(value)}`);
};

const dereference = (value: unknown): unknown => (typeof value === "function" ? (value as () => unknown)() : value);

/** Traits stand as a record, or as bits: 1 httpLabel, 16 httpPayload. */
const traitsOf = (value: unknown): Traits => {
  if (typeof value !== "number") return (value ?? {}) as Traits;
  return { ...((value & 1) === 0 ? {} : { httpLabel: 1 }), ...((value & 16) === 0 ? {} : { httpPayload: 1 }) };
};

/** A member's schema is a schema, a reference to one, or a pair of either with traits. */
const memberSchema = (value: unknown): { schema: unknown; traits: Traits } => {
  const target = dereference(value);
  if (Array.isArray(target) && target.length <= 2)
    return { schema: dereference(target[0]), traits: traitsOf(target[1]) };
  return { schema: target, traits: {} };
};

const simpleNames: Readonly<Record<number, string>> = {
  0: "string",
  1: "number",
  2: "boolean",
  4: "timestamp",
  5: "timestamp date-time",
  6: "timestamp http-date",
  21: "blob",
  42: "stream",
  64: "list of string",
  65: "list of number",
  128: "map",
};

const describeShape = (schema: unknown): string => {
  if (typeof schema === "number") return simpleNames[schema] ?? `unknown ${schema}`;
  const array = asArray(schema);
  if (array[0] === kinds.simple) return describeShape(array[4]);
  if (array[0] === kinds.list) {
    const { schema: item, traits } = memberSchema(array[4]);
    const name = traits["xmlName"];
    return `list of ${describeShape(item)}${name === undefined ? "" : ` named ${name}`}`;
  }
  const { xmlName } = traitsOf(array[3]);
  return `${array[0] === kinds.union ? "union" : "structure"} ${array[2]}${xmlName === undefined ? "" : ` as ${xmlName}`}`;
};

const placeOf = (traits: Traits): string => {
  const { httpLabel, hostLabel, httpHeader, httpQuery, httpPrefixHeaders, httpPayload, xmlAttribute, eventPayload } =
    traits;
  if (hostLabel !== undefined) return "host";
  if (httpLabel !== undefined) return "label";
  if (httpHeader !== undefined) return `header ${String(httpHeader).toLowerCase()}`;
  if (httpQuery !== undefined) return `query ${httpQuery}`;
  if (httpPrefixHeaders !== undefined) return `headers ${httpPrefixHeaders}`;
  if (httpPayload !== undefined) return "payload";
  if (eventPayload !== undefined) return "event payload";
  return xmlAttribute === undefined ? "body" : "attribute";
};

const describeMember = (schema: unknown, traits: Traits, isRequired: boolean): string => {
  const namespace = traits["xmlNamespace"];
  return [
    placeOf(traits),
    describeShape(schema),
    traits["xmlName"] === undefined ? "" : `named ${traits["xmlName"]}`,
    traits["xmlFlattened"] === undefined ? "" : "flattened",
    namespace === undefined ? "" : `namespace ${asArray(namespace).join(" ")}`,
    isRequired ? "required" : "",
  ]
    .filter((word) => word !== "")
    .join(", ");
};

const structureOf = (schema: unknown): readonly unknown[] | null => {
  if (!Array.isArray(schema)) return null;
  if (schema[0] === kinds.structure || schema[0] === kinds.union) return schema;
  return schema[0] === kinds.list ? structureOf(memberSchema(schema[4]).schema) : null;
};

const collect = (path: string, structure: readonly unknown[], members: Map<string, string>): void => {
  const names = asArray(structure[4]);
  const schemas = asArray(structure[5]);
  const requiredCount = typeof structure[6] === "number" ? structure[6] : 0;
  for (const [index, name] of names.entries()) {
    const { schema, traits } = memberSchema(schemas[index]);
    const here = `${path}.${name}`;
    members.set(here, describeMember(schema, traits, index < requiredCount));
    const inner = structureOf(schema);
    if (inner !== null) collect(Array.isArray(schema) && schema[0] === kinds.list ? `${here}[]` : here, inner, members);
  }
};

/** URIs of the model name no bucket: its endpoint rules put it into host or path. Ours name it, and no `x-id`. */
const uriOf = (uri: string, hasBucket: boolean): string => {
  const bare = uri.replace(/x-id=\w+/, "").replace(/[?&]$/, "");
  if (!hasBucket) return bare;
  return bare.startsWith("/{Key+}") ? `/{Bucket}${bare}` : `/{Bucket}${bare.slice(1)}`;
};

const operationOf = (schema: readonly unknown[]): OperationModel => {
  const [method, uri, status] = asArray(traitsOf(schema[3])["http"]);
  const members = new Map<string, string>();
  const names: string[] = [];
  for (const [side, at] of [
    ["input", 4],
    ["output", 5],
  ] as const) {
    const structure = structureOf(dereference(schema[at]));
    names.push(structure === null ? "structure Unit" : describeShape(structure));
    if (structure !== null) collect(side, structure, members);
  }
  const [input = "", output = ""] = names;
  const hasBucket = members.has("input.Bucket");
  return {
    name: String(schema[2]),
    method: String(method),
    uri: uriOf(String(uri), hasBucket),
    status: Number(status),
    input,
    output,
    members,
  };
};

/** Every operation of the published model, by name. */
export const publishedOperations = (): ReadonlyMap<string, OperationModel> => {
  const operations = new Map<string, OperationModel>();
  for (const schema of Object.values<unknown>(sdk)) {
    if (!Array.isArray(schema) || schema[0] !== kinds.operation) continue;
    const operation = operationOf(schema);
    operations.set(operation.name, operation);
  }
  return operations;
};

/** Codes and statuses of the errors that the published model has. */
export const publishedErrors = (): ReadonlyMap<string, number> => {
  const errors = new Map<string, number>();
  for (const schema of Object.values<unknown>(sdk)) {
    if (!Array.isArray(schema) || schema[0] !== -3) continue;
    const status = traitsOf(schema[3])["httpError"];
    if (typeof status === "number") errors.set(String(schema[2]), status);
  }
  return errors;
};
