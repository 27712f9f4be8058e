/** Loads the configuration: the file, over it the environment, over that the command line; strict, all errors at once. */

import { readFileSync, statSync } from "node:fs";
import { limits } from "../base/limits.ts";
import { type ConfigKey, configKeys, namesAt } from "./json-schema.ts";
import { nearestName } from "./nearest-name.ts";
import { DocumentError, foundByZod, jsonPointer, type Problem } from "./problem.ts";
import { brokenRelations, type Config, configSchema } from "./schema.ts";
import { environmentPrefix, otherVariables, valueOfText, variableName } from "./setting.ts";

export type { Config } from "./schema.ts";

export interface ConfigOverrides {
  /** Environment; `TROUPE_*` counts. Each variable also as `<name>_FILE`, the path of a file that holds the value. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What stands in place of a file: the parsed JSON. Not changed. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** `key=value` texts of the command line, later ones over earlier ones. */
  readonly settings?: readonly string[];
}

export interface LoadedConfig {
  readonly config: Config;
  /** Dotted key → "default", the file's path, the variable's or the option's name. */
  readonly sources: ReadonlyMap<string, string>;
  /** Things that are probably mistakes and do no harm, such as a variable of an unknown name. */
  readonly warnings: readonly string[];
}

/** A configuration that cannot be used; `problems` has all of it. */
export class ConfigError extends DocumentError {
  override readonly name = "ConfigError";
}

/**
 * Loads and checks the configuration.
 * @param file path of a `cluster.config.json`, at most `limits.configBytesMax`; null = defaults and overrides only
 * @throws ConfigError with every problem found
 */
export function loadConfig(file: string | null, overrides: ConfigOverrides = {}): LoadedConfig {
  const problems: Problem[] = [];
  const document = file === null ? structuredClone(overrides.document ?? {}) : readDocument(file);
  const keys = configKeys();
  const given = new Map<string, string>();
  const warnings: string[] = [];
  const environment = overrides.environment ?? {};
  for (const override of [
    ...fromEnvironment(keys, environment, problems, warnings),
    ...fromSettings(keys, overrides.settings ?? [], problems),
  ]) {
    put(document, override.path, override.value);
    given.set(override.path.join("."), override.origin);
  }
  const parsed = configSchema.safeParse(document);
  const found = parsed.success
    ? Array.from(brokenRelations(parsed.data), ([path, message]) => ({ path, message }))
    : Array.from(
        foundByZod(
          parsed.error.issues,
          namesAt,
          keys.map((key) => key.name),
        ),
      );
  for (const { path, message } of found) {
    problems.push({ pointer: jsonPointer(path), message, origin: originOf(path, given, file ?? "configuration") });
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError("The configuration cannot be used", problems);
  const { $schema, domain, ...rest } = parsed.data;
  const config: Config = { ...rest, domain: typeof domain === "string" ? [domain] : domain };
  return { config, sources: sourcesOf(keys, document, given, file), warnings };
}

/** The configuration that an empty file gives. */
export function defaultConfig(): Config {
  return loadConfig(null).config;
}

function readDocument(file: string): Record<string, unknown> {
  const refuse = (message: string) =>
    new ConfigError("The configuration cannot be used", [{ pointer: "", message, origin: file }]);
  let text: string;
  try {
    if (statSync(file).size > limits.configBytesMax) throw refuse(`is larger than ${limits.configBytesMax} bytes`);
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw refuse(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse(`is not JSON: ${error.message}`);
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse("must be a JSON object");
  return value as Record<string, unknown>;
}

interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: string;
}

/** A whole object (mail) comes before its members, so that they add to it. */
function settableKeys(keys: readonly ConfigKey[]): { key: ConfigKey; path: readonly string[] }[] {
  return keys
    .flatMap((key) => (key.path === null ? [] : [{ key, path: key.path }]))
    .sort((one, other) => one.path.length - other.path.length);
}

function fromEnvironment(
  keys: readonly ConfigKey[],
  environment: Readonly<Record<string, string | undefined>>,
  problems: Problem[],
  warnings: string[],
): Override[] {
  const overrides: Override[] = [];
  const known = new Set(otherVariables.flatMap((name) => [name, `${name}_FILE`]));
  for (const { key, path } of settableKeys(keys)) {
    const name = variableName(path);
    known.add(name).add(`${name}_FILE`);
    const text = textOfVariable(name, environment, (message) => problems.push({ pointer: "", message, origin: name }));
    if (text !== undefined) overrides.push({ path, value: valueOfText(key, text), origin: name });
  }
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(environmentPrefix) || known.has(name)) continue;
    const near = nearestName(name, known);
    warnings.push(`${name} is not known${near === undefined ? "" : `; did you mean ${near}?`}`);
  }
  return overrides;
}

/**
 * The text of a variable, or of the file that `<name>_FILE` names, without one line feed at its end.
 * @param report called instead of throwing: both are set, or the file cannot be read
 */
export function textOfVariable(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  report: (message: string) => void,
): string | undefined {
  const direct = environment[name];
  const file = environment[`${name}_FILE`];
  if (file === undefined || file === "") return direct;
  if (direct !== undefined) {
    report(`is set, and so is ${name}_FILE: one of the two`);
    return undefined;
  }
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    report(`${name}_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function fromSettings(keys: readonly ConfigKey[], settings: readonly string[], problems: Problem[]): Override[] {
  const overrides: Override[] = [];
  const settable = settableKeys(keys);
  for (const setting of settings) {
    const equals = setting.indexOf("=");
    const name = equals < 0 ? setting : setting.slice(0, equals);
    const entry = settable.find(({ key }) => key.name === name);
    if (equals < 0 || entry === undefined) {
      const near = nearestName(
        name,
        settable.map(({ key }) => key.name),
      );
      const wanted = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
      const message = entry === undefined ? `is not a known key${wanted}` : "must be written key=value";
      problems.push({ pointer: "", message, origin: `--set ${name}` });
    } else {
      const value = valueOfText(entry.key, setting.slice(equals + 1));
      overrides.push({ path: entry.path, value, origin: `--set ${name}` });
    }
  }
  return overrides;
}

function put(document: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let place = document;
  for (const step of path.slice(0, -1)) {
    const below = place[step];
    const next = typeof below === "object" && below !== null && !Array.isArray(below) ? below : {};
    place[step] = next;
    place = next as Record<string, unknown>;
  }
  place[path.at(-1) ?? ""] = value;
}

function originOf(path: readonly PropertyKey[], given: ReadonlyMap<string, string>, file: string): string {
  for (let length = path.length; length > 0; length--) {
    const origin = given.get(path.slice(0, length).join("."));
    if (origin !== undefined) return origin;
  }
  return file;
}

function sourcesOf(
  keys: readonly ConfigKey[],
  document: Readonly<Record<string, unknown>>,
  given: ReadonlyMap<string, string>,
  file: string | null,
): Map<string, string> {
  const sources = new Map<string, string>();
  for (const { key, path } of settableKeys(keys)) {
    let value: unknown = document;
    for (const step of path) value = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
    const origin = originOf(path, given, "");
    sources.set(key.name, origin !== "" ? origin : value === undefined ? "default" : (file ?? "default"));
  }
  return sources;
}
