import test from "ava";
import { contentRange, parseCopyRange, parseRange } from "./byte-range.ts";

test("single ranges", (t) => {
  t.deepEqual(parseRange("bytes=0-9", 100), { start: 0, end: 10 });
  t.deepEqual(parseRange("bytes=90-", 100), { start: 90, end: 100 });
  t.deepEqual(parseRange("bytes=90-1000", 100), { start: 90, end: 100 });
  t.deepEqual(parseRange("bytes=-10", 100), { start: 90, end: 100 });
  t.deepEqual(parseRange("bytes=-1000", 100), { start: 0, end: 100 });
  t.deepEqual(parseRange("Bytes=99-99", 100), { start: 99, end: 100 });
  t.is(contentRange({ start: 0, end: 10 }, 100), "bytes 0-9/100");
});

test("ranges that begin past the end cannot be satisfied", (t) => {
  for (const [header, size] of [
    ["bytes=100-", 100],
    ["bytes=100-200", 100],
    ["bytes=-0", 100],
    ["bytes=0-", 0],
    ["bytes=-5", 0],
    ["bytes=99999999999999999999-", 100],
  ] as const) {
    t.is(parseRange(header, size), "unsatisfiable", header);
  }
});

test("anything else is the whole object", (t) => {
  for (const header of [
    undefined,
    "",
    "bytes=",
    "bytes=-",
    "bytes=9-0",
    "bytes=a-b",
    "items=0-1",
    "bytes=0-1,5-6",
    "bytes 0-1",
    "bytes=1.5-2",
  ]) {
    t.is(parseRange(header, 100), "whole", header);
  }
});

test("ranges of copies lie inside the source", (t) => {
  t.deepEqual(parseCopyRange("bytes=0-99", 100), { start: 0, end: 100 });
  for (const header of ["bytes=0-100", "bytes=5-4", "bytes=-5", "bytes=5-", "0-5", "bytes=0-1,2-3"]) {
    t.is(parseCopyRange(header, 100), null, header);
  }
});
