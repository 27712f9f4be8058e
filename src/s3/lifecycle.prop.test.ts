/** The rules against a second, obvious implementation: every rule on its own, with dates made of calendar parts. */

import test from "ava";
import fc from "fast-check";
import {
  compileLifecycle,
  dueBefore,
  expirationOf,
  type LifecycleConfiguration,
  type LifecycleRule,
  markerExpirationOf,
  noncurrentExpirationOf,
} from "./lifecycle.ts";

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);

const name = fc.constantFrom("", "a", "ab", "b", "ba/", "b/ü");
const tag = fc.record({ key: fc.constantFrom("x", "y", "ü z"), value: fc.constantFrom("", "1", "2&=") });
const bytes = fc.option(fc.integer({ min: 0, max: 6 }));
const when = fc.integer({ min: 0, max: 6 * dayMs }).map((ms) => startMs + ms);

const filter = fc.record({
  form: fc.constant("and" as const),
  prefix: fc.option(name),
  tags: fc.uniqueArray(tag, { maxLength: 2, selector: ({ key }) => key }),
  sizeAbove: bytes,
  sizeBelow: bytes,
});
const expiration = fc.oneof(
  fc.record({ kind: fc.constant("days" as const), days: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant("date" as const),
    atMs: fc.integer({ min: 0, max: 6 }).map((d) => startMs + d * dayMs),
  }),
  fc.record({ kind: fc.constant("markers" as const), isExpired: fc.boolean() }),
);
const rule: fc.Arbitrary<LifecycleRule> = fc.record({
  id: fc.string({ maxLength: 3 }),
  isEnabled: fc.boolean(),
  filter: fc.oneof(
    filter,
    filter.map((each) => ({ ...each, tags: [], sizeAbove: null, sizeBelow: null })),
  ),
  expiration: fc.option(expiration),
  noncurrentExpiration: fc.option(
    fc.record({ days: fc.integer({ min: 1, max: 4 }), newerVersions: fc.option(fc.integer({ min: 1, max: 3 })) }),
  ),
  abortDays: fc.option(fc.integer({ min: 1, max: 4 })),
  transitions: fc.constant([]),
  noncurrentTransitions: fc.constant([]),
});
const configuration = fc
  .array(rule, { maxLength: 5 })
  .map((rules): LifecycleConfiguration => ({ rules, transitionDefaultMinimumObjectSize: "all_storage_classes_128K" }));
const tags = fc.uniqueArray(tag, { maxLength: 3, selector: ({ key }) => key });

const taggingOf = (set: readonly { key: string; value: string }[]): string =>
  set.map(({ key, value }) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join("&");

/** Midnight of the day after `days` days. */
function midnightAfter(ms: number, days: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + days + 1);
}

interface Thing {
  readonly key: string;
  readonly sizeBytes: number;
  readonly tags: readonly { key: string; value: string }[];
  readonly isMarker: boolean;
}

function isFor({ prefix, tags: asked, sizeAbove, sizeBelow }: LifecycleRule["filter"], thing: Thing): boolean {
  if (prefix !== null && thing.key.slice(0, prefix.length) !== prefix) return false;
  if (thing.isMarker && (asked.length > 0 || sizeAbove !== null || sizeBelow !== null)) return false;
  for (const one of asked) if (!thing.tags.some((has) => has.key === one.key && has.value === one.value)) return false;
  if (sizeAbove !== null && !(thing.sizeBytes > sizeAbove)) return false;
  return sizeBelow === null || thing.sizeBytes < sizeBelow;
}

/** Earliest first; of equal ones the first rule's. */
function first(dues: readonly (readonly [atMs: number, ruleId: string])[]) {
  const [due] = dues.map((each, index) => [...each, index] as const).sort((a, b) => a[0] - b[0] || a[2] - b[2]);
  return due === undefined ? null : { atMs: due[0], ruleId: due[1] };
}

test("objects, markers and noncurrent versions are due as each rule on its own says", (t) => {
  fc.assert(
    fc.property(
      configuration,
      fc.record({
        key: name.filter((key) => key !== ""),
        sizeBytes: fc.integer({ min: 0, max: 7 }),
        tags,
        isMarker: fc.boolean(),
      }),
      when,
      fc.integer({ min: 0, max: 4 }),
      when,
      (rules, thing, modifiedMs, newerNoncurrent, nowMs) => {
        const lifecycle = compileLifecycle(rules);
        const enabled = rules.rules.filter(({ isEnabled }) => isEnabled);
        const facts = { key: thing.key, sizeBytes: thing.sizeBytes, modifiedMs, tagging: () => taggingOf(thing.tags) };
        const byExpiration = (isMarker: boolean) =>
          first(
            enabled.flatMap((each) => {
              if (each.expiration === null || !isFor(each.filter, { ...thing, isMarker })) return [];
              if (each.expiration.kind === "days")
                return [[midnightAfter(modifiedMs, each.expiration.days), each.id] as const];
              if (each.expiration.kind === "date") return [[each.expiration.atMs, each.id] as const];
              return isMarker && each.expiration.isExpired ? [[midnightAfter(modifiedMs, 0), each.id] as const] : [];
            }),
          );
        const objectDue = expirationOf(lifecycle, facts, dayMs);
        t.deepEqual(objectDue, byExpiration(false));
        t.deepEqual(markerExpirationOf(lifecycle, facts, dayMs), byExpiration(true));
        const noncurrent = { ...facts, noncurrentMs: modifiedMs, isDeleteMarker: thing.isMarker, newerNoncurrent };
        const noncurrentDue = noncurrentExpirationOf(lifecycle, noncurrent, dayMs);
        t.deepEqual(
          noncurrentDue,
          first(
            enabled.flatMap(({ id, filter: asked, noncurrentExpiration: each }) =>
              each === null || !isFor(asked, thing) || newerNoncurrent < (each.newerVersions ?? 0)
                ? []
                : [[midnightAfter(modifiedMs, each.days), id] as const],
            ),
          ),
        );
        // What is passed over by its age is not due.
        if (objectDue !== null && objectDue.atMs <= nowMs)
          t.true(modifiedMs < dueBefore(lifecycle.objects, nowMs, dayMs));
        if (noncurrentDue !== null && noncurrentDue.atMs <= nowMs) {
          t.true(modifiedMs < dueBefore(lifecycle.noncurrent, nowMs, dayMs));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
