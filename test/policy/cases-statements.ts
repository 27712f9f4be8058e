/** Cases of statements: effects, actions, resources, keys, variables, versions. */

import { allow, bucketArn, type CaseRow, deny, objectArn, pages, policy, row, version } from "./case-rows.ts";
import type { RawStatement } from "./raw.ts";

const one = (...statements: readonly RawStatement[]) => ({ identity: [policy(...statements)] });

const effects: readonly CaseRow[] = [
  row("no policy", pages.logic, "ImplicitDeny", {}),
  row("an Allow", pages.logic, "Allow", one(allow())),
  row("a Deny alone", pages.denies, "ExplicitDeny", one(deny())),
  row("a Deny beats an Allow before it", pages.denies, "ExplicitDeny", one(allow(), deny())),
  row("a Deny beats an Allow after it", pages.denies, "ExplicitDeny", one(deny(), allow())),
  row("a Deny in another policy", pages.denies, "ExplicitDeny", { identity: [policy(allow()), policy(deny())] }),
  row("a Deny of another action", pages.denies, "Allow", one(allow(), deny({ Action: "s3:PutObject" }))),
  row("a Deny of another object", pages.denies, "Allow", one(allow(), deny({ Resource: objectArn("other") }))),
  row(
    "a Deny whose condition does not hold",
    pages.condition,
    "Allow",
    one(allow(), deny({ Condition: { Bool: { "aws:SecureTransport": "false" } } })),
  ),
  row("a Deny in the bucket policy", pages.denies, "ExplicitDeny", {
    ...one(allow()),
    resource: policy(deny({ Principal: "*" })),
  }),
  row("two Allows", pages.logic, "Allow", one(allow({ Action: "s3:PutObject" }), allow())),
  row("the second of two policies allows", pages.logic, "Allow", {
    identity: [policy(allow({ Action: "iam:*", Resource: "*" })), policy(allow())],
  }),
  row("one statement without a list", pages.statement, "Allow", {
    identity: [{ Version: version, Statement: allow() }],
  }),
  row(
    "Bool false misses long-term credentials",
    pages.keys,
    "Allow",
    one(allow(), deny({ Condition: { Bool: { "aws:MultiFactorAuthPresent": "false" } } })),
  ),
  row(
    "BoolIfExists false denies them",
    pages.keys,
    "ExplicitDeny",
    one(allow(), deny({ Condition: { BoolIfExists: { "aws:MultiFactorAuthPresent": "false" } } })),
  ),
  row(
    "a Deny by a negated operator holds for a missing key",
    pages.operators,
    "ExplicitDeny",
    one(allow(), deny({ Condition: { StringNotEquals: { "s3:x-amz-server-side-encryption": "AES256" } } })),
  ),
  row(
    "a Deny by a positive operator does not",
    pages.operators,
    "Allow",
    one(allow(), deny({ Condition: { StringEquals: { "s3:x-amz-server-side-encryption": "AES256" } } })),
  ),
];

const action = (name: string, patterns: string | readonly string[], asked: string, isAllowed: boolean): CaseRow =>
  row(`Action ${name}`, pages.action, isAllowed ? "Allow" : "ImplicitDeny", {
    ...one(allow({ Action: patterns })),
    action: asked,
  });
const notAction = (name: string, patterns: string | readonly string[], asked: string, isAllowed: boolean): CaseRow =>
  row(`NotAction ${name}`, pages.notAction, isAllowed ? "Allow" : "ImplicitDeny", {
    ...one(allow({ NotAction: patterns })),
    action: asked,
  });

const actions: readonly CaseRow[] = [
  action("exact", "s3:GetObject", "s3:GetObject", true),
  action("of another operation", "s3:PutObject", "s3:GetObject", false),
  action("in a list", ["s3:PutObject", "s3:GetObject"], "s3:GetObject", true),
  action("in lower case", "s3:getobject", "s3:GetObject", true),
  action("in upper case", "S3:GETOBJECT", "s3:GetObject", true),
  action("with the service in upper case", "S3:GetObject", "s3:GetObject", true),
  action("with a star", "s3:Get*", "s3:GetObject", true),
  action("with a star that misses", "s3:Put*", "s3:GetObject", false),
  action("with a star in the middle", "s3:*Object", "s3:GetObject", true),
  action("with a star in the middle, longer", "s3:*Object", "s3:GetObjectAcl", false),
  action("with a star on both sides", "s3:*Object*", "s3:GetObjectAcl", true),
  action("with a star and another case", "s3:gEt*", "s3:GetObject", true),
  action("with a question mark", "s3:?etObject", "s3:GetObject", true),
  action("with a question mark for nothing", "s3:GetObject?", "s3:GetObject", false),
  action("of the whole service", "s3:*", "s3:GetObject", true),
  action("of another service", "iam:*", "s3:GetObject", false),
  action("of everything", "*", "s3:GetObject", true),
  action("that begins like it", "s3:GetObject", "s3:GetObjectAcl", false),
  action("that it begins like", "s3:GetObjectAcl", "s3:GetObject", false),
  notAction("of another operation", "s3:PutObject", "s3:GetObject", true),
  notAction("of the operation", "s3:GetObject", "s3:GetObject", false),
  notAction("of the operation in another case", "s3:GETOBJECT", "s3:GetObject", false),
  notAction("with a star", "s3:Get*", "s3:GetObject", false),
  notAction("of a list that holds it", ["iam:*", "s3:GetObject"], "s3:GetObject", false),
  notAction("of a list without it", ["iam:*", "s3:DeleteBucket"], "s3:GetObject", true),
  notAction("of everything", "*", "s3:GetObject", false),
  row(
    "a Deny of all but reading, asked to read",
    pages.notAction,
    "Allow",
    one(allow(), deny({ NotAction: "s3:Get*" })),
  ),
  row("a Deny of all but reading, asked to write", pages.notAction, "ExplicitDeny", {
    ...one(allow(), deny({ NotAction: "s3:Get*" })),
    action: "s3:PutObject",
  }),
  row("an action without a resource", pages.resource, "Allow", {
    ...one(allow({ Action: "s3:ListAllMyBuckets", Resource: "*" })),
    action: "s3:ListAllMyBuckets",
    on: "*",
  }),
];

const resource = (
  name: string,
  patterns: string | readonly string[],
  on: string,
  isAllowed: boolean,
  cites: string = pages.resource,
): CaseRow =>
  row(`Resource ${name}`, cites, isAllowed ? "Allow" : "ImplicitDeny", { ...one(allow({ Resource: patterns })), on });
const notResource = (name: string, patterns: string | readonly string[], on: string, isAllowed: boolean): CaseRow =>
  row(`NotResource ${name}`, pages.notResource, isAllowed ? "Allow" : "ImplicitDeny", {
    ...one(allow({ NotResource: patterns })),
    on,
  });

const resources: readonly CaseRow[] = [
  resource("exact", objectArn("key"), objectArn("key"), true),
  resource("of another object", objectArn("other"), objectArn("key"), false),
  resource("in another case", objectArn("KEY"), objectArn("key"), false),
  resource("with the bucket in another case", "arn:aws:s3:::Bucket/key", objectArn("key"), false),
  resource("of everything", "*", objectArn("key"), true),
  resource("bucket/* and an object", `${bucketArn}/*`, objectArn("key"), true),
  resource("bucket/* and the bucket", `${bucketArn}/*`, bucketArn, false, pages.s3Arns),
  resource("bucket and the bucket", bucketArn, bucketArn, true, pages.s3Arns),
  resource("bucket and an object", bucketArn, objectArn("key"), false, pages.s3Arns),
  resource("bucket and bucket2", bucketArn, "arn:aws:s3:::bucket2", false),
  resource("bucket/* and an object of bucket2", `${bucketArn}/*`, "arn:aws:s3:::bucket2/key", false),
  resource("bucket* and bucket2", `${bucketArn}*`, "arn:aws:s3:::bucket2", true),
  resource("bucket* and an object", `${bucketArn}*`, objectArn("key"), true),
  resource("bucket? and bucket2", `${bucketArn}?`, "arn:aws:s3:::bucket2", true),
  resource("bucket? and the bucket", `${bucketArn}?`, bucketArn, false),
  resource("star across slashes", objectArn("a/*"), objectArn("a/b/c/d"), true),
  resource("star for nothing", objectArn("a/*"), objectArn("a/"), true),
  resource("star and a key that is shorter", objectArn("a/*"), objectArn("a"), false),
  resource("star in the middle", objectArn("a/*/d"), objectArn("a/b/c/d"), true),
  resource("star in the middle that misses", objectArn("a/*/d"), objectArn("a/b/c/e"), false),
  resource("star before an ending", objectArn("*.jpg"), objectArn("x/y.jpg"), true),
  resource("star before another ending", objectArn("*.jpg"), objectArn("x/y.jpg.txt"), false),
  resource("two stars that need backtracking", objectArn("*ab*ab"), objectArn("abab"), true),
  resource("two stars, one part only", objectArn("*ab*ab"), objectArn("xab"), false),
  resource("question mark for a slash", objectArn("a?b"), objectArn("a/b"), true),
  resource("question mark for two characters", objectArn("a?b"), objectArn("axxb"), false),
  resource("question mark for a character beyond 16 bits", objectArn("a?b"), objectArn("a😀b"), true),
  resource("star in the bucket's name", "arn:aws:s3:::b*t/key", objectArn("key"), true),
  resource("with a colon in the key", objectArn("a:*"), objectArn("a:b:c"), true),
  resource("of another service", "arn:aws:iam:::bucket/key", objectArn("key"), false),
  resource("in a list", [objectArn("other"), objectArn("key")], objectArn("key"), true),
  resource("of all buckets", "arn:aws:s3:::*", objectArn("key"), true),
  resource("of all buckets' objects and a bucket", "arn:aws:s3:::*/*", bucketArn, false),
  resource("with a dot, which is no wildcard", objectArn("a.c"), objectArn("abc"), false),
  resource("with brackets, which are no class", objectArn("[ab]"), objectArn("a"), false),
  resource("with a plus sign", objectArn("a+b"), objectArn("a+b"), true),
  resource("with an empty key behind the slash", `${bucketArn}/`, objectArn("key"), false),
  notResource("of another object", objectArn("other"), objectArn("key"), true),
  notResource("of the object", objectArn("key"), objectArn("key"), false),
  notResource("of the bucket's objects", `${bucketArn}/*`, objectArn("key"), false),
  notResource("of the bucket alone", bucketArn, objectArn("key"), true),
  notResource("in another case", objectArn("KEY"), objectArn("key"), true),
  notResource("of everything", "*", objectArn("key"), false),
  notResource("of a list that holds it", [objectArn("other"), objectArn("k*")], objectArn("key"), false),
  row("a Deny of all but one folder, inside", pages.notResource, "Allow", {
    ...one(allow(), deny({ NotResource: objectArn("home/*") })),
    on: objectArn("home/x"),
  }),
  row("a Deny of all but one folder, outside", pages.notResource, "ExplicitDeny", {
    ...one(allow(), deny({ NotResource: objectArn("home/*") })),
    on: objectArn("homes/x"),
  }),
];

const conditions: readonly CaseRow[] = [
  row("two operators are both needed", pages.manyValues, "ImplicitDeny", {
    ...one(allow({ Condition: { StringEquals: { "s3:prefix": "a" }, Bool: { "aws:SecureTransport": "true" } } })),
    with: { "s3:prefix": "a", "aws:SecureTransport": "false" },
  }),
  row("two operators that both hold", pages.manyValues, "Allow", {
    ...one(allow({ Condition: { StringEquals: { "s3:prefix": "a" }, Bool: { "aws:SecureTransport": "true" } } })),
    with: { "s3:prefix": "a", "aws:SecureTransport": "true" },
  }),
  row("two keys of one operator are both needed", pages.manyValues, "ImplicitDeny", {
    ...one(allow({ Condition: { StringEquals: { "s3:prefix": "a", "s3:delimiter": "/" } } })),
    with: { "s3:prefix": "a" },
  }),
  row("two keys of one operator that both hold", pages.manyValues, "Allow", {
    ...one(allow({ Condition: { StringEquals: { "s3:prefix": "a", "s3:delimiter": "/" } } })),
    with: { "s3:prefix": "a", "s3:delimiter": "/" },
  }),
  row("a key in another case", pages.condition, "Allow", {
    ...one(allow({ Condition: { StringEquals: { "S3:Prefix": "a" } } })),
    with: { "s3:prefix": "a" },
  }),
  row("a global key in another case", pages.condition, "Allow", {
    ...one(allow({ Condition: { IpAddress: { "AWS:sourceip": "203.0.113.0/24" } } })),
    with: { "aws:SourceIp": "203.0.113.1" },
  }),
  row("a tag's key in another case", pages.condition, "Allow", {
    ...one(allow({ Condition: { StringEquals: { "aws:principaltag/TEAM": "red" } } })),
    with: { "aws:PrincipalTag/team": "red" },
  }),
  row("a value in another case", pages.condition, "ImplicitDeny", {
    ...one(allow({ Condition: { StringEquals: { "aws:username": "Alice" } } })),
  }),
  row("the same key in two operators", pages.manyValues, "Allow", {
    ...one(
      allow({ Condition: { NumericGreaterThan: { "s3:max-keys": "5" }, NumericLessThan: { "s3:max-keys": "10" } } }),
    ),
    with: { "s3:max-keys": "7" },
  }),
  row("the same key in two operators, outside", pages.manyValues, "ImplicitDeny", {
    ...one(
      allow({ Condition: { NumericGreaterThan: { "s3:max-keys": "5" }, NumericLessThan: { "s3:max-keys": "10" } } }),
    ),
    with: { "s3:max-keys": "10" },
  }),
  row("an address within a range but one", pages.s3Examples, "ImplicitDeny", {
    ...one(
      allow({
        Condition: {
          IpAddress: { "aws:SourceIp": "192.0.2.0/24" },
          NotIpAddress: { "aws:SourceIp": "192.0.2.188/32" },
        },
      }),
    ),
    with: { "aws:SourceIp": "192.0.2.188" },
  }),
  row("another address of that range", pages.s3Examples, "Allow", {
    ...one(
      allow({
        Condition: {
          IpAddress: { "aws:SourceIp": "192.0.2.0/24" },
          NotIpAddress: { "aws:SourceIp": "192.0.2.188/32" },
        },
      }),
    ),
    with: { "aws:SourceIp": "192.0.2.187" },
  }),
  row("an empty prefix is a value", pages.operators, "Allow", {
    ...one(allow({ Condition: { StringLike: { "s3:prefix": ["", "home/"] } } })),
    action: "s3:ListBucket",
    on: bucketArn,
    with: { "s3:prefix": "" },
  }),
  row("an empty condition block", pages.grammar, "Allow", one(allow({ Condition: {} }))),
  row("required tags that are all there", pages.sets, "Allow", {
    ...one(
      allow({
        Condition: {
          "ForAllValues:StringEquals": { "s3:RequestObjectTagKeys": ["a", "b"] },
          Null: { "s3:RequestObjectTagKeys": "false" },
        },
      }),
    ),
    with: { "s3:RequestObjectTagKeys": ["a"] },
  }),
  row(
    "no tags, though some are required",
    pages.sets,
    "ImplicitDeny",
    one(
      allow({
        Condition: {
          "ForAllValues:StringEquals": { "s3:RequestObjectTagKeys": ["a", "b"] },
          Null: { "s3:RequestObjectTagKeys": "false" },
        },
      }),
    ),
  ),
  row("the object's retention", pages.s3Keys, "ExplicitDeny", {
    ...one(allow(), deny({ Condition: { NumericGreaterThan: { "s3:object-lock-remaining-retention-days": "10" } } })),
    action: "s3:PutObjectRetention",
    with: { "s3:object-lock-remaining-retention-days": "11" },
  }),
  row("the object's tag", pages.s3Keys, "Allow", {
    ...one(allow({ Condition: { StringEquals: { "s3:ExistingObjectTag/class": "public" } } })),
    with: { "s3:ExistingObjectTag/class": "public" },
  }),
  row("the object's other tag", pages.s3Keys, "ImplicitDeny", {
    ...one(allow({ Condition: { StringEquals: { "s3:ExistingObjectTag/class": "public" } } })),
    with: { "s3:ExistingObjectTag/level": "public" },
  }),
  row("a canned ACL that is asked for", pages.s3Examples, "ImplicitDeny", {
    ...one(allow({ Condition: { StringEquals: { "s3:x-amz-acl": "public-read" } } })),
    action: "s3:PutObject",
    with: { "s3:x-amz-acl": "private" },
  }),
];

export const statementCases: readonly CaseRow[] = [...effects, ...actions, ...resources, ...conditions];
