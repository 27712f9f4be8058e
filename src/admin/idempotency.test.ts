import test from "ava";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { limits } from "../base/limits.ts";
import { type AdminAnswer, IdempotencyStore } from "./idempotency.ts";
import { AdminError } from "./problem.ts";

const answer = (body: string): AdminAnswer => ({ status: 201, headers: [], body, hasSecret: false });
const asked = (key: string) => ({ scope: "ann CreateGroup", key, fingerprint: "f" });

test("the number of remembered answers is bounded, and the oldest goes first", async (t) => {
  const store = new IdempotencyStore(new ManualClock());
  let runs = 0;
  const work = async () => answer(String(runs++));
  for (let index = 0; index <= limits.idempotencyKeysMax; index++) await store.once(asked(`k${index}`), work);
  t.is(store.size, limits.idempotencyKeysMax);
  t.is((await store.once(asked(`k${limits.idempotencyKeysMax}`), work)).body, String(limits.idempotencyKeysMax));
  t.is((await store.once(asked("k0"), work)).body, String(limits.idempotencyKeysMax + 1), "k0 was forgotten");
});

test("the bytes of remembered answers are bounded", async (t) => {
  const store = new IdempotencyStore(new ManualClock());
  const large = "x".repeat(1024 * 1024);
  for (let index = 0; index < 40; index++) await store.once(asked(`k${index}`), async () => answer(large));
  t.true(store.size < limits.idempotencyBytesMax / large.length + 1, String(store.size));
  t.true(store.size >= 8);
});

test("what takes its time is done once, and what failed is forgotten", async (t) => {
  const store = new IdempotencyStore(new ManualClock());
  let runs = 0;
  const failing = async (): Promise<AdminAnswer> => {
    runs += 1;
    await new Promise((resolve) => setImmediate(resolve));
    throw new AdminError("LimitExceeded");
  };
  const both = await Promise.allSettled([store.once(asked("k"), failing), store.once(asked("k"), failing)]);
  t.deepEqual(
    both.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  t.is(runs, 1);
  t.is(store.size, 0);
  t.is((await store.once(asked("k"), async () => answer("done"))).body, "done");
});

test("it ends after its time, to the millisecond", async (t) => {
  const clock = new ManualClock();
  const store = new IdempotencyStore(clock);
  await store.once(asked("k"), async () => answer("first"));
  clock.advance(limits.idempotencyMs - 1);
  t.is((await store.once(asked("k"), async () => answer("second"))).body, "first");
  clock.advance(1);
  t.is((await store.once(asked("k"), async () => answer("third"))).body, "third");
});
