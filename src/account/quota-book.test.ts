import test from "ava";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { BucketRecord } from "../control/records.ts";
import { QuotaBook } from "./quota-book.ts";

/** An account's buckets as the snapshots show them, and how often they were read. */
class World {
  readonly held: number[];
  nowMs = 10;
  reads = 0;
  /** Runs between two slices of a sum. */
  onYield: () => Promise<void> = () => Promise.resolve();
  readonly book: QuotaBook;

  constructor(held: number[]) {
    this.held = held;
    this.book = new QuotaBook({
      control: {
        refresh: () => undefined,
        bucketsOf: (accountId, _prefix, after, limit) =>
          this.held
            .map((_, index) => ({
              accountId,
              name: String(index).padStart(5, "0"),
              id: bucketId(index.toString(16).padStart(32, "0")),
              partition: 0,
            }))
            .filter(({ name }) => name > after)
            .slice(0, limit) as unknown as BucketRecord[],
      },
      reader: {
        held: ({ bucket }) => {
          this.reads += 1;
          const bytes = this.held[Number.parseInt(bucket, 16)] ?? 0;
          return { storedBytes: bytes, openUploadBytes: 1, objects: 1 };
        },
      },
      clock: { monotonicMs: () => this.nowMs },
      yieldTurn: () => this.onYield(),
    });
  }
}

const bytes = (count: number) => ({ bytes: count, objects: null });

test("without a bound nothing is read", async (t) => {
  const world = new World([5]);
  t.true(await world.book.admits("a", { bytes: null, objects: null }, 1e15, 1e15));
  t.is(world.reads, 0);
});

test("what is let through counts until the next sum, and a refused write does not", async (t) => {
  const world = new World([10, 20]);
  t.true(await world.book.admits("a", bytes(100), 60, 1));
  t.false(await world.book.admits("a", bytes(100), 9, 1));
  t.true(await world.book.admits("a", bytes(100), 8, 1));
  t.false(await world.book.admits("a", bytes(100), 1, 1));
  t.is(world.reads, 2, "one sum serves them all");
  world.nowMs += limits.quotaRefreshMs;
  // The writes never came: the account holds what it held.
  t.true(await world.book.admits("a", bytes(100), 68, 1));
  t.is(world.reads, 4);
  t.false(await world.book.admits("b", { bytes: null, objects: 2 }, 0, 1));
});

test("writers that come together before the first sum share it, and its bound", async (t) => {
  const world = new World([0]);
  const answers = await Promise.all(Array.from({ length: 20 }, () => world.book.admits("a", bytes(51), 10, 1)));
  t.is(answers.filter((isAdmitted) => isAdmitted).length, 5);
  t.is(world.reads, 1);
});

test("what is let through while a sum is made is not forgotten by it", async (t) => {
  const world = new World(Array.from({ length: limits.usageBucketsPerTurn }, () => 0));
  const held = limits.usageBucketsPerTurn;
  t.true(await world.book.admits("a", bytes(held + 100), 40, 1));
  world.nowMs += limits.quotaRefreshMs;
  let isInside = false;
  world.onYield = async () => {
    if (isInside) return;
    isInside = true;
    world.nowMs -= limits.quotaRefreshMs;
    // The old sum still serves: 40 + 60.
    t.true(await world.book.admits("a", bytes(held + 100), 60, 1));
    world.nowMs += limits.quotaRefreshMs;
  };
  t.true(await world.book.admits("a", bytes(held + 100), 40, 1));
  t.true(isInside);
  t.false(await world.book.admits("a", bytes(held + 100), 1, 1));
});

test("an account is summed for showing: bytes, objects and buckets", async (t) => {
  const world = new World([10, 20, 30]);
  t.deepEqual(await world.book.held("a"), { storedBytes: 60, openUploadBytes: 3, objects: 3, buckets: 3 });
});
