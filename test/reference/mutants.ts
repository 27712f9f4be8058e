/**
 * Is the reference suite able to fail? Each mutant is a copy of the built server with one deliberate fault; short
 * sequences run against it until an answer differs. Fails when one survives. `--sequences N` (80) at most for each,
 * `--length N` (80), `--seed N`, `--at-once N` (3) mutants, `--only N` that mutant alone, counted from 1, `--from N` that one and those after it.
 */

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootDirectory } from "../support/node-process.ts";
import { runSuite } from "../support/suite.ts";
import { Coverage } from "./coverage.ts";
import { drive } from "./drive.ts";
import { type Mutant, mutants } from "./mutant-list.ts";
import { SharedNode } from "./shared-node.ts";

const mutantsMin = 59;

/** How often the fragment is in its file: the list is stale when that is not once. */
const countOf = ({ file, fragment }: Mutant): number =>
  readFileSync(join(rootDirectory, "dist", file), "utf8").split(fragment).length - 1;

/** Copies what a node needs to run, and spoils it. */
function build(root: string, { file, fragment, replacement }: Mutant): void {
  mkdirSync(root, { recursive: true });
  const isNeeded = (path: string): boolean => !/\.(map|d\.ts|tsbuildinfo)$|\/dist\/(test|bench)(\/|$)/.test(path);
  cpSync(join(rootDirectory, "dist"), join(root, "dist"), { recursive: true, filter: isNeeded });
  cpSync(join(rootDirectory, "package.json"), join(root, "package.json"));
  symlinkSync(join(rootDirectory, "node_modules"), join(root, "node_modules"));
  const path = join(root, "dist", file);
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replace(fragment, () => replacement),
  );
}

await runSuite("reference-mutants", async ({ directory, option, say, check }) => {
  const only = option("only", 0);
  const from = option("from", 1);
  const seed = option("seed", 1);
  const count = option("sequences", 120);
  for (const mutant of mutants) {
    const times = countOf(mutant);
    if (times !== 1) throw new Error(`${mutant.name}: ${mutant.file} holds its fragment ${times} times`);
  }
  const judge = async (mutant: Mutant, index: number): Promise<void> => {
    const root = join(directory, String(index + 1));
    build(root, mutant);
    const node = await SharedNode.start({ root, data: join(root, "data") });
    const result = await drive(node, new Coverage(), {
      seed,
      count,
      length: option("length", 80),
      crashOneIn: 0,
      workers: 4,
      withinMs: 60_000,
      shrinkMs: 0,
    });
    await node.kill();
    const verdict = result.failure === null ? "SURVIVED" : "caught";
    const why =
      result.failure
        ?.split("\n")
        .find((line) => /expected/.test(line))
        ?.trim() ?? "";
    say(
      `${index + 1}. ${mutant.name}: ${verdict} after ${result.sequences} sequences, ${node.requests} requests: ${why.slice(0, 160)}`,
    );
    check(`${mutant.name} is caught`, result.failure !== null);
  };
  // Nodes of mutants start slowly and answer little: some at once.
  const isRare = process.argv.includes("--rare");
  const isAsked = (mutant: Mutant, number: number): boolean =>
    only === 0 ? number >= from && (mutant.isRare ?? false) === isRare : only === number;
  const rest = [...mutants.entries()].filter(([index, mutant]) => isAsked(mutant, index + 1)).values();
  const work = async (): Promise<void> => {
    for (const [index, mutant] of rest) await judge(mutant, index);
  };
  await Promise.all(Array.from({ length: option("at-once", 3) }, work));
  check(`there are at least ${mutantsMin} mutants`, mutants.length >= mutantsMin);
});
