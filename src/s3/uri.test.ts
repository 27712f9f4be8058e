import test from "ava";
import fc from "fast-check";
import { S3Error } from "./errors.ts";
import { checkKey, decodeKey, encodeListed, parseQuery, percentDecode } from "./uri.ts";

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
  return "accepted";
};

test("keys are decoded once and keep slashes and dots", (t) => {
  for (const [raw, key] of [
    ["a%2Fb", "a/b"],
    ["a//b", "a//b"],
    ["../x/./y", "../x/./y"],
    ["%2e%2e%2f", "../"],
    ["%252e", "%2e"],
    ["a+b", "a+b"],
    ["a%20b", "a b"],
    ["%E2%82%AC", "€"],
    ["%f0%9f%98%80", "\u{1f600}"],
    ["€", "€"],
    ["a\\b", "a\\b"],
    ["%EF%BB%BFa", "\ufeffa"],
  ] as const) {
    t.is(decodeKey(raw), key);
  }
});

test("broken escapes, NUL and what is not UTF-8 are InvalidURI", (t) => {
  for (const raw of [
    "%",
    "%4",
    "%zz",
    "a%2",
    "%00",
    "%C0%AF",
    "%E0%80%AF",
    "%ED%A0%80",
    "%FF",
    "%80",
    "%F8%88%80%80%80",
    "%C3",
  ]) {
    t.is(
      code(() => decodeKey(raw)),
      "InvalidURI",
      raw,
    );
  }
  t.is(
    code(() => checkKey("a\0b")),
    "InvalidURI",
  );
  t.is(
    code(() => checkKey("a\ud800b")),
    "InvalidURI",
  );
});

test("a key has at most 1024 bytes of UTF-8", (t) => {
  t.is(decodeKey("a".repeat(1024)).length, 1024);
  t.is(
    code(() => decodeKey("a".repeat(1025))),
    "KeyTooLongError",
  );
  t.is(
    code(() => decodeKey("%C3%A9".repeat(512))),
    "accepted",
  );
  t.is(
    code(() => decodeKey(`${"%C3%A9".repeat(512)}a`)),
    "KeyTooLongError",
  );
  t.is(
    code(() => decodeKey("€".repeat(342))),
    "KeyTooLongError",
  );
});

test("a query: words without value, plus as space, the first of a repeated name", (t) => {
  t.deepEqual(
    [...parseQuery("acl&prefix=a+b%2Bc&x=&prefix=z&&a%3D=1=2")],
    [
      ["acl", ""],
      ["prefix", "a b+c"],
      ["x", ""],
      ["a=", "1=2"],
    ],
  );
  t.is(parseQuery("").size, 0);
  t.is(
    code(() => parseQuery("prefix=%00")),
    "InvalidURI",
  );
  t.is(
    code(() => parseQuery(`a=${"x".repeat(9000)}`)),
    "InvalidURI",
  );
});

test("what is percent-encoded comes back", (t) => {
  const key = fc.string({ unit: "binary", maxLength: 40 }).filter((text) => !text.includes("\0"));
  fc.assert(
    fc.property(key, (text) => {
      t.is(percentDecode(encodeURIComponent(text)), text);
      t.is(percentDecode(encodeListed(text)), text);
    }),
  );
});

test("encoding-type=url keeps slashes and escapes the rest", (t) => {
  t.is(encodeListed("a b/c+d%e~f'(é)"), "a%20b/c%2Bd%25e~f%27%28%C3%A9%29");
});
