/**
 * The policy engine against the second evaluator: random cases, then the tables. Prints what the cases reached and fails
 * when that was too little. `--cases N` (100000), `--seed N` (the clock's).
 */

import { runSuite } from "../support/suite.ts";
import { tableFailures, tableSize } from "./cases.ts";
import { Coverage } from "./coverage.ts";
import { checkProperty } from "./property.ts";

await runSuite("policy", async ({ option, say, check }) => {
  const seed = option("seed", Date.now() % 1_000_000_000);
  const started = performance.now();
  const coverage = new Coverage();
  const { failure } = checkProperty(seed, option("cases", 100_000), coverage);
  const microseconds = ((performance.now() - started) * 1000) / Math.max(1, coverage.cases);
  if (failure !== null) say(failure);
  else for (const line of coverage.table()) console.log(line);
  const missing = failure === null ? coverage.missing() : [];
  for (const point of missing) say(`too seldom: ${point}`);
  say(`seed ${seed}: ${coverage.cases} cases, ${microseconds.toFixed(0)} µs for each`);
  check("the engine agrees with the second evaluator", failure === null);
  check("every outcome, operator and key is reached often enough", missing.length === 0);

  const failures = tableFailures();
  for (const line of failures) say(line);
  say(`${tableSize} rows of the tables, ${failures.length} wrong`);
  check("the tables hold", failures.length === 0);
});
