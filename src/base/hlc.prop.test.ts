import test from "ava";
import fc from "fast-check";
import type { Clock } from "./clock.ts";
import {
  decodeVersionId,
  encodeVersionId,
  HybridClock,
  type Stamp,
  stampBytes,
  stampMs,
  stampTime,
  versionIdLength,
} from "./hlc.ts";

function clockAt(time: { ms: number }): Clock {
  const never = (): never => {
    throw new Error("no timers here");
  };
  return { nowMs: () => time.ms, monotonicMs: never, after: never, every: never };
}

test("a stamp has the documented bytes", (t) => {
  const clock = new HybridClock(clockAt({ ms: 1_700_000_000_000 }), 0x0001_0002);
  t.is(clock.next().toString("hex"), "018bcfe56800000000010002");
  t.is(clock.next().toString("hex"), "018bcfe56800000100010002");
});

test("stamps rise whatever the wall clock does, and stay above what was observed", (t) => {
  const wall = fc.integer({ min: 0, max: 2 ** 41 });
  fc.assert(
    fc.property(fc.array(fc.record({ wall, seen: fc.option(wall) }), { maxLength: 50 }), (steps) => {
      const time = { ms: 0 };
      const clock = new HybridClock(clockAt(time), 7);
      const elsewhere = new HybridClock(clockAt(time), 9);
      let last: Stamp = Buffer.alloc(stampBytes);
      for (const step of steps) {
        let seen: Buffer | undefined;
        if (step.seen !== null) {
          time.ms = step.seen;
          seen = elsewhere.next();
        }
        time.ms = step.wall;
        const stamp = clock.next(seen);
        if (stamp.compare(last) <= 0 || (seen !== undefined && stamp.compare(seen) <= 0)) return false;
        if (stampMs(stamp) < step.wall) return false;
        last = stamp;
      }
      return true;
    }),
  );
  t.pass();
});

test("the counter runs over into the milliseconds", (t) => {
  const clock = new HybridClock(clockAt({ ms: 5 }), 1);
  let last = clock.next();
  for (let i = 0; i < 70_000; i++) {
    const stamp = clock.next();
    if (stamp.compare(last) <= 0) t.fail();
    last = stamp;
  }
  t.is(stampMs(last), 6);
});

test("a restart with the clock set back issues nothing twice", (t) => {
  const time = { ms: 1_000_000 };
  const before = new HybridClock(clockAt(time), 1);
  const last = before.next();
  time.ms = 10;
  const after = new HybridClock(clockAt(time), 1, before.time());
  t.true(stampTime(after.next()) > stampTime(last));
});

test("version ids come back, have one length, and other texts are refused", (t) => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(bytes, fc.nat({ max: 25 }), fc.constantFrom("A", "w", "-", "é", "/"), (id, index, wrong) => {
      const text = encodeVersionId(id.subarray(0, 12), id.subarray(12));
      t.is(text.length, versionIdLength);
      const back = decodeVersionId(text);
      t.deepEqual(back && Buffer.concat([back.stamp, back.salt]), Buffer.from(id));
      t.is(decodeVersionId(text.slice(0, index) + wrong + text.slice(index + 1)), undefined);
    }),
  );
  t.is(decodeVersionId(""), undefined);
  t.is(decodeVersionId("null"), undefined);
  t.is(decodeVersionId(`${"0".repeat(25)}1`), undefined);
});
