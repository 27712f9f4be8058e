/**
 * The reference model against a real node: the same sequences of requests go to both, crashes included, and every answer
 * must agree. Prints what was reached and fails when something was not.
 * `--sequences N` (2000), `--length N` (100), `--seconds N` no new sequence after (none), `--workers N` (6),
 * `--crash-one-in N` commands (400), `--seed N`, `--path P` to replay a failure, `--shrink-seconds N` (60).
 */

import { join } from "node:path";
import { runSuite } from "../support/suite.ts";
import { allPoints, Coverage } from "./coverage.ts";
import { drive } from "./drive.ts";
import { SharedNode } from "./shared-node.ts";

await runSuite("reference", async ({ directory, option, say, check }) => {
  const at = process.argv.indexOf("--path");
  const path = at === -1 ? undefined : process.argv[at + 1];
  const seed = option("seed", Date.now() % 1_000_000_000);
  const coverage = new Coverage();
  const node = await SharedNode.start({ data: join(directory, "data") });
  const started = performance.now();
  const progress = setInterval(() => say(`${node.requests} requests, ${node.crashes} crashes`), 10_000);
  const result = await drive(node, coverage, {
    seed,
    count: option("sequences", 2000),
    length: option("length", 100),
    crashOneIn: option("crash-one-in", 400),
    workers: option("workers", 6),
    withinMs: option("seconds", 36_000) * 1000,
    shrinkMs: option("shrink-seconds", 60) * 1000,
    ...(path === undefined ? {} : { path }),
  });
  clearInterval(progress);
  const ms = performance.now() - started;
  if (result.failure !== null) say(result.failure);
  else for (const line of [...coverage.table(), ...coverage.outcomes()]) console.log(line);
  const missing = result.failure === null ? coverage.missing() : [];
  for (const point of missing) say(`not reached: ${point}`);
  for (const point of coverage.surprising()) say(`reached, though it cannot be: ${point}`);
  say(
    `seed ${seed}: ${result.sequences} sequences, ${node.requests} requests, ${node.crashes} crashes, ${(ms / node.requests).toFixed(2)} ms per request`,
  );
  check("the node agrees with the model", result.failure === null);
  check("the node stops cleanly", (await node.stop()) === 0);
  if (path !== undefined || result.failure !== null) return;
  check(`all of ${allPoints.length} points are reached`, missing.length === 0);
  check("nothing is reached that cannot be", coverage.surprising().length === 0);
});
