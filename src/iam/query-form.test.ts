/** The form of the query protocol: what it becomes, and what is refused. */

import test from "ava";
import { limits } from "../base/limits.ts";
import { QueryError } from "./errors.ts";
import { type FormNode, formValue, parseForm } from "./query-form.ts";

const leaves = (node: FormNode, at = ""): string[] => [
  ...(node.value === null ? [] : [`${at}=${node.value}`]),
  ...[...(node.children ?? [])].flatMap(([name, child]) => leaves(child, at === "" ? name : `${at}.${name}`)),
];

const refusal = (text: string): string | null => {
  try {
    parseForm(text);
    return null;
  } catch (error) {
    if (error instanceof QueryError) return error.code;
    throw error;
  }
};

test("names with dots become a tree", (t) => {
  const form = parseForm(
    "Action=TagUser&UserName=ann+b%2Bc&Tags.member.1.Key=a&Tags.member.1.Value=&Tags.member.2.Key=%C3%A9",
  );
  t.deepEqual(leaves(form), [
    "Action=TagUser",
    "UserName=ann b+c",
    "Tags.member.1.Key=a",
    "Tags.member.1.Value=",
    "Tags.member.2.Key=é",
  ]);
  t.is(formValue(form, "Action"), "TagUser");
  t.is(formValue(form, "Tags"), null);
  t.deepEqual(leaves(parseForm("")), []);
  t.deepEqual(leaves(parseForm("&&A=1&")), ["A=1"]);
  t.deepEqual(leaves(parseForm("A")), ["A="]);
});

test("the words of a presigned query are no parameters", (t) => {
  t.deepEqual(leaves(parseForm("Action=GetCallerIdentity&X-Amz-Algorithm=x&X-Amz-Signature=y")), [
    "Action=GetCallerIdentity",
  ]);
});

test("what is no form is refused", (t) => {
  for (const text of ["A=%", "A=%G0", "%4=1", "A=%C3", "A=%FF", "A=%ED%A0%80"]) {
    t.is(refusal(text), "MalformedQueryString", text);
  }
  for (const text of ["=1", "A..B=1", ".A=1", "A.=1", "1A=1", "A-B=1", "__proto__=1", "A%20=1"]) {
    t.is(refusal(text), "MalformedQueryString", text);
  }
  for (const text of ["A=1&A=2", "A=1&A=1", "A.1=x&A.1=x"]) t.is(refusal(text), "InvalidQueryParameter", text);
});

test("a form is bounded in names and depth", (t) => {
  const fields = (count: number) => Array.from({ length: count }, (_, index) => `A${index}=`).join("&");
  t.is(refusal(fields(limits.queryFieldsMax)), null);
  t.is(refusal(fields(limits.queryFieldsMax + 1)), "InvalidQueryParameter");
  const deep = (depth: number) => `${Array.from({ length: depth }, () => "A").join(".")}=1`;
  t.is(refusal(deep(limits.queryDepthMax)), null);
  t.is(refusal(deep(limits.queryDepthMax + 1)), "InvalidQueryParameter");
});

test("names of objects' own members are names like others", (t) => {
  const form = parseForm("constructor=1&toString.member.1=2");
  t.deepEqual(leaves(form), ["constructor=1", "toString.member.1=2"]);
});
