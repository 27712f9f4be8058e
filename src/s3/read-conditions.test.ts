import test from "ava";
import { judgeRead } from "./read-conditions.ts";

const modifiedMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const etag = "0123456789abcdef0123456789abcdef";
const before = modifiedMs - 10_000;
const after = modifiedMs + 10_000;

const judge = (conditions: Parameters<typeof judgeRead>[0]): string => {
  const fault = judgeRead(conditions, etag, modifiedMs);
  return fault === null ? "ok" : `${fault.condition} ${fault.notModified ? 304 : 412}`;
};

test("each condition alone", (t) => {
  t.is(judge({}), "ok");
  t.is(judge({ ifMatch: `"${etag}"` }), "ok");
  t.is(judge({ ifMatch: etag }), "ok");
  t.is(judge({ ifMatch: "*" }), "ok");
  t.is(judge({ ifMatch: `"x", W/"${etag}"` }), "ok");
  t.is(judge({ ifMatch: '"x"' }), "If-Match 412");
  t.is(judge({ ifNoneMatch: '"x"' }), "ok");
  t.is(judge({ ifNoneMatch: `"${etag}"` }), "If-None-Match 304");
  t.is(judge({ ifNoneMatch: "*" }), "If-None-Match 304");
  t.is(judge({ ifModifiedSince: before }), "ok");
  t.is(judge({ ifModifiedSince: after }), "If-Modified-Since 304");
  t.is(judge({ ifUnmodifiedSince: after }), "ok");
  t.is(judge({ ifUnmodifiedSince: before }), "If-Unmodified-Since 412");
});

test("dates are compared by whole seconds", (t) => {
  const second = Math.floor(modifiedMs / 1000) * 1000;
  t.is(judge({ ifModifiedSince: second }), "If-Modified-Since 304");
  t.is(judge({ ifUnmodifiedSince: second }), "ok");
});

test("entity tags override dates", (t) => {
  t.is(judge({ ifMatch: etag, ifUnmodifiedSince: before }), "ok");
  t.is(judge({ ifNoneMatch: "x", ifModifiedSince: after }), "ok");
  t.is(judge({ ifNoneMatch: etag, ifModifiedSince: before }), "If-None-Match 304");
  t.is(judge({ ifMatch: "x", ifNoneMatch: etag }), "If-Match 412");
});
