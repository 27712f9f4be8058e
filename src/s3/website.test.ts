import test from "ava";
import { limits } from "../base/limits.ts";
import { S3Error } from "./errors.ts";
import {
  checkWebsite,
  indexedKey,
  type RoutingRule,
  type RuleRedirect,
  ruleFor,
  ruleLocation,
  type Website,
} from "./website.ts";

const website = (members: Partial<Website> = {}): Website => ({
  redirectAll: null,
  indexSuffix: "index.html",
  errorKey: null,
  rules: [],
  ...members,
});
const rule = (redirect: Partial<RuleRedirect>, members: Partial<RoutingRule> = {}): RoutingRule => ({
  keyPrefix: null,
  errorCode: null,
  redirect: { host: null, protocol: null, code: null, replaceKeyPrefixWith: null, replaceKeyWith: null, ...redirect },
  ...members,
});

const codeOf = (configuration: Website): string => {
  try {
    checkWebsite(configuration);
    return "taken";
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
};

test("what a configuration may say", (t) => {
  const toOther = { host: "example.com", protocol: null };
  const many = (count: number) => Array.from({ length: count }, () => rule({ host: "example.com" }));
  for (const [expected, configuration] of [
    ["taken", website()],
    ["taken", website({ errorKey: "errors/404.html", rules: many(limits.websiteRoutingRulesMax) })],
    ["taken", website({ redirectAll: toOther, indexSuffix: null })],
    ["taken", website({ rules: [rule({ replaceKeyWith: "e.html", code: 302 }, { errorCode: 404, keyPrefix: "a/" })] })],
    ["InvalidArgument", website({ indexSuffix: null })],
    ["InvalidArgument", website({ indexSuffix: "" })],
    ["InvalidArgument", website({ indexSuffix: "a/index.html" })],
    ["InvalidArgument", website({ errorKey: "" })],
    ["InvalidRequest", website({ redirectAll: toOther })],
    ["InvalidRequest", website({ redirectAll: toOther, indexSuffix: null, rules: many(1) })],
    ["InvalidRequest", website({ redirectAll: { host: "a b", protocol: null }, indexSuffix: null })],
    ["InvalidRequest", website({ redirectAll: { host: "a\r\nb", protocol: null }, indexSuffix: null })],
    ["InvalidRequest", website({ rules: many(limits.websiteRoutingRulesMax + 1) })],
    ["InvalidRequest", website({ rules: [rule({ replaceKeyWith: "a", replaceKeyPrefixWith: "b" })] })],
    ["InvalidRequest", website({ rules: [rule({ code: 200 })] })],
    ["InvalidRequest", website({ rules: [rule({ code: 300 })] })],
    ["InvalidRequest", website({ rules: [rule({ code: 304 })] })],
    ["InvalidRequest", website({ rules: [rule({ code: Number.NaN })] })],
    ["InvalidRequest", website({ rules: [rule({ host: "h" }, { errorCode: 302 })] })],
    ["InvalidRequest", website({ rules: [rule({ host: "h" }, { errorCode: Number.NaN })] })],
    ["InvalidRequest", website({ rules: [rule({ host: "evil\n" })] })],
    ["InvalidRequest", website({ rules: [rule({ replaceKeyWith: "a\r\nset-cookie: x" })] })],
    ["MalformedXML", website({ rules: [rule({})] })],
  ] as const) {
    t.is(codeOf(configuration), expected, JSON.stringify(configuration).slice(0, 200));
  }
});

test("the first rule that a key and a status meet", (t) => {
  const rules = [
    rule({ host: "a" }, { keyPrefix: "docs/" }),
    rule({ host: "b" }, { errorCode: 404, keyPrefix: "img/" }),
    rule({ host: "c" }, { errorCode: 404 }),
    rule({ host: "d" }, { errorCode: 403 }),
  ];
  const hostOf = (key: string, status: number | null) => ruleFor(rules, key, status)?.redirect.host;
  t.is(hostOf("docs/a", null), "a");
  t.is(hostOf("other", null), undefined);
  t.is(hostOf("img/x.png", 404), "b");
  t.is(hostOf("docs/a", 404), "c");
  t.is(hostOf("x", 403), "d");
  t.is(hostOf("x", 500), undefined);
});

test("where rules send, always as an absolute URL", (t) => {
  const origin = { host: "site.s3-website.example.com:8080", protocol: "http" } as const;
  const at = (made: RoutingRule, key: string) => ruleLocation(made, key, origin);
  const own = "http://site.s3-website.example.com:8080";
  t.is(at(rule({ replaceKeyPrefixWith: "documents/" }, { keyPrefix: "docs/" }), "docs/a b"), `${own}/documents/a%20b`);
  t.is(at(rule({ replaceKeyPrefixWith: "" }, { keyPrefix: "x" }), "x/evil.test"), `${own}//evil.test`);
  t.is(at(rule({ replaceKeyPrefixWith: "#!/" }), "page"), `${own}/#!/page`);
  t.is(at(rule({ replaceKeyWith: 'e?a=%20 ü"' }), "page"), `${own}/e?a=%20%20%C3%BC%22`);
  t.is(at(rule({ host: "other.test", protocol: "https" }), "a/ü?"), "https://other.test/a/%C3%BC%3F");
  t.is(at(rule({ protocol: "https" }), "a"), "https://site.s3-website.example.com:8080/a");
});

test("directories are their index documents", (t) => {
  t.is(indexedKey("", "index.html"), "index.html");
  t.is(indexedKey("a/", "index.html"), "a/index.html");
  t.is(indexedKey("a", "index.html"), "a");
});
