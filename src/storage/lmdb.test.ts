import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import test from "ava";
import { type Clock, systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { openMetadata, openSnapshot, type Unsafe } from "./lmdb.ts";
import { checkEnvironmentFile, DamagedEnvironmentError } from "./lmdb-file.ts";
import type { Metadata, Trees } from "./trees.ts";

const fixture = new URL("./lmdb-owner.fixture.js", import.meta.url);

function temporaryDirectory(t: { teardown(run: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), "troupe-lmdb-"));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function openForTest(t: { fail(message: string): void }, directory: string): Metadata {
  return openMetadata({ directory, clock: systemClock, onFatal: (error) => t.fail(error.message) });
}

const a = Buffer.from("a");

test("turns of one tick see each other, and a refusal rejects only itself", async (t) => {
  const metadata = openForTest(t, temporaryDirectory(t));
  const claim = (name: string) => (trees: Trees) => {
    if (trees.current.get(a) !== undefined) throw new Error("PreconditionFailed");
    trees.current.put(a, Buffer.from(name));
    return name;
  };
  const outcomes = await Promise.allSettled(["w1", "w2", "w3", "w4"].map((name) => metadata.transact(claim(name))));
  t.deepEqual(
    outcomes.map((outcome) => outcome.status),
    ["fulfilled", "rejected", "rejected", "rejected"],
  );
  t.is(metadata.trees.current.get(a)?.toString(), "w1");
  await metadata.close();
});

test("any number of turns is committed, in order, over as many commits as they need", async (t) => {
  const metadata = openForTest(t, temporaryDirectory(t));
  const count = limits.turnsPerCommitMax * 3 + 7;
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      metadata
        .transact((trees) => trees.counters.put(Buffer.from(`n${index}`), Buffer.from([index & 0xff])))
        .then(() => order.push(index)),
    ),
  );
  t.deepEqual(
    order,
    Array.from({ length: count }, (_, index) => index),
  );
  t.is(metadata.trees.counters.keys({ start: Buffer.from("n"), limit: 10_000 }).length, count);
  await metadata.close();
});

test("a refreshed read sees a commit that other threads see, before this thread has heard of it", async (t) => {
  const directory = temporaryDirectory(t);
  const metadata = openForTest(t, directory);
  await metadata.transact((trees) => trees.current.put(a, Buffer.from([0])));
  const reader = openSnapshot({ directory });
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let olderReads = 0;
  for (let value = 1; value <= 20; value++) {
    let seen: readonly (number | undefined)[] = [];
    // In a microtask behind the turn: LMDB's thread commits, and this one does nothing else meanwhile.
    const looks = () => {
      metadata.trees.current.get(a);
      for (let look = 0; look < 200; look++) {
        Atomics.wait(pause, 0, 0, 5);
        reader.refresh();
        if (reader.trees.current.get(a)?.[0] === value) break;
      }
      if (metadata.trees.current.get(a)?.[0] !== value) olderReads += 1;
      metadata.refresh();
      seen = [reader.trees.current.get(a)?.[0], metadata.trees.current.get(a)?.[0]];
    };
    await metadata.transact((trees) => {
      trees.current.put(a, Buffer.from([value]));
      queueMicrotask(looks);
    });
    t.deepEqual(seen, [value, value]);
  }
  t.true(olderReads > 0, "without the refresh a read is older: else this test shows nothing");
  await reader.close();
  await metadata.close();
});

test("a read outside of turns sees what was acknowledged, though it read in the same tick before", async (t) => {
  const metadata = openForTest(t, temporaryDirectory(t));
  for (let value = 1; value <= 200; value++) {
    metadata.trees.current.get(a);
    const committed = metadata.transact((trees) => trees.current.put(a, Buffer.from([value])));
    metadata.trees.current.get(a);
    await committed;
    t.is(metadata.trees.current.get(a)?.[0], value);
  }
  await metadata.close();
});

test("writes outside a turn, async turns, too many rows and too large rows are refused", async (t) => {
  const metadata = openForTest(t, temporaryDirectory(t));
  t.throws(() => metadata.trees.current.put(a, a), { message: /inside a turn/ });
  await t.throwsAsync(
    metadata.transact(async () => undefined),
    { message: /synchronous/ },
  );
  const large = Buffer.alloc(storageLimits.valueBytesMax + 1);
  const put = metadata.transact((trees) =>
    t.throws(() => trees.current.put(a, large), { message: /larger than a page/ }),
  );
  await t.notThrowsAsync(put);
  await metadata.transact((trees) => {
    trees.current.put(a, Buffer.alloc(storageLimits.valueBytesMax, 7));
  });
  t.is(metadata.trees.current.get(a)?.length, storageLimits.valueBytesMax);
  await metadata.transact((trees) => {
    for (let row = 0; row < limits.turnRowsMax; row++) trees.log.put(Buffer.from(`r${row}`), a);
    t.throws(() => trees.log.put(a, a), { message: /turnRowsMax/ });
  });
  await metadata.close();
  await t.throwsAsync(
    metadata.transact(() => 1),
    { message: /closed/ },
  );
});

test("pages are as large as asked, and the largest value takes one", async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, "data.mdb");
  const metadata = openForTest(t, directory);
  const before = statSync(file).size;
  await metadata.transact((trees) => {
    for (let row = 0; row < 400; row++)
      trees.current.put(Buffer.from(`r${row}`), Buffer.alloc(storageLimits.valueBytesMax));
  });
  const pages = (statSync(file).size - before) / storageLimits.pageBytes;
  t.true(pages >= 400 && pages < 500, `${pages} pages for 400 values`);
  await metadata.close();

  const bytes = readFileSync(file);
  t.is(bytes.readUInt32LE(48), storageLimits.pageBytes);
  bytes.writeUInt32LE(4096, 48);
  writeFileSync(file, bytes);
  t.throws(() => openForTest(t, directory), { instanceOf: DamagedEnvironmentError, message: /4096/ });
});

test("a cut, foreign, missing or empty data file is an error, not a crash", async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, "data.mdb");
  const metadata = openForTest(t, directory);
  for (let row = 0; row < 50; row++) {
    await metadata.transact((trees) => trees.current.put(Buffer.from(`r${row}`), Buffer.alloc(4000)));
  }
  await metadata.close();
  truncateSync(file, statSync(file).size - storageLimits.pageBytes);
  t.throws(() => openForTest(t, directory), { instanceOf: DamagedEnvironmentError, message: /cut short/ });
  writeFileSync(file, Buffer.alloc(3 * storageLimits.pageBytes, 1));
  t.throws(() => openForTest(t, directory), { instanceOf: DamagedEnvironmentError, message: /no valid meta/ });
  writeFileSync(file, "");
  const options = { directory, clock: systemClock, onFatal: () => t.fail(), mustExist: true };
  t.throws(() => openMetadata(options), { instanceOf: DamagedEnvironmentError, message: /missing or empty/ });
  t.throws(() => openSnapshot({ directory }), { instanceOf: DamagedEnvironmentError, message: /missing or empty/ });
});

test("a file that lacks free pages only is opened, one that lacks any other is not", async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, "data.mdb");
  const metadata = openForTest(t, directory);
  const rowAt = (row: number) => Buffer.from(`r${row}`.padEnd(40));
  await metadata.transact((trees) => {
    for (let row = 0; row < 300; row++) trees.current.put(rowAt(row), Buffer.alloc(row % 2 === 0 ? 300 : 6000, row));
  });
  for (let round = 0; round < 4; round++) {
    await metadata.transact((trees) => {
      for (let row = 100; row < 300; row++) trees.current.remove(rowAt(row));
      trees.counters.put(Buffer.from("round"), Buffer.from([round]));
    });
  }
  await metadata.close();
  const pages = statSync(file).size / storageLimits.pageBytes;
  let openedCount = 0;
  // The file of a crash in the middle of growth is made by cutting: every length is either refused or read whole.
  for (let length = pages - 1; length > pages / 4; length -= 7) {
    truncateSync(file, length * storageLimits.pageBytes);
    try {
      checkEnvironmentFile(directory, true);
    } catch (error) {
      t.true(error instanceof DamagedEnvironmentError);
      break;
    }
    const cut = openForTest(t, directory);
    const rows = cut.trees.current.range({ start: Buffer.from("r"), limit: 1000 });
    t.deepEqual([rows.length, rows.every(({ value }) => value.length === 300 || value.length === 6000)], [100, true]);
    await cut.close();
    openedCount += 1;
  }
  t.true(openedCount > 0);
});

test("a commit that does not answer is fatal, and nothing settles after", async (t) => {
  let tick: () => void = () => t.fail();
  const clock: Clock = {
    ...systemClock,
    every: (_interval, run) => {
      tick = run;
      return { cancel: () => undefined };
    },
  };
  const fatal: string[] = [];
  const options = { directory: temporaryDirectory(t), clock, onFatal: (error: Error) => fatal.push(error.message) };
  const metadata = openMetadata(options);
  await metadata.transact((trees) => trees.current.put(a, a));
  for (let check = 0; check < 20; check++) tick();
  t.deepEqual(fatal, [], "an idle environment is not overdue");
  const never = metadata.transact((trees) => trees.current.put(a, a));
  for (let check = 0; check < 10; check++) tick();
  t.deepEqual(fatal, []);
  tick();
  t.is(fatal.length, 1);
  tick();
  t.is(fatal.length, 1);
  const late = new Promise((resolve) => setTimeout(resolve, 100, "unsettled"));
  t.is(await Promise.race([never, metadata.transact(() => "later"), late]), "unsettled");
  await metadata.close();
});

test("a turn that throws after a write ends the process, and its half is not committed", async (t) => {
  const directory = temporaryDirectory(t);
  const child = spawnSync(process.execPath, [fileURLToPath(fixture), "break", directory], { encoding: "utf8" });
  t.is(child.stdout, "fatal a turn threw after its first write\n");
  t.is(child.status, 70);
  const metadata = openForTest(t, directory);
  const keys = metadata.trees.current.keys({ start: Buffer.alloc(0), limit: 10 }).map(String);
  t.deepEqual(keys, ["before"]);
  await metadata.close();
});

test("a failing commit ends the process, and all that was acknowledged is there", async (t) => {
  const directory = temporaryDirectory(t);
  const command = `ulimit -f 1500; exec "${process.execPath}" "${fileURLToPath(fixture)}" fill "${directory}"`;
  const child = spawnSync("bash", ["-c", command], { encoding: "utf8" });
  const lines = child.stdout.trim().split("\n");
  t.is(child.status, 70, child.stderr);
  t.is(lines.at(-1), "fatal an LMDB commit failed");
  t.true(lines.length > 20);
  const metadata = openForTest(t, directory);
  t.true(metadata.trees.current.keys({ start: Buffer.alloc(0), limit: 10_000 }).length >= lines.length - 1);
  await metadata.close();
});

/** Puts `tries` numbers in a worker, and counts the acknowledgements after which a read shows an older one. */
async function countStaleReads(directory: string, tries: number, unsafe: Unsafe): Promise<number> {
  const owner = new Worker(fixture, { workerData: directory });
  const exited = new Promise((resolve) => owner.once("exit", resolve));
  await new Promise((resolve) => owner.once("message", resolve));
  const snapshots = [openSnapshot({ directory, unsafe }), openSnapshot({ directory, unsafe })];
  const key = Buffer.from("key");
  let stale = 0;
  await new Promise<void>((resolve, reject) => {
    owner.once("error", reject);
    owner.on("message", (acked: number) => {
      for (const snapshot of snapshots) {
        snapshot.refresh();
        if (snapshot.trees.current.get(key)?.readUInt32BE() !== acked) stale += 1;
      }
      if (acked === tries) resolve();
      else owner.postMessage(acked + 1);
    });
    owner.postMessage(1);
  });
  for (const snapshot of snapshots) await snapshot.close();
  owner.postMessage("close");
  await exited;
  return stale;
}

test.serial("a refreshed snapshot in another thread always shows an acknowledged put", async (t) => {
  t.is(await countStaleReads(temporaryDirectory(t), 2500, {}), 0);
});

test.serial("negative control: without the refresh it often does not", async (t) => {
  t.true((await countStaleReads(temporaryDirectory(t), 500, { noReadReset: true })) > 0);
});

test("what deletes leave in the file is counted as reusable, and new rows take it before the file grows", async (t) => {
  const directory = temporaryDirectory(t);
  const metadata = openMetadata({ directory, clock: systemClock, onFatal: (error) => t.fail(error.message) });
  const rows = Array.from({ length: 300 }, (_, index) => Buffer.from(`row ${index}`));
  const value = Buffer.alloc(7000, 1);
  const fill = () =>
    metadata.transact((trees) => {
      for (const key of rows) trees.current.put(key, value);
    });
  await fill();
  const full = metadata.reusableBytes();
  await metadata.transact((trees) => {
    for (const key of rows) trees.current.remove(key);
  });
  const emptied = metadata.reusableBytes();
  t.true(emptied - full >= 290 * storageLimits.pageBytes, `${full}, then ${emptied} bytes`);
  const sizeBytes = statSync(join(directory, "data.mdb")).size;
  await metadata.transact((trees) => trees.current.put(a, value));
  await fill();
  t.true(metadata.reusableBytes() < emptied - 250 * storageLimits.pageBytes);
  t.true(statSync(join(directory, "data.mdb")).size <= sizeBytes + 64 * storageLimits.pageBytes);
  await metadata.close();
});
