/** Program: writes (`--write`) or checks the generated parts of the configuration's documentation. Run from the repository's root. */

import { readFileSync, writeFileSync } from "node:fs";
import { schemaText, withKeyTable } from "./documentation.ts";
import { schemaFile } from "./json-schema.ts";

const pageFile = "docs/CONFIGURATION.md";
const wanted = [
  [schemaFile, schemaText()],
  [pageFile, withKeyTable(readFileSync(pageFile, "utf8"))],
] as const;

if (process.argv.includes("--write")) {
  for (const [file, text] of wanted) writeFileSync(file, text);
} else {
  const stale = wanted.filter(([file, text]) => readFileSync(file, "utf8") !== text).map(([file]) => file);
  if (stale.length > 0) {
    process.stderr.write(`not fresh: ${stale.join(", ")}; run \`node dist/config/docs.js --write\`\n`);
    process.exitCode = 1;
  }
}
