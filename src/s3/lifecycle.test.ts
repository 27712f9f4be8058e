/** When rules act, and on what. Sources: AWS "Lifecycle configuration elements", "Expiring objects", "Lifecycle conflicts". */

import test from "ava";
import {
  abortOf,
  compileLifecycle,
  dueBefore,
  expirationHeader,
  expirationOf,
  type Lifecycle,
  type LifecycleFilter,
  type LifecycleRule,
  markerExpirationOf,
  noncurrentExpirationOf,
} from "./lifecycle.ts";

const dayMs = 86_400_000;
const at = (text: string): number => Date.parse(text);
const everything: LifecycleFilter = { form: "empty", prefix: null, tags: [], sizeAbove: null, sizeBelow: null };

function rule(id: string, members: Partial<LifecycleRule>): LifecycleRule {
  return {
    id,
    isEnabled: true,
    filter: everything,
    expiration: null,
    noncurrentExpiration: null,
    abortDays: null,
    transitions: [],
    noncurrentTransitions: [],
    ...members,
  };
}

const compile = (...rules: readonly LifecycleRule[]): Lifecycle =>
  compileLifecycle({ rules, transitionDefaultMinimumObjectSize: "all_storage_classes_128K" });

const object = (members: Partial<{ key: string; sizeBytes: number; modified: string; tagging: string }> = {}) => ({
  key: members.key ?? "logs/a",
  sizeBytes: members.sizeBytes ?? 100,
  modifiedMs: at(members.modified ?? "2014-01-15T10:30:00Z"),
  tagging: () => members.tagging,
});

// AWS "Expiring objects": days are added to the creation time, then rounded to the next day midnight UTC.
const roundings = [
  ["2014-01-15T10:30:00Z", 3, "2014-01-19T00:00:00Z"],
  ["2014-01-15T23:59:59.999Z", 1, "2014-01-17T00:00:00Z"],
  ["2014-01-15T00:00:00Z", 1, "2014-01-17T00:00:00Z"],
  ["2012-02-28T12:00:00Z", 1, "2012-03-01T00:00:00Z"],
] as const;

for (const [modified, days, due] of roundings) {
  test(`${days} days after ${modified} are over at ${due}`, (t) => {
    const lifecycle = compile(rule("r", { expiration: { kind: "days", days } }));
    t.deepEqual(expirationOf(lifecycle, object({ modified }), dayMs), { atMs: at(due), ruleId: "r" });
    t.is(dueBefore(lifecycle.objects, at(due), dayMs) > at(modified), true, "due at that moment");
    t.is(dueBefore(lifecycle.objects, at(due) - 1, dayMs) > at(modified), false, "not a moment before");
  });
}

test("a shorter day is what is added and what is rounded to", (t) => {
  const lifecycle = compile(rule("r", { expiration: { kind: "days", days: 2 } }));
  const due = expirationOf(lifecycle, object({ modified: "2014-01-15T10:30:00.300Z" }), 1000);
  t.is(due?.atMs, at("2014-01-15T10:30:03Z"));
});

test("a date is the same for all objects, also for those that come after it", (t) => {
  const lifecycle = compile(rule("r", { expiration: { kind: "date", atMs: at("2014-02-01T00:00:00Z") } }));
  for (const modified of ["2014-01-15T10:30:00Z", "2015-01-01T00:00:00Z"]) {
    t.is(expirationOf(lifecycle, object({ modified }), dayMs)?.atMs, at("2014-02-01T00:00:00Z"));
  }
  t.is(dueBefore(lifecycle.objects, at("2014-01-31T23:59:59Z"), dayMs), Number.NEGATIVE_INFINITY);
  t.is(dueBefore(lifecycle.objects, at("2014-02-01T00:00:00Z"), dayMs), Number.POSITIVE_INFINITY);
});

// AWS "Adding filters to Lifecycle rules": sizes are exclusive, a tag is matched by key and value, And by all of them.
const filters: readonly (readonly [
  name: string,
  filter: Partial<LifecycleFilter>,
  facts: Parameters<typeof object>[0],
  isFor: boolean,
])[] = [
  ["no filter", {}, {}, true],
  ["a prefix", { prefix: "logs/" }, { key: "logs/a" }, true],
  ["another prefix", { prefix: "logs/" }, { key: "log" }, false],
  ["a prefix that is the key", { prefix: "logs/a" }, { key: "logs/a" }, true],
  ["a larger size", { sizeAbove: 99 }, { sizeBytes: 100 }, true],
  ["the same size, above", { sizeAbove: 100 }, { sizeBytes: 100 }, false],
  ["a smaller size", { sizeBelow: 101 }, { sizeBytes: 100 }, true],
  ["the same size, below", { sizeBelow: 100 }, { sizeBytes: 100 }, false],
  ["a tag", { tags: [{ key: "a", value: "1" }] }, { tagging: "b=2&a=1" }, true],
  ["a tag of another value", { tags: [{ key: "a", value: "1" }] }, { tagging: "a=2" }, false],
  ["a tag that is not there", { tags: [{ key: "a", value: "" }] }, {}, false],
  ["an encoded tag", { tags: [{ key: "a b", value: "ü/" }] }, { tagging: "a%20b=%C3%BC%2F" }, true],
  [
    "one of two tags",
    {
      tags: [
        { key: "a", value: "1" },
        { key: "b", value: "2" },
      ],
    },
    { tagging: "a=1" },
    false,
  ],
  [
    "all of a conjunction",
    { prefix: "l", tags: [{ key: "a", value: "1" }], sizeAbove: 1, sizeBelow: 200 },
    { tagging: "a=1" },
    true,
  ],
];

for (const [name, filter, facts, isFor] of filters) {
  test(`a filter by ${name} is ${isFor ? "" : "not "}for the object`, (t) => {
    const members = { filter: { ...everything, ...filter } };
    const expiring = compile(rule("r", { ...members, expiration: { kind: "days", days: 1 } }));
    t.is(expirationOf(expiring, object(facts), dayMs) !== null, isFor);
    const noncurrent = compile(rule("r", { ...members, noncurrentExpiration: { days: 1, newerVersions: null } }));
    const version = { ...object(facts), isDeleteMarker: false, noncurrentMs: 0, newerNoncurrent: 0 };
    t.is(noncurrentExpirationOf(noncurrent, version, dayMs) !== null, isFor);
  });
}

test("a rule that is disabled, or has no action of the kind, makes nothing due", (t) => {
  const lifecycle = compile(
    rule("disabled", { isEnabled: false, expiration: { kind: "days", days: 1 }, abortDays: 1 }),
    rule("other", { transitions: [{ days: 1, atMs: null, storageClass: "GLACIER" }] }),
    rule("idle", { expiration: { kind: "markers", isExpired: false } }),
  );
  t.deepEqual(lifecycle, { objects: [], markers: [], noncurrent: [], uploads: [] });
});

// AWS "How Amazon S3 handles conflicts": of two expirations the earlier holds.
test("of several rules the earliest holds, and of equal ones the first", (t) => {
  const lifecycle = compile(
    rule("late", { expiration: { kind: "days", days: 9 } }),
    rule("first", { expiration: { kind: "days", days: 3 } }),
    rule("same", { expiration: { kind: "days", days: 3 } }),
    rule("elsewhere", { filter: { ...everything, prefix: "x" }, expiration: { kind: "days", days: 1 } }),
  );
  t.is(expirationOf(lifecycle, object(), dayMs)?.ruleId, "first");
  t.is(expirationOf(lifecycle, object({ key: "xy" }), dayMs)?.ruleId, "elsewhere");
});

// AWS LifecycleExpiration; "Days ... also performs ExpiredObjectDeleteMarker cleanup once markers are old enough".
test("a lone delete marker goes by ExpiredObjectDeleteMarker, and by Days when it is that old", (t) => {
  const marker = { key: "logs/a", modifiedMs: at("2014-01-15T10:30:00Z") };
  const byMarkers = compile(rule("m", { expiration: { kind: "markers", isExpired: true } }));
  t.deepEqual(markerExpirationOf(byMarkers, marker, dayMs), { atMs: at("2014-01-16T00:00:00Z"), ruleId: "m" });
  t.is(expirationOf(byMarkers, object(), dayMs), null, "objects stay");
  const byDays = compile(rule("d", { expiration: { kind: "days", days: 3 } }));
  t.is(markerExpirationOf(byDays, marker, dayMs)?.atMs, at("2014-01-19T00:00:00Z"));
  for (const filter of [{ sizeBelow: 10 }, { tags: [{ key: "a", value: "1" }] }]) {
    const rules = compile(rule("d", { filter: { ...everything, ...filter }, expiration: { kind: "days", days: 3 } }));
    t.is(markerExpirationOf(rules, marker, dayMs), null, "a marker has neither size nor tags");
  }
});

test("noncurrent versions count from when they became so, and the newest of them are kept", (t) => {
  const lifecycle = compile(rule("n", { noncurrentExpiration: { days: 3, newerVersions: 2 } }));
  const version = (newerNoncurrent: number) => ({
    ...object({ modified: "2010-01-01T00:00:00Z" }),
    isDeleteMarker: false,
    noncurrentMs: at("2014-01-15T10:30:00Z"),
    newerNoncurrent,
  });
  t.is(noncurrentExpirationOf(lifecycle, version(0), dayMs), null);
  t.is(noncurrentExpirationOf(lifecycle, version(1), dayMs), null);
  t.is(noncurrentExpirationOf(lifecycle, version(2), dayMs)?.atMs, at("2014-01-19T00:00:00Z"));
});

test("open uploads count from their initiation", (t) => {
  const lifecycle = compile(rule("u", { filter: { ...everything, prefix: "up/" }, abortDays: 7 }));
  const initiatedMs = at("2014-01-15T10:30:00Z");
  t.deepEqual(abortOf(lifecycle, { key: "up/k", initiatedMs }, dayMs), {
    atMs: at("2014-01-23T00:00:00Z"),
    ruleId: "u",
  });
  t.is(abortOf(lifecycle, { key: "k", initiatedMs }, dayMs), null);
});

// AWS API "PutObject", response header x-amz-expiration: the rule's id is URL-encoded.
test("x-amz-expiration names date and rule", (t) => {
  const header = expirationHeader({ atMs: at("2012-12-21T00:00:00Z"), ruleId: "rule, one" });
  t.is(header, 'expiry-date="Fri, 21 Dec 2012 00:00:00 GMT", rule-id="rule%2C%20one"');
});

test("the largest number of days is a date that can be written", (t) => {
  const lifecycle = compile(rule("r", { expiration: { kind: "days", days: 2 ** 31 - 1 } }));
  const due = expirationOf(lifecycle, object(), dayMs);
  t.regex(due === null ? "" : expirationHeader(due), /GMT/);
});
