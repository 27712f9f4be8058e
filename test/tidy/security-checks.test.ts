/** docs/SECURITY-CHECKS.md names tests that exist, for every class it lists. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const rows = [
  ...readFileSync(join(root, "docs/SECURITY-CHECKS.md"), "utf8").matchAll(/^\| (S\d+) \| [^|]+ \| ([^|]+) \|$/gm),
];

test("docs/SECURITY-CHECKS.md has the classes of the S3 port, and every file and title that it names exists", (t) => {
  const ids = [1, 2, 3, 4, 5, 6, 7, 11, 14, 15, 16, 17, 18, 19].map((number) => `S${number}`);
  t.deepEqual(
    rows.map(([, id]) => id),
    ids,
  );
  for (const [, id = "", heldBy = ""] of rows) {
    const checks = [...heldBy.matchAll(/`([\w./-]+\.ts)`((?:,? "[^"]+")*)/g)];
    t.true(checks.length > 0, id);
    for (const [, file = "", titles = ""] of checks) {
      t.true(existsSync(join(root, file)), `${id}: there is no ${file}`);
      const text = readFileSync(join(root, file), "utf8");
      for (const [, title = ""] of titles.matchAll(/"([^"]+)"/g))
        t.true(text.includes(`"${title}"`) || text.includes(`\`${title}\``), `${id}: ${file} has no test ${title}`);
    }
  }
});
