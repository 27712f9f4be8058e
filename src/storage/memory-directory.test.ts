import { existsSync, mkdirSync, mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "ava";
import { systemClock } from "../base/clock.ts";
import { lockDirectory } from "./directory-lock.ts";
import { systemDisk } from "./disk.ts";
import { makeMemoryDirectory, removeMemoryDirectory } from "./memory-directory.ts";

const make = () => makeMemoryDirectory(systemDisk, systemClock);
const age = (path: string): void => utimesSync(path, new Date(0), new Date(0));

test("what a killed process left is removed by the next; what is young or in use stays", async (t) => {
  const first = await make();
  const parent = dirname(first);
  const locked = mkdtempSync(join(parent, "troupe-memory-"));
  const left = mkdtempSync(join(parent, "troupe-memory-"));
  const foreign = mkdtempSync(join(parent, "troupe-foreign-"));
  for (const path of [locked, left, foreign]) {
    mkdirSync(join(path, "partitions"));
    writeFileSync(join(path, "lock"), "");
  }
  const lock = await lockDirectory(join(locked, "lock"), { disk: systemDisk, clock: systemClock });
  for (const path of [locked, left, foreign]) age(path);
  const second = await make();
  t.not(second, first);
  t.true(existsSync(first), "young");
  t.true(existsSync(locked), "in use");
  t.true(existsSync(foreign), "not ours");
  t.false(existsSync(left), "left");
  lock.release();
  for (const path of [first, second, locked, foreign]) await removeMemoryDirectory(path);
  t.false(existsSync(first));
});
