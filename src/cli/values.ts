/** Turns what was written on the command line into the path, query and body of a request. Pure: files are read by a port. */

import { apiPrefix } from "../admin/router.ts";
import type { AdminCommand } from "./admin-tree.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";
import type { Field } from "./fields.ts";

/** As given: one word, several, or the option alone. */
export type Given = string | readonly string[] | true;

export interface AdminCall {
  readonly method: string;
  /** With the prefix and the query. */
  readonly target: string;
  /** JSON text, or null. */
  readonly body: string | null;
}

/** The text of a file, or of standard input for "-". @throws CommandError noInput */
export type ReadText = (file: string) => string;

type Tree = { [name: string]: unknown };

/**
 * @param given fields that are absent are left out of the request
 * @throws CommandError usage, noInput
 */
export function encodeCall(command: AdminCommand, given: ReadonlyMap<Field, Given>, readText: ReadText): AdminCall {
  const { row } = command;
  let path = row.path;
  const query = new URLSearchParams();
  let body: unknown = row.method === "POST" ? nullsOf(command, given) : {};
  for (const [field, words] of given) {
    const value = readValue(field, words, readText);
    const name = field.path.at(-1) ?? "";
    if (field.part === "params") path = path.replace(`{${name}}`, () => labelText(field, String(value)));
    else if (field.part === "query") query.set(name, String(value));
    else if (field.path.length === 0) body = typeof value === "string" ? parseJson(field, value) : value;
    else plant(body as Tree, field.path, value);
  }
  const search = query.size === 0 ? "" : `?${query}`;
  return {
    method: row.method,
    target: `${apiPrefix}${path}${search}`,
    body: row.body === null ? null : JSON.stringify(body),
  };
}

/** A label is one step of a path: what would make it another is refused before it is sent. */
function labelText(field: Field, text: string): string {
  if (text === "" || text === "." || text === "..") throw wrong(field, "must not be empty, . or ..");
  return encodeURIComponent(text);
}

function plant(root: Tree, path: readonly string[], value: unknown): void {
  let node = root;
  for (const step of path.slice(0, -1)) {
    const next = node[step];
    const child: Tree = typeof next === "object" && next !== null ? (next as Tree) : {};
    node[step] = child;
    node = child;
  }
  node[path.at(-1) ?? ""] = value;
}

const parentOf = ({ part, path }: Field): string => `${part} ${path.slice(0, -1).join(".")}`;

/**
 * Of an object that is made, members beside those that are given and may be null are null: a quota of bytes alone. What is
 * changed is another matter: there the node asks for all of them, so that none ends unsaid.
 */
function nullsOf({ options }: AdminCommand, given: ReadonlyMap<Field, Given>): Tree {
  const body: Tree = {};
  const touched = new Set([...given.keys()].filter(({ path }) => path.length > 1).map(parentOf));
  for (const field of options) {
    if (field.isNullable && field.path.length > 1 && touched.has(parentOf(field))) plant(body, field.path, null);
  }
  return body;
}

function readValue(field: Field, given: Given, readText: ReadText): unknown {
  switch (field.kind) {
    case "flag":
      return true;
    case "unflag":
      return false;
    case "none":
      return null;
    case "list":
      return listOf(given);
    case "pairs":
      return listOf(given).map((word) => pairOf(field, word));
    case "map":
      return Object.fromEntries(listOf(given).map((word) => Object.values(pairOf(field, word))));
    case "lists":
      return listsOf(field, listOf(given));
    default:
      return typeof given === "string" ? scalarOf(field, given, readText) : given;
  }
}

/** One empty word is the empty list. */
function listOf(given: Given): readonly string[] {
  const words = given === true ? [] : typeof given === "string" ? [given] : given;
  return words.length === 1 && words[0] === "" ? [] : words;
}

function pairOf(field: Field, word: string): { key: string; value: string } {
  const equals = word.indexOf("=");
  if (equals < 1) throw wrong(field, `must be key=value, not ${JSON.stringify(word)}`);
  return { key: word.slice(0, equals), value: word.slice(equals + 1) };
}

function listsOf(field: Field, words: readonly string[]): Record<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const word of words) {
    const { key, value } = pairOf(field, word);
    lists.set(key, [...(lists.get(key) ?? []), value]);
  }
  return Object.fromEntries(lists);
}

function scalarOf(field: Field, word: string, readText: ReadText): unknown {
  if (word === "" && field.isNullable) return null;
  switch (field.kind) {
    case "integer":
    case "number":
      return numberOf(field, word);
    case "size":
      return sizeOf(field, word);
    case "boolean":
      if (word !== "true" && word !== "false") throw wrong(field, "must be true or false");
      return word === "true";
    case "time":
      return /^\d{4}-\d\d-\d\d$/.test(word) ? `${word}T00:00:00Z` : word;
    case "document":
      return textOf(word, readText);
    case "json":
      return parseJson(field, textOf(word, readText));
    default:
      return isLinkToken(field) ? tokenOf(word) : word;
  }
}

/** The secret of a mailed link: what follows the # of the link, or is given by itself. */
const isLinkToken = ({ part, path }: Field): boolean => part === "body" && path.length === 1 && path[0] === "token";
const tokenOf = (word: string): string =>
  /^https?:/.test(word) && URL.canParse(word) ? new URL(word).hash.slice(1) : word;

const textOf = (word: string, readText: ReadText): string => (word.startsWith("@") ? readText(word.slice(1)) : word);

function parseJson(field: Field, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw wrong(field, `is not JSON: ${error.message}`);
  }
}

function numberOf(field: Field, word: string): number {
  const isRight = field.kind === "integer" ? /^-?\d{1,15}$/ : /^-?\d{1,15}(\.\d{1,15})?$/;
  if (!isRight.test(word)) throw wrong(field, `must be a whole number, not ${JSON.stringify(word)}`);
  return Number(word);
}

const units = ["", "K", "M", "G", "T", "P"];

/** `500`, `10GB` (10^9), `1.5TiB` (2^40). */
function sizeOf(field: Field, word: string): number {
  const match = /^(\d{1,15})(\.\d{1,6})?\s?([KMGTP]?)(i?)B?$/i.exec(word);
  const [, whole = "", fraction = "", unit = "", binary = ""] = match ?? [];
  const isUnit = binary === "" || unit !== "";
  const bytes = Number(whole + fraction) * (binary === "" ? 1000 : 1024) ** units.indexOf(unit.toUpperCase());
  if (match === null || !isUnit || !Number.isSafeInteger(bytes)) {
    throw wrong(field, `must be a number of bytes such as 500, 10GB or 1.5TiB, not ${JSON.stringify(word)}`);
  }
  return bytes;
}

/** How people see a field: `<name>` as an argument, `--name` as an option. */
export const shown = (field: Field, isPositional: boolean): string =>
  isPositional ? `<${field.option}>` : `--${field.option}`;

const wrong = ({ option }: Field, fault: string): CommandError =>
  new CommandError(exitCodes.usage, `${option} ${fault}`);
