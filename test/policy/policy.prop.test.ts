/** The policy engine against the second evaluator, in short; the suite `policy` does more cases and counts what they reach. */

import test from "ava";
import { tableFailures } from "./cases.ts";
import { checkProperty } from "./property.ts";
import { spoilDocuments } from "./spoiled-documents.ts";

const seed = Date.now() % 1_000_000_000;

test("the tables hold", (t) => {
  t.deepEqual(tableFailures(), []);
});

test("engine and second evaluator agree on random cases", (t) => {
  t.is(checkProperty(seed, 2000, null).failure, null);
});

test("a spoiled document is taken or refused with MalformedPolicy", (t) => {
  const { failure, refused, taken } = spoilDocuments(seed, 2000);
  t.is(failure, null);
  t.true(refused > 500 && taken > 100, `${refused} refused, ${taken} taken`);
});
