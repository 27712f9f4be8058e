/**
 * kill -9 under load: nothing acknowledged may be lost, nothing may be corrupt, and the node is back within 5 s.
 * `--kills N` (default 50), `--threads N` fronts, bucket threads and partitions (default 2).
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Journal } from "../support/journal.ts";
import { NodeProcess } from "../support/node-process.ts";
import { runSuite } from "../support/suite.ts";
import { Workload } from "../support/workload.ts";

/** Versions read by id after each restart. */
const versionsRead = 500;

await runSuite("kill", async ({ directory, option, say, check }) => {
  const kills = option("kills", 50);
  const data = join(directory, "data");
  const threads = option("threads", 2);
  const config = join(directory, "config.json");
  writeFileSync(
    config,
    JSON.stringify({ front: { threads }, threads: { buckets: threads }, storage: { partitions: threads } }),
  );
  const journal = new Journal();
  const restartMs: number[] = [];
  let violations = 0;
  const unexpected: string[] = [];
  for (let kill = 0; kill <= kills; kill++) {
    const before = performance.now();
    const node = await NodeProcess.start({ data, arguments: ["--config", config] });
    restartMs.push(performance.now() - before);
    const buckets = Array.from({ length: threads * 2 }, (_, index) => `kill-suite-${index}`);
    const load = new Workload({
      endpoint: node.endpoint,
      buckets,
      versionedBuckets: buckets.slice(0, 1),
      workers: 16,
      keysPerWorker: 40,
      journal,
    });
    if (kill === 0) await load.createBuckets();
    else {
      const found = [...(await load.verify()), ...(await load.verifyVersions(versionsRead))];
      violations += found.length;
      for (const violation of found.slice(0, 5)) say(`kill ${kill}: ${violation.key} holds ${violation.found}`);
    }
    if (kill === kills) {
      check("SIGTERM drains and exits 0", (await node.stop()) === 0);
      break;
    }
    const running = load.run();
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 1450));
    await node.kill();
    await running;
    unexpected.push(...load.unexpected);
    load.close();
  }
  restartMs.sort((a, b) => a - b);
  say(`${kills} kills, ${journal.acknowledgedCount} acknowledged writes, ${violations} violations`);
  say(
    `restart to ready: median ${restartMs[restartMs.length >> 1]?.toFixed(0)} ms, max ${restartMs.at(-1)?.toFixed(0)} ms`,
  );
  for (const line of unexpected.slice(0, 10)) say(`unexpected: ${line}`);
  check("no acknowledged write is lost or wrong", violations === 0);
  check("every write was answered 2xx or not at all", unexpected.length === 0);
  check("versions were kept", journal.versions.length > kills);
  check("the load acknowledged writes", journal.acknowledgedCount > kills * 10);
});
