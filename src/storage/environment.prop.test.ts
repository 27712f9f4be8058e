import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { systemClock } from "../base/clock.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { Environment } from "./environment.ts";
import { openEnvironment } from "./lmdb.ts";
import { checkEnvironmentFile } from "./lmdb-file.ts";
import { createMemoryEnvironment } from "./memory-trees.ts";
import type { Range, Row } from "./trees.ts";

const names = ["a", "b"] as const;
type Names = (typeof names)[number];

// Few distinct keys, so that puts, removes and ranges meet.
const key = fc
  .array(fc.constantFrom(0, 1, 0x61, 0x7f, 0xfe, 0xff), { minLength: 1, maxLength: 3 })
  .map((bytes) => Buffer.from(bytes))
  .filter((bytes) => bytes.length > 1 || bytes[0] !== 0);
const value = fc
  .tuple(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(4090, storageLimits.valueBytesMax)), fc.nat(255))
  .map(([length, fill]) => Buffer.alloc(length, fill));
const range: fc.Arbitrary<Range> = fc
  .record({
    start: fc.oneof(key, fc.constant(Buffer.alloc(0))),
    end: fc.option(key, { nil: undefined }),
    reverse: fc.boolean(),
    limit: fc.integer({ min: 0, max: 12 }),
  })
  .map(({ end, ...rest }) => (end === undefined ? rest : { ...rest, end }));
const tree = fc.constantFrom<Names>(...names);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("put" as const), tree, key, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), tree, key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("get" as const), tree, key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("range" as const), tree, range }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer O> ? O : never;
const turns = fc.array(fc.array(operation, { maxLength: 8 }), { maxLength: 12 });

/** Short enough to read in a failure: values are runs of one byte. */
function show(bytes: Buffer | undefined): string {
  return bytes === undefined ? "none" : `${bytes.toString("hex", 0, 3)}*${bytes.length}`;
}

function showRows(rows: readonly Row[]): string {
  return rows.map((row) => `${show(row.key)}=${show(row.value)}`).join(" ");
}

/** Runs all turns in one tick, then reads everything outside of a turn. What comes back is all that was seen. */
async function run(environment: Environment<Names>, list: readonly (readonly Operation[])[]): Promise<unknown> {
  const seen = await Promise.all(
    list.map((operations) =>
      environment.transact((trees) =>
        operations.map((step) => {
          const target = trees[step.tree];
          if (step.kind === "put") target.put(step.key, step.value);
          else if (step.kind === "remove") target.remove(step.key);
          else if (step.kind === "get") return show(target.get(step.key));
          else return [showRows(target.range(step.range)), ...target.keys(step.range).map(show)];
          return undefined;
        }),
      ),
    ),
  );
  const everything = { start: Buffer.alloc(0), limit: 1000 };
  return [seen, showRows(environment.trees.a.range(everything)), showRows(environment.trees.b.range(everything))];
}

test("the LMDB and the memory driver agree, inside turns and outside, and the file is never short", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-environment-"));
  const onFatal = (error: Error) => t.fail(error.cause instanceof Error ? error.cause.stack : "");
  const lmdb = openEnvironment({ directory, names, clock: systemClock, onFatal });
  try {
    await fc.assert(
      fc.asyncProperty(turns, async (list) => {
        const memory = createMemoryEnvironment(names, onFatal);
        t.deepEqual(await run(lmdb, list), await run(memory, list));
        checkEnvironmentFile(directory, true);
        await lmdb.transact((trees) => {
          for (const name of names) {
            for (const row of trees[name].keys({ start: Buffer.alloc(0), limit: 1000 })) trees[name].remove(row);
          }
        });
      }),
      { numRuns: 120 },
    );
  } finally {
    await lmdb.close();
    rmSync(directory, { recursive: true });
  }
});

test("many rows in memory stay sorted under inserts and removes in any order", async (t) => {
  const environment = createMemoryEnvironment(names);
  const expected = new Set<number>();
  for (let turn = 0; turn < 40; turn++) {
    await environment.transact(({ a }) => {
      for (let index = 0; index < 500; index++) {
        const number = ((turn * 500 + index) * 7919) % 20_011;
        const bytes = Buffer.from(number.toString(16).padStart(8, "0"));
        if (index % 3 === 2) {
          a.remove(bytes);
          expected.delete(number);
        } else {
          a.put(bytes, bytes);
          expected.add(number);
        }
      }
    });
  }
  const keys = environment.trees.a.keys({ start: Buffer.alloc(0), limit: 30_000 });
  t.deepEqual(
    keys.map((bytes) => Number.parseInt(bytes.toString(), 16)),
    [...expected].sort((a, b) => a - b),
  );
});
