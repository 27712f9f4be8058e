/**
 * Can the suite `policy` fail? Each mutant is a copy of the built engine with one deliberate fault, which the tables or
 * the random cases have to catch. Fails when one survives, or when the copy without a fault is caught.
 * `--cases N` (2500) random cases at most for each, `--seed N` (1), `--only N` that mutant alone, counted from 1.
 */

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { rootDirectory } from "../support/node-process.ts";
import { runSuite } from "../support/suite.ts";
import { type Mutant, mutants } from "./mutant-list.ts";

const mutantsMin = 12;

/** How often the fragment is in its file: the list is stale when that is not once. */
const countOf = ({ file, fragment }: Mutant): number =>
  readFileSync(join(rootDirectory, "dist", file), "utf8").split(fragment).length - 1;

/** Copies the engine and what tests it, and spoils it. */
function build(root: string, mutant: Mutant | null): void {
  mkdirSync(root, { recursive: true });
  const isNeeded = (path: string): boolean => !/\.(map|d\.ts|tsbuildinfo)$/.test(path);
  for (const folder of ["base", "model", "s3", "policy", "test/policy", "test/support"]) {
    cpSync(join(rootDirectory, "dist", folder), join(root, "dist", folder), { recursive: true, filter: isNeeded });
  }
  cpSync(join(rootDirectory, "package.json"), join(root, "package.json"));
  symlinkSync(join(rootDirectory, "node_modules"), join(root, "node_modules"));
  if (mutant === null) return;
  const path = join(root, "dist", mutant.file);
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replace(mutant.fragment, () => mutant.replacement),
  );
}

/** What the tables and the random cases say of the engine in a directory; null when nothing. */
async function caughtBy(root: string, seed: number, cases: number): Promise<string | null> {
  const load = (file: string): Promise<unknown> => import(pathToFileURL(join(root, "dist/test/policy", file)).href);
  const { firstDifference } = (await load("property.js")) as typeof import("./property.ts");
  const { tableFailures } = (await load("cases.js")) as typeof import("./cases.ts");
  const failures = tableFailures();
  const difference = firstDifference(seed, cases);
  if (failures.length === 0 && difference === null) return null;
  return `${failures.length} rows, ${difference === null ? "no random case" : "random cases"}: ${failures[0] ?? difference}`;
}

await runSuite("policy-mutants", async ({ directory, option, say, check }) => {
  const only = option("only", 0);
  const seed = option("seed", 1);
  const cases = option("cases", 2500);
  for (const mutant of mutants) {
    const times = countOf(mutant);
    if (times !== 1) throw new Error(`${mutant.name}: ${mutant.file} holds its fragment ${times} times`);
  }
  const sound = join(directory, "0");
  build(sound, null);
  const alarm = await caughtBy(sound, seed, cases);
  say(`0. no fault: ${alarm === null ? "not caught" : `CAUGHT by ${alarm}`}`);
  check("the engine without a fault is not caught", alarm === null);
  for (const [index, mutant] of mutants.entries()) {
    if (only !== 0 && only !== index + 1) continue;
    const root = join(directory, String(index + 1));
    build(root, mutant);
    const why = await caughtBy(root, seed, cases);
    say(`${index + 1}. ${mutant.name}: ${why === null ? "SURVIVED" : `caught by ${why}`.slice(0, 200)}`);
    check(`${mutant.name} is caught`, why !== null);
  }
  check(`there are at least ${mutantsMin} mutants`, mutants.length >= mutantsMin);
});
