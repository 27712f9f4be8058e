import test from "ava";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { ManualClock, settled } from "../base/manual-clock.testing.ts";
import { EventDispatcher, type PendingEvent } from "./dispatcher.ts";
import type { EventTarget } from "./target.ts";

const bucket = bucketId("0123456789abcdef0123456789abcdef");
const ignore = (): void => undefined;
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore, child: () => log };

/** An outbox in memory, and targets that do as they are told. */
class Stand {
  readonly clock = new ManualClock();
  readonly outbox = new Map<string, PendingEvent>();
  readonly dead: string[] = [];
  /** "<target> <key>" of everything that was sent, taken or not. */
  readonly sent: string[] = [];
  readonly #held = new Set<() => void>();
  /** Targets that refuse. */
  readonly away = new Set<string>();
  /** Targets that do not answer until `answer`. */
  readonly slow = new Set<string>();
  isSettling = true;
  settles = 0;
  closed = 0;
  readonly dispatcher: EventDispatcher;

  constructor(names: readonly string[] = ["one", "two"]) {
    const target = (name: string): EventTarget => ({
      send: async (message) => {
        const { Records, Event } = JSON.parse(message) as {
          Records?: { s3: { object: { key: string } } }[];
          Event?: string;
        };
        this.sent.push(`${name} ${Records?.[0]?.s3.object.key ?? Event}`);
        if (this.slow.has(name)) await new Promise<void>((resolve) => this.#held.add(resolve));
        if (this.away.has(name)) throw new Error("away");
      },
      close: async () => {
        this.closed += 1;
      },
    });
    this.dispatcher = new EventDispatcher({
      targets: new Map(names.map((name) => [name, target(name)])),
      pending: (limit, isKnown) => [...this.outbox.values()].filter(({ id }) => !isKnown(bucket, id)).slice(0, limit),
      settle: async (_at, { delivered, dead }) => {
        this.settles += 1;
        if (!this.isSettling) throw new Error("the bucket's thread is away");
        for (const id of [...delivered, ...dead]) this.outbox.delete(id);
        this.dead.push(...dead);
      },
      clock: this.clock,
      log,
    });
  }

  add(key: string, targets: readonly string[]): void {
    const event = {
      name: "ObjectCreated:Put",
      timeMs: this.clock.nowMs(),
      bucket: "photos",
      ownerId: "owner",
      region: "us-east-1",
      key,
      sizeBytes: 1,
      etag: "e",
      versionId: null,
      seq: this.outbox.size,
      principalId: "AWS:1",
      sourceAddress: "192.0.2.1",
      requestId: "R",
      hostId: "H",
    } as const;
    const rules = targets.map((target) => ({ id: `rule-${target}`, target }));
    this.outbox.set(key, { bucket, partition: 0, id: key, event, sinceMs: event.timeMs, rules });
  }

  async answer(): Promise<void> {
    for (const release of this.#held) release();
    this.#held.clear();
    await settled();
  }

  poll = () => this.clock.advance(limits.eventPollMs);
}

test("an event leaves its outbox once each of its targets has it, and is settled once", async (t) => {
  const stand = new Stand();
  stand.add("a", ["one", "two"]);
  stand.add("b", ["two"]);
  await stand.poll();
  t.deepEqual([...stand.sent].sort(), ["one a", "two a", "two b"]);
  t.is(stand.outbox.size, 0);
  t.is(stand.settles, 2);
  t.deepEqual(stand.dispatcher.counts, { delivered: 3, failed: 0, dead: 0, waiting: 0 });
  await stand.clock.advance(60_000);
  t.is(stand.sent.length, 3);
  t.is(stand.settles, 2);
});

test("a target that is away is tried again ever more rarely, and nobody else gets the event twice", async (t) => {
  const stand = new Stand();
  stand.away.add("two");
  stand.add("a", ["one", "two"]);
  const times: number[] = [];
  let seen = 0;
  const start = stand.clock.nowMs();
  for (let step = 0; step < 320; step++) {
    await stand.poll();
    const tries = stand.sent.filter((line) => line === "two a").length;
    if (tries > seen) times.push(stand.clock.nowMs() - start);
    seen = tries;
  }
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  t.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000].slice(0, pauses.length));
  t.is(pauses.length, 6);
  t.is(stand.sent.filter((line) => line === "one a").length, 1);
  t.is(stand.dispatcher.counts.failed, 7);
  stand.away.clear();
  await stand.clock.advance(64_000);
  t.is(stand.outbox.size, 0);
  t.deepEqual(stand.dead, []);
});

test("the pause between tries is bounded, and an event past its age becomes a dead letter", async (t) => {
  const stand = new Stand();
  stand.away.add("one");
  stand.add("a", ["one"]);
  const minute = 60_000;
  for (const [id, event] of [...stand.outbox]) {
    stand.outbox.set(id, { ...event, sinceMs: event.sinceMs - limits.eventAgeMaxMs + 45 * minute });
  }
  await stand.clock.advance(35 * minute);
  const before = stand.sent.length;
  await stand.clock.advance(limits.eventRetryMsMax - limits.eventPollMs);
  t.is(stand.sent.length, before + 1);
  t.deepEqual([stand.dead, stand.outbox.size], [[], 1]);
  await stand.clock.advance(limits.eventPollMs * 2);
  t.deepEqual([stand.dead, stand.outbox.size], [["a"], 0]);
  t.like(stand.dispatcher.counts, { delivered: 0, dead: 1, waiting: 0 });
});

test("an event that came of age while nobody delivered is tried once all the same", async (t) => {
  const stand = new Stand();
  stand.add("a", ["one"]);
  stand.add("gone", ["never configured"]);
  const old = [...stand.outbox].map(
    ([id, event]) => [id, { ...event, sinceMs: event.sinceMs - limits.eventAgeMaxMs - 1 }] as const,
  );
  for (const [id, event] of old) stand.outbox.set(id, event);
  await stand.poll();
  t.deepEqual(stand.sent, ["one a"]);
  t.deepEqual([stand.dead, stand.outbox.size], [["gone"], 0]);
  t.like(stand.dispatcher.counts, { delivered: 1, dead: 1, failed: 1 });
});

test("a target is sent a bounded number of events at a time, and does not hold up another", async (t) => {
  const stand = new Stand();
  stand.slow.add("one");
  for (let index = 0; index < limits.eventSendsPerTargetMax + 3; index++) stand.add(`k${index}`, ["one"]);
  stand.add("other", ["two"]);
  await stand.poll();
  t.is(stand.sent.filter((line) => line.startsWith("one")).length, limits.eventSendsPerTargetMax);
  t.true(stand.sent.includes("two other"));
  stand.slow.clear();
  await stand.answer();
  await stand.poll();
  t.is(stand.outbox.size, 0);
  t.is(stand.sent.length, limits.eventSendsPerTargetMax + 4);
});

test("an event that cannot be settled is neither lost nor sent again, and settling it is tried more rarely", async (t) => {
  const stand = new Stand();
  stand.isSettling = false;
  stand.add("a", ["one"]);
  await stand.clock.advance(10_000);
  t.is(stand.outbox.size, 1);
  t.deepEqual(stand.sent, ["one a"]);
  t.is(stand.settles, 4);
  stand.isSettling = true;
  await stand.clock.advance(10_000);
  t.is(stand.outbox.size, 0);
  t.deepEqual(stand.sent, ["one a"]);
  t.like(stand.dispatcher.counts, { delivered: 1, waiting: 0 });
});

test("close lets what is on its way end, begins nothing, and closes the targets", async (t) => {
  const stand = new Stand();
  stand.slow.add("one");
  stand.add("a", ["one"]);
  await stand.poll();
  stand.add("b", ["one"]);
  let isClosed = false;
  const closing = stand.dispatcher.close().then(() => {
    isClosed = true;
  });
  await settled();
  t.false(isClosed);
  await stand.answer();
  await closing;
  await stand.clock.advance(60_000);
  t.deepEqual(stand.sent, ["one a"]);
  t.is(stand.closed, 2);
  t.is(stand.clock.alarms, 0);
  // What was delivered and not settled waits for the next start.
  t.deepEqual([...stand.outbox.keys()], ["a", "b"]);
});

test("a test event goes out in its own form", async (t) => {
  const stand = new Stand();
  const event = { name: "s3:TestEvent", timeMs: 0, bucket: "photos", requestId: "R", hostId: "H" } as const;
  const sinceMs = stand.clock.nowMs();
  stand.outbox.set("t", { bucket, partition: 0, id: "t", event, sinceMs, rules: [{ id: "", target: "one" }] });
  await stand.poll();
  t.deepEqual(stand.sent, ["one s3:TestEvent"]);
});
