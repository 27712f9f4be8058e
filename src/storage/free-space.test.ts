import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { type Clock, systemClock } from "../base/clock.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { systemDisk } from "./disk.ts";
import { FaultyDisk } from "./faulty-disk.ts";
import { FreeSpace } from "./free-space.ts";
import { temporaryDirectory } from "./partition-fixture.ts";

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

async function setUp(totalBytes: number, freeBytes: number, ballastBytes?: number) {
  const { path, remove } = temporaryDirectory();
  const faulty = new FaultyDisk(systemDisk);
  const volume = { totalBytes, freeBytes };
  faulty.replace("fileSystem", () => Promise.resolve({ typeId: 0xef53, ...volume }));
  const ballastPath = join(path, "ballast");
  const ticks: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    every: (_intervalMs, run) => {
      ticks.push(run);
      return { cancel: () => ticks.splice(0) };
    },
  };
  const events: string[] = [];
  const options = {
    directory: path,
    disk: faulty.disk,
    clock,
    ballastPath,
    ...(ballastBytes === undefined ? {} : { ballastBytes }),
    onEvent: ({ kind }: { kind: string }) => void events.push(kind),
  };
  return { faulty, volume, ballastPath, ticks, events, options, remove };
}

test("the watermark is the smaller of the absolute and the relative limit", async (t) => {
  for (const [total, watermark] of [
    [64 * MiB, Math.floor(64 * MiB * storageLimits.freeRatioMin)],
    [1000 * GiB, storageLimits.freeBytesMin],
  ] as const) {
    const { options, volume, remove } = await setUp(total, watermark, 0);
    const space = await FreeSpace.open(options);
    await space.refresh();
    t.is(space.watermarkBytes, watermark);
    t.false(space.isLow);
    volume.freeBytes = watermark - 1;
    await space.refresh();
    t.true(space.isLow);
    await space.close();
    remove();
  }
});

test("the clock refreshes the figures", async (t) => {
  const { options, volume, ticks, remove } = await setUp(64 * MiB, 32 * MiB, 0);
  const space = await FreeSpace.open(options);
  await space.refresh();
  volume.freeBytes = 0;
  for (const tick of ticks) tick();
  await space.refresh();
  t.true(space.isLow);
  await space.close();
  remove();
});

test("the ballast is at most one hundredth of the volume, goes when space ends, and comes back", async (t) => {
  const { options, volume, ballastPath, events, remove } = await setUp(64 * MiB, 32 * MiB);
  const space = await FreeSpace.open(options);
  await space.refresh();
  t.is(statSync(ballastPath).size, Math.floor(64 * MiB * storageLimits.ballastRatioMax));
  volume.freeBytes = space.watermarkBytes / 2;
  await space.refresh();
  t.true(space.isLow && space.hasBallast, "writes are refused before the ballast is needed");
  volume.freeBytes = 0;
  await space.refresh();
  t.true(existsSync(ballastPath), "whoever takes the space would take this too");
  await space.refresh();
  t.false(existsSync(ballastPath));
  volume.freeBytes = 32 * MiB;
  await space.refresh();
  t.true(existsSync(ballastPath));
  t.deepEqual(events, ["restored", "low", "released", "enough", "restored"]);
  await space.close();
  remove();
});

test("what is about to be written counts before the next refresh, and is measured in good time", async (t) => {
  const { options, volume, faulty, remove } = await setUp(64 * MiB, 32 * MiB, 0);
  faulty.replace("fileSystemSync", () => ({ typeId: 0xef53, ...volume }));
  const space = await FreeSpace.open(options);
  await space.refresh();
  // Two writers of one volume, of which each knows its own bytes only; what is written is gone at once.
  const other = await FreeSpace.open(options);
  await other.refresh();
  const pieceBytes = 20_000;
  let writes = 0;
  for (; writes < 4000 && !(space.isLow && other.isLow); writes++) {
    const writer = space.isLow ? other : space;
    writer.spend(pieceBytes);
    volume.freeBytes -= pieceBytes;
  }
  t.true(space.isLow && other.isLow);
  t.true(volume.freeBytes > 0.5 * space.watermarkBytes, `${volume.freeBytes} bytes are left`);
  t.true(faulty.count("fileSystemSync") < writes / 8, "it is not measured for each write");
  await space.close();
  await other.close();
  remove();
});

test("a whole ballast of an earlier start is kept, a torn one is written again", async (t) => {
  const { options, ballastPath, faulty, remove } = await setUp(64 * MiB, 32 * MiB, 10_000);
  writeFileSync(ballastPath, Buffer.alloc(10_000));
  const kept = await FreeSpace.open(options);
  await kept.refresh();
  t.is(faulty.count("pwrite"), 0);
  await kept.close();
  writeFileSync(ballastPath, Buffer.alloc(9_999));
  const renewed = await FreeSpace.open(options);
  await renewed.refresh();
  t.is(statSync(ballastPath).size, 10_000);
  await renewed.close();
  remove();
});

test("an error while the ballast is written is told, and leaves no torn file", async (t) => {
  const { options, ballastPath, faulty, events, remove } = await setUp(64 * MiB, 32 * MiB, 10_000);
  faulty.fail("pwrite", { code: "ENOSPC", times: 1 });
  const space = await FreeSpace.open(options);
  await space.refresh();
  t.deepEqual(events, ["error"]);
  t.false(existsSync(ballastPath));
  await space.refresh();
  t.true(space.hasBallast);
  await space.close();
  remove();
});
