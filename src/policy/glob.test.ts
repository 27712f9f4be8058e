import test from "ava";
import { anyOne, anyRun, compileGlob, globMatches, parseAtoms } from "./glob.ts";

const matches = (pattern: string, text: string) => globMatches(compileGlob(parseAtoms(pattern)), text);

test("stars and question marks, over slashes and colons", (t) => {
  const cases: [pattern: string, text: string, expected: boolean][] = [
    ["*", "", true],
    ["**", "a/b", true],
    ["", "", true],
    ["", "a", false],
    ["a*", "a", true],
    ["a*", "ba", false],
    ["*a", "ba", true],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["ab*ba", "aba", false],
    ["arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y:z", true],
    ["arn:aws:s3:::b/*", "arn:aws:s3:::b", false],
    ["arn:aws:s3:::b/*", "arn:aws:s3:::b/", true],
    ["arn:aws:s3:::b", "arn:aws:s3:::b2", false],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["*b*b*", "ab", false],
    ["?", "", false],
    ["?", "a", true],
    ["?", "ab", false],
    ["a?c", "a/c", true],
    ["*?", "", false],
    ["*?", "abc", true],
    ["?*?", "a", false],
    ["a?*c", "abc", true],
    ["a?*c", "ac", false],
    ["?", "\u{1f600}", true],
    ["?", "\u{1f600}\u{1f600}", false],
    ["A", "a", false],
    [`${"?".repeat(31)}x`, `${"a".repeat(31)}x`, true],
    [`${"?".repeat(32)}x`, `${"a".repeat(32)}x`, true],
    [`${"?".repeat(33)}x`, `${"a".repeat(32)}x`, false],
    [`*${"?".repeat(64)}*x`, `${"a".repeat(64)}x`, true],
  ];
  for (const [pattern, text, expected] of cases) t.is(matches(pattern, text), expected, `${pattern} ${text}`);
});

test("text in atoms is no wildcard", (t) => {
  const glob = compileGlob(["home/", "*", "/", anyRun]);
  t.true(globMatches(glob, "home/*/x"));
  t.false(globMatches(glob, "home/alice/x"));
  t.true(globMatches(compileGlob(["?", anyOne]), "?a"));
  t.false(globMatches(compileGlob(["?", anyOne]), "aa"));
});

test("thousands of stars on the longest key end", (t) => {
  const key = "a".repeat(1024);
  t.false(matches(`${"*a".repeat(500)}*b`, key));
  t.true(matches("*".repeat(2000), key));
  t.false(matches(`${"*".repeat(2000)}b`, key));
  t.true(matches("*a".repeat(1024), key));
  t.false(matches("*a".repeat(1025), key));
  t.false(matches(`${"*?".repeat(1000)}*b`, key));
  t.true(matches("*?".repeat(1024), key));
  t.false(matches("*?".repeat(1025), key));
});
