import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { systemClock } from "../base/clock.ts";
import { ChangeMarks } from "./change-marks.ts";
import { openEnvironment, openEnvironmentReader } from "./lmdb.ts";

test("a mark is another number after each commit, none while one is under way, and each thread sees it", (t) => {
  const marks = ChangeMarks.create(2);
  const writer = marks.partition(1);
  const reader = ChangeMarks.attach(marks.shared).partition(1);
  const seen = new Set<number | null>([reader.standing]);
  for (let commit = 1; commit <= 3; commit++) {
    writer.begin();
    writer.begin();
    t.is(reader.standing, null);
    writer.end();
    writer.end();
    seen.add(reader.standing);
    t.is(seen.size, 1 + commit);
  }
  t.false(seen.has(null));
  t.is(marks.partition(0).standing, 0);
  t.is(marks.control.standing, 0);
  t.throws(() => marks.partition(2), { message: /a mark of this node/ });
});

test("commits that write the named trees are marked, others are not, and what is read by a standing mark is the newest", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-marks-"));
  const mark = ChangeMarks.create(1).partition(0);
  const names = ["watched", "other"] as const;
  mark.begin();
  const environment = openEnvironment({
    directory,
    names,
    clock: systemClock,
    onFatal: (error) => t.fail(error.message),
    changes: { mark, trees: ["watched"] },
  });
  const reader = openEnvironmentReader({ directory, names });
  t.teardown(async () => {
    await reader.close();
    await environment.close();
    rmSync(directory, { recursive: true });
  });
  const first = mark.standing;
  t.not(first, null, "the writer that was there before is over");
  const key = Buffer.from("key");
  await environment.transact((trees) => trees.other.put(key, Buffer.from("0")));
  t.is(mark.standing, first);

  // A reader that keeps what it has read for as long as the mark stands, as fronts do.
  let known: { readonly standing: number | null; readonly value: number } | null = null;
  let reads = 0;
  const look = (): number => {
    const { standing } = mark;
    if (known !== null && standing !== null && known.standing === standing) return known.value;
    reader.refresh();
    reads += 1;
    known = { standing, value: Number(reader.trees.watched.get(key)?.toString() ?? 0) };
    return known.value;
  };
  for (let value = 1; value <= 50; value++) {
    const written = environment.transact((trees) => trees.watched.put(key, Buffer.from(String(value))));
    await Promise.resolve();
    t.true([value - 1, value].includes(look()));
    await written;
    t.is(look(), value);
    const readsBefore = reads;
    await environment.transact((trees) => trees.other.put(key, Buffer.from(String(value))));
    t.is(look(), value);
    t.is(reads, readsBefore, "no read while nothing changes");
  }
  const last = mark.standing;
  await environment.transact((trees) => trees.watched.remove(key));
  t.not(mark.standing, last);
  t.is(look(), 0);
});
