/** Passes over random histories against an obvious second implementation, which looks at every version on its own. */

import { deepStrictEqual } from "node:assert/strict";
import test from "ava";
import fc from "fast-check";
import { limits } from "../base/limits.ts";
import type { LifecycleRule } from "../s3/lifecycle.ts";
import type { ObjectRecord } from "../storage/record.ts";
import { decodeTail } from "../storage/record-tail.ts";
import { inlineBody, plainDelete, startMs, stored } from "./bucket-stand.testing.ts";
import { dayMs, everyKey, LifecycleStand, ruleOf } from "./lifecycle-stand.testing.ts";

const keys = ["a", "a/b", "ab", "b", "b/ü", "c"] as const;
const prefix = fc.constantFrom(null, "", "a", "a/", "b", "b/", "z");
const filter = fc.record({
  prefix,
  tags: fc.constantFrom([], [], [{ key: "t", value: "1" }]),
  sizeAbove: fc.constantFrom(null, null, 2),
  sizeBelow: fc.constantFrom(null, null, 4),
});
const plain = fc.record({ prefix });
const daysOf = fc.integer({ min: 1, max: 3 });
const rule: fc.Arbitrary<LifecycleRule> = fc
  .oneof(
    fc.record({ filter, expiration: fc.record({ kind: fc.constant("days" as const), days: daysOf }) }),
    fc.record({
      filter,
      expiration: fc.record({
        kind: fc.constant("date" as const),
        atMs: fc.integer({ min: 0, max: 9 }).map((day) => (Math.floor(startMs / dayMs) + day) * dayMs),
      }),
    }),
    fc.record({ filter: plain, expiration: fc.constant({ kind: "markers" as const, isExpired: true }) }),
    fc.record({
      filter,
      noncurrentExpiration: fc.record({ days: daysOf, newerVersions: fc.option(fc.integer({ min: 1, max: 2 })) }),
    }),
  )
  .map((members) => ruleOf({ ...members, filter: { ...everyKey, ...members.filter } }));

type Step =
  | { readonly kind: "put"; readonly key: string; readonly bytes: number; readonly isTagged: boolean }
  | { readonly kind: "delete"; readonly key: string }
  | { readonly kind: "versioning"; readonly versioning: "Enabled" | "Suspended" }
  | { readonly kind: "wait"; readonly ms: number };
const key = fc.constantFrom(...keys);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      key,
      bytes: fc.integer({ min: 1, max: 5 }),
      isTagged: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("versioning" as const),
      versioning: fc.constantFrom("Enabled" as const, "Suspended" as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 2 * dayMs }) }),
  },
);

async function perform(stand: LifecycleStand, each: Step): Promise<void> {
  stand.nowMs += 1;
  if (each.kind === "wait") stand.nowMs += each.ms;
  else if (each.kind === "versioning") await stand.ask("bucket.setVersioning", { versioning: each.versioning });
  else if (each.kind === "delete") await stand.ask("object.delete", plainDelete(each.key));
  else {
    await stand.ask("object.put", {
      key: each.key,
      source: stored(inlineBody("x".repeat(each.bytes))),
      metadata: each.isTagged ? { tagging: "t=1" } : {},
      preconditions: {},
    });
  }
}

const midnightAfter = (ms: number, days: number): number => (Math.floor(ms / dayMs) + days + 1) * dayMs;

function isFor({ filter: asked }: LifecycleRule, name: string, record: ObjectRecord): boolean {
  if (!name.startsWith(asked.prefix ?? "")) return false;
  if (record.isDeleteMarker) return asked.tags.length === 0 && asked.sizeAbove === null && asked.sizeBelow === null;
  if (asked.tags.length > 0 && decodeTail(record.tail).metadata.tagging !== "t=1") return false;
  return record.sizeBytes > (asked.sizeAbove ?? -1) && record.sizeBytes < (asked.sizeBelow ?? 1e9);
}

/** When a version goes by one rule; null: it does not. @param newer noncurrent versions above it that stay */
function dueBy(
  each: LifecycleRule,
  name: string,
  history: readonly ObjectRecord[],
  index: number,
  newer: number,
): number | null {
  const record = history[index];
  if (record === undefined || !isFor(each, name, record)) return null;
  const successor = history[index - 1];
  if (successor !== undefined) {
    const { noncurrentExpiration } = each;
    if (noncurrentExpiration === null || newer < (noncurrentExpiration.newerVersions ?? 0)) return null;
    return midnightAfter(successor.modifiedMs, noncurrentExpiration.days);
  }
  if (each.expiration === null || (record.isDeleteMarker && history.length > 1)) return null;
  if (each.expiration.kind === "days") return midnightAfter(record.modifiedMs, each.expiration.days);
  if (each.expiration.kind === "date") return each.expiration.atMs;
  return record.isDeleteMarker && each.expiration.isExpired ? midnightAfter(record.modifiedMs, 0) : null;
}

const nameOf = ({ isDeleteMarker, isNullVersion, stamp }: ObjectRecord): string =>
  `${isDeleteMarker ? "marker" : "object"}${isNullVersion ? " null" : ""} ${Buffer.from(stamp).toString("hex")}`;

/** A key's versions after the pass over current objects, newest first, with the delete marker that it makes. */
function afterExpiration(
  history: readonly ObjectRecord[],
  isDue: boolean,
  nowMs: number,
  versioning: string,
): { readonly marker: ObjectRecord | null; readonly left: readonly ObjectRecord[] } {
  const [head] = history;
  if (head === undefined || head.isDeleteMarker || !isDue) return { marker: null, left: history };
  if (versioning === "Off") return { marker: null, left: [] };
  const isNullVersion = versioning === "Suspended";
  const marker = { ...head, isDeleteMarker: true, isNullVersion, sizeBytes: 0, modifiedMs: nowMs };
  return { marker, left: [marker, ...history.filter((each) => !(isNullVersion && each.isNullVersion))] };
}

/** Versions of a key that are left, newest first; a delete marker that the pass makes is "new marker". */
function expected(
  rules: readonly LifecycleRule[],
  name: string,
  history: readonly ObjectRecord[],
  { nowMs }: LifecycleStand,
  versioning: string,
) {
  const isDue = (versions: readonly ObjectRecord[], index: number, newer: number) =>
    rules.some((each) => (dueBy(each, name, versions, index, newer) ?? Number.POSITIVE_INFINITY) <= nowMs);
  const { marker, left } = afterExpiration(history, isDue(history, 0, 0), nowMs, versioning);
  const stays: ObjectRecord[] = [];
  for (const [index, record] of left.entries()) {
    const isCurrent = index === 0 && !record.isDeleteMarker;
    const noncurrent = stays.filter((each) => each !== left[0]).length;
    if (isCurrent || !isDue(left, index, noncurrent)) stays.push(record);
  }
  return stays.map((each) => (each === marker ? `new marker${each.isNullVersion ? " null" : ""}` : nameOf(each)));
}

test("a pass leaves what the rules leave of every version, and nothing else", async (t) => {
  let removals = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(rule, { minLength: 1, maxLength: 4, size: "max" }),
      fc.array(step, { maxLength: 40, size: "max" }),
      fc.integer({ min: 0, max: 9 * dayMs }),
      fc.boolean(),
      // Slices end where time ends them: after each row, after some, or never.
      fc.constantFrom(0, limits.lifecycleSliceMs / 8, limits.lifecycleSliceMs),
      async (rules, steps, restMs, isVersioned, tickMs) => {
        const stand = new LifecycleStand();
        stand.tickMs = tickMs;
        if (isVersioned) await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
        for (const each of steps) await perform(stand, each);
        stand.nowMs += restMs;
        await stand.configure(...rules);
        const { versioning } = await stand.ask("bucket.versioning", {});
        const before = stand.histories();
        const atMs = stand.nowMs;
        const { removed } = await stand.pass();
        removals += Object.values(removed).reduce((sum, count) => sum + count, 0);
        const after = stand.histories();
        for (const [name, history] of before) {
          const found = (after.get(name) ?? []).map((record) =>
            record.isDeleteMarker &&
            record.modifiedMs === atMs &&
            !history.some(({ stamp }) => Buffer.compare(stamp, record.stamp) === 0)
              ? `new marker${record.isNullVersion ? " null" : ""}`
              : nameOf(record),
          );
          deepStrictEqual(found, expected(rules, name, history, stand, versioning), name);
        }
        const { kept, counted } = await stand.totals();
        deepStrictEqual(kept, counted);
      },
    ),
    { numRuns: 1000 },
  );
  t.true(removals > 300, `only ${removals} removals`);
});
