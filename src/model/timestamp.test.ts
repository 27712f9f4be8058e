import test from "ava";
import fc from "fast-check";
import { formatDateTime, formatHttpDate, parseDateTime, parseHttpDate, parseTimestamp } from "./timestamp.ts";

const ms = Date.UTC(1994, 10, 6, 8, 49, 37);

test("reads the three forms of an HTTP date", (t) => {
  t.is(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), ms);
  t.is(parseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT"), ms);
  t.is(parseHttpDate("Sun Nov  6 08:49:37 1994"), ms);
});

test("refuses dates that are none", (t) => {
  for (const text of [
    "",
    "1994-11-06",
    "Sun, 31 Feb 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 25:00:00 GMT",
    "784111777",
  ]) {
    t.is(parseHttpDate(text), null, text);
  }
  for (const text of ["", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "1e99"]) {
    t.is(parseDateTime(text), null, text);
  }
});

test("RFC 3339 with fraction and offset; either form in either place", (t) => {
  t.is(parseDateTime("1994-11-06T08:49:37.250Z"), ms + 250);
  t.is(parseDateTime("1994-11-06T09:49:37+01:00"), ms);
  t.is(parseTimestamp("1994-11-06T08:49:37Z", "http-date"), ms);
  t.is(parseTimestamp("Sun, 06 Nov 1994 08:49:37 GMT", "date-time"), ms);
});

test("writes both forms", (t) => {
  t.is(formatHttpDate(ms + 999), "Sun, 06 Nov 1994 08:49:37 GMT");
  t.is(formatHttpDate(ms + 1000), "Sun, 06 Nov 1994 08:49:38 GMT");
  t.is(formatDateTime(ms), "1994-11-06T08:49:37.000Z");
});

test("dates of any time are as the language writes them", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (time) => {
      t.is(formatDateTime(time), new Date(time).toISOString());
      t.is(parseHttpDate(formatHttpDate(time)), Math.floor(time / 1000) * 1000);
      t.is(parseDateTime(formatDateTime(time)), time);
    }),
  );
});
