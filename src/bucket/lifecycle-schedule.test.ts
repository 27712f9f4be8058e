/** When passes run: at the start, after a change, once a day; beside clients, and never at their cost. */

import test from "ava";
import { ManualClock, settle } from "../actor/fixtures/manual-clock.ts";
import { type BucketId, bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import { encodeBucketRow, noQuota } from "../storage/bucket-row.ts";
import { bucketKey, configurationKey } from "../storage/keys.ts";
import { createMemoryMetadata } from "../storage/memory-trees.ts";
import { fieldCode, withField } from "./configuration.ts";
import { LifecycleSchedule } from "./lifecycle-schedule.ts";
import { type LifecycleProgress, nothingRemoved } from "./lifecycle-turns.ts";
import { firstPlace, type LifecyclePlace } from "./lifecycle-walk.ts";

const dayMs = 86_400_000;
const one = bucketId("1".repeat(32));
const two = bucketId("2".repeat(32));

class Stand {
  readonly clock = new ManualClock();
  readonly metadata = createMemoryMetadata();
  /** Slices that were asked for, by bucket. */
  readonly asked: [bucket: BucketId, place: LifecyclePlace | null][] = [];
  readonly errors: unknown[] = [];
  isQuiet = true;
  /** Answers of the slices to come; then a pass has one slice. */
  readonly answers: (Outcome<unknown> | null)[] = [];
  readonly schedule: LifecycleSchedule;
  configuredSeq = 1;

  constructor() {
    this.schedule = new LifecycleSchedule({
      partitions: [{ partition: 0, metadata: this.metadata }],
      clock: this.clock,
      dayMs,
      isQuiet: () => this.isQuiet,
      expireSome: ({ bucket }, place) => {
        const answer = this.answers.shift();
        if (answer === null) return null;
        this.asked.push([bucket, place]);
        return Promise.resolve(answer ?? this.progress({}));
      },
      onError: (error) => void this.errors.push(error),
    });
  }

  progress(members: Partial<LifecycleProgress>): Outcome<LifecycleProgress> {
    const { configuredSeq } = this;
    const plain = { next: null, rows: 1, removed: nothingRemoved, configuredSeq, busyMs: 1, commitMs: 0 };
    return { ok: true, value: { ...plain, ...members } };
  }

  async addBucket(bucket: BucketId, hasRules: boolean, state: "open" | "closed" = "open"): Promise<void> {
    const key = bucketKey(bucket);
    const fields = withField(0, "lifecycle", hasRules);
    const { configuredSeq } = this;
    const row = { state, versioning: "Off", createdMs: 0, quota: noQuota, fields, configuredSeq } as const;
    await this.metadata.transact((trees) => {
      trees.buckets.put(key, encodeBucketRow(key, row));
      trees.buckets.put(configurationKey(bucket, fieldCode("lifecycle"), 0), Buffer.from("any"));
    });
  }

  get buckets(): string[] {
    return this.asked.map(([bucket]) => (bucket === one ? "one" : "two"));
  }

  async run(ms: number, steps = 20): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.clock.advance(ms / steps);
      await settle(4);
    }
  }
}

test("buckets with rules are passed at the start and once a day, others never", async (t) => {
  const stand = new Stand();
  await stand.addBucket(one, true);
  await stand.addBucket(two, false);
  stand.schedule.start();
  await stand.run(100);
  t.deepEqual(stand.buckets, ["one"]);
  // The clock stands in the first day's first hour.
  await stand.run(10 * 60 * 60 * 1000);
  t.deepEqual(stand.buckets, ["one"], "no rule can have become due");
  await stand.run(dayMs, 48);
  t.deepEqual(stand.buckets, ["one", "one"]);
  t.like(stand.schedule.snapshot(), { passes: 2, rows: 2, bucketsWaiting: 0 });
  t.not(stand.schedule.snapshot().lastPassMs, null);
  await stand.schedule.stop();
});

test("a change of the rules starts a pass at once, and is no reason for another", async (t) => {
  const stand = new Stand();
  await stand.addBucket(one, true);
  stand.schedule.start();
  await stand.run(100);
  stand.configuredSeq = 2;
  await stand.addBucket(one, true);
  stand.schedule.wake({ bucket: one, partition: 0 });
  await stand.run(100);
  t.deepEqual(stand.buckets, ["one", "one"]);
  await stand.run(2 * limits.lifecycleCheckMs);
  t.deepEqual(stand.buckets, ["one", "one"]);
  await stand.schedule.stop();
});

test("a closed bucket is not passed", async (t) => {
  const stand = new Stand();
  await stand.addBucket(one, true, "closed");
  stand.schedule.start();
  await stand.run(1000);
  t.deepEqual(stand.buckets, []);
  await stand.schedule.stop();
});

test("a pass goes on from where a slice ended, and pauses by what it has cost", async (t) => {
  const stand = new Stand();
  await stand.addBucket(one, true);
  const next = { ...firstPlace, from: Buffer.from("k") };
  stand.answers.push(stand.progress({ next, busyMs: 10 }), stand.progress({}));
  stand.schedule.start();
  await settle();
  t.is(stand.asked.length, 1);
  const pauseMs = 10 * (1 / limits.lifecycleThreadShare - 1);
  await stand.run(pauseMs - 1, 1);
  t.is(stand.asked.length, 1, "the thread is others' for that long");
  await stand.run(2, 1);
  t.deepEqual(stand.asked[1], [one, next]);
  await stand.schedule.stop();
});

test("a pass pauses by how long its commits take, when that is longer", async (t) => {
  const stand = new Stand();
  await stand.addBucket(one, true);
  const next = { ...firstPlace, from: Buffer.from("k") };
  stand.answers.push(stand.progress({ next, busyMs: 1, commitMs: 30 }), stand.progress({}));
  stand.schedule.start();
  await settle();
  const pauseMs = 30 * (1 / limits.lifecycleCommitShare - 1);
  t.true(pauseMs > 1 / limits.lifecycleThreadShare);
  await stand.run(pauseMs - 1, 1);
  t.is(stand.asked.length, 1, "the disk is others' for that long");
  await stand.run(2, 1);
  t.deepEqual(stand.asked[1], [one, next]);
  await stand.schedule.stop();
});

test("what the end of a pass has cost is paused for before the next bucket's pass", async (t) => {
  const stand = new Stand();
  await stand.addBucket(one, true);
  await stand.addBucket(two, true);
  stand.answers.push(stand.progress({ busyMs: 10 }), stand.progress({}));
  stand.schedule.start();
  await settle();
  t.deepEqual(stand.buckets, ["one"]);
  const pauseMs = 10 * (1 / limits.lifecycleThreadShare - 1);
  await stand.run(pauseMs - 1, 1);
  t.deepEqual(stand.buckets, ["one"], "many small buckets take no more than a large one");
  await stand.run(2, 1);
  t.deepEqual(stand.buckets, ["one", "two"]);
  await stand.schedule.stop();
});

test("a slice waits until nobody waits for the thread, but not for ever", async (t) => {
  const stand = new Stand();
  await stand.addBucket(one, true);
  stand.isQuiet = false;
  stand.schedule.start();
  await stand.run(limits.lifecycleQuietWaitMs - 10, 100);
  t.is(stand.asked.length, 0);
  await stand.run(20, 20);
  t.is(stand.asked.length, 1);
  await stand.schedule.stop();
});

test("a bucket that refuses is passed again later, and the others meanwhile", async (t) => {
  const stand = new Stand();
  await stand.addBucket(one, true);
  await stand.addBucket(two, true);
  stand.answers.push({ ok: false, code: "OperationAborted", detail: {} }, null, {
    ok: false,
    code: "InternalError",
    detail: {},
  });
  stand.schedule.start();
  await stand.run(1000);
  t.deepEqual(stand.buckets, ["one", "two"]);
  t.is(stand.errors.length, 1, "a bucket that is closed is no error");
  await stand.run(2 * limits.lifecycleCheckMs);
  t.deepEqual(stand.buckets.slice(2).sort(), ["one", "two"]);
  await stand.schedule.stop();
});

test("a stop ends pauses, and nothing is asked any more", async (t) => {
  const stand = new Stand();
  await stand.addBucket(one, true);
  stand.answers.push(stand.progress({ next: firstPlace, busyMs: 1_000_000 }));
  stand.schedule.start();
  await settle();
  await stand.schedule.stop();
  stand.schedule.wake({ bucket: two, partition: 0 });
  await stand.run(10_000_000);
  t.is(stand.asked.length, 1);
});

test("a stop waits for the slice under way, and for no pause after it", async (t) => {
  const stand = new Stand();
  await stand.addBucket(one, true);
  stand.answers.push(stand.progress({ next: firstPlace, busyMs: 1_000_000 }));
  stand.schedule.start();
  t.is(stand.asked.length, 1);
  let isStopped = false;
  const stopped = stand.schedule.stop().then(() => {
    isStopped = true;
  });
  await settle();
  t.true(isStopped);
  await stand.run(10_000_000);
  await stopped;
  t.is(stand.asked.length, 1);
});
