/** What the parts of a request cost on this machine, in the same run: one MD5, one fdatasync, one synced LMDB commit. */

import { createHash } from "node:crypto";
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#src/base/clock.ts";
import { openMetadata } from "#src/storage/lmdb.ts";

export interface PartCost {
  readonly name: string;
  readonly cpuMicros: number;
  readonly wallMicros: number;
}

async function measure(name: string, count: number, work: () => Promise<void> | void): Promise<PartCost> {
  await work();
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const used = process.cpuUsage(cpu);
  return {
    name,
    cpuMicros: (used.user + used.system) / count,
    wallMicros: ((performance.now() - started) * 1000) / count,
  };
}

const md5 = (size: number, count: number): Promise<PartCost> => {
  const bytes = Buffer.alloc(size, 7);
  return measure(`MD5 of ${size / 1024} KiB`, count, () => {
    for (let n = 0; n < count; n++) createHash("md5").update(bytes).digest();
  });
};

/** One 4 KiB write and fdatasync after the other. */
function sync(directory: string): Promise<PartCost> {
  const fd = openSync(join(directory, "sync"), "w");
  const bytes = Buffer.alloc(4096, 7);
  for (let n = 0; n < 256; n++) writeSync(fd, bytes, 0, bytes.length, n * 4096);
  const count = 200;
  return measure("one fdatasync of 4 KiB", count, () => {
    for (let n = 0; n < count; n++) {
      writeSync(fd, bytes, 0, bytes.length, (n % 256) * 4096);
      fdatasyncSync(fd);
    }
  }).finally(() => closeSync(fd));
}

/** Durable puts of 4 KiB, 64 at a time in flight, as the turns of 64 writers are. */
async function commit(directory: string): Promise<PartCost> {
  const metadata = openMetadata({
    directory: join(directory, "commit"),
    clock: systemClock,
    onFatal: (error: unknown) => {
      throw error;
    },
  });
  const value = Buffer.alloc(4300, 7);
  const count = 64 * 60;
  const cost = await measure("one LMDB put of 4 KiB in a synced commit of 64", count, async () => {
    for (let n = 0; n < count; n += 64) {
      const turns = Array.from({ length: 64 }, (_, index) =>
        metadata.transact((trees) => trees.current.put(Buffer.from(`key-${(n + index) % 1000}`), value)),
      );
      await Promise.all(turns);
    }
  });
  await metadata.close();
  return cost;
}

export async function measureParts(directory: string): Promise<PartCost[]> {
  mkdirSync(directory, { recursive: true });
  const costs = [await md5(4096, 20_000), await md5(65_536, 2000), await md5(1_048_576, 100)];
  costs.push(await sync(directory), await commit(directory));
  rmSync(directory, { recursive: true, force: true });
  return costs;
}

if (process.argv[2]) process.send?.(await measureParts(process.argv[2]));
