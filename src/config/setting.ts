/** Values of single keys given as text: by environment variables (`TROUPE_*`) and by `--set key=value`. */

import type { ConfigKey, JsonSchema } from "./json-schema.ts";

/** What every environment variable of the product begins with. */
export const environmentPrefix = "TROUPE_";

/** Variables that are no configuration keys: command-line options and the first account's secrets. */
export const otherVariables: readonly string[] = [
  "TROUPE_DATA",
  "TROUPE_PROFILE",
  "TROUPE_TOKEN",
  "TROUPE_URL",
  "TROUPE_S3",
  "TROUPE_CONSOLE",
  "TROUPE_CONFIG",
  "TROUPE_IDENTITIES",
  "TROUPE_TLS_CERT",
  "TROUPE_TLS_KEY",
  "TROUPE_ROOT_EMAIL",
  "TROUPE_ROOT_PASSWORD",
  "TROUPE_ACCESS_KEY",
  "TROUPE_SECRET_KEY",
  // The launcher's, and the crash suite's.
  "TROUPE_PARENT_IPC",
  "TROUPE_UNSAFE_FOR_TESTS",
];

/** `lifecycle.daySeconds` → `TROUPE_LIFECYCLE_DAY_SECONDS`. */
export function variableName(path: readonly string[]): string {
  const words = path.map((name) => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase());
  return environmentPrefix + words.join("_");
}

/**
 * Turns text into the JSON value that the key's type suggests; what does not fit stays text, for the schema to refuse.
 * Lists of text are separated by commas; lists and objects may be written as JSON; an empty text is null where null is allowed.
 */
export function valueOfText(key: ConfigKey, text: string): unknown {
  const kinds = kindsOf(key.schema);
  const trimmed = text.trim();
  if ((trimmed === "" || trimmed === "null") && kinds.has("null")) return null;
  if ((kinds.has("object") && trimmed.startsWith("{")) || (kinds.has("array") && trimmed.startsWith("["))) {
    return parsedOrText(trimmed);
  }
  if (kinds.has("boolean")) return booleans.get(trimmed.toLowerCase()) ?? text;
  if (kinds.has("integer") && /^-?\d{1,15}$/.test(trimmed)) return Number(trimmed);
  if (kinds.has("array") && (!kinds.has("string") || trimmed.includes(","))) return listOf(trimmed);
  return kinds.has("string") && !kinds.has("integer") ? text : trimmed;
}

const booleans = new Map([
  ["true", true],
  ["1", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["0", false],
  ["no", false],
  ["off", false],
]);

function listOf(text: string): string[] {
  if (text === "") return [];
  return text.split(",").map((item) => item.trim());
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Not JSON: the schema says what was expected.
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function kindsOf(schema: JsonSchema): ReadonlySet<string> {
  const kinds = new Set<string>();
  if (schema.type !== undefined) kinds.add(schema.type);
  if (schema.enum !== undefined || typeof schema.const === "string") kinds.add("string");
  for (const alternative of schema.anyOf ?? []) for (const kind of kindsOf(alternative)) kinds.add(kind);
  return kinds;
}
