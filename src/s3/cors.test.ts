import test from "ava";
import { limits } from "../base/limits.ts";
import { CorsMatcher, type CorsRule, checkCorsRules, requestedHeaders } from "./cors.ts";
import { S3Error } from "./errors.ts";

const rule = (members: Partial<CorsRule> = {}): CorsRule => ({
  id: null,
  origins: ["https://app.example.com"],
  methods: ["GET"],
  headers: [],
  exposed: [],
  maxAgeSeconds: null,
  ...members,
});

const codeOf = (rules: readonly CorsRule[]): string => {
  try {
    checkCorsRules(rules);
    return "taken";
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
};

test("what rules may say", (t) => {
  for (const [expected, rules] of [
    ["taken", [rule()]],
    ["taken", [rule({ id: "a" }), rule({ id: "b" }), rule(), rule()]],
    ["taken", [rule({ origins: ["*"], headers: ["*", "x-amz-*", "Content-Type"], exposed: ["ETag"] })]],
    ["taken", [rule({ methods: ["GET", "PUT", "POST", "DELETE", "HEAD"], maxAgeSeconds: 0 })]],
    ["taken", Array.from({ length: limits.corsRulesMax }, () => rule())],
    ["InvalidRequest", Array.from({ length: limits.corsRulesMax + 1 }, () => rule())],
    ["MalformedXML", []],
    ["MalformedXML", [rule({ origins: [] })]],
    ["MalformedXML", [rule({ origins: [""] })]],
    ["MalformedXML", [rule({ methods: [] })]],
    ["MalformedXML", [rule({ maxAgeSeconds: -1 })]],
    ["InvalidRequest", [rule({ methods: ["PATCH"] })]],
    ["InvalidRequest", [rule({ methods: ["OPTIONS"] })]],
    ["InvalidRequest", [rule({ methods: ["get"] })]],
    ["InvalidRequest", [rule({ methods: ["*"] })]],
    ["InvalidRequest", [rule({ origins: ["https://*.example.*"] })]],
    ["InvalidRequest", [rule({ headers: ["x-*-*"] })]],
    ["InvalidRequest", [rule({ exposed: ["x-amz-*"] })]],
    ["InvalidRequest", [rule({ id: "a" }), rule({ id: "a" })]],
    ["InvalidRequest", [rule({ id: "i".repeat(limits.ruleIdCharsMax + 1) })]],
  ] as const) {
    t.is(codeOf(rules), expected, JSON.stringify(rules).slice(0, 200));
  }
});

test("an exposed header cannot carry a line of its own", (t) => {
  for (const bad of ["a\r\nset-cookie: x", "a\nb", "a\rb", "a\0", "a\x7f", "a b", "a:b", "ü", ""]) {
    t.is(codeOf([rule({ exposed: [bad] })]), "InvalidRequest", JSON.stringify(bad));
  }
  for (const bad of ["https://a\r\nb", "\x01*"]) t.is(codeOf([rule({ origins: [bad] })]), "InvalidRequest");
});

test("the first rule that meets origin, method and headers answers", (t) => {
  const matcher = new CorsMatcher([
    rule({ methods: ["PUT", "POST"], headers: ["Content-*"], exposed: ["ETag", "x-amz-id-2"], maxAgeSeconds: 60 }),
    rule({ origins: ["http://*.example.com"], headers: ["*"], methods: ["DELETE"] }),
    rule({ origins: ["*"] }),
  ]);
  t.deepEqual(matcher.match("https://app.example.com", "PUT", ["content-type"]), {
    allowOrigin: "https://app.example.com",
    allowsCredentials: true,
    allowMethods: "PUT, POST",
    exposeHeaders: "ETag, x-amz-id-2",
    maxAge: "60",
  });
  t.is(matcher.match("https://app.example.com", "PUT", ["content-type", "x-other"]), null);
  t.is(matcher.match("https://APP.example.com", "PUT", []), null);
  t.is(matcher.match("http://a.example.com", "DELETE", ["anything"])?.allowOrigin, "http://a.example.com");
  t.is(matcher.match("http://a.example.com.evil.test", "DELETE", []), null);
  t.is(matcher.match("http://.example.com", "DELETE", [])?.allowOrigin, "http://.example.com");
  t.like(matcher.match("null", "GET", []), { allowOrigin: "*", allowsCredentials: false });
  t.like(matcher.match("https://app.example.com", "GET", []), { allowOrigin: "*", allowsCredentials: false });
});

test("before and after a wildcard do not overlap", (t) => {
  const matcher = new CorsMatcher([rule({ origins: ["ab*ba"] })]);
  t.is(matcher.match("aba", "GET", []), null);
  t.not(matcher.match("abba", "GET", []), null);
});

test("names in Access-Control-Request-Headers", (t) => {
  t.deepEqual(requestedHeaders(undefined), []);
  t.deepEqual(requestedHeaders(" X-A ,, content-type,"), ["x-a", "content-type"]);
});
