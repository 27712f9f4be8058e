import test from "ava";
import { formatBasicTime, formatSeconds, parseBasicTime } from "./request-time.ts";

test("reads the basic form and nothing else", (t) => {
  t.is(parseBasicTime("20130524T000000Z"), Date.UTC(2013, 4, 24));
  t.is(parseBasicTime("20240229T235959Z"), Date.UTC(2024, 1, 29, 23, 59, 59));
  for (const text of [
    "20230229T000000Z",
    "20130524T240000Z",
    "20130524T006000Z",
    "20131324T000000Z",
    "20130500T000000Z",
    "20130524T000000",
    "20130524t000000z",
    "2013-05-24T00:00:00Z",
    " 20130524T000000Z",
    "20130524T000000Z\n",
    "00000101T000000Z",
    "",
  ]) {
    t.is(parseBasicTime(text), null, text);
    t.is(parseBasicTime(text), null, "the kept answer is the same");
  }
});

test("writes both forms", (t) => {
  const ms = Date.UTC(2013, 4, 24, 1, 2, 3, 999);
  t.is(formatBasicTime(ms), "20130524T010203Z");
  t.is(formatSeconds(ms), "2013-05-24T01:02:03Z");
});
