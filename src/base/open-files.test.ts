import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { limits } from "./limits.ts";
import { connectionsWithin, openFilesMax } from "./open-files.ts";

test("the limit is read from the system, and unknown or none is no limit", (t) => {
  t.true(openFilesMax() >= 64);
  const directory = mkdtempSync(join(tmpdir(), "troupe-open-files-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "limits");
  const read = (line: string): number => {
    writeFileSync(file, `Limit                     Soft Limit           Hard Limit           Units\n${line}\n`);
    return openFilesMax(file);
  };
  t.is(read("Max open files            4096                 524288               files"), 4096);
  t.is(read("Max open files            unlimited            unlimited            files"), Number.POSITIVE_INFINITY);
  t.is(read("Max processes             4096                 524288               processes"), Number.POSITIVE_INFINITY);
  t.is(openFilesMax(join(directory, "none")), Number.POSITIVE_INFINITY);
});

test("connections leave files for the disk", (t) => {
  t.is(connectionsWithin(Number.POSITIVE_INFINITY), limits.connectionsMax);
  t.is(connectionsWithin(1_048_576), limits.connectionsMax);
  t.is(connectionsWithin(4096), (4096 - limits.openFilesReserved) / 2);
  t.is(connectionsWithin(10), 1);
});
