/** ACLs from documents and headers: what is right is read, what is wrong has a code. */

import test from "ava";
import fc from "fast-check";
import { limits } from "../base/limits.ts";
import type { ValueOf } from "../model/shape.ts";
import { compileXmlReader } from "../model/xml-read.ts";
import type { AccessControlList, Grant } from "./acl.ts";
import { boundedGrants, documentAcl, type GranteeDirectory, headerGrants } from "./acl-grants.ts";
import { S3Error } from "./errors.ts";
import { AccessControlPolicy } from "./shapes.ts";

const names: Readonly<Record<string, string>> = { ada: "Ada & Co", bob: "Bob", "c=d,e": "<C>" };
const emails: Readonly<Record<string, readonly string[]>> = {
  "ada@x.example": ["ada"],
  "both@x.example": ["ada", "bob"],
};
const directory: GranteeDirectory = {
  nameOf: (id) => names[id],
  idsOfEmail: (email) => emails[email.toLowerCase()] ?? [],
};

const allUsers = "http://acs.amazonaws.com/groups/global/AllUsers";

const read = compileXmlReader("AccessControlPolicy", AccessControlPolicy);
const documentOf = (xml: string) => read(Buffer.from(xml)) as ValueOf<typeof AccessControlPolicy>;
const parse = (xml: string): AccessControlList => documentAcl(documentOf(xml), directory);

/** The error's code and the named argument. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof S3Error) return `${error.code} ${error.detail["ArgumentName"] ?? ""}`.trim();
    throw error;
  }
  return "none";
}

const grantElement = (inside: string, type = "CanonicalUser", granted = "<Permission>READ</Permission>") =>
  `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}">${inside}</Grantee>${granted}</Grant>`;
const policy = (grants: string, owner = "<Owner><ID>ada</ID></Owner>") =>
  `<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${owner}<AccessControlList>${grants}</AccessControlList></AccessControlPolicy>`;

test("a grantee by e-mail becomes the account's canonical id", (t) => {
  const email = (address: string) =>
    policy(grantElement(`<EmailAddress>${address}</EmailAddress>`, "AmazonCustomerByEmail"));
  t.deepEqual(parse(email("Ada@x.example")).grants, [{ grantee: { kind: "user", id: "ada" }, permission: "READ" }]);
  t.is(
    refusal(() => parse(email("none@x.example"))),
    "UnresolvableGrantByEmailAddress",
  );
  t.is(
    refusal(() => parse(email("both@x.example"))),
    "AmbiguousGrantByEmailAddress",
  );
});

test("documents that are wrong have their codes", (t) => {
  const cases: readonly (readonly [document: string, code: string])[] = [
    [policy("", ""), "MalformedACLError"],
    [policy("", "<Owner/>"), "MalformedACLError"],
    [policy("", "<Owner><ID/></Owner>"), "MalformedACLError"],
    ["<AccessControlPolicy><Owner><ID>ada</ID></Owner></AccessControlPolicy>", "MalformedACLError"],
    [policy("<Grant/>"), "MalformedACLError"],
    [policy("<Grant><Permission>READ</Permission></Grant>"), "MalformedACLError"],
    [policy(grantElement("<ID>ada</ID>", "CanonicalUser", "")), "MalformedACLError"],
    [policy(grantElement("")), "MalformedACLError"],
    [policy(grantElement("<URI>x</URI>")), "MalformedACLError"],
    [policy(grantElement("<ID>ada</ID>", "Group")), "MalformedACLError"],
    [policy(grantElement("<ID>ada</ID>", "AmazonCustomerByEmail")), "MalformedACLError"],
    [policy(grantElement("<ID>ada</ID>", "Everybody")), "MalformedACLError"],
    [policy(grantElement("<ID>nobody</ID>")), "InvalidArgument CanonicalUser/ID"],
    [
      policy(grantElement("<URI>http://acs.amazonaws.com/groups/global/Nobody</URI>", "Group")),
      "InvalidArgument Group/URI",
    ],
  ];
  for (const [document, code] of cases)
    t.is(
      refusal(() => parse(document)),
      code,
      document,
    );
  t.deepEqual(parse(policy("")), { ownerId: "ada", grants: [] });
});

test("an ACL has a bounded number of different grants", (t) => {
  const many = (count: number): Grant[] =>
    Array.from({ length: count }, (_, at) => ({ grantee: { kind: "user", id: `u${at}` }, permission: "READ" }));
  t.is(boundedGrants(many(limits.aclGrantsMax)).length, limits.aclGrantsMax);
  t.is(boundedGrants([...many(10), ...many(10)]).length, 10);
  t.is(
    refusal(() => boundedGrants(many(limits.aclGrantsMax + 1))),
    "MalformedACLError",
  );
});

test("too many grantees are refused before they are looked up", (t) => {
  let lookups = 0;
  const nameOf = (id: string): string | undefined => {
    lookups += 1;
    return names[id];
  };
  const counting: GranteeDirectory = { ...directory, nameOf };
  const count = limits.aclGrantsMax + 1;
  const inHeader = "id=ada,".repeat(count);
  t.is(
    refusal(() => headerGrants("x-amz-grant-read", inHeader, "READ", counting)),
    "MalformedACLError",
  );
  t.is(lookups, limits.aclGrantsMax);
  const document = documentOf(policy(grantElement("<ID>ada</ID>").repeat(count)));
  t.is(
    refusal(() => documentAcl(document, counting)),
    "MalformedACLError",
  );
  t.is(lookups, limits.aclGrantsMax);
});

const headerName = "x-amz-grant-read";
const fromHeader = (value: string) =>
  headerGrants(headerName, value, "READ", directory).map(({ grantee: to }) => (to.kind === "user" ? to.id : to.uri));

test("a header names several grantees, quoted or bare", (t) => {
  t.deepEqual(fromHeader("id=ada"), ["ada"]);
  t.deepEqual(fromHeader('id="ada"'), ["ada"]);
  t.deepEqual(fromHeader('id="ada", id=bob'), ["ada", "bob"]);
  t.deepEqual(fromHeader(` ID = ada ,uri="${allUsers}" , emailAddress="ada@x.example"`), ["ada", "AllUsers", "ada"]);
  t.deepEqual(fromHeader(`uri=${allUsers}`), ["AllUsers"]);
  t.deepEqual(fromHeader("emailaddress=ada@x.example"), ["ada"]);
  t.deepEqual(fromHeader('id="c=d,e"'), ["c=d,e"]);
  t.deepEqual(fromHeader(""), []);
});

test("every list of known accounts is read from a header as it was written", (t) => {
  const ids = fc.array(fc.constantFrom(...Object.keys(names)), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(ids, fc.constantFrom(",", ", ", " , "), (wanted, comma) => {
      t.deepEqual(fromHeader(wanted.map((id) => `id="${id}"`).join(comma)), wanted);
    }),
  );
});

test("headers that are wrong have their codes", (t) => {
  const cases: readonly (readonly [value: string, code: string])[] = [
    ["ada", `InvalidArgument ${headerName}`],
    ["id", `InvalidArgument ${headerName}`],
    ["id=", `InvalidArgument ${headerName}`],
    ["id=ada id=bob", `InvalidArgument ${headerName}`],
    ['id="ada', `InvalidArgument ${headerName}`],
    ['id="ada"x', `InvalidArgument ${headerName}`],
    ["user=ada", `InvalidArgument ${headerName}`],
    [",id=ada", `InvalidArgument ${headerName}`],
    ["id=nobody", "InvalidArgument CanonicalUser/ID"],
    ['id=""', "InvalidArgument CanonicalUser/ID"],
    ["uri=http://example.com", "InvalidArgument Group/URI"],
    ["emailAddress=none@x.example", "UnresolvableGrantByEmailAddress"],
    ["emailAddress=both@x.example", "AmbiguousGrantByEmailAddress"],
  ];
  for (const [value, code] of cases)
    t.is(
      refusal(() => fromHeader(value)),
      code,
      value,
    );
});

test("no header makes anything but grants or an S3 error", (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      t.true(
        ["none", "InvalidArgument", "UnresolvableGrantByEmailAddress"].includes(
          refusal(() => fromHeader(text)).split(" ")[0] ?? "",
        ),
      );
    }),
  );
});
