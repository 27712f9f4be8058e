/** Turns the parts of a request into a row's input: strict, bounded, with every fault named at once. */

import { z } from "zod";
import { limits } from "../base/limits.ts";
import { foundByZod, jsonPointer } from "../config/problem.ts";
import { percentDecode } from "../s3/uri.ts";
import type { AdminInput, AdminRow } from "./declaration.ts";
import { AdminError, type InputFault } from "./problem.ts";

/** The part of JSON Schema that is looked at here. */
interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

const nodes = new WeakMap<z.ZodType, SchemaNode>();

function nodeOf(schema: z.ZodType): SchemaNode {
  let node = nodes.get(schema);
  if (node === undefined) {
    node = z.toJSONSchema(schema, { io: "input" }) as SchemaNode;
    nodes.set(schema, node);
  }
  return node;
}

function objectAt(node: SchemaNode | undefined): SchemaNode | undefined {
  if (node?.properties !== undefined) return node;
  return node?.anyOf?.map(objectAt).find((alternative) => alternative !== undefined);
}

/** The names that an object schema knows at a path of names and indexes. */
function namesAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let node: SchemaNode | undefined = nodeOf(schema);
  for (const step of path) {
    node = typeof step === "number" ? node?.items : objectAt(node)?.properties?.[String(step)];
  }
  return Object.keys(objectAt(node)?.properties ?? {});
}

type Place = (path: readonly PropertyKey[]) => string;

function check(schema: z.ZodType, value: unknown, place: Place, faults: InputFault[]): unknown {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  for (const { path, message } of foundByZod(result.error.issues, (at) => namesAt(schema, at))) {
    if (faults.length < limits.adminFaultsMax) faults.push({ pointer: place(path), detail: message });
  }
  return undefined;
}

/** A query value is text; what the schema wants as a number or truth value is made one, if it is written like one. */
function typed(node: SchemaNode | undefined, text: string): unknown {
  const kinds = new Set([node?.type, ...(node?.anyOf ?? []).map(({ type }) => type)]);
  if (kinds.has("integer") && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (kinds.has("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}

function readQuery(row: AdminRow, rawQuery: string, faults: InputFault[]): Record<string, unknown> {
  const { properties = {} } = nodeOf(row.query);
  // Without a prototype: "__proto__" is then a name like others, and not known.
  const found: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  if (rawQuery.length > limits.queryBytesMax) throw new AdminError("InvalidInput", "The query is too long.");
  for (const pair of rawQuery.split("&").filter((part) => part !== "")) {
    const equals = pair.indexOf("=");
    let name: string;
    let value: string;
    try {
      name = percentDecode((equals < 0 ? pair : pair.slice(0, equals)).replaceAll("+", " "));
      value = equals < 0 ? "" : percentDecode(pair.slice(equals + 1).replaceAll("+", " "));
    } catch (error) {
      // S3Error InvalidURI: a broken escape, or bytes that are not UTF-8.
      throw new AdminError("InvalidInput", "The query is not UTF-8 in percent escapes.", { cause: error });
    }
    if (name in found) faults.push({ pointer: `?${name}`, detail: "is given twice" });
    found[name] = Object.hasOwn(properties, name) ? typed(properties[name], value) : value;
  }
  return found;
}

/** No body at all is an empty object: what is missing in it is then named. */
function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    // SyntaxError: not JSON; TypeError: not UTF-8. Their texts quote the body, which may hold a password.
    if (error instanceof SyntaxError || error instanceof TypeError) throw new AdminError("MalformedJson");
    throw error;
  }
}

/**
 * @param bytes the body; empty when there is none
 * @throws AdminError MalformedJson; InvalidInput with at most `limits.adminFaultsMax` faults
 */
export function decodeAdminInput(
  row: AdminRow,
  params: Readonly<Record<string, string>>,
  rawQuery: string,
  bytes: Uint8Array,
): AdminInput {
  const faults: InputFault[] = [];
  const label: Place = (path) => `{${path.map(String).join(".")}}`;
  const word: Place = (path) => `?${path.map(String).join(".")}`;
  const input = {
    params: check(row.params, params, label, faults) as Record<string, unknown>,
    query: check(row.query, readQuery(row, rawQuery, faults), word, faults) as Record<string, unknown>,
    body: row.body === null ? null : check(row.body, parseJson(bytes), jsonPointer, faults),
  };
  if (faults.length > 0) throw new AdminError("InvalidInput", "", { faults });
  return input;
}
