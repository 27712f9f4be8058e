/**
 * Power cuts with background write-back modelled: the node is frozen under load, the disk loses what was not synced,
 * the node is killed, the disk mounted again. `--cycles N` (default 20). `--alive` leaves the node running while its
 * disk dies (it must stop acknowledging at the first error). `--control NAME` switches one safety off and then
 * expects the suite to find losses: no-directory-sync, no-sync, overlapping-sync.
 */

import { join } from "node:path";
import { Journal } from "../support/journal.ts";
import { LoopDisk } from "../support/loop-disk.ts";
import { NodeProcess } from "../support/node-process.ts";
import { runSuite } from "../support/suite.ts";
import { Workload } from "../support/workload.ts";

const MiB = 1024 * 1024;
const buckets = ["power-cut"];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const word = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : process.argv[at + 1];
};

await runSuite(
  process.argv.includes("--alive") ? "dying-disk" : "power-cut",
  async ({ directory, option, has, say, check }) => {
    const cycles = option("cycles", 20);
    const alive = has("alive");
    const control = word("control");
    const environment: Record<string, string> = control ? { TROUPE_UNSAFE_FOR_TESTS: control } : {};
    let acknowledged = 0;
    let violations = 0;
    let unopened = 0;
    const exits = new Map<string, number>();
    for (let cycle = 1; cycle <= cycles; cycle++) {
      const disk = LoopDisk.create(directory, "disk", 1024 * MiB);
      const data = join(disk.mount, "data");
      const logFile = join(directory, "node.log");
      try {
        const journal = new Journal();
        const node = await NodeProcess.start({ data, environment, logFile });
        const load = new Workload({
          endpoint: node.endpoint,
          buckets,
          workers: 16,
          keysPerWorker: 30,
          journal,
        });
        await load.createBuckets();
        const writeBack = disk.startWriteBack();
        const running = load.run();
        await pause(800 + Math.random() * 1200);
        if (!alive) {
          node.signal("SIGSTOP");
          writeBack.kill("SIGSTOP");
          await pause(30);
        }
        disk.cut();
        if (alive) {
          // The node must notice by itself: it may fail requests, and it must not acknowledge what is not on the disk.
          const exit = await Promise.race([node.exited, pause(15_000).then(() => "still running")]);
          exits.set(String(exit), (exits.get(String(exit)) ?? 0) + 1);
        }
        load.stop();
        writeBack.kill("SIGKILL");
        await node.kill();
        await running;
        load.close();
        acknowledged += journal.acknowledgedCount;
        disk.remount();
        const reopened = await NodeProcess.start({ data, environment, logFile }).catch((error: unknown) => {
          say(`cycle ${cycle}: ${String(error).slice(0, 300)}`);
          return null;
        });
        if (!reopened) unopened += 1;
        else {
          const check = new Workload({
            endpoint: reopened.endpoint,
            buckets,
            workers: 4,
            keysPerWorker: 30,
            journal,
          });
          const found = await check.verify().catch((error: unknown) => [{ key: "verify", found: String(error) }]);
          for (const violation of found.slice(0, 3)) say(`cycle ${cycle}: ${violation.key} holds ${violation.found}`);
          violations += found.length;
          check.close();
          await reopened.kill();
        }
      } finally {
        disk.remove();
      }
    }
    say(
      `${cycles} cycles, ${acknowledged} acknowledged writes, ${violations} violations, ${unopened} not opened again`,
    );
    if (alive) say(`exits: ${[...exits].map(([code, count]) => `${code}: ${count}`).join(", ")}`);
    check("the load acknowledged writes", acknowledged > cycles * 20);
    if (control) check(`without ${control} the suite finds losses`, violations + unopened > 0);
    else {
      check("no acknowledged write is lost or wrong", violations === 0);
      check("every data directory opens again", unopened === 0);
    }
  },
);
