/** Cases of policy variables, and of the versions that have them. */

import {
  allow,
  anonymous,
  bucketArn,
  type CaseRow,
  deny,
  home,
  objectArn,
  pages,
  policy,
  roleSession,
  row,
  user,
} from "./case-rows.ts";
import type { RawStatement } from "./raw.ts";

const one = (...statements: readonly RawStatement[]) => ({ identity: [policy(...statements)] });

/** A variable as it is written. */
const variable = (text: string): string => ["$", "{", text, "}"].join("");
const folder = allow({ Resource: objectArn(`home/${variable("aws:username")}/*`) });
const tagged = (value: string) => ({ "aws:PrincipalTag/team": value });

const variables: readonly CaseRow[] = [
  row("the user's own folder", pages.variables, "Allow", { ...one(folder), on: objectArn("home/alice/x") }),
  row("another user's folder", pages.variables, "ImplicitDeny", { ...one(folder), on: objectArn("home/bob/x") }),
  row("a folder that begins with the user's name", pages.variables, "ImplicitDeny", {
    ...one(folder),
    on: objectArn("home/alice2/x"),
  }),
  row("a variable's name in another case", pages.variables, "Allow", {
    ...one(allow({ Resource: objectArn(`${variable("AWS:UserName")}/*`) })),
    on: objectArn("alice/x"),
  }),
  row("a user's path is not in the name", pages.variables, "Allow", {
    ...one(folder),
    as: user("alice", home, "/sales/"),
    on: objectArn("home/alice/x"),
  }),
  row("a role's session has no user name", pages.variables, "ImplicitDeny", {
    ...one(folder),
    as: roleSession("app", "alice"),
    on: objectArn("home/alice/x"),
  }),
  row("an unresolved variable is not its text", pages.variables, "ImplicitDeny", {
    ...one(folder),
    as: roleSession("app", "one"),
    on: objectArn(`home/${variable("aws:username")}/x`),
  }),
  row("an unresolved variable is not nothing", pages.variables, "ImplicitDeny", {
    ...one(folder),
    as: roleSession("app", "one"),
    on: objectArn("home//x"),
  }),
  row("another resource of the list still counts", pages.variables, "Allow", {
    ...one(allow({ Resource: [objectArn(variable("aws:username")), objectArn("open/*")] })),
    as: roleSession("app", "one"),
    on: objectArn("open/x"),
  }),
  row("a default for a key that is missing", pages.variables, "Allow", {
    ...one(allow({ Resource: objectArn(`${variable("aws:PrincipalTag/team, 'company-wide'")}/*`) })),
    on: objectArn("company-wide/x"),
  }),
  row("a default is not used when the key is there", pages.variables, "ImplicitDeny", {
    ...one(allow({ Resource: objectArn(`${variable("aws:PrincipalTag/team, 'company-wide'")}/*`) })),
    on: objectArn("company-wide/x"),
    with: tagged("red"),
  }),
  row("the key's value instead of the default", pages.variables, "Allow", {
    ...one(allow({ Resource: objectArn(`${variable("aws:PrincipalTag/team, 'company-wide'")}/*`) })),
    on: objectArn("red/x"),
    with: tagged("red"),
  }),
  row("aws:userid for an anonymous caller with a default", pages.variables, "Allow", {
    resource: policy(allow({ Principal: "*", Resource: objectArn(variable("aws:userid, 'anonymous'")) })),
    as: anonymous,
    on: objectArn("anonymous"),
  }),
  row("a literal star", pages.variables, "Allow", {
    ...one(allow({ Resource: objectArn(`a${variable("*")}b`) })),
    on: objectArn("a*b"),
  }),
  row("a literal star is no wildcard", pages.variables, "ImplicitDeny", {
    ...one(allow({ Resource: objectArn(`a${variable("*")}b`) })),
    on: objectArn("axb"),
  }),
  row("a literal question mark", pages.variables, "Allow", {
    ...one(allow({ Resource: objectArn(`a${variable("?")}b`) })),
    on: objectArn("a?b"),
  }),
  row("a literal question mark is no wildcard", pages.variables, "ImplicitDeny", {
    ...one(allow({ Resource: objectArn(`a${variable("?")}b`) })),
    on: objectArn("axb"),
  }),
  row("a literal dollar sign", pages.variables, "Allow", {
    ...one(allow({ Resource: objectArn(`${variable("$")}{aws:username}`) })),
    on: objectArn(variable("aws:username")),
  }),
  row("a star behind a literal one", pages.variables, "Allow", {
    ...one(allow({ Resource: objectArn(`${variable("*")}*`) })),
    on: objectArn("*abc"),
  }),
  row("a star as the object's own character", pages.resource, "Allow", {
    ...one(allow({ Resource: objectArn("a*b") })),
    on: objectArn("a*b"),
  }),
  row("a star in a value is no wildcard", pages.variables, "ImplicitDeny", {
    ...one(allow({ Resource: objectArn(`${variable("aws:PrincipalTag/team")}/x`) })),
    on: objectArn("red/x"),
    with: tagged("*"),
  }),
  row("a variable in a condition", pages.variables, "Allow", {
    ...one(allow({ Condition: { StringLike: { "s3:prefix": `${variable("aws:username")}/*` } } })),
    action: "s3:ListBucket",
    on: bucketArn,
    with: { "s3:prefix": "alice/photos" },
  }),
  row("a variable in a condition that misses", pages.variables, "ImplicitDeny", {
    ...one(allow({ Condition: { StringLike: { "s3:prefix": `${variable("aws:username")}/*` } } })),
    action: "s3:ListBucket",
    on: bucketArn,
    with: { "s3:prefix": "bob/photos" },
  }),
  row("a variable in StringEquals", pages.variables, "Allow", {
    ...one(allow({ Condition: { StringEquals: { "s3:ExistingObjectTag/owner": variable("aws:username") } } })),
    with: { "s3:ExistingObjectTag/owner": "alice" },
  }),
  row("a literal star in StringLike", pages.variables, "ImplicitDeny", {
    ...one(allow({ Condition: { StringLike: { "s3:prefix": `a${variable("*")}` } } })),
    action: "s3:ListBucket",
    on: bucketArn,
    with: { "s3:prefix": "ab" },
  }),
  row("two variables in one resource", pages.variables, "Allow", {
    ...one(allow({ Resource: objectArn(`${variable("aws:PrincipalTag/team")}/${variable("aws:username")}/*`) })),
    on: objectArn("red/alice/x"),
    with: tagged("red"),
  }),
  row("a variable with a tag", pages.variables, "Allow", {
    ...one(allow({ Resource: objectArn(`${variable("aws:PrincipalTag/team")}/*`) })),
    on: objectArn("red/x"),
    with: tagged("red"),
  }),
  row("a Deny with a variable", pages.variables, "ExplicitDeny", {
    ...one(allow(), deny({ Resource: objectArn(`${variable("aws:username")}/secret`) })),
    on: objectArn("alice/secret"),
  }),
  row("NotResource with a variable", pages.variables, "ExplicitDeny", {
    ...one(allow(), deny({ NotResource: objectArn(`home/${variable("aws:username")}/*`) })),
    on: objectArn("home/bob/x"),
  }),
  row("a variable in an ARN condition", pages.variables, "Allow", {
    ...one(allow({ Condition: { ArnLike: { "aws:SourceArn": `arn:aws:s3:::${variable("aws:username")}-*` } } })),
    with: { "aws:SourceArn": "arn:aws:s3:::alice-logs" },
  }),
];

const in2008 = (
  of: string | undefined,
  on: string,
  expected: CaseRow["expected"],
  parts: RawStatement = folder,
): CaseRow =>
  row(`version ${of} and ${on.slice(bucketArn.length)}`, pages.version, expected, {
    identity: [of === undefined ? { Statement: parts } : { Version: of, Statement: parts }],
    on,
  });
const versions: readonly CaseRow[] = [
  in2008("2008-10-17", objectArn("home/alice/x"), "ImplicitDeny"),
  in2008("2008-10-17", objectArn(`home/${variable("aws:username")}/x`), "Allow"),
  in2008(undefined, objectArn("home/alice/x"), "ImplicitDeny"),
  in2008(undefined, objectArn(`home/${variable("aws:username")}/x`), "Allow"),
  in2008("2012-10-17", objectArn("home/alice/x"), "Allow"),
  in2008("2012-10-17", objectArn(`home/${variable("aws:username")}/x`), "ImplicitDeny"),
  in2008("2019-10-17", objectArn("home/alice/x"), "Allow"),
  in2008("2019-10-17", objectArn(`home/${variable("aws:username")}/x`), "ImplicitDeny"),
  in2008("2008-10-17", objectArn(`a${variable("xyz")}`), "Allow", allow({ Resource: objectArn(`a${variable("*")}`) })),
  in2008("2008-10-17", objectArn("a*"), "ImplicitDeny", allow({ Resource: objectArn(`a${variable("*")}`) })),
  row("the public bucket's policy, read by anybody", pages.s3BucketPolicies, "Allow", {
    as: anonymous,
    resource: {
      Version: "2019-10-17",
      Statement: [
        {
          Sid: "",
          Effect: "Allow",
          Principal: { AWS: ["*"] },
          Action: ["s3:GetBucketLocation"],
          Resource: [bucketArn],
        },
        { Sid: "", Effect: "Allow", Principal: { AWS: ["*"] }, Action: ["s3:GetObject"], Resource: [`${bucketArn}/*`] },
      ],
    },
  }),
];

export const variableCases: readonly CaseRow[] = [...variables, ...versions];
