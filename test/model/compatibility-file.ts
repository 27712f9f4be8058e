/** Where the compatibility table lies: found from the package's root, wherever the build was put. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const rootAbove = (directory: string): string =>
  existsSync(join(directory, "package.json")) ? directory : rootAbove(dirname(directory));

export const compatibilityFile: string = join(
  rootAbove(dirname(fileURLToPath(import.meta.url))),
  "docs",
  "COMPATIBILITY.md",
);
