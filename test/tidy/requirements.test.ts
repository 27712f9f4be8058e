/** docs/REQUIREMENTS.md names checks that exist, for every requirement there is. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const page = readFileSync(join(root, "docs/REQUIREMENTS.md"), "utf8");

interface Row {
  readonly id: string;
  readonly state: string;
  readonly heldBy: string;
  readonly checks: readonly { readonly file: string; readonly titles: readonly string[] }[];
}

const rows: readonly Row[] = [...page.matchAll(/^\| (R\d\d) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$/gm)].map(
  ([, id = "", state = "", heldBy = ""]) => ({
    id,
    state,
    heldBy,
    checks: [...heldBy.matchAll(/`([\w./-]+\.(?:ts|py))`((?:,? "[^"]+")*)/g)].map(([, file = "", titles = ""]) => ({
      file,
      titles: [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title),
    })),
  }),
);

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `R${String(from + index).padStart(2, "0")}`);

test("docs/REQUIREMENTS.md has each requirement once, in order; there is no R55", (t) => {
  t.deepEqual(
    rows.map(({ id }) => id),
    numbers(1, 56).filter((id) => id !== "R55"),
  );
  t.is(page.match(/^\| R/gm)?.length, rows.length, "a row that cannot be read");
});

test("every state is one of four; what is held has a check, what is not says why", (t) => {
  for (const { id, state, heldBy, checks } of rows) {
    t.true(["held", "API", "part", "not yet"].includes(state), `${id}: ${state}`);
    if (state !== "not yet") t.true(checks.length > 0, `${id} has no check`);
    const words = heldBy.replace(/`[^`]+`|"[^"]+"|[,;\s]/g, "");
    if (state === "part" || state === "not yet") t.true(words.length > 10, `${id} does not say what is missing`);
  }
});

test("what the admin API is for is held there: accounts, identities, policies, keys, usage, support", (t) => {
  const own = ["R10", "R14", ...numbers(16, 28), "R31", ...numbers(37, 54), "R56"];
  for (const id of own) t.not(rows.find((row) => row.id === id)?.state ?? "missing", "not yet", id);
  for (const id of own)
    t.not(
      rows.find((row) => row.id === id),
      undefined,
      id,
    );
});

test("every file and every title that is named exists", (t) => {
  let named = 0;
  for (const { id, heldBy, checks } of rows) {
    for (const { file, titles } of checks) {
      const path = join(root, file);
      t.true(existsSync(path), `${id}: there is no ${file}`);
      const text = existsSync(path) ? readFileSync(path, "utf8") : "";
      for (const title of titles) {
        named += 1;
        // Alone in its quotes, or with the HTTP server that it runs over.
        const written = [`"${title}",`, `"${title}")`, `'${title}',`, `\`${title}\`,`, `\`${title} [$`];
        const isThere = written.some((form) => text.includes(`(${form}`) || text.includes(` ${form}`));
        t.true(isThere, `${id}: ${file} has no test or claim ${JSON.stringify(title)}`);
      }
    }
    const quoted = heldBy.match(/"[^"]+"/g)?.length ?? 0;
    t.is(checks.flatMap(({ titles }) => titles).length, quoted, `${id}: a title that stands behind no file`);
  }
  t.true(named > 80, `only ${named} titles were read`);
});
