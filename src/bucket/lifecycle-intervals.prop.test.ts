/** The intervals of keys against what a prefix means. */

import { deepStrictEqual } from "node:assert/strict";
import test from "ava";
import fc from "fast-check";
import { compileLifecycle } from "../s3/lifecycle.ts";
import { actionsIn, boundariesOf, intervalAt } from "./lifecycle-intervals.ts";
import { configurationOf, everyKey, ruleOf } from "./lifecycle-stand.testing.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "ü", "\u{10ffff}", "/", "\u007f"), maxLength: 4 });

test("in an interval the rules are for every key, and every key that a rule is for lies in one", (t) => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), text, (prefixes, key) => {
      const rules = prefixes.map((prefix, index) =>
        ruleOf({ id: String(index), filter: { ...everyKey, prefix }, expiration: { kind: "days", days: 1 } }),
      );
      const { objects } = compileLifecycle(configurationOf(...rules));
      const bytes = Buffer.from(key);
      const interval = intervalAt(boundariesOf(objects), bytes);
      const isInside =
        interval !== null &&
        Buffer.compare(interval.start, bytes) <= 0 &&
        (interval.end === null || Buffer.compare(bytes, interval.end) < 0);
      const found = isInside ? actionsIn(interval, objects).map(({ ruleId }) => ruleId) : [];
      const right = rules.filter(({ filter }) => key.startsWith(filter.prefix ?? "")).map(({ id }) => id);
      deepStrictEqual(found, right);
    }),
    { numRuns: 3000 },
  );
  t.pass();
});
