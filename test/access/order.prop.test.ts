/** The order of evaluation of identity policies, bucket policies, ACLs, ownership and public access blocks, against a slow judge. */

import test from "ava";
import fc from "fast-check";
import { type Acl, accounts, actions, askers, type Case, conditions, grantees, namings, permissions } from "./case.ts";
import { mayDo } from "./oracle.ts";
import { judge } from "./subject.ts";

const one = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });

const statement = {
  effect: fc.oneof({ weight: 3, arbitrary: fc.constant("Allow" as const) }, fc.constant("Deny" as const)),
  isAboutIt: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
  condition: fc.oneof({ weight: 4, arbitrary: fc.constant("none" as const) }, one(conditions)),
};
const acl = (owners: readonly Acl["owner"][]): fc.Arbitrary<Acl> =>
  fc.record({
    owner: one(owners),
    grants: fc.array(fc.record({ to: one(grantees), permission: one(permissions) }), { maxLength: 3 }),
  });
const flags = fc.record({ ignoresAcls: fc.boolean(), restricts: fc.boolean() });

const cases: fc.Arbitrary<Case> = fc.record({
  who: one(askers),
  action: one(actions),
  own: fc.array(fc.record(statement), { maxLength: 2 }),
  boundary: one(["none", "none", "open", "shut"] as const),
  policy: optional(fc.array(fc.record({ ...statement, names: one(namings) }), { minLength: 1, maxLength: 3 })),
  bucketAcl: optional(acl(["owner"])),
  ownership: one([null, null, "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"] as const),
  bucketBlock: optional(flags),
  accountBlock: optional(flags),
  object: optional(fc.record({ isRed: fc.boolean(), acl: optional(acl([...accounts, "anonymous"])) })),
});

test("the judge and the slow one agree, and every kind of question is asked", (t) => {
  const reached = new Map<string, number>();
  const note = (name: string): void => void reached.set(name, (reached.get(name) ?? 0) + 1);
  fc.assert(
    fc.property(cases, (asked) => {
      const { isAllowed, wasOpen } = judge(asked);
      if (isAllowed !== mayDo(asked)) throw new Error(`the judge ${isAllowed ? "allows" : "denies"}`);
      note(`${asked.who} ${isAllowed ? "allowed" : "denied"}`);
      note(`${asked.action} ${isAllowed ? "allowed" : "denied"}`);
      note(`${asked.ownership} ${isAllowed ? "allowed" : "denied"}`);
      if (wasOpen) note(`settled ${isAllowed ? "allowed" : "denied"}`);
    }),
    { numRuns: 12_000 },
  );
  const wanted = [...askers, ...actions, "null", "BucketOwnerEnforced", "ObjectWriter", "settled"];
  for (const name of wanted) {
    for (const effect of ["allowed", "denied"]) {
      t.true((reached.get(`${name} ${effect}`) ?? 0) > 10, `${name} ${effect}: ${reached.get(`${name} ${effect}`)}`);
    }
  }
});
