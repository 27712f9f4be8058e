/** `node docs.js --write` writes docs/COMPATIBILITY.md and docs/IAM.md; without the flag it fails when one is stale. */

import { readFileSync, writeFileSync } from "node:fs";
import { operations } from "#src/operations/table.ts";
import { compatibilityDocument } from "./compatibility.ts";
import { compatibilityFile } from "./compatibility-file.ts";
import { iamCompatibilityDocument, iamCompatibilityFile } from "./iam-compatibility.ts";

const pages = [
  [compatibilityFile, compatibilityDocument(operations)],
  [iamCompatibilityFile, iamCompatibilityDocument()],
] as const;

for (const [file, text] of pages) {
  if (process.argv.includes("--write")) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    process.stderr.write(`${file} is stale: run \`npm run docs\`\n`);
    process.exitCode = 1;
  }
}
