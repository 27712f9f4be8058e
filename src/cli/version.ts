/** The product's version, as package.json has it. */

import { readFileSync } from "node:fs";

let version: string | undefined;

/** Semantic version, such as "0.1.0". */
export function productVersion(): string {
  if (version === undefined) {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const found = typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "version") : undefined;
    if (typeof found !== "string") throw new Error("package.json has no version");
    version = found;
  }
  return version;
}
