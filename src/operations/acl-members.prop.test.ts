import test from "ava";
import fc from "fast-check";
import type { ValueOf } from "../model/shape.ts";
import { compileXmlReader } from "../model/xml-read.ts";
import { compileXmlWriter } from "../model/xml-write.ts";
import type { AccessControlList, AclGroup, AclPermission, Grant } from "../s3/acl.ts";
import { boundedGrants, documentAcl } from "../s3/acl-grants.ts";
import { AccessControlPolicy } from "../s3/shapes.ts";
import { aclMembers } from "./acl-members.ts";

const names: Readonly<Record<string, string>> = { ada: "Ada & Co", bob: "Bob", "c=d,e": "<C>" };
const directory = { nameOf: (id: string) => names[id], idsOfEmail: () => [] };

const permission = fc.constantFrom<AclPermission>("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP");
const grantee: fc.Arbitrary<Grant["grantee"]> = fc.oneof(
  fc.constantFrom(...Object.keys(names)).map((id) => ({ kind: "user" as const, id })),
  fc
    .constantFrom<AclGroup>("AllUsers", "AuthenticatedUsers", "LogDelivery")
    .map((uri) => ({ kind: "group" as const, uri })),
);
const acl: fc.Arbitrary<AccessControlList> = fc.record({
  ownerId: fc.constantFrom(...Object.keys(names)),
  grants: fc.array(fc.record({ grantee, permission }), { maxLength: 100 }).map(boundedGrants),
});

const write = compileXmlWriter("AccessControlPolicy", AccessControlPolicy);
const read = compileXmlReader("AccessControlPolicy", AccessControlPolicy);

test("an answer's document is read as the ACL it shows", (t) => {
  fc.assert(
    fc.property(acl, (given) => {
      const document = Buffer.from(write(aclMembers(given, directory)));
      t.deepEqual(documentAcl(read(document) as ValueOf<typeof AccessControlPolicy>, directory), given);
    }),
  );
});

test("an account that is gone is shown without a name", (t) => {
  const gone: AccessControlList = { ownerId: "gone", grants: [] };
  t.deepEqual(aclMembers(gone, directory), { Owner: { ID: "gone" }, Grants: [] });
});
