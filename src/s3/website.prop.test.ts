import test from "ava";
import fc from "fast-check";
import { S3Error } from "./errors.ts";
import { checkWebsite, type RoutingRule, ruleFor, ruleLocation } from "./website.ts";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const rule: fc.Arbitrary<RoutingRule> = fc.record({
  keyPrefix: optional(fc.oneof(fc.constantFrom("", "/", "a", "//evil.test/"), text)),
  errorCode: optional(fc.constantFrom(403, 404, 500, 200)),
  redirect: fc.record({
    host: optional(fc.oneof(fc.constantFrom("example.com", "example.com:8080", "a.test/x", "a@b"), text)),
    protocol: optional(fc.constantFrom("http", "https")),
    code: optional(fc.constantFrom(301, 302, 307, 200)),
    replaceKeyPrefixWith: optional(fc.oneof(fc.constantFrom("", "//evil.test", "#!/", "?a=%20"), text)),
    replaceKeyWith: optional(fc.oneof(fc.constantFrom("//evil.test/", "x"), text)),
  }),
});
const key = fc.oneof(fc.constantFrom("", "/", "//evil.test/x", "a/b", "\\\\evil.test"), text);

test("wherever a rule that was taken sends, it is the host that the rule or the request names", (t) => {
  let sent = 0;
  fc.assert(
    fc.property(rule, key, (made, asked) => {
      try {
        checkWebsite({ redirectAll: null, indexSuffix: "i", errorKey: null, rules: [made] });
      } catch (error) {
        if (error instanceof S3Error) return;
        throw error;
      }
      const met = ruleFor([made], asked, made.errorCode);
      t.is(met !== null, asked.startsWith(made.keyPrefix ?? ""));
      if (met === null) return;
      const location = ruleLocation(met, asked, { host: "site.example.com:9000", protocol: "http" });
      t.regex(location, /^[\x21-\x7e]+$/);
      const { protocol, host } = made.redirect;
      const origin = `${protocol ?? "http"}://${host ?? "site.example.com:9000"}`;
      t.true(location.startsWith(`${origin}/`), location);
      if (host === null) t.is(new URL(location).hostname, "site.example.com");
      sent += 1;
    }),
    { numRuns: 3000 },
  );
  t.true(sent > 50, String(sent));
});
