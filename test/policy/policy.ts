/**
 * The policy engine against the second evaluator: random cases, then the tables. Prints what the cases reached and fails
 * when that was too little. `--cases N` (100000), `--seed N` (the clock's), `--workers N` threads (one for each core, 4
 * at most); a failure names the seed that shows it again.
 */

import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { runSuite } from "../support/suite.ts";
import { tableFailures, tableSize } from "./cases.ts";
import { Coverage } from "./coverage.ts";
import type { Share, ShareResult } from "./policy-worker.ts";

const workersMax = 4;

async function runShare(share: Share): Promise<ShareResult> {
  const worker = new Worker(new URL("./policy-worker.js", import.meta.url), { workerData: share });
  const [result] = (await once(worker, "message")) as [ShareResult];
  await worker.terminate();
  return result;
}

await runSuite("policy", async ({ option, say, check }) => {
  const seed = option("seed", Date.now() % 1_000_000_000);
  const cases = option("cases", 100_000);
  const workers = option("workers", Math.min(workersMax, availableParallelism()));
  const started = performance.now();
  const shares = Array.from({ length: workers }, (_, index) => ({
    seed: seed + index,
    cases: Math.ceil(cases / workers),
  }));
  const results = await Promise.all(shares.map(runShare));
  const coverage = new Coverage();
  for (const { counts } of results) coverage.add(counts);
  const failures = results.flatMap(({ failure }) => failure ?? []);
  const seconds = (performance.now() - started) / 1000;

  const [shortest] = failures.toSorted((one, other) => one.length - other.length);
  if (shortest !== undefined) say(shortest);
  if (failures.length === 0) for (const line of coverage.table()) console.log(line);
  const missing = failures.length === 0 ? coverage.missing() : [];
  for (const point of missing) say(`too seldom: ${point}`);
  say(
    `seed ${seed}: ${coverage.cases} cases in ${seconds.toFixed(1)} s, ${failures.length === 0 ? "no difference" : "a difference"}`,
  );
  check("the engine agrees with the second evaluator", failures.length === 0);
  check("every outcome, operator and key is reached often enough", missing.length === 0);

  const wrong = tableFailures();
  for (const line of wrong) say(line);
  say(`${tableSize} rows of the tables, ${wrong.length} wrong`);
  check("the tables hold", wrong.length === 0);
});
