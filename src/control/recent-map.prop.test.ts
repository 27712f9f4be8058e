import test from "ava";
import fc from "fast-check";
import { RecentMap } from "./recent-map.ts";

const keys = 10;

test("answers what was set last, keeps what was used lately, and is bounded", (t) => {
  const step = fc.record({
    kind: fc.constantFrom("get", "set", "delete"),
    key: fc.integer({ min: 0, max: keys - 1 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 7 }), fc.array(step, { maxLength: 100 }), (sizeMax, steps) => {
      const map = new RecentMap<number, number>(sizeMax);
      const model = new Map<number, number>();
      /** Keys in order of use, the last used last. */
      let used: number[] = [];
      for (const [value, { kind, key }] of steps.entries()) {
        const found = map.get(key);
        if (found !== undefined && found !== model.get(key)) return false;
        const isRecent = used.slice(-Math.floor(sizeMax / 2)).includes(key);
        if (isRecent && model.has(key) && found === undefined) return false;
        if (kind === "set") {
          map.set(key, value);
          model.set(key, value);
        }
        if (kind === "delete") {
          map.delete(key);
          model.delete(key);
          if (map.get(key) !== undefined) return false;
        }
        used = used.filter((other) => other !== key);
        if (kind === "set" || (kind === "get" && found !== undefined)) used.push(key);
      }
      return (
        Array.from({ length: keys }, (_, key) => map.get(key)).filter((value) => value !== undefined).length <= sizeMax
      );
    }),
  );
  t.pass();
});

test("never holds more than it may by weight, and keeps half of that of what was used last", (t) => {
  const step = fc.record({
    // Few keys, so that the same are set again and again.
    kind: fc.constantFrom("get", "set", "set", "set", "set", "delete"),
    key: fc.integer({ min: 0, max: 3 }),
    weight: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 40 }), fc.array(step, { maxLength: 200 }), (weightMax, steps) => {
      const map = new RecentMap<number, { readonly weight: number }>(weightMax, ({ weight }) => weight);
      const model = new Map<number, { readonly weight: number; readonly lastUse: number }>();
      /** Every use, in order. What was set and is gone or lighter now has taken its room all the same. */
      const uses: { readonly key: number; readonly weight: number }[] = [];
      const use = (key: number, weight: number): void => {
        model.set(key, { weight, lastUse: uses.length });
        uses.push({ key, weight });
      };
      for (const { kind, key, weight } of steps) {
        const found = kind === "get" ? map.get(key) : undefined;
        const before = model.get(key);
        if (found !== undefined && found.weight !== before?.weight) return false;
        if (kind === "get" && before !== undefined && found === undefined) {
          if (heaviest(uses.slice(before.lastUse)) <= Math.floor(weightMax / 2)) return false;
          model.delete(key);
        }
        if (kind === "set") map.set(key, { weight });
        if (kind === "delete") {
          map.delete(key);
          model.delete(key);
        }
        if (kind === "set") use(key, weight);
        if (found !== undefined) use(key, found.weight);
      }
      const held = [0, 1, 2, 3].map((key) => map.get(key)?.weight ?? 0);
      return held.reduce((sum, weight) => sum + weight, 0) <= weightMax;
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

/** What the keys that were used weighed together, each when it was heaviest. */
function heaviest(uses: readonly { readonly key: number; readonly weight: number }[]): number {
  const weights = new Map<number, number>();
  for (const { key, weight } of uses) weights.set(key, Math.max(weight, weights.get(key) ?? 0));
  return [...weights.values()].reduce((sum, weight) => sum + weight, 0);
}

test("what is set again or deleted weighs once, or nothing", (t) => {
  const map = new RecentMap<string, number>(10, (weight) => weight);
  map.set("kept", 1);
  for (let round = 0; round < 20; round++) {
    map.set("a", 1);
    map.set("b", 1);
    map.set("c", 2);
    map.delete("c");
  }
  t.is(map.get("kept"), 1);
});
