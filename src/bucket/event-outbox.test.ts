/** The outbox: rows of the same commit, settling, dead letters, test events, and what a deleted bucket leaves. */

import test from "ava";
import { limits } from "../base/limits.ts";
import { asS3Error } from "../s3/errors.ts";
import type { EventCause } from "../s3/notification.ts";
import { eventKey } from "../storage/keys.ts";
import { BucketStand, inlineBody, plainDelete, stored } from "./bucket-stand.testing.ts";
import { waitingEvents } from "./event-outbox.ts";

const cause: EventCause = { principalId: "AWS:1", sourceAddress: "192.0.2.1", requestId: "R", hostId: "H" };
const arn = (name: string) => `arn:aws:sqs:us-east-1:111122223333:${name}`;
const rule = (id: string, events: readonly string[], target = "hook") =>
  ({ id, kind: "queue", arn: arn(target), events, prefix: null, suffix: null }) as const;
const watch = (...rules: readonly ReturnType<typeof rule>[]) => ({
  field: "notification" as const,
  value: { bucket: "photos", ownerId: "owner", region: "us-east-1", rules },
});
const all = watch(rule("all", ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]));

class Stand extends BucketStand {
  async putTold(key: string, told: EventCause | undefined = cause): Promise<void> {
    const body = stored(inlineBody("x"));
    await this.ask("object.put", {
      key,
      source: body,
      metadata: {},
      preconditions: {},
      ...(told === undefined ? {} : { cause: told }),
    });
  }

  waiting(limit = 100, known: ReadonlySet<string> = new Set()) {
    return waitingEvents(this.metadata.snapshot(), limit, (_bucket, id) => known.has(id));
  }

  names(): string[] {
    return this.waiting().map(({ event }) => `${event.name} ${"key" in event ? event.key : ""}`);
  }

  /** Rows of the tree, waiting and dead. */
  get rows(): number {
    return this.metadata.trees.events.keys({ start: Buffer.alloc(0), limit: 5000 }).length;
  }

  async die(count = 100): Promise<void> {
    const dead = this.waiting(count).map(({ id }) => id);
    await this.ask("events.settle", { delivered: [], dead });
  }

  dead = (after: string | null = null, limit = 100) => this.ask("events.dead", { after, limit });
}

async function watched(change = all): Promise<Stand> {
  const stand = new Stand();
  await stand.ask("bucket.configure", change);
  return stand;
}

test("an event is written with its change, and is there after a crash; a refused change tells nothing", async (t) => {
  const stand = await watched();
  await stand.putTold("a");
  stand.crash();
  const [found, ...more] = stand.waiting();
  t.deepEqual(more, []);
  t.like(found?.event, { name: "ObjectCreated:Put", key: "a", sizeBytes: 1, bucket: "photos", principalId: "AWS:1" });
  t.like(found, { bucket: stand.bucket, sinceMs: stand.nowMs, rules: [{ id: "all", target: "hook" }] });
  const source = stored(inlineBody("x"));
  const preconditions = { ifNoneMatch: "*" };
  const refused = stand.ask("object.put", { key: "a", source, metadata: {}, preconditions, cause } as never);
  t.is(asS3Error(await t.throwsAsync(refused))?.code, "PreconditionFailed");
  t.is(stand.rows, 1);
});

test("without a rule for it, or inside the product, nothing is written", async (t) => {
  const stand = await watched(watch(rule("removed", ["s3:ObjectRemoved:Delete"])));
  await stand.putTold("a");
  await stand.putTold("b", undefined);
  t.is(stand.rows, 0);
  await stand.ask("object.delete", { ...plainDelete("a"), cause } as never);
  t.deepEqual(stand.names(), ["ObjectRemoved:Delete a"]);
});

test("waiting events come oldest first, in bounded numbers, but for those that are known", async (t) => {
  const stand = await watched();
  for (const key of ["c", "a", "b"]) await stand.putTold(key);
  t.deepEqual(stand.names(), ["ObjectCreated:Put c", "ObjectCreated:Put a", "ObjectCreated:Put b"]);
  const [first] = stand.waiting(1);
  t.deepEqual(
    stand.waiting(1, new Set([first?.id ?? ""])).map(({ event }) => "key" in event && event.key),
    ["a"],
  );
});

test("delivered events go, dead ones are kept apart, and settling again changes nothing", async (t) => {
  const stand = await watched();
  for (const key of ["a", "b"]) await stand.putTold(key);
  const [a, b] = stand.waiting().map(({ id }) => id);
  const settled = { delivered: [a ?? ""], dead: [b ?? ""] };
  for (let times = 0; times < 2; times++) {
    await stand.ask("events.settle", settled);
    t.deepEqual(stand.names(), []);
    const { events, next } = await stand.dead();
    t.deepEqual(
      events.map(({ event, targets }) => ["key" in event && event.key, targets]),
      [["b", ["hook"]]],
    );
    t.is(next, null);
  }
});

test("of dead letters the newest are kept", async (t) => {
  const stand = await watched();
  const count = limits.deadEventsPerBucketMax + 5;
  for (let index = 0; index < count; index++) await stand.putTold(`k${index}`);
  for (let left = count; left > 0; left -= 100) await stand.die();
  t.is(stand.rows, limits.deadEventsPerBucketMax);
  const { events } = await stand.dead(null, 1);
  t.like(events[0]?.event, { key: "k5" });
});

test("dead letters are listed in pages, dropped by id, and sent again as if they were new", async (t) => {
  const stand = await watched();
  for (const key of ["a", "b", "c"]) await stand.putTold(key);
  await stand.die();
  const first = await stand.dead(null, 2);
  const second = await stand.dead(first.next, 2);
  const keys = [...first.events, ...second.events].map(({ event }) => ("key" in event ? event.key : ""));
  t.deepEqual(keys, ["a", "b", "c"]);
  t.is(second.next, null);
  t.deepEqual((await stand.dead("00", 2)).events, []);
  const ids = [first.events[0]?.id ?? "", "ffff"];
  t.deepEqual(await stand.ask("events.redeem", { ids, isSentAgain: false }), { count: 1 });
  stand.nowMs += limits.eventAgeMaxMs * 2;
  t.deepEqual(await stand.ask("events.redeem", { ids: null, isSentAgain: true }), { count: 2 });
  t.deepEqual((await stand.dead()).events, []);
  t.deepEqual(stand.names(), ["ObjectCreated:Put b", "ObjectCreated:Put c"]);
  t.true(stand.waiting().every(({ sinceMs, event }) => sinceMs === stand.nowMs && event.timeMs < sinceMs));
});

test("more dead letters than a turn takes are redeemed all", async (t) => {
  const stand = await watched();
  const count = Math.floor(limits.turnRowsMax / 8) * 2 + 7;
  for (let index = 0; index < count; index++) await stand.putTold(`k${index}`);
  for (let left = count; left > 0; left -= 100) await stand.die();
  t.deepEqual(await stand.ask("events.redeem", { ids: null, isSentAgain: true }), { count });
  t.is(stand.waiting(5000).length, count);
});

test("each target of a configuration gets one test event, which never becomes a dead letter", async (t) => {
  const stand = await watched(
    watch(
      rule("one", ["s3:ObjectCreated:Put"]),
      rule("two", ["s3:ObjectCreated:Copy"]),
      rule("three", ["s3:ObjectRemoved:*"], "other"),
    ),
  );
  await stand.ask("events.test", { requestId: "R", hostId: "H" });
  await stand.putTold("a");
  const found = stand.waiting();
  t.deepEqual(
    found.map(({ event, rules }) => `${event.name} ${rules[0]?.target}`),
    ["s3:TestEvent hook", "s3:TestEvent other", "ObjectCreated:Put hook"],
  );
  t.deepEqual(found[0]?.event, {
    name: "s3:TestEvent",
    timeMs: stand.nowMs,
    bucket: "photos",
    requestId: "R",
    hostId: "H",
  });
  await stand.die();
  t.is((await stand.dead()).events.length, 1);
  await stand.ask("bucket.configure", { field: "notification", value: null });
  await stand.ask("events.test", { requestId: "R", hostId: "H" });
  t.deepEqual(stand.names(), []);
});

for (const how of ["bucket.close", "bucket.emptySome"] as const) {
  test(`${how}: what waits is still delivered, and no dead letter is left or made`, async (t) => {
    const stand = await watched();
    for (const key of ["a", "b"]) await stand.putTold(key);
    await stand.die(1);
    t.is(stand.rows, 2);
    if (how === "bucket.close") {
      for (const key of ["a", "b"]) await stand.ask("object.delete", plainDelete(key));
      t.deepEqual(await stand.ask("bucket.close", {}), { empty: true });
    } else {
      while (!(await stand.ask("bucket.emptySome", {})).isEmpty);
    }
    t.deepEqual(stand.names(), ["ObjectCreated:Put b"]);
    t.is(stand.rows, 1);
    await stand.die();
    t.is(stand.rows, 0);
  });
}

test("a bucket that is closed and not empty keeps its dead letters", async (t) => {
  const stand = await watched();
  for (const key of ["a", "b"]) await stand.putTold(key);
  await stand.die(1);
  t.deepEqual(await stand.ask("bucket.close", {}), { empty: false });
  await stand.die();
  await stand.ask("bucket.reopen", {});
  t.is((await stand.dead()).events.length, 2);
});

test("a damaged row is an answer, and not a wrong event", async (t) => {
  const stand = await watched();
  const key = eventKey(stand.bucket, "dead", 1, 0);
  await stand.metadata.transact((trees) => trees.events.put(key, Buffer.from("not an event")));
  t.is(asS3Error(await t.throwsAsync(stand.dead()))?.code, "InternalError");
  t.deepEqual(stand.damaged, ["events"]);
});
