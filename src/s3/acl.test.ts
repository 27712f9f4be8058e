import test from "ava";
import {
  type AccessControlList,
  type AclPermission,
  aclAllows,
  aclPermission,
  anonymousId,
  type CannedAcl,
  cannedAcl,
  cannedAcls,
  type Grant,
  isPublicAcl,
  privateAcl,
} from "./acl.ts";

const owner = "owner";
const bucketOwner = "bucket-owner";
const stranger = "stranger";

const toUser = (id: string, permission: AclPermission): Grant => ({ grantee: { kind: "user", id }, permission });
const shown = ({ grants }: AccessControlList): string[] =>
  grants.map(({ grantee, permission }) => `${grantee.kind === "user" ? grantee.id : grantee.uri} ${permission}`);

/** The user guide's table "Canned ACL", for an object in another account's bucket. */
const canned: Readonly<Record<CannedAcl, readonly string[]>> = {
  private: [],
  "public-read": ["AllUsers READ"],
  "public-read-write": ["AllUsers READ", "AllUsers WRITE"],
  "authenticated-read": ["AuthenticatedUsers READ"],
  "aws-exec-read": [],
  "bucket-owner-read": ["bucket-owner READ"],
  "bucket-owner-full-control": ["bucket-owner FULL_CONTROL"],
  "log-delivery-write": ["LogDelivery WRITE", "LogDelivery READ_ACP"],
};

test("a canned ACL is the owner's full control and what its name says", (t) => {
  for (const name of cannedAcls) {
    const acl = cannedAcl(name, { ownerId: owner, bucketOwnerId: bucketOwner });
    t.is(acl.ownerId, owner);
    t.deepEqual(shown(acl), [`${owner} FULL_CONTROL`, ...canned[name]], name);
    t.is(isPublicAcl(acl), /^(?:public|authenticated)-/.test(name), name);
  }
});

test("a bucket's owner has one grant when it owns the object too", (t) => {
  for (const name of ["bucket-owner-read", "bucket-owner-full-control"] as const) {
    t.deepEqual(shown(cannedAcl(name, { ownerId: owner, bucketOwnerId: owner })), [`${owner} FULL_CONTROL`]);
  }
});

type Cell = readonly AclPermission[];

/** The user guide's "Mapping of ACL permissions and access policy permissions", by action. */
const mapping: Readonly<Record<string, { readonly on: "bucket" | "object"; readonly allowedBy: Cell }>> = {
  "s3:ListBucket": { on: "bucket", allowedBy: ["READ"] },
  "s3:ListBucketVersions": { on: "bucket", allowedBy: ["READ"] },
  "s3:ListBucketMultipartUploads": { on: "bucket", allowedBy: ["READ"] },
  "s3:PutObject": { on: "bucket", allowedBy: ["WRITE"] },
  "s3:DeleteObject": { on: "bucket", allowedBy: ["WRITE"] },
  "s3:GetBucketAcl": { on: "bucket", allowedBy: ["READ_ACP"] },
  "s3:PutBucketAcl": { on: "bucket", allowedBy: ["WRITE_ACP"] },
  "s3:GetObject": { on: "object", allowedBy: ["READ"] },
  "s3:GetObjectVersion": { on: "object", allowedBy: ["READ"] },
  "s3:GetObjectAcl": { on: "object", allowedBy: ["READ_ACP"] },
  "s3:GetObjectVersionAcl": { on: "object", allowedBy: ["READ_ACP"] },
  "s3:PutObjectAcl": { on: "object", allowedBy: ["WRITE_ACP"] },
  "s3:PutObjectVersionAcl": { on: "object", allowedBy: ["WRITE_ACP"] },
};

const permissions: readonly AclPermission[] = ["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"];

test("each permission allows the actions that it is mapped to", (t) => {
  for (const [action, { on, allowedBy }] of Object.entries(mapping)) {
    const needed = aclPermission(action);
    if (needed === null) return t.fail(`${action} is mapped`);
    t.is(needed.on, on, action);
    for (const granted of permissions) {
      const acl: AccessControlList = { ownerId: owner, grants: [toUser(stranger, granted)] };
      const isAllowed = granted === "FULL_CONTROL" || allowedBy.includes(granted);
      t.is(aclAllows(acl, { canonicalId: stranger }, needed.permission), isAllowed, `${action} by ${granted}`);
      t.false(aclAllows(acl, { canonicalId: "another" }, needed.permission), `${action} by ${granted} of another`);
    }
  }
});

test("no ACL allows what has no permission", (t) => {
  const others = [
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteObjectVersion",
    "s3:GetBucketPolicy",
    "s3:GetObjectTagging",
    "s3:PutBucketPolicy",
    "s3:PutObjectRetention",
    "s3:BypassGovernanceRetention",
    "iam:CreateUser",
    "constructor",
  ];
  for (const action of others) t.is(aclPermission(action), null, action);
});

test("groups are who they say", (t) => {
  const cells: readonly (readonly [canned: CannedAcl, anonymous: boolean, signed: boolean])[] = [
    ["private", false, false],
    ["public-read", true, true],
    ["public-read-write", true, true],
    ["authenticated-read", false, true],
    ["log-delivery-write", false, false],
  ];
  for (const [name, anonymous, signed] of cells) {
    const acl = cannedAcl(name, { ownerId: owner, bucketOwnerId: bucketOwner });
    t.is(aclAllows(acl, { canonicalId: null }, "READ"), anonymous, name);
    t.is(aclAllows(acl, { canonicalId: anonymousId }, "READ"), anonymous, name);
    t.is(aclAllows(acl, { canonicalId: stranger }, "READ"), signed, name);
    t.is(aclAllows(acl, { canonicalId: stranger }, "WRITE"), name === "public-read-write", name);
    t.false(aclAllows(acl, { canonicalId: stranger }, "WRITE_ACP"), name);
  }
});

test("an owner without grants keeps the ACL itself", (t) => {
  const bare: AccessControlList = { ownerId: owner, grants: [] };
  t.true(aclAllows(bare, { canonicalId: owner }, "READ_ACP"));
  t.true(aclAllows(bare, { canonicalId: owner }, "WRITE_ACP"));
  t.false(aclAllows(bare, { canonicalId: owner }, "READ"));
  t.false(aclAllows(bare, { canonicalId: owner }, "WRITE"));
  t.false(aclAllows(bare, { canonicalId: stranger }, "READ_ACP"));
});

test("what was written unsigned is its writers' own", (t) => {
  const acl = privateAcl(anonymousId);
  t.true(aclAllows(acl, { canonicalId: null }, "READ"));
  t.false(aclAllows(acl, { canonicalId: stranger }, "READ"));
});
