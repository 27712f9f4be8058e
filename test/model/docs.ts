/** `node docs.js --write` writes docs/COMPATIBILITY.md; without the flag it fails when the file is stale. */

import { readFileSync, writeFileSync } from "node:fs";
import { operations } from "#src/operations/table.ts";
import { compatibilityDocument } from "./compatibility.ts";
import { compatibilityFile } from "./compatibility-file.ts";

const text = compatibilityDocument(operations);
if (process.argv.includes("--write")) writeFileSync(compatibilityFile, text);
else if (readFileSync(compatibilityFile, "utf8") !== text) {
  process.stderr.write("docs/COMPATIBILITY.md is stale: run `npm run docs`\n");
  process.exitCode = 1;
}
