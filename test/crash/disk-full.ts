/**
 * A full disk: writes are refused with a clear error, reads and deletes go on, freed space comes back by collection and
 * compaction without a restart, nothing acknowledged is lost. Four ways to fill it: with bodies of every tier, with
 * segments alone, with rows alone, and by another program.
 */

import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { digestOf, Journal } from "../support/journal.ts";
import { LoopDisk } from "../support/loop-disk.ts";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite, type SuiteContext } from "../support/suite.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const bucket = "full";
const parallel = 8;
const refusalsWanted = 40;
/** The suites run without a ballast; here it is what is tested. At most 1 % of the volume. */
const environment = { TROUPE_STORAGE_BALLAST_BYTES: String(256 * MiB) };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A disk, a node on it, and what the node has acknowledged. */
class FullDisk {
  readonly disk: LoopDisk;
  readonly journal = new Journal();
  readonly refusals = new Map<string, number>();
  readonly #logFile: string;
  node: NodeProcess;
  client: S3Client;

  private constructor(disk: LoopDisk, logFile: string, node: NodeProcess) {
    this.disk = disk;
    this.#logFile = logFile;
    this.node = node;
    this.client = new S3Client({ endpoint: node.endpoint, ...testKeys });
  }

  static async create(directory: string, sizeBytes: number): Promise<FullDisk> {
    const disk = LoopDisk.create(directory, "disk", sizeBytes);
    const logFile = join(directory, "node.log");
    try {
      const full = new FullDisk(
        disk,
        logFile,
        await NodeProcess.start({ data: join(disk.mount, "data"), logFile, environment }),
      );
      await full.client.send("PUT", `/${bucket}`);
      return full;
    } catch (error) {
      disk.remove();
      throw error;
    }
  }

  async restart(): Promise<void> {
    this.client.close();
    this.node = await NodeProcess.start({ data: join(this.disk.mount, "data"), logFile: this.#logFile, environment });
    this.client = new S3Client({ endpoint: this.node.endpoint, ...testKeys });
  }

  /** @returns whether it was stored; false also when the node is gone */
  async put(number: number, sizeBytes: number): Promise<boolean> {
    const body = Buffer.alloc(sizeBytes, number % 251);
    body.writeUInt32LE(number);
    const key = `key-${number}`;
    this.journal.attempt(key, digestOf(body));
    const answer = await this.client.send("PUT", `/${bucket}/${key}`, { body }).catch(() => null);
    if (answer?.status === 200) {
      this.journal.acknowledge(key, digestOf(body));
      return true;
    }
    const code = answer === null ? "no answer" : `${answer.status} ${/<Code>([^<]+)</.exec(String(answer.body))?.[1]}`;
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
    return false;
  }

  /** Puts until writes have been refused for a while. @returns the objects stored */
  async fill(sizes: readonly number[], countMax: number): Promise<number> {
    let refused = 0;
    let stored = 0;
    let next = this.journal.keys().length;
    const last = next + countMax;
    const work = async (): Promise<void> => {
      while (refused < refusalsWanted && next < last) {
        const number = next++;
        if (await this.put(number, sizes[number % sizes.length] ?? 0)) stored += 1;
        else {
          refused += 1;
          await pause(20);
        }
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    return stored;
  }

  /** Deletes these keys, each of which must answer 204. @returns how many did not */
  async delete(keys: readonly string[]): Promise<number> {
    return this.#each(keys, async (key) => {
      this.journal.attempt(key, null);
      const answer = await this.client.send("DELETE", `/${bucket}/${key}`).catch(() => null);
      if (answer?.status !== 204) return false;
      this.journal.acknowledge(key, null);
      return true;
    });
  }

  /** @returns the number of keys that hold what they must not, or are not answered */
  async wrong(): Promise<number> {
    return this.#each(this.journal.keys(), async (key) => {
      const answer = await this.client.send("GET", `/${bucket}/${key}`).catch(() => null);
      if (answer?.status !== 200 && answer?.status !== 404) return false;
      return this.journal.mayHold(key, answer.status === 200 ? digestOf(answer.body) : null);
    });
  }

  async remove(): Promise<void> {
    this.client.close();
    await this.node.kill();
    this.disk.remove();
  }

  /** @returns how often `act` resolved to false */
  async #each(keys: readonly string[], act: (key: string) => Promise<boolean>): Promise<number> {
    const waiting = [...keys];
    let failures = 0;
    const work = async (): Promise<void> => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) if (!(await act(key))) failures += 1;
    };
    await Promise.all(Array.from({ length: parallel }, work));
    return failures;
  }
}

/** Fills, judges the refusals, deletes, and expects at least `wantedShare` of the deleted objects to fit again. */
async function fillAndFree(
  { directory, say, check }: SuiteContext,
  name: string,
  load: { readonly diskBytes: number; readonly sizes: readonly number[]; readonly deletedShare: number },
): Promise<void> {
  const full = await FullDisk.create(directory, load.diskBytes);
  try {
    const stored = await full.fill(load.sizes, 40_000);
    const refusals = [...full.refusals].map(([code, count]) => `${code}: ${count}`).join(", ");
    say(`${name}: ${stored} objects until full; refusals: ${refusals}`);
    check(`${name}: writes were refused`, full.refusals.size > 0);
    check(
      `${name}: each refusal names the reason`,
      [...full.refusals.keys()].every((code) => code === "507 InsufficientStorage"),
    );
    check(`${name}: everything acknowledged is readable on the full disk`, (await full.wrong()) === 0);
    const gone = full.journal.keys().filter((_, index) => (index * 7919) % 1000 < load.deletedShare * 1000);
    check(`${name}: deletes work on the full disk`, (await full.delete(gone)) === 0);
    const wanted = Math.floor(gone.length * 0.6);
    const begunAt = performance.now();
    let again = 0;
    while (again < wanted && performance.now() - begunAt < 90_000) {
      const before = again;
      again += await full.fill(load.sizes, wanted - again);
      if (again === before) await pause(500);
    }
    say(`${name}: ${gone.length} deleted, ${again} stored again within ${Math.round(performance.now() - begunAt)} ms`);
    check(`${name}: freed space is used again`, again >= wanted);
    check(`${name}: the rest is still whole`, (await full.wrong()) === 0);
    check(`${name}: the process lives and stops cleanly`, (await full.node.stop()) === 0);
    await full.restart();
    check(`${name}: the rest is whole after a restart`, (await full.wrong()) === 0);
  } finally {
    await full.remove();
  }
}

/** Another program takes all there is, while the node is being written to. It may stop itself, and must come back. */
async function filledByAnother({ directory, say, check }: SuiteContext): Promise<void> {
  const full = await FullDisk.create(directory, 192 * MiB);
  try {
    await full.fill([2000, 60_000, 1_500_000], 60);
    const filler = join(full.disk.mount, "filler");
    const loading = full.fill([7000, 30_000], 20_000);
    const fd = openSync(filler, "w");
    try {
      for (const piece = Buffer.alloc(MiB, 1); ; ) writeSync(fd, piece);
    } catch {
      // Full: that was wanted.
    }
    closeSync(fd);
    await loading;
    const exit = await Promise.race([full.node.exited, pause(100).then(() => null)]);
    say(`another program: refusals ${JSON.stringify([...full.refusals])}, exit ${exit}`);
    check("another program: the node lives or stopped itself", exit === null || exit === 70);
    if (exit !== null) await full.restart();
    check("another program: all is readable on the full disk", (await full.wrong()) === 0);
    check(
      "another program: deletes work on the full disk",
      (await full.delete(full.journal.keys().slice(0, 20))) === 0,
    );
    rmSync(filler);
    await pause(2500);
    check("another program: writes work once there is space", await full.put(1_000_000, 1_500_000));
    check("another program: all is whole", (await full.wrong()) === 0);
    check("another program: the process lives and stops cleanly", (await full.node.stop()) === 0);
  } finally {
    await full.remove();
  }
}

await runSuite("disk-full", async (context) => {
  const mixed = [2000, 60_000, 1_500_000];
  await fillAndFree(context, "every tier", { diskBytes: 256 * MiB, sizes: mixed, deletedShare: 0.6 });
  await fillAndFree(context, "segments", { diskBytes: 448 * MiB, sizes: [200 * KiB], deletedShare: 0.8 });
  await fillAndFree(context, "rows", { diskBytes: 96 * MiB, sizes: [7000], deletedShare: 0.8 });
  await filledByAnother(context);
});
