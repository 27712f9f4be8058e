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
