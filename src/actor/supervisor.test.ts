import type { MessagePort } from "node:worker_threads";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { silentLog } from "../base/log.ts";
import type { CounterProtocol } from "./fixtures/counter-actor.ts";
import { address } from "./fixtures/local.ts";
import { threadPool } from "./pool.ts";
import { ThreadLink } from "./port.ts";
import { actorRef } from "./ref.ts";
import { Slabs } from "./slabs.ts";
import { type Escalation, RestartIntensity, Supervisor } from "./supervisor.ts";
import { portTransport } from "./transport.ts";

const entry = new URL("./fixtures/thread-entry.js", import.meta.url);
const options = { requestId: "r", timeoutMs: 20_000 };

async function startThreads(t: ExecutionContext, threads: number, data: unknown = null) {
  const shared = Slabs.create(1);
  const slabs = Slabs.attach(shared, 0, systemClock);
  const links = Array.from({ length: threads }, (_, thread) => new ThreadLink({ thread, clock: systemClock, slabs }));
  const escalations: Escalation[] = [];
  const ups: number[] = [];
  let onUp = () => {};
  const supervisor = new Supervisor({
    threads,
    fronts: [
      {
        connect: (thread: number, port: MessagePort) => {
          links[thread]?.attach(portTransport(port));
          ups.push(thread);
          onUp();
        },
        disconnect: (thread) => links[thread]?.exited(),
      },
    ],
    start: threadPool({ entry, slabs: shared, data, clock: systemClock }),
    clock: systemClock,
    log: silentLog,
    escalate: (escalation) => {
      escalations.push(escalation);
      onUp();
    },
  });
  t.teardown(async () => {
    await supervisor.stop();
    for (const link of links) link.close();
  });
  /** Resolves when a condition holds after some thread came up or was given up. */
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      onUp = () => holds() && resolve();
      onUp();
    });
  const ref = (bucket: number, thread: number) => {
    const link = links[thread];
    if (link === undefined) throw new Error("no such thread");
    return actorRef<CounterProtocol>(link, address(bucket, thread));
  };
  return { supervisor, slabs, links, escalations, ups, until, ref };
}

test("threads answer, see the slabs, report numbers, and stop when told", async (t) => {
  const { supervisor, slabs, ref } = await startThreads(t, 2);
  await supervisor.start();
  const asks = [0, 1].flatMap((thread) =>
    Array.from({ length: 200 }, (_, index) => ref(thread, thread).ask("counter.add", { label: `${index}` }, options)),
  );
  for (const [index, outcome] of (await Promise.all(asks)).entries()) {
    t.deepEqual(outcome, { ok: true, value: { count: (index % 200) + 1, label: `${index % 200}` } });
  }
  const slots = Array.from({ length: 100 }, (_, index) => {
    const slot = slabs.acquire(5000) ?? -1;
    slabs.view(slot, 5000).fill(index);
    const source = { kind: "slot" as const, slot, length: 5000 };
    return ref(3, index % 2).ask("counter.readSlot", { source }, options);
  });
  for (const [index, outcome] of (await Promise.all(slots)).entries()) {
    t.deepEqual(outcome, { ok: true, value: { first: index, isUniform: true, length: 5000 } });
  }
  t.is(slabs.snapshot().lent, 0);
  const numbers = await supervisor.threadSnapshots();
  t.like(numbers[0], { turns: 250, actors: 2, isRestart: false });
  t.deepEqual(supervisor.snapshot(), { restarts: [0, 0], isUp: [true, true] });
  await supervisor.stop();
  t.deepEqual(supervisor.snapshot().isUp, [false, false]);
  t.like(await ref(0, 0).ask("counter.add", { label: "" }, options), { ok: false, code: "ServiceUnavailable" });
});

test("a thread that ends fails its asks, gives its slots back and is replaced; others do not notice", async (t) => {
  const { supervisor, slabs, links, ups, until, ref } = await startThreads(t, 2);
  await supervisor.start();
  await ref(1, 0).ask("counter.add", { label: "" }, options);
  const slow = ref(1, 0).ask("counter.slow", { label: "" }, options);
  const slot = slabs.acquire(10) ?? -1;
  const withSlot = links[0]?.ask(address(1), "counter.slow", {}, { ...options, slot: { id: slot, length: 10 } });
  const crash = ref(1, 0).ask("counter.crash", {}, options);
  for (const outcome of await Promise.all([slow, withSlot, crash])) {
    t.like(outcome, { ok: false, code: "ServiceUnavailable" });
  }
  t.like(await ref(2, 1).ask("counter.add", { label: "y" }, options), { ok: true });
  await until(() => ups.length === 3);
  t.is(slabs.snapshot().lent, 0);
  t.deepEqual(await ref(1, 0).ask("counter.add", { label: "x" }, options), {
    ok: true,
    value: { count: 1, label: "x" },
  });
  t.like((await supervisor.threadSnapshots())[0], { isRestart: true });
  t.deepEqual(supervisor.snapshot().restarts, [1, 0]);
});

test("a thread that ends again and again makes the node give up", async (t) => {
  const { supervisor, escalations, ups, until, ref } = await startThreads(t, 1);
  await supervisor.start();
  for (let crash = 1; crash <= limits.restartsMax + 1; crash++) {
    t.is(escalations.length, 0);
    await ref(1, 0).ask("counter.crash", {}, options);
    await until(() => ups.length > crash || escalations.length > 0);
  }
  t.like(escalations, [{ kind: "restarts", thread: 0 }]);
  t.is(supervisor.snapshot().restarts[0], limits.restartsMax);
});

test("a thread that cannot start fails the start", async (t) => {
  const { supervisor, until, escalations } = await startThreads(t, 1, "fail to start");
  await t.throwsAsync(supervisor.start(), { any: true, message: "cannot start" });
  await until(() => escalations.length > 0);
  t.like(escalations, [{ kind: "restarts" }]);
});

test("what ended a thread is told even if the main thread was busy meanwhile", async (t) => {
  const { supervisor, until, escalations } = await startThreads(t, 1, "fail to start");
  const started = t.throwsAsync(supervisor.start(), { any: true, message: "cannot start" });
  // Its error and its end then arrive in one turn.
  const busy = setInterval(() => {
    const end = performance.now() + 200;
    while (performance.now() < end);
  }, 1);
  t.teardown(() => clearInterval(busy));
  await started;
  await until(() => escalations.length > 0);
  t.like(escalations, [{ kind: "restarts", error: { message: "cannot start" } }]);
});

test("a fatal fault in a thread reaches the node, which must exit at once", async (t) => {
  const { supervisor, escalations, until, ref } = await startThreads(t, 1, "fatal");
  await supervisor.start();
  void ref(1, 0).ask("counter.add", { label: "" }, options);
  await until(() => escalations.length > 0);
  t.deepEqual(escalations, [{ kind: "fatal", thread: 0, reason: "the disk is gone" }]);
});

test("restarts are counted in a sliding window", (t) => {
  const intensity = new RestartIntensity();
  for (let count = 0; count < limits.restartsMax; count++) t.true(intensity.mayRestart(count));
  t.true(intensity.mayRestart(limits.restartWindowMs), "the first has left the window");
  t.false(intensity.mayRestart(limits.restartWindowMs));
  const slow = new RestartIntensity();
  for (let count = 0; count < 50; count++) {
    t.true(slow.mayRestart((count * limits.restartWindowMs) / limits.restartsMax));
  }
});
