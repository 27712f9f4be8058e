import test from "ava";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { limits } from "../base/limits.ts";
import { KeyUse } from "./key-use.ts";

/** A credential of which nothing has been noted. */
const used = (accessKeyId: string) => ({ principal: { accessKeyId }, notedMs: Number.NEGATIVE_INFINITY });

test("keys are handed over once a minute, each at most every quarter of an hour", (t) => {
  const clock = new ManualClock();
  const sent: (readonly { readonly accessKeyId: string; readonly usedMs: number }[])[] = [];
  const use = new KeyUse(clock, (used) => sent.push(used));
  const startMs = clock.nowMs();
  const [a, b] = [used("A"), used("B")];
  for (const key of [a, b, a]) use.note(key, clock.nowMs(), "s3", "us-east-1");
  clock.advance(limits.keyUsedEveryMs - 1);
  use.note(a, clock.nowMs(), "s3", "us-east-1");
  t.deepEqual(sent, []);
  clock.advance(1);
  t.deepEqual(sent, [
    [
      { accessKeyId: "A", usedMs: startMs, service: "s3", region: "us-east-1" },
      { accessKeyId: "B", usedMs: startMs, service: "s3", region: "us-east-1" },
    ],
  ]);
  use.note(a, clock.nowMs(), "s3", "us-east-1");
  clock.advance(limits.keyUsedEveryMs);
  t.is(sent.length, 1, "nothing is no message");
  clock.advance(limits.keyUsedAgainMs);
  const againMs = clock.nowMs();
  use.note(a, againMs, "iam", "eu");
  use.close();
  t.deepEqual(sent.slice(1), [[{ accessKeyId: "A", usedMs: againMs, service: "iam", region: "eu" }]]);
});

test("no message has more keys than it may", (t) => {
  const sent: number[] = [];
  const use = new KeyUse(new ManualClock(), (used) => sent.push(used.length));
  for (let key = 0; key < limits.keysUsedPerMessageMax * 2 + 1; key++) use.note(used(`K${key}`), 0, "s3", "r");
  use.close();
  t.deepEqual(sent, [limits.keysUsedPerMessageMax, limits.keysUsedPerMessageMax, 1]);
});
