import test from "ava";
import { findAnomaly, type RegisterCall, type RegisterOperation } from "./linearizability.ts";

const at = (startedAt: number, endedAt: number, call: RegisterCall): RegisterOperation => ({
  startedAt,
  endedAt,
  call,
});
const never = Number.POSITIVE_INFINITY;

test("a read after an acknowledged write sees it", (t) => {
  const history = [at(0, 1, { kind: "write", value: "a" }), at(2, 3, { kind: "read", result: "a" })];
  t.is(findAnomaly(history, null), null);
});

test("a stale read is an anomaly", (t) => {
  const stale = at(4, 5, { kind: "read", result: "a" });
  t.is(
    findAnomaly([at(0, 1, { kind: "write", value: "a" }), at(2, 3, { kind: "write", value: "b" }), stale], null),
    stale,
  );
});

test("overlapping operations may take effect in either order", (t) => {
  const history = [
    at(0, 10, { kind: "write", value: "a" }),
    at(0, 10, { kind: "write", value: "b" }),
    at(11, 12, { kind: "read", result: "a" }),
  ];
  t.is(findAnomaly(history, null), null);
});

test("two reads may not see two orders", (t) => {
  const history = [
    at(0, 10, { kind: "write", value: "a" }),
    at(0, 10, { kind: "write", value: "b" }),
    at(11, 12, { kind: "read", result: "a" }),
    at(13, 14, { kind: "read", result: "b" }),
  ];
  t.not(findAnomaly(history, null), null);
});

test("an unanswered write may appear late, but a value cannot come back", (t) => {
  const late = [
    at(0, never, { kind: "write", value: "a" }),
    at(1, 2, { kind: "read", result: null }),
    at(3, 4, { kind: "read", result: "a" }),
  ];
  t.is(findAnomaly(late, null), null);
  t.not(findAnomaly([...late, at(5, 6, { kind: "read", result: null })], null), null);
});

test("of two swaps from the same value one wins", (t) => {
  const swap = (value: string, applied: boolean | null): RegisterCall => ({
    kind: "swap",
    expected: null,
    value,
    applied,
  });
  t.is(findAnomaly([at(0, 5, swap("a", true)), at(0, 5, swap("b", false))], null), null);
  t.not(findAnomaly([at(0, 5, swap("a", true)), at(0, 5, swap("b", true))], null), null);
  t.is(
    findAnomaly(
      [at(0, never, swap("a", null)), at(6, 7, swap("b", false)), at(8, 9, { kind: "read", result: "a" })],
      null,
    ),
    null,
  );
});

test("a history that cannot be decided in reasonable time is an error, not a verdict", (t) => {
  const pending = Array.from({ length: 18 }, (_, index) => at(0, never, { kind: "write", value: `v${index}` }));
  t.throws(() => findAnomaly([...pending, at(1, 2, { kind: "read", result: "other" })], null), {
    message: /too many to be judged/,
  });
});
