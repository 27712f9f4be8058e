/** Shows a configuration, without its secrets. Pure. */

import type { LoadedConfig } from "../config/config.ts";
import { configKeys } from "../config/json-schema.ts";

const masked = "********";

/**
 * The configuration in force: as JSON that could be a configuration file, or, with sources, a line per key:
 * `front.threads = 2    # TROUPE_FRONT_THREADS`.
 */
export function printedConfig(loaded: LoadedConfig, withSources: boolean): string {
  const config = structuredClone(loaded.config) as object;
  const lines: [string, string][] = [];
  for (const key of configKeys()) {
    if (key.path === null) continue;
    const value = valueAt(config, key.path);
    if (key.isSecret && typeof value === "string") replaceAt(config, key.path, masked);
    // An object that is null as a whole is one line; else each of its members is.
    if (value === undefined || (typeof value === "object" && value !== null && !Array.isArray(value))) continue;
    const shown = JSON.stringify(key.isSecret && value !== null ? masked : value);
    lines.push([`${key.name} = ${shown}`, loaded.sources.get(key.name) ?? "default"]);
  }
  if (!withSources) return `${JSON.stringify(config, null, 2)}\n`;
  const width = Math.max(...lines.map(([line]) => line.length));
  return lines.map(([line, source]) => `${line.padEnd(width)}  # ${source}\n`).join("");
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const step of path) found = typeof found === "object" && found !== null ? Reflect.get(found, step) : undefined;
  return found;
}

function replaceAt(value: object, path: readonly string[], replacement: string): void {
  const parent = valueAt(value, path.slice(0, -1));
  if (typeof parent === "object" && parent !== null) Reflect.set(parent, path.at(-1) ?? "", replacement);
}
