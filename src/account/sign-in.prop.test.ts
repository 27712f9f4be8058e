import test from "ava";
import fc from "fast-check";
import { limits } from "../base/limits.ts";
import { accountIds, openStand } from "./sign-in.testing.ts";
import { type EventName, events, Model, steps } from "./sign-in-model.testing.ts";

const { operator } = accountIds;

const usual: readonly EventName[] = ["begin", "begin", "totp", "totp", "recovery", "setUp", "confirm", "act", "leave"];
const rare: readonly EventName[] = ["lost", "disable", "revokeOthers", "disableUser", "suspend"];

/** Something happens after a wait. */
const event = fc.record({
  name: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...usual) },
    { weight: 6, arbitrary: fc.constantFrom(...events.filter((name) => !rare.includes(name))) },
    { weight: 1, arbitrary: fc.constantFrom(...rare) },
    { weight: 2, arbitrary: fc.constant<EventName>("restore") },
  ),
  pick: fc.nat({ max: 1000 }),
  waitMs: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, 0, 1000, 30_000) },
    { weight: 1, arbitrary: fc.constantFrom(4 * 60_000, 29 * 60_000, 31 * 60_000, 3 * 3_600_000) },
  ),
});

test("no sequence of events signs in whom the model does not, nor keeps a session that the model has ended", async (t) => {
  const counts = { done: 0, refused: 0, throttled: 0 };
  const happened = new Map<EventName, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 100, size: "max" }), async (sequence) => {
      const stand = await openStand();
      const model = new Model();
      try {
        for (const { name, pick, waitMs } of sequence) {
          stand.clock.advance(waitMs);
          const nowMs = stand.clock.nowMs();
          // The model does not know which session makes room for one too many.
          if (name === "begin" && !model.hasRoom(nowMs)) continue;
          const step = await steps[name]({ stand, model, pick, nowMs, address: `192.0.2.${pick % 3}` });
          if (step !== null) {
            const isThrottled = !step.outcome.ok && step.outcome.code === "Throttled";
            if (step.outcome.ok !== step.expected && !isThrottled) {
              throw new Error(`${name}: ${JSON.stringify(step.outcome)}, but the model says ${step.expected}`);
            }
            counts[isThrottled ? "throttled" : step.outcome.ok ? "done" : "refused"] += 1;
            if (step.outcome.ok) {
              step.apply?.();
              happened.set(name, (happened.get(name) ?? 0) + 1);
            }
          }
          for (const session of model.sessions) {
            const isSeen = stand.see(session.token) !== null;
            if (isSeen !== model.isSeen(session, nowMs)) {
              throw new Error(`after ${name}: a session is ${isSeen ? "kept" : "lost"}`);
            }
          }
        }
      } finally {
        await stand.close();
      }
    }),
    { numRuns: 120 },
  );
  t.log(JSON.stringify(counts), JSON.stringify(Object.fromEntries(happened)));
  t.true(counts.done > 1000 && counts.refused > 300 && counts.throttled < counts.done / 2, JSON.stringify(counts));
  for (const name of events) {
    const isNever = ["beginWrong", "replay", "spentRecovery", "wrongCode"].includes(name);
    const isState = ["disableUser", "suspend", "restore"].includes(name);
    if (!isState) t.is((happened.get(name) ?? 0) > 0, !isNever, name);
  }
});

test("the work of a sign-in depends on the question alone, whoever there is", async (t) => {
  const status = fc.constantFrom("active" as const, "disabled" as const, "invited" as const);
  const person = fc.record({
    accountId: fc.constantFrom(...Object.values(accountIds)),
    status,
    hash: fc.constantFrom("hash of right", "hash of other", null),
  });
  const suspended = fc.constantFrom(null, ...Object.values(accountIds));
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(person, { selector: ({ accountId }) => accountId, maxLength: 5 }),
      fc.constantFrom(null, ...Object.values(accountIds)),
      fc.constantFrom("right", "wrong", "", "x".repeat(limits.passwordBytesMax + 1)),
      suspended,
      async (people, accountId, password, suspendedId) => {
        const stand = await openStand();
        try {
          const email = "somebody@x.example";
          for (const { accountId: home, status: given, hash } of people) {
            await stand.addUser(home, "somebody", "user", { email, status: given, passwordHash: hash });
          }
          if (suspendedId !== null) await stand.changeAccount(suspendedId, { status: "suspended" });
          const revision = await stand.store.revision();
          await stand.begin(operator, { email, accountId, password });
          const hashes = accountId === null ? limits.signInCandidatesMax : 1;
          return stand.passwords.count === hashes && (await stand.store.revision()) - revision === 1n;
        } finally {
          await stand.close();
        }
      },
    ),
    { numRuns: 200 },
  );
  t.pass();
});
