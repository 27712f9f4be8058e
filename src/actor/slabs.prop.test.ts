import test from "ava";
import fc from "fast-check";
import { ManualClock } from "./fixtures/manual-clock.ts";
import { Slabs } from "./slabs.ts";

const classes = [
  { bytes: 64, count: 6 },
  { bytes: 128, count: 4 },
  { bytes: 256, count: 2 },
];

test("a slot is never given out again before its thread returned it or ended", (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("acquire" as const), size: fc.integer({ min: 1, max: 256 }), near: fc.boolean() }),
    fc.record({ kind: fc.constant("lend" as const), pick: fc.nat(), thread: fc.nat({ max: 2 }) }),
    fc.record({ kind: fc.constant("release" as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant("return" as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant("exit" as const), thread: fc.nat({ max: 2 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const slabs = Slabs.attach(Slabs.create(2, classes), 1, new ManualClock());
      const held = new Set<number>();
      const lent = new Map<number, { thread: number; mark: number }>();
      let returned = 0;
      let marks = 0;
      for (const each of steps) {
        if (each.kind === "acquire") {
          const slot = each.near ? slabs.acquireNear(each.size) : slabs.acquire(each.size);
          if (slot === null) continue;
          t.false(held.has(slot) || lent.has(slot), "a slot in use was given out");
          if (!each.near) t.true(slabs.capacity(slot) >= each.size);
          held.add(slot);
        } else if (each.kind === "lend") {
          const slot = [...held][each.pick % Math.max(1, held.size)];
          if (slot === undefined) continue;
          held.delete(slot);
          const mark = ++marks % 256;
          slabs.view(slot, slabs.capacity(slot)).fill(mark);
          lent.set(slot, { thread: each.thread, mark });
          slabs.lend(slot, each.thread, () => returned++);
        } else if (each.kind === "release") {
          const slot = [...held][each.pick % Math.max(1, held.size)];
          if (slot === undefined) continue;
          held.delete(slot);
          slabs.release(slot);
        } else if (each.kind === "return") {
          const entry = [...lent][each.pick % Math.max(1, lent.size)];
          if (entry === undefined) continue;
          const before = returned;
          lent.delete(entry[0]);
          slabs.release(entry[0], entry[1].thread);
          t.is(returned, before + 1);
        } else {
          const owned = [...lent].filter(([, { thread }]) => thread === each.thread);
          for (const [slot] of owned) lent.delete(slot);
          t.is(slabs.reclaim(each.thread), owned.length);
        }
        for (const [slot, { mark }] of lent) {
          t.true(slabs.view(slot, slabs.capacity(slot)).every((byte) => byte === mark));
        }
        const { slots, lent: lentCount } = slabs.snapshot();
        t.is(lentCount, lent.size);
        t.is(slots.reduce((sum, { free }) => sum + free, 0) + held.size + lent.size, 6);
      }
    }),
    { numRuns: 150 },
  );
});

test("fronts never share a slot, and every thread sees the same bytes", (t) => {
  const shared = Slabs.create(2, classes);
  const fronts = [0, 1].map((front) => Slabs.attach(shared, front, new ManualClock()));
  const lane = Slabs.attach(shared, null);
  const all = fronts.flatMap((front) => {
    const slots: number[] = [];
    for (let slot = front.acquireNear(1); slot !== null; slot = front.acquireNear(1)) {
      front.view(slot, front.capacity(slot)).fill(slot + 1);
      slots.push(slot);
    }
    return slots;
  });
  t.is(new Set(all).size, 12);
  for (const slot of all) t.true(lane.view(slot, lane.capacity(slot)).every((byte) => byte === slot + 1));
  t.is(lane.acquire(1), null);
});

test("a slot given back twice, or by the wrong thread, is an error", (t) => {
  const slabs = Slabs.attach(Slabs.create(1, classes), 0, new ManualClock());
  const slot = slabs.acquire(1) ?? -1;
  slabs.lend(slot, 3);
  t.throws(() => slabs.release(slot));
  t.throws(() => slabs.release(slot, 2));
  slabs.release(slot, 3);
  t.throws(() => slabs.release(slot, 3));
  t.throws(() => slabs.lend(slot, 3));
});

test("those who wait are served in order, and give up at their deadline", async (t) => {
  const clock = new ManualClock();
  const slabs = Slabs.attach(Slabs.create(1, [{ bytes: 64, count: 1 }]), 0, clock);
  const slot = slabs.acquire(64) ?? -1;
  const waiters = [slabs.acquireOrWait(1, 100), slabs.acquireOrWait(1, 500), slabs.acquireOrWait(1, 500)];
  t.is(slabs.waiting, 3);
  clock.advance(101);
  t.is(await waiters[0], null);
  slabs.release(slot);
  t.is(await waiters[1], slot);
  t.is(slabs.acquire(1), null, "who comes now waits behind the third");
  slabs.release(slot);
  t.is(await waiters[2], slot);
  t.is(slabs.waiting, 0);
});
