/** Parameters against shapes: values, and the words of every fault. */

import test from "ava";
import { boolean, enumeration, list, string, structure, timestamp } from "../model/shape.ts";
import { QueryError } from "./errors.ts";
import { decodeForm } from "./query-decode.ts";
import { parseForm } from "./query-form.ts";
import { bounded, existingUserName, optional, path, policyDocument, requiredAs, Tag, tagKey, whole } from "./shapes.ts";

const shape = structure("Request", {
  Holder: requiredAs("UserName", existingUserName),
  Path: optional(path),
  Count: optional(whole(1, 10)),
  Flag: optional(boolean),
  When: optional(timestamp),
  Kind: optional(enumeration("A", "B")),
  Tags: optional(bounded(Tag, 2)),
  Names: optional(list(string)),
  Document: optional(policyDocument),
  One: optional(Tag),
});

const decode = (text: string): unknown => decodeForm(shape, parseForm(text));
const refusal = (text: string): string => {
  try {
    decode(text);
    return "";
  } catch (error) {
    if (error instanceof QueryError) return `${error.code}: ${error.message}`;
    throw error;
  }
};

test("values of every kind", (t) => {
  t.deepEqual(decode("Action=X&Version=1&UserName=ann"), { Holder: "ann" });
  t.deepEqual(
    decode(
      "UserName=a&Path=/b/&Count=10&Flag=true&When=2026-11-23T00:00:00Z&Kind=B&Tags.member.2.Key=k&Tags.member.2.Value=&Tags.member.1.Key=x&Tags.member.1.Value=y&Names.member.1=n&One.Key=p&One.Value=q",
    ),
    {
      Holder: "a",
      Path: "/b/",
      Count: 10,
      Flag: true,
      When: Date.UTC(2026, 10, 23),
      Kind: "B",
      Tags: [
        { Key: "x", Value: "y" },
        { Key: "k", Value: "" },
      ],
      Names: ["n"],
      One: { Key: "p", Value: "q" },
    },
  );
  t.deepEqual(decode("UserName=a&Names=&Tags="), { Holder: "a", Names: [], Tags: [] });
});

test("bounds are told in AWS's words, all at once", (t) => {
  t.is(
    refusal("Count=1"),
    "ValidationError: 1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
  );
  t.is(
    refusal("UserName=a%2Fb&Count=11"),
    String.raw`ValidationError: 2 validation errors detected: Value 'a/b' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@\-]+; Value '11' at 'count' failed to satisfy constraint: Member must be an integer between 1 and 10`,
  );
  t.regex(refusal(`UserName=${"a".repeat(129)}`), /Member must have length less than or equal to 128$/);
  t.regex(refusal("UserName="), /Member must have length greater than or equal to 1$/);
  t.regex(refusal("UserName=a&Kind=C"), /Member must satisfy enum value set: \[A, B\]$/);
  t.regex(refusal("UserName=a&Flag=yes"), /Value 'yes' at 'flag'/);
  t.regex(refusal("UserName=a&Path=x"), /at 'path' failed/);
  t.regex(refusal("UserName=a&Tags.member.1.Key=k"), /Value null at 'tags\.1\.member\.value'/);
  t.regex(refusal("UserName=a&Tags.member.1.Key=%01&Tags.member.1.Value="), /at 'tags\.1\.member\.key'/);
  const many = [1, 2, 3].map((index) => `Tags.member.${index}.Key=k${index}&Tags.member.${index}.Value=v`).join("&");
  t.regex(refusal(`UserName=a&${many}`), /\[3 items\]' at 'tags'|at 'tags' failed.*less than or equal to 2$/);
  t.regex(refusal("UserName=a&Document=%E2%82%AC"), /at 'document'/);
  t.true(refusal(`UserName=${"é".repeat(5000)}`).length < 1000, "a client's text is cut");
});

test("a line feed never ends what a pattern holds", (t) => {
  t.regex(refusal("UserName=ann%0A"), /^ValidationError/);
});

test("parameters of another form, or unknown ones, are refused", (t) => {
  for (const text of [
    "Bogus=1",
    "Tags.member.1.Bogus=1",
    "Tags.1.Key=k",
    "Tags.member.0.Key=k",
    "Tags.member.2.Key=k&Tags.member.2.Value=v",
    "Tags.member.x.Key=k",
    "Tags.member.01.Key=k",
    "Tags.member=1",
    "Tags=x",
    "Names.member.1.member.1=x",
    "Names=x&Names.member.1=y",
    "Path.member.1=/",
    "One=1",
    "Holder=a",
  ]) {
    t.regex(refusal(`UserName=a&${text}`), /^InvalidQueryParameter/, text);
  }
});

test("tag keys take letters of every script and no control characters", (t) => {
  t.true(tagKey.pattern?.test("größe 大/x:y_.=+-@"));
  t.false(tagKey.pattern?.test("a\u0000"));
  t.false(tagKey.pattern?.test("a#b"));
});
