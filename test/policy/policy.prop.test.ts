/** The policy engine against the second evaluator, in short; the suite `policy` does more cases and counts what they reach. */

import test from "ava";
import { tableFailures } from "./cases.ts";
import { checkProperty } from "./property.ts";

test("the tables hold", (t) => {
  t.deepEqual(tableFailures(), []);
});

test("engine and second evaluator agree on random cases", (t) => {
  t.is(checkProperty(Date.now() % 1_000_000_000, 2000, null).failure, null);
});
