import test from "ava";
import { limits } from "../base/limits.ts";
import { body } from "./member.ts";
import { Refusal } from "./refusal.ts";
import { boolean, integer, list, string, structure, union } from "./shape.ts";
import { compileXmlReader } from "./xml-read.ts";

const Item = structure("Item", { Key: body(string, { required: true }), Size: body(integer) });
const Delete = structure("Delete", {
  Objects: body(list(Item), { xmlName: "Object", xmlFlattened: true }),
  Quiet: body(boolean),
  Names: body(list(string, "Name")),
  Filter: body(union("Filter", { Prefix: body(string), Tag: body(string) })),
});
const read = compileXmlReader("Delete", Delete);
const readText = (text: string): unknown => read(Buffer.from(text));

const refused = (text: string): string => {
  try {
    readText(text);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "read";
};

test("reads with AWS's namespace or none, with declaration, comments and white space", (t) => {
  const expected = { Objects: [{ Key: "a" }, { Key: "b", Size: 3 }], Quiet: true };
  const inner =
    "<Object><Key>a</Key></Object><!-- x --><Object><Key>b</Key><Size> 3 </Size></Object>\n<Quiet>true</Quiet>";
  t.deepEqual(readText(`<Delete>${inner}</Delete>`), expected);
  t.deepEqual(
    readText(`<?xml version="1.0"?>\n<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</Delete>`),
    expected,
  );
  t.deepEqual(readText(`<Delete xmlns="http://doc.s3.amazonaws.com/2006-03-01">${inner}</Delete>`), expected);
});

test("reads with any prefix for AWS's namespace, and none for another", (t) => {
  const aws = "http://s3.amazonaws.com/doc/2006-03-01/";
  const expected = { Objects: [{ Key: "a" }] };
  const inner = "<s:Object><s:Key>a</s:Key></s:Object>";
  t.deepEqual(readText(`<s:Delete xmlns:s="${aws}">${inner}</s:Delete>`), expected);
  t.deepEqual(readText(`<Delete xmlns="${aws}" xmlns:s="${aws}">${inner}</Delete>`), expected);
  t.deepEqual(readText(`<Delete><s:Object xmlns:s="${aws}"><s:Key>a</s:Key></s:Object></Delete>`), expected);
  for (const text of [
    `<s:Delete xmlns:s="http://example.com/">${inner}</s:Delete>`,
    `<s:Delete>${inner}</s:Delete>`,
    `<s:Delete xmlns:s="${aws}"><s:Object xmlns:s="http://example.com/"><s:Key>a</s:Key></s:Object></s:Delete>`,
    `<s:Delete xmlns:s="${aws}"><other:Object><s:Key>a</s:Key></other:Object></s:Delete>`,
  ]) {
    t.is(refused(text), "MalformedXML", text);
  }
});

test("decodes the five entities, references and CDATA, and nothing twice", (t) => {
  const keyOf = (text: string): unknown => readText(`<Delete><Object><Key>${text}</Key></Object></Delete>`);
  const withKey = (Key: string): unknown => ({ Objects: [{ Key }] });
  t.deepEqual(keyOf("a&amp;lt;b&#13;&#x41;"), withKey("a&lt;b\rA"));
  t.deepEqual(keyOf("<![CDATA[<x>&amp;]]>"), withKey("<x>&amp;"));
  t.deepEqual(keyOf("  a  "), withKey("  a  "));
});

test("an unknown root, namespace or element is malformed", (t) => {
  for (const text of [
    "<Remove/>",
    '<Delete xmlns="http://example.com/"/>',
    "<Delete><Unknown/></Delete>",
    "<Delete><Object><Key>a</Key><NoncurentDays>1</NoncurentDays></Object></Delete>",
    "<Delete><Names><Other>a</Other></Names></Delete>",
    "<s3:Delete/>",
  ]) {
    t.is(refused(text), "MalformedXML", text);
  }
});

test("values that are not of their shape are malformed", (t) => {
  for (const text of [
    "<Delete><Quiet>yes</Quiet></Delete>",
    "<Delete><Quiet>true</Quiet><Quiet>true</Quiet></Delete>",
    "<Delete><Object><Size>1</Size></Object></Delete>",
    "<Delete><Object><Key>a</Key><Size>1e3</Size></Object></Delete>",
    "<Delete><Object><Key>a</Key><Size>99999999999</Size></Object></Delete>",
    "<Delete><Object><Key><b>a</b></Key></Object></Delete>",
    "<Delete>text</Delete>",
    "<Delete><Filter><Prefix>a</Prefix><Tag>b</Tag></Filter></Delete>",
  ]) {
    t.is(refused(text), "MalformedXML", text);
  }
});

test("document types, entities, depth, size and broken text are refused", (t) => {
  for (const text of [
    '<!DOCTYPE Delete [<!ENTITY a "b">]><Delete/>',
    '<!DOCTYPE Delete SYSTEM "file:///etc/passwd"><Delete/>',
    "<Delete><Object><Key>&a;</Key></Object></Delete>",
    "<Delete>",
    "<Delete",
    "",
    "<!-- ",
    "<Delete/><Delete/>",
    "<Delete><Object><Key>\u0001</Key></Object></Delete>",
    "<Delete><Object><Key>&#1;</Key></Object></Delete>",
    "<a>".repeat(100_000),
    "<Delete>".repeat(limits.xmlDepthMax + 1) + "</Delete>".repeat(limits.xmlDepthMax + 1),
  ]) {
    t.is(refused(text), "MalformedXML", text.slice(0, 60));
  }
  t.is(refused(`<Delete>${" ".repeat(limits.xmlBodyBytesMax)}</Delete>`), "MaxMessageLengthExceeded");
  t.throws(() => read(Buffer.from([0x3c, 0xff, 0x3e])), { instanceOf: Refusal });
});

test("names from a body cannot reach a prototype", (t) => {
  t.is(refused("<Delete><__proto__>x</__proto__></Delete>"), "MalformedXML");
  t.is(refused("<Delete><constructor>x</constructor></Delete>"), "MalformedXML");
});
