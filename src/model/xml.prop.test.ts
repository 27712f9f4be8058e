import test from "ava";
import fc from "fast-check";
import { body } from "./member.ts";
import { boolean, enumeration, integer, list, string, structure, timestamp, type ValueOf } from "./shape.ts";
import { compileXmlReader } from "./xml-read.ts";
import { compileXmlWriter } from "./xml-write.ts";

const Grantee = structure("Grantee", {
  Type: body(string, { required: true, xmlName: "xsi:type", xmlAttribute: true }),
  ID: body(string),
});
const Item = structure("Item", {
  Key: body(string, { required: true }),
  Size: body(integer),
  Modified: body(timestamp),
  Kind: body(enumeration("A", "B")),
});
const Document = structure("Document", {
  Name: body(string, { xmlName: "Title" }),
  IsTruncated: body(boolean),
  Items: body(list(Item), { xmlName: "Contents", xmlFlattened: true }),
  Names: body(list(string, "Name")),
  Grantee: body(Grantee, { xmlNamespace: { prefix: "xsi", uri: "http://www.w3.org/2001/XMLSchema-instance" } }),
});

/** Characters that XML 1.0 can hold. */
const text = fc
  .string({
    unit: fc.constantFrom(
      "a",
      "<",
      ">",
      "&",
      '"',
      "'",
      "\r",
      "\n",
      "\t",
      " ",
      "é",
      "\u{1f600}",
      "]]>",
      "\u0085",
      "\u2028",
    ),
  })
  .filter((value) => value !== "");

const item = fc.record(
  {
    Key: text,
    Size: fc.integer(),
    Modified: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    Kind: fc.constantFrom("A" as const, "B" as const),
  },
  { requiredKeys: ["Key"] },
);
const document: fc.Arbitrary<ValueOf<typeof Document>> = fc.record(
  {
    Name: text,
    IsTruncated: fc.boolean(),
    Items: fc.array(item, { minLength: 1, maxLength: 5 }),
    Names: fc.array(text, { maxLength: 4 }),
    Grantee: fc.record({ Type: fc.constantFrom("CanonicalUser", 'a"b'), ID: text }, { requiredKeys: ["Type"] }),
  },
  { requiredKeys: [] },
);

const write = compileXmlWriter("Document", Document);
const read = compileXmlReader("Document", Document);

test("what a shape writes, the same shape reads", (t) => {
  fc.assert(
    fc.property(document, (value) => {
      t.deepEqual(read(Buffer.from(write(value))), value);
    }),
    { numRuns: 200 },
  );
});
