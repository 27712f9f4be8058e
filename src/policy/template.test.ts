import test from "ava";
import { anyOne, anyRun } from "./glob.ts";
import { RequestContext } from "./request-context.ts";
import { parseTemplate, resolveTemplate, type Template } from "./template.ts";

const context = new RequestContext((key) =>
  new Map<string, readonly string[] | "deferred">([
    ["aws:username", ["al*ce"]],
    ["aws:principaltag/team", ["a", "b"]],
    ["aws:userid", []],
    ["s3:existingobjecttag/owner", "deferred"],
  ]).get(key),
);

const resolve = (text: string) =>
  resolveTemplate(parseTemplate(text, { wildcards: true, variables: true }) as Template, context);

test("values stand in as text, wildcards stay wildcards", (t) => {
  t.deepEqual(resolve("home/${aws:username}/*"), ["home/", "al*ce", "/", anyRun]);
  t.deepEqual(resolve("${AWS:UserName}?"), ["al*ce", anyOne]);
  t.deepEqual(resolve("${*}${?}${$}{x}"), ["*", "?", "$", "{x}"]);
  t.deepEqual(resolve("$x}"), ["$x}"]);
});

test("defaults, and variables without one value", (t) => {
  t.deepEqual(resolve("${aws:userid, 'anonymous'}"), ["anonymous"]);
  t.deepEqual(resolve("${aws:SourceIdentity,'a}b, c*'}"), ["a}b, c*"]);
  t.deepEqual(resolve("${aws:username, 'x'}"), ["al*ce"]);
  t.deepEqual(resolve("${aws:SourceIdentity, ''}"), [""]);
  t.is(resolve("${aws:userid}"), null);
  t.is(resolve("${aws:SourceIdentity}"), null);
  t.is(resolve("${aws:PrincipalTag/team}"), null);
  t.is(resolve("${s3:ExistingObjectTag/owner}"), "deferred");
});

test("broken variables are refused, and are text where there are none", (t) => {
  for (const text of [
    "${aws:username",
    "${}",
    "${username}",
    "${aws:nosuch}",
    "${aws:TagKeys}",
    "${aws:username, x}",
    "${aws:username, 'x}",
    "${ * }",
  ]) {
    t.is(typeof parseTemplate(text, { wildcards: true, variables: true }), "string", text);
    t.true(Array.isArray(parseTemplate(text, { wildcards: true, variables: false })), text);
  }
  t.deepEqual(parseTemplate("${aws:username}*", { wildcards: false, variables: false }), ["${aws:username}*"]);
});
