/**
 * Power cuts with background write-back modelled: the node is frozen under load, the disk loses what was not synced,
 * the node is killed, the disk mounted again. Every second cut comes right after the acknowledgement of a chunk file on
 * an otherwise idle node, where no later write has made its name durable by the way.
 * `--cycles N` (default 20). `--alive` leaves the node running while its disk dies: it must acknowledge nothing from the
 * first error on and end by itself. `--control NAME` switches one safety off and then expects the suite to find losses:
 * no-directory-sync, no-data-sync, no-sync; with `--alive` overlapping-sync (about one cycle in eight finds it).
 * A control ends with the first loss.
 */

import { join } from "node:path";
import { Journal } from "../support/journal.ts";
import { LoopDisk } from "../support/loop-disk.ts";
import { NodeProcess } from "../support/node-process.ts";
import { runSuite, type SuiteContext } from "../support/suite.ts";
import { Workload, type WorkloadOptions } from "../support/workload.ts";

const MiB = 1024 * 1024;
const buckets = ["power-cut"];
/** Exit code of a node that stopped itself. */
const failStopCode = 70;
const exitWithinMs = 15_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const word = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : process.argv[at + 1];
};

interface Cycle {
  readonly number: number;
  readonly disk: LoopDisk;
  readonly journal: Journal;
  readonly node: Parameters<typeof NodeProcess.start>[0];
  readonly say: SuiteContext["say"];
}

const loadOf = (node: NodeProcess, journal: Journal, more: Partial<WorkloadOptions> = {}): Workload =>
  new Workload({ endpoint: node.endpoint, buckets, workers: 16, keysPerWorker: 30, journal, ...more });

/** Frozen first, so that the node cannot see the disk fail. */
async function cutPower({ number, disk, journal, node: options }: Cycle): Promise<void> {
  const node = await NodeProcess.start(options);
  const load = loadOf(node, journal, { largeShare: 0.15 });
  await load.createBuckets();
  const writeBack = disk.startWriteBack();
  const running = load.run();
  await pause(800 + Math.random() * 1200);
  if (number % 2 === 0) {
    load.stop();
    await running;
    await load.putChunkFiles(3);
  }
  node.signal("SIGSTOP");
  writeBack.kill("SIGSTOP");
  await pause(30);
  disk.cut();
  load.stop();
  writeBack.kill("SIGKILL");
  await node.kill();
  await running;
  load.close();
}

/** @returns the exit code of the node, or that it went on */
async function killDisk({ disk, journal, node: options }: Cycle): Promise<string> {
  const node = await NodeProcess.start(options);
  const load = loadOf(node, journal);
  await load.createBuckets();
  const writeBack = disk.startWriteBack();
  const running = load.run();
  await pause(800 + Math.random() * 1200);
  disk.cut();
  const exit = await Promise.race([node.exited, pause(exitWithinMs).then(() => "still running")]);
  load.stop();
  writeBack.kill("SIGKILL");
  await node.kill();
  await running;
  load.close();
  return String(exit);
}

/** @returns the keys that hold what they must not, or null when the node does not start */
async function violationsAfter({ number, disk, journal, node: options, say }: Cycle): Promise<number | null> {
  disk.remount();
  const node = await NodeProcess.start(options).catch((error: unknown) => {
    say(`cycle ${number}: ${String(error).slice(0, 500)}`);
    return null;
  });
  if (node === null) return null;
  const check = loadOf(node, journal);
  const found = await check.verify();
  for (const violation of found.slice(0, 3)) say(`cycle ${number}: ${violation.key} holds ${violation.found}`);
  check.close();
  await node.kill();
  return found.length;
}

await runSuite(
  process.argv.includes("--alive") ? "dying-disk" : "power-cut",
  async ({ directory, option, has, say, check }) => {
    const cycles = option("cycles", 20);
    const control = word("control");
    const environment: Record<string, string> = control ? { TROUPE_UNSAFE_FOR_TESTS: control } : {};
    let acknowledged = 0;
    let violations = 0;
    let unopened = 0;
    let number = 0;
    const exits = new Map<string, number>();
    while (number < cycles && !(control && violations + unopened > 0)) {
      number += 1;
      const disk = LoopDisk.create(directory, "disk", 1024 * MiB);
      const node = { data: join(disk.mount, "data"), environment, logFile: join(directory, "node.log") };
      const cycle: Cycle = { number, disk, journal: new Journal(), node, say };
      try {
        if (has("alive")) {
          const exit = await killDisk(cycle);
          exits.set(exit, (exits.get(exit) ?? 0) + 1);
        } else await cutPower(cycle);
        acknowledged += cycle.journal.acknowledgedCount;
        const found = await violationsAfter(cycle);
        if (found === null) unopened += 1;
        else violations += found;
      } finally {
        disk.remove();
      }
    }
    say(
      `${number} cycles, ${acknowledged} acknowledged writes, ${violations} violations, ${unopened} not opened again`,
    );
    check("the load acknowledged writes", acknowledged > number * 20);
    if (control) {
      check(`without ${control} the suite finds losses`, violations + unopened > 0);
      return;
    }
    check("no acknowledged write is lost or wrong", violations === 0);
    check("every data directory opens again", unopened === 0);
    if (!has("alive")) return;
    say(`exits: ${[...exits].map(([code, count]) => `${code}: ${count}`).join(", ")}`);
    check("a node whose disk is gone ends by itself", exits.get(String(failStopCode)) === cycles);
  },
);
