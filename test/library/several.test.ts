/** Several nodes in one process, and one directory again and again: programs of their own, so that what is left can be counted. */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "ava";

const MiB = 1024 * 1024;
/** Some 25 s of work, on a machine that may do other things as well. */
const programMsMax = 10 * 60 * 1000;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

function run(file: string, ...flags: string[]): Promise<Ended> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { UV_THREADPOOL_SIZE: _, ...env } = process.env;
  const child = spawn(process.execPath, [...flags, path], { stdio: ["ignore", "pipe", "pipe"], env });
  let out = "";
  let errors = "";
  child.stdout.on("data", (piece: Buffer) => {
    out += piece.toString();
  });
  child.stderr.on("data", (piece: Buffer) => {
    errors += piece.toString();
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, errors })));
}

interface Left {
  readonly faults: readonly string[];
  readonly openFilesByRestart: readonly number[];
  readonly threadsByRestart: readonly number[];
  readonly memoryByRestart: readonly number[];
  readonly listenersBefore: Readonly<Record<string, number>>;
  readonly listenersAfter: Readonly<Record<string, number>>;
  readonly isEnvironmentSame: boolean;
}

test("nodes side by side do not disturb each other, and leave nothing", async (t) => {
  t.timeout(programMsMax);
  const { code, out, errors } = await run("several-program.js", "--expose-gc");
  t.is(errors, "", "nothing is printed");
  t.is(code, 0, "the process ends by itself");
  const left = JSON.parse(out) as Left;
  t.deepEqual(left.faults, []);
  const [firstFiles] = left.openFilesByRestart;
  t.deepEqual(new Set(left.openFilesByRestart), new Set([firstFiles]), "every restart gives back its files");
  const threads = left.threadsByRestart.slice(1);
  t.true(Math.max(...threads) <= (threads[0] ?? 0), `every restart gives back its threads: ${threads.join(" ")}`);
  const middle = left.memoryByRestart[9] ?? 0;
  const last = left.memoryByRestart.at(-1) ?? 0;
  t.true(
    last - middle < 24 * MiB,
    `memory stays: ${left.memoryByRestart.map((bytes) => Math.round(bytes / MiB)).join(" ")}`,
  );
  t.deepEqual(left.listenersAfter, left.listenersBefore, "no handler of the process is left or was there");
  t.true(left.isEnvironmentSame);
});
