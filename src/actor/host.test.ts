import test from "ava";
import { limits } from "../base/limits.ts";
import type { CounterProtocol } from "./fixtures/counter-actor.ts";
import { address, startCounters } from "./fixtures/local.ts";
import { settle } from "./fixtures/manual-clock.ts";
import type { ThreadLink } from "./port.ts";
import { actorRef } from "./ref.ts";

const options = { requestId: "r", timeoutMs: 1000 };

function link(links: readonly ThreadLink[], thread = 0): ThreadLink {
  const found = links[thread];
  if (found === undefined) throw new Error("no such thread");
  return found;
}

test("messages of one bucket have their turns in order, and each ask gets its own reply", async (t) => {
  const { threads, world } = startCounters();
  const ref = actorRef<CounterProtocol>(link(threads.links), address(1));
  const labels = Array.from({ length: 300 }, (_, index) => `m${index}`);
  const replies = await Promise.all(labels.map((label) => ref.ask("counter.add", { label }, options)));
  for (const [index, reply] of replies.entries()) {
    t.deepEqual(reply, { ok: true, value: { count: index + 1, label: `m${index}` } });
  }
  t.deepEqual(
    world.turns,
    labels.map((label) => `1:${label}`),
  );
  t.deepEqual(world.life, ["+1"], "one activation");
  await threads.close();
  t.deepEqual(world.life, ["+1", "-1"]);
});

test("a bucket with a long queue does not hold back another", async (t) => {
  const { threads, world } = startCounters();
  const busy = actorRef<CounterProtocol>(link(threads.links), address(1));
  const quiet = actorRef<CounterProtocol>(link(threads.links), address(2));
  const asks = Array.from({ length: 500 }, () => busy.ask("counter.add", { label: "b" }, options));
  await Promise.all([...asks, quiet.ask("counter.add", { label: "q" }, options)]);
  t.true(world.turns.indexOf("2:q") <= limits.mailboxQuantumBytes / limits.turnCostBytes);
  await threads.close();
});

test("an S3 error is an answer; the thread lives on", async (t) => {
  const { threads, starts } = startCounters();
  const ref = actorRef<CounterProtocol>(link(threads.links), address(1));
  t.deepEqual(await ref.ask("counter.refuse", {}, options), { ok: false, code: "NoSuchKey", detail: { Key: "k" } });
  t.deepEqual(await ref.ask("counter.add", { label: "" }, options), { ok: true, value: { count: 2, label: "" } });
  t.deepEqual(starts, [false]);
  await threads.close();
});

test("a partition of another thread is refused", async (t) => {
  const { threads } = startCounters();
  const ref = actorRef<CounterProtocol>(link(threads.links), address(1, 7));
  t.like(await ref.ask("counter.add", { label: "" }, options), { ok: false, code: "ServiceUnavailable" });
  await threads.close();
});

test("an ask ends at its deadline, its turn having begun or not; before its turn it never happens", async (t) => {
  const { threads, world, clock } = startCounters();
  const only = link(threads.links);
  const ref = actorRef<CounterProtocol>(only, address(1));
  const slow = ref.ask("counter.slow", { label: "slow" }, { requestId: "r", timeoutMs: 50 });
  await settle();
  t.is(world.slow.length, 1);
  clock.advance(200);
  t.like(await slow, { ok: false, code: "ServiceUnavailable" });
  world.slow[0]?.();
  await settle();

  // Posted, and not yet taken when its deadline passes.
  const late = ref.ask("counter.add", { label: "late" }, { requestId: "r", timeoutMs: 10 });
  clock.advance(20);
  t.like(await late, { ok: false, code: "SlowDown" });
  t.deepEqual(world.turns, ["1:slow"]);
  t.like(threads.host(0).snapshot(), { expired: 1, turnsInFlight: 0 });
  t.like(only.snapshot(), { pending: 0, timedOut: 1 });
  await threads.close();
});

test("too many unanswered asks are refused at once", async (t) => {
  const { threads, world } = startCounters();
  const only = link(threads.links);
  const ref = actorRef<CounterProtocol>(only, address(1));
  const asks = Array.from({ length: limits.outboxMessagesMax }, () => ref.ask("counter.slow", { label: "" }, options));
  t.like(await ref.ask("counter.add", { label: "" }, options), { ok: false, code: "SlowDown" });
  await settle(200);
  t.is(world.slow.length, limits.turnsInFlightMax, "turns in flight are bounded");
  let started = 0;
  const answered = Promise.all(asks);
  for (let isDone = false; !isDone; ) {
    for (; started < world.slow.length; started++) world.slow[started]?.();
    isDone = await Promise.race([answered.then(() => true), settle(2).then(() => false)]);
  }
  const outcomes = await answered;
  t.is(outcomes.filter((outcome) => outcome.ok).length, limits.mailboxMessagesPerBucketMax);
  t.is(only.snapshot().pending, 0);
  await threads.close();
});

test("a fault of an actor ends its thread: pending asks fail, slots come back, the next one starts afresh", async (t) => {
  const { threads, starts, world } = startCounters({ threads: 2 });
  const first = actorRef<CounterProtocol>(link(threads.links), address(1));
  const other = actorRef<CounterProtocol>(link(threads.links, 1), address(2, 1));
  await first.ask("counter.add", { label: "" }, options);
  const slow = first.ask("counter.slow", { label: "" }, options);
  const slot = threads.slabs.acquire(10) ?? -1;
  const inSlot = { source: { kind: "slot" as const, slot, length: 10 } };
  const reading = link(threads.links).ask(address(1), "counter.slow", inSlot, {
    ...options,
    slot: { id: slot, length: 10 },
  });
  const crash = first.ask("counter.crash", {}, options);
  const behind = first.ask("counter.add", { label: "" }, options);
  const elsewhere = other.ask("counter.slow", { label: "" }, options);
  for (const outcome of await Promise.all([slow, reading, crash, behind])) {
    t.like(outcome, { ok: false, code: "ServiceUnavailable" });
  }
  t.is(threads.slabs.snapshot().lent, 0);
  t.deepEqual(await first.ask("counter.add", { label: "x" }, options), { ok: true, value: { count: 1, label: "x" } });
  t.deepEqual(starts, [false, false, true]);
  for (const run of world.slow) run();
  t.like(await elsewhere, { ok: true });
  await threads.close();
});

test("a thread that ends too often is given up", async (t) => {
  const { threads, escalations, starts, clock } = startCounters();
  const ref = actorRef<CounterProtocol>(link(threads.links), address(1));
  clock.advance(limits.restartWindowMs);
  for (let count = 0; count < limits.restartsMax; count++) {
    await ref.ask("counter.crash", {}, options);
    await settle();
  }
  t.deepEqual(escalations, []);
  await ref.ask("counter.crash", {}, options);
  await settle();
  t.is(escalations.length, 1);
  t.is(starts.length, 1 + limits.restartsMax);
  t.like(await ref.ask("counter.add", { label: "" }, options), { ok: false, code: "ServiceUnavailable" });
});

test("the slot of an ask is free after its reply, not at its deadline", async (t) => {
  const { threads, world, clock } = startCounters();
  const only = link(threads.links);
  const slot = threads.slabs.acquire(10) ?? -1;
  const ask = only.ask(
    address(1),
    "counter.slow",
    {},
    { requestId: "r", timeoutMs: 50, slot: { id: slot, length: 10 } },
  );
  await settle();
  clock.advance(500);
  t.like(await ask, { ok: false, code: "ServiceUnavailable" });
  t.is(threads.slabs.snapshot().lent, 1);
  world.slow[0]?.();
  await settle();
  t.is(threads.slabs.snapshot().lent, 0);

  const other = threads.slabs.acquire(10) ?? -1;
  threads.slabs.view(other, 10).fill(7);
  const source = { kind: "slot" as const, slot: other, length: 10 };
  const read = await actorRef<CounterProtocol>(only, address(1)).ask("counter.readSlot", { source }, options);
  t.deepEqual(read, { ok: true, value: { first: 7, isUniform: true, length: 10 } });
  t.is(threads.slabs.snapshot().lent, 0);
  await threads.close();
});

test("idle actors are passivated, and messages that come meanwhile wait for the next one in order", async (t) => {
  const { threads, world, clock } = startCounters();
  const ref = actorRef<CounterProtocol>(link(threads.links), address(1));
  const other = actorRef<CounterProtocol>(link(threads.links), address(2));
  await ref.ask("counter.add", { label: "a" }, options);
  await other.ask("counter.add", { label: "a" }, options);
  clock.advance(limits.passivateIdleMs / 2);
  await other.ask("counter.add", { label: "b" }, options);
  let finish = () => {};
  world.passivation = new Promise((resolve) => {
    finish = resolve;
  });
  clock.advance(limits.passivateIdleMs / 2 + 1);
  t.deepEqual(world.life, ["+1", "+2", "-1"]);
  const waiting = ["c", "d", "e"].map((label) =>
    ref.ask("counter.add", { label }, { requestId: "r", timeoutMs: 9000 }),
  );
  await other.ask("counter.add", { label: "c" }, options);
  t.is(world.turns.filter((turn) => turn.startsWith("1:")).length, 1, "held back");
  finish();
  const outcomes = await Promise.all(waiting);
  t.deepEqual(
    outcomes.map((outcome) => outcome.ok && outcome.value.count),
    [1, 2, 3],
  );
  t.deepEqual(world.life, ["+1", "+2", "-1", "+1"]);
  world.passivation = null;
  await threads.close();
});

test("an actor with a turn in flight is not passivated", async (t) => {
  const { threads, world, clock } = startCounters();
  const ref = actorRef<CounterProtocol>(link(threads.links), address(1));
  const slow = ref.ask("counter.slow", { label: "" }, { requestId: "r", timeoutMs: 10 * limits.passivateIdleMs });
  await settle();
  clock.advance(3 * limits.passivateIdleMs);
  t.deepEqual(world.life, ["+1"]);
  world.slow[0]?.();
  t.like(await slow, { ok: true });
  await threads.close();
});

test("closing serves what was accepted and refuses what comes", async (t) => {
  const { threads, world } = startCounters();
  const ref = actorRef<CounterProtocol>(link(threads.links), address(1));
  const slow = ref.ask("counter.slow", { label: "" }, options);
  await settle();
  const closed = threads.close();
  await settle();
  t.like(await ref.ask("counter.add", { label: "" }, options), { ok: false, code: "ServiceUnavailable" });
  world.slow[0]?.();
  t.like(await slow, { ok: true });
  await closed;
  t.deepEqual(world.life, ["+1", "-1"]);
});

test("work of the thread's own begins at once, beside what waits, and ends in an outcome", async (t) => {
  const { threads, world } = startCounters();
  const host = threads.host(0);
  t.true(host.isQuiet);
  const added = host.runInside(address(1), "counter.add", { label: "inside" });
  t.deepEqual(await added, { ok: true, value: { count: 1, label: "inside" } });
  const refused = await host.runInside(address(1), "counter.refuse", {});
  t.deepEqual(refused, { ok: false, code: "NoSuchKey", detail: { Key: "k" } });
  t.deepEqual(world.life, ["+1"], "the same actor as for messages");
  t.like(host.snapshot(), { turnsInFlight: 0, waiting: 0 });
  const slow = host.runInside(address(1), "counter.slow", { label: "slow" });
  await settle();
  const closing = threads.close();
  await settle();
  t.deepEqual(world.life, ["+1"], "a stop waits for it");
  t.is(host.runInside(address(1), "counter.add", { label: "late" }), null);
  world.slow[0]?.();
  t.deepEqual(await slow, { ok: true, value: { count: 3 } });
  await closing;
  t.deepEqual(world.life, ["+1", "-1"]);
});

test("work of the thread's own waits while the bucket's actor is being passivated", async (t) => {
  const { threads, world, clock } = startCounters();
  const host = threads.host(0);
  await host.runInside(address(1), "counter.add", { label: "a" });
  let passivated = (): void => undefined;
  world.passivation = new Promise((resolve) => {
    passivated = resolve;
  });
  clock.advance(limits.passivateIdleMs * 2);
  t.deepEqual(world.life, ["+1", "-1"]);
  t.is(host.runInside(address(1), "counter.add", { label: "b" }), null);
  passivated();
  await settle();
  const added = await host.runInside(address(1), "counter.add", { label: "b" });
  t.deepEqual(added, { ok: true, value: { count: 1, label: "b" } });
  world.passivation = null;
  await threads.close();
});
