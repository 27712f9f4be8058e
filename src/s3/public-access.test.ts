import test from "ava";
import fc from "fast-check";
import { effectiveBlock, noPublicAccessBlock, type PublicAccessBlock } from "./public-access.ts";

const block: fc.Arbitrary<PublicAccessBlock> = fc.record({
  blockPublicAcls: fc.boolean(),
  ignorePublicAcls: fc.boolean(),
  blockPublicPolicy: fc.boolean(),
  restrictPublicBuckets: fc.boolean(),
});

test("the most restrictive of the bucket's and the account's holds, flag by flag", (t) => {
  t.deepEqual(effectiveBlock(null, null), noPublicAccessBlock);
  fc.assert(
    fc.property(block, fc.option(block, { nil: null }), (one, other) => {
      const expected = Object.fromEntries(
        Object.entries(one).map(([name, flag]) => [name, flag || (other?.[name as keyof PublicAccessBlock] ?? false)]),
      );
      t.deepEqual({ ...effectiveBlock(one, other) }, expected);
      t.deepEqual({ ...effectiveBlock(other, one) }, expected);
    }),
  );
});
