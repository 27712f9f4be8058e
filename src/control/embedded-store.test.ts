import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { ManualClock, settle } from "../actor/fixtures/manual-clock.ts";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { controlStoreConformance } from "./conformance.ts";
import { EmbeddedControlStore } from "./embedded-store.ts";
import { createControlMemory, openControlEnvironment } from "./environment.ts";
import { type ConformanceHarness, put } from "./harness.conformance.ts";
import { type ControlEnvironment, CorruptControlRecordError } from "./record-rows.ts";
import type { ControlEvent } from "./store.ts";

const logRevisionsMax = 40;

function openLmdb(directory: string): ControlEnvironment {
  return openControlEnvironment({
    directory,
    clock: systemClock,
    onFatal: (error) => {
      throw error;
    },
  });
}

function harness(open: () => ControlEnvironment, keeps: boolean, dispose: () => void): ConformanceHarness {
  const clock = new ManualClock();
  const make = () => new EmbeddedControlStore({ environment: open(), clock, random: systemRandom, logRevisionsMax });
  let store = make();
  return {
    store,
    reopen: keeps
      ? async () => {
          await store.close();
          store = make();
          return store;
        }
      : null,
    advance: async (ms) => {
      clock.advance(ms);
      // An ended lease is a transaction like any other: this one comes after it.
      await store.txn([], []);
    },
    settle: () => settle(50),
    logRevisionsMax,
    dispose: async () => {
      await store.close();
      dispose();
    },
  };
}

controlStoreConformance(test, "memory", async () => {
  return harness(
    () => createControlMemory(),
    false,
    () => {},
  );
});

controlStoreConformance(test, "lmdb", async () => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-control-"));
  return harness(
    () => openLmdb(directory),
    true,
    () => rmSync(directory, { recursive: true }),
  );
});

test("a process killed inside a transaction leaves the one before it, whole", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-control-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  let first = 1;
  for (const deathAfter of [1, 3, 6]) {
    const fatal = first + deathAfter;
    const acknowledged = await runUntilKilled(directory, first, fatal);
    t.is(acknowledged, fatal - 1);
    const store = new EmbeddedControlStore({
      environment: openLmdb(directory),
      clock: systemClock,
      random: systemRandom,
    });
    const records = await store.list("batch/");
    t.is(records.length, 20);
    t.deepEqual(new Set(records.map((record) => Number(String(record.value)))), new Set([acknowledged]));
    t.is(new Set(records.map((record) => record.revision)).size, 1);
    t.is(records[0]?.revision, await store.revision());
    const events: ControlEvent[] = [];
    store.watch("", await store.revision(), { events: (page) => void events.push(...page), gone: () => t.fail() });
    await settle();
    t.is(events.length, 20);
    await store.close();
    first = fatal;
  }
});

/** Number of the last transaction that the child said was acknowledged. */
function runUntilKilled(directory: string, first: number, fatal: number): Promise<number> {
  const program = fileURLToPath(new URL("./fixtures/crash-child.js", import.meta.url));
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, directory, String(first), String(fatal)], (error, stdout, stderr) => {
      if (error?.signal !== "SIGKILL") reject(new Error(`the child ended otherwise: ${stderr}`));
      else resolve(Number(stdout.trimEnd().split("\n").at(-1)));
    });
  });
}

test("a flipped bit in any byte of a record is found", async (t) => {
  const environment = createControlMemory();
  const store = new EmbeddedControlStore({ environment, clock: new ManualClock(), random: systemRandom });
  await store.txn([], [put("a", "value"), put("long", "x".repeat(10_000))]);
  for (const [tree, key] of [
    [environment.trees.records, Buffer.from("a")],
    [environment.trees.pieces, Buffer.from("long\0\0\x01")],
  ] as const) {
    const row = tree.get(key);
    t.truthy(row);
    for (let index = 0; index < Math.min(row?.length ?? 0, 40); index++) {
      const broken = Buffer.from(row ?? []);
      broken[index] = (broken[index] ?? 0) ^ 0x10;
      await environment.transact(() => tree.put(key, broken));
      const name = key.toString().startsWith("a") ? "a" : "long";
      await t.throwsAsync(store.get(name), { instanceOf: CorruptControlRecordError }, `byte ${index}`);
    }
    await environment.transact(() => tree.put(key, row ?? Buffer.alloc(0)));
  }
  t.is(String((await store.get("a"))?.value), "value");
  await environment.transact((trees) => trees.pieces.remove(Buffer.from("long\0\0\x01")));
  await t.throwsAsync(store.get("long"), { instanceOf: CorruptControlRecordError });
});

test("a closed store refuses everything", async (t) => {
  const store = new EmbeddedControlStore({
    environment: createControlMemory(),
    clock: new ManualClock(),
    random: systemRandom,
  });
  const last = store.txn([], [put("a", "1")]);
  await store.close();
  t.true(await last);
  await store.close();
  await t.throwsAsync(store.get("a"), { code: "Closed" });
  await t.throwsAsync(store.txn([], [put("a", "1")]), { code: "Closed" });
  t.throws(() => store.watch("", 1n, { events: () => {}, gone: () => {} }), { code: "Closed" });
});
