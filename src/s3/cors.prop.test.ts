import test from "ava";
import fc from "fast-check";
import { CorsMatcher, type CorsRule } from "./cors.ts";

/** Tries every run that the star could stand for. */
function slowlyMeets(pattern: string, text: string): boolean {
  const star = pattern.indexOf("*");
  if (star === -1) return pattern === text;
  for (let from = 0; from <= text.length; from++) {
    for (let to = from; to <= text.length; to++) {
      if (pattern.replace("*", () => text.slice(from, to)) === text) return true;
    }
  }
  return false;
}

function slowly(rules: readonly CorsRule[], origin: string, method: string, headers: readonly string[]) {
  for (const { origins, methods, headers: allowed } of rules) {
    const met = origins.filter((pattern) => slowlyMeets(pattern, origin));
    const unmet = headers.filter((name) => !allowed.some((pattern) => slowlyMeets(pattern.toLowerCase(), name)));
    if (met.length > 0 && methods.includes(method) && unmet.length === 0) return met[0] === "*" ? "*" : origin;
  }
  return null;
}

const letters = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 2 });
const pattern = fc
  .tuple(letters, fc.boolean(), letters)
  .map(([before, hasStar, after]) => `${before}${hasStar ? "*" : ""}${after}`);
const method = fc.constantFrom("GET", "PUT", "HEAD");
const rule: fc.Arbitrary<CorsRule> = fc.record({
  id: fc.constant(null),
  origins: fc.array(pattern, { minLength: 1, maxLength: 3 }),
  methods: fc.array(method, { minLength: 1, maxLength: 3 }),
  headers: fc.array(
    pattern.map((text) => text.toUpperCase()),
    { maxLength: 3 },
  ),
  exposed: fc.constant([]),
  maxAgeSeconds: fc.constant(null),
});

test("the matcher answers as the obvious one does", (t) => {
  let met = 0;
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 4 });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), text, method, fc.array(text, { maxLength: 1 }), (...asked) => {
      const [rules, origin, wanted, headers] = asked;
      const expected = slowly(rules, origin, wanted, headers);
      if (expected !== null) met += 1;
      const grant = new CorsMatcher(rules).match(origin, wanted, headers);
      t.is(grant?.allowOrigin ?? null, expected);
      if (grant !== null) t.is(grant.allowsCredentials, grant.allowOrigin !== "*");
    }),
    { numRuns: 2000 },
  );
  t.true(met > 200, "rules are met often enough to say something");
});
