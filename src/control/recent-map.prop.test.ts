import test from "ava";
import fc from "fast-check";
import { RecentMap } from "./recent-map.ts";

test("holds exactly the most recently used entries", (t) => {
  const step = fc.record({ kind: fc.constantFrom("get", "set", "delete"), key: fc.integer({ min: 0, max: 9 }) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 100 }), (sizeMax, steps) => {
      const map = new RecentMap<number, number>(sizeMax);
      let model: { key: number; value: number }[] = [];
      for (const [value, { kind, key }] of steps.entries()) {
        const found = model.find((entry) => entry.key === key);
        const others = model.filter((entry) => entry.key !== key);
        if (kind === "set") {
          map.set(key, value);
          model = [...others, { key, value }].slice(-sizeMax);
        } else if (kind === "delete") {
          map.delete(key);
          model = others;
        } else {
          if (map.get(key) !== found?.value) return false;
          if (found !== undefined) model = [...others, found];
        }
        if (map.size !== model.length) return false;
      }
      return model.every((entry) => map.get(entry.key) === entry.value);
    }),
  );
  t.pass();
});
