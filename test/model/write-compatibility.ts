/** Writes docs/COMPATIBILITY.md; part of `npm run docs`. */

import { writeFileSync } from "node:fs";
import { operations } from "#src/operations/table.ts";
import { compatibilityDocument } from "./compatibility.ts";
import { compatibilityFile } from "./compatibility-file.ts";

writeFileSync(compatibilityFile, compatibilityDocument(operations));
