import test from "ava";
import fc from "fast-check";
import { limits } from "../base/limits.ts";
import { FairQueue, Mailbox } from "./mailbox.ts";

test("every message is taken once, in the order of its bucket", (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("push" as const), key: fc.nat({ max: 4 }), cost: fc.integer({ min: 1, max: 300 }) }),
    fc.constant({ kind: "take" as const }),
    fc.record({ kind: fc.constant("block" as const), key: fc.nat({ max: 4 }) }),
    fc.record({ kind: fc.constant("unblock" as const), key: fc.nat({ max: 4 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new FairQueue<{ key: number; order: number }>(100);
      const waiting = new Map<number, number[]>();
      const blocked = new Set<number>();
      let order = 0;
      const take = () => {
        const ready = [...waiting].some(([key, orders]) => orders.length > 0 && !blocked.has(key));
        t.is(queue.isReady, ready);
        const taken = queue.take();
        t.is(taken !== undefined, ready);
        if (taken === undefined) return false;
        t.false(blocked.has(taken.key));
        t.is(waiting.get(taken.key)?.shift(), taken.order);
        return true;
      };
      for (const each of steps) {
        if (each.kind === "push") {
          queue.push(String(each.key), each.cost, { key: each.key, order });
          waiting.set(each.key, [...(waiting.get(each.key) ?? []), order++]);
        } else if (each.kind === "take") take();
        else if (each.kind === "block") {
          queue.block(String(each.key));
          blocked.add(each.key);
        } else {
          queue.unblock(String(each.key));
          blocked.delete(each.key);
        }
        t.is(
          queue.size,
          [...waiting.values()].reduce((sum, orders) => sum + orders.length, 0),
        );
      }
      for (const key of blocked) queue.unblock(String(key));
      blocked.clear();
      while (take());
      t.is(queue.size, 0);
    }),
    { numRuns: 200 },
  );
});

test("while several buckets wait, none gets more than a quantum and one message ahead", (t) => {
  const costs = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 100, maxLength: 100 });
  fc.assert(
    fc.property(fc.array(costs, { minLength: 2, maxLength: 5 }), (flows) => {
      const queue = new FairQueue<{ flow: number; cost: number }>(100);
      for (const [flow, each] of flows.entries())
        for (const cost of each) queue.push(String(flow), cost, { flow, cost });
      const served = flows.map(() => 0);
      const left = flows.map((each) => each.length);
      while (left.every((count) => count > 0)) {
        const taken = queue.take();
        if (taken === undefined) return t.fail("messages wait");
        served[taken.flow] = (served[taken.flow] ?? 0) + taken.cost;
        left[taken.flow] = (left[taken.flow] ?? 0) - 1;
        t.true(Math.max(...served) - Math.min(...served) <= 300);
      }
    }),
    { numRuns: 30 },
  );
});

test("a bucket with a thousand messages delays another's first by one quantum", (t) => {
  const mailbox = new Mailbox<{ bucket: string; cost: number; deadlineMs: number }>(() => t.fail());
  const cost = limits.turnCostBytes;
  for (let count = 0; count < 1000; count++) mailbox.offer({ bucket: "busy", cost, deadlineMs: 10 });
  mailbox.offer({ bucket: "quiet", cost, deadlineMs: 10 });
  let before = 0;
  while (mailbox.take(0)?.bucket === "busy") before++;
  t.is(before, limits.mailboxQuantumBytes / cost);
});

test("messages past their deadline are dropped before their turn, and a full mailbox refuses", (t) => {
  const expired: number[] = [];
  const mailbox = new Mailbox<{ bucket: string; cost: number; deadlineMs: number }>(({ deadlineMs }) => {
    expired.push(deadlineMs);
  });
  for (const deadlineMs of [5, 20, 10, 30]) t.true(mailbox.offer({ bucket: "a", cost: 1, deadlineMs }));
  t.is(mailbox.take(10)?.deadlineMs, 20);
  t.is(mailbox.take(10)?.deadlineMs, 30);
  t.is(mailbox.take(10), undefined);
  t.deepEqual(expired, [5, 10]);
  for (let count = 0; count < limits.mailboxMessagesPerBucketMax; count++) {
    t.true(mailbox.offer({ bucket: "a", cost: 1, deadlineMs: 99 }));
  }
  t.false(mailbox.offer({ bucket: "a", cost: 1, deadlineMs: 99 }));
  t.true(mailbox.offer({ bucket: "b", cost: 1, deadlineMs: 99 }));
  t.like(mailbox.snapshot(), { expired: 2, refused: 1 });
});
