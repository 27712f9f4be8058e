import test from "ava";
import { defaultUntilMs, isLocked, judgeRetention, type Retention } from "./object-lock.ts";

const nowMs = Date.UTC(2028, 1, 29, 12);
const governance: Retention = { mode: "GOVERNANCE", untilMs: nowMs + 10 };
const compliance: Retention = { mode: "COMPLIANCE", untilMs: nowMs + 10 };

test("a default retention counts days of 24 hours and years of the calendar", (t) => {
  const until = (unit: "Days" | "Years", count: number) =>
    new Date(defaultUntilMs({ mode: "COMPLIANCE", unit, count }, nowMs)).toISOString();
  t.is(until("Days", 1), "2028-03-01T12:00:00.000Z");
  t.is(until("Days", 36_500), "2128-02-05T12:00:00.000Z");
  t.is(until("Years", 4), "2032-02-29T12:00:00.000Z");
  t.is(until("Years", 1), "2029-03-01T12:00:00.000Z");
});

test("a retention ends at its millisecond, and a hold when it is let go", (t) => {
  t.true(isLocked({ retention: compliance, legalHold: null }, nowMs + 9, true));
  t.false(isLocked({ retention: compliance, legalHold: null }, nowMs + 10));
  t.true(isLocked({ retention: governance, legalHold: null }, nowMs));
  t.false(isLocked({ retention: governance, legalHold: null }, nowMs, true));
  t.true(isLocked({ retention: governance, legalHold: true }, nowMs + 20, true));
  t.false(isLocked({ retention: null, legalHold: false }, nowMs));
  t.false(isLocked(undefined, nowMs));
});

test("a retention may stay as it is, and never begin in the past", (t) => {
  t.notThrows(() => judgeRetention(compliance, compliance, nowMs, false));
  t.throws(() => judgeRetention(null, { ...governance, untilMs: nowMs }, nowMs, true), { code: "InvalidArgument" });
  t.throws(() => judgeRetention(compliance, { ...compliance, untilMs: nowMs + 9 }, nowMs, true), {
    code: "AccessDenied",
  });
  t.throws(() => judgeRetention(governance, compliance, nowMs, false), { code: "AccessDenied" });
  t.notThrows(() => judgeRetention(governance, compliance, nowMs, true));
  t.notThrows(() => judgeRetention(compliance, null, nowMs + 10, false));
});
