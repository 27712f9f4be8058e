/** Cases of callers: whom a bucket policy names, accounts, boundaries, session policies, trust. */

import {
  alice,
  allow,
  anonymous,
  away,
  awayCanonical,
  bob,
  bucketArn,
  type CaseRow,
  deny,
  home,
  homeCanonical,
  objectArn,
  pages,
  policy,
  type RowParts,
  roleArn,
  roleSession,
  rootOf,
  row,
  sessionArn,
  user,
} from "./case-rows.ts";
import type { Outcome, PlainPrincipal, RawPrincipal, RawStatement } from "./raw.ts";

const bucketAllows = (Principal: RawPrincipal): RowParts => ({ resource: policy(allow({ Principal })) });
const bucketDenies = (Principal: RawPrincipal): RowParts => ({ resource: policy(deny({ Principal })) });
const userAllows: RowParts = { identity: [policy(allow())] };
const nothing = policy(allow({ Action: "s3:ListBucket" }));
const all = policy(allow());
const aliceArn = `arn:aws:iam::${home}:user/alice`;
const bobArn = `arn:aws:iam::${away}:user/bob`;
const app = roleSession("app", "one");
const guest = roleSession("app", "one", away);

const named = (
  name: string,
  as: PlainPrincipal,
  Principal: RawPrincipal,
  expected: Outcome,
  cites: string = pages.principal,
): CaseRow => row(`Principal ${name}`, cites, expected, { as, ...bucketAllows(Principal) });

const principals: readonly CaseRow[] = [
  named("* for anybody", anonymous, "*", "Allow"),
  named("AWS * for anybody", anonymous, { AWS: "*" }, "Allow"),
  named("AWS [*] for anybody", anonymous, { AWS: ["*"] }, "Allow"),
  named("* for a user of the account", alice, "*", "Allow"),
  named("* for a user of another account without a policy", bob, "*", "ImplicitDeny"),
  named("an account for anybody", anonymous, { AWS: home }, "ImplicitDeny"),
  named("the user", alice, { AWS: aliceArn }, "Allow"),
  named("the user in a list", alice, { AWS: [bobArn, aliceArn] }, "Allow"),
  named("another user", alice, { AWS: `arn:aws:iam::${home}:user/carol` }, "ImplicitDeny"),
  named("the user's name in another case", alice, { AWS: `arn:aws:iam::${home}:user/Alice` }, "ImplicitDeny"),
  named("the user's name in another account", alice, { AWS: `arn:aws:iam::${away}:user/alice` }, "ImplicitDeny"),
  named(
    "the user with the path",
    user("alice", home, "/sales/"),
    { AWS: `arn:aws:iam::${home}:user/sales/alice` },
    "Allow",
  ),
  named("the user without the path", user("alice", home, "/sales/"), { AWS: aliceArn }, "ImplicitDeny"),
  named("a user for anybody", anonymous, { AWS: aliceArn }, "ImplicitDeny"),
  named("the account, which only delegates", alice, { AWS: home }, "ImplicitDeny"),
  named("the account by its ARN, which only delegates", alice, { AWS: `arn:aws:iam::${home}:root` }, "ImplicitDeny"),
  named("the role", app, { AWS: roleArn("app") }, "Allow"),
  named("another role", app, { AWS: roleArn("application") }, "ImplicitDeny"),
  named("the session", app, { AWS: sessionArn("app", "one") }, "Allow"),
  named("another session of the role", app, { AWS: sessionArn("app", "two") }, "ImplicitDeny"),
  named("a service", alice, { Service: "s3.amazonaws.com" }, "ImplicitDeny"),
  named("a service and the user", alice, { Service: "s3.amazonaws.com", AWS: aliceArn }, "Allow"),
  named("root by the account's number", rootOf(home), { AWS: home }, "Allow"),
  row("the user of another account, allowed by both", pages.crossAccount, "Allow", {
    as: bob,
    ...userAllows,
    ...bucketAllows({ AWS: bobArn }),
  }),
  row("the user of another account, allowed by the bucket alone", pages.crossAccount, "ImplicitDeny", {
    as: bob,
    ...bucketAllows({ AWS: bobArn }),
  }),
  row("the user of another account, allowed by the identity alone", pages.crossAccount, "ImplicitDeny", {
    as: bob,
    ...userAllows,
  }),
  row("the other account by its number", pages.crossAccount, "Allow", {
    as: bob,
    ...userAllows,
    ...bucketAllows({ AWS: away }),
  }),
  row("the other account by its ARN", pages.crossAccount, "Allow", {
    as: bob,
    ...userAllows,
    ...bucketAllows({ AWS: `arn:aws:iam::${away}:root` }),
  }),
  row("the other account by its canonical user", pages.s3Principals, "Allow", {
    as: bob,
    ...userAllows,
    ...bucketAllows({ CanonicalUser: awayCanonical }),
  }),
  row("a canonical user of some other account", pages.s3Principals, "ImplicitDeny", {
    as: bob,
    ...userAllows,
    ...bucketAllows({ CanonicalUser: homeCanonical }),
  }),
  row("the other account delegates only what its user has", pages.crossAccount, "ImplicitDeny", {
    as: bob,
    identity: [nothing],
    ...bucketAllows({ AWS: away }),
  }),
  row("* for a user of another account with a policy", pages.principal, "Allow", {
    as: bob,
    ...userAllows,
    ...bucketAllows("*"),
  }),
  row("a user of a third account", pages.crossAccount, "ImplicitDeny", {
    as: user("carol", "999999999999"),
    ...userAllows,
    ...bucketAllows({ AWS: away }),
  }),
  row("root of another account, allowed", pages.crossAccount, "Allow", {
    as: rootOf(away),
    ...bucketAllows({ AWS: away }),
  }),
  row("root of another account, not allowed", pages.crossAccount, "ImplicitDeny", { as: rootOf(away) }),
  row("root of another account by its canonical user", pages.s3Principals, "Allow", {
    as: rootOf(away),
    ...bucketAllows({ CanonicalUser: awayCanonical }),
  }),
  row("a session of another account, by its role", pages.crossAccount, "Allow", {
    as: guest,
    ...userAllows,
    ...bucketAllows({ AWS: roleArn("app", away) }),
  }),
  row("a session of another account, by its ARN", pages.crossAccount, "Allow", {
    as: guest,
    ...userAllows,
    ...bucketAllows({ AWS: sessionArn("app", "one", away) }),
  }),
  row("a session of another account without a policy", pages.crossAccount, "ImplicitDeny", {
    as: guest,
    ...bucketAllows({ AWS: sessionArn("app", "one", away) }),
  }),
  row("a role of the same name in the wrong account", pages.crossAccount, "ImplicitDeny", {
    as: guest,
    ...userAllows,
    ...bucketAllows({ AWS: roleArn("app") }),
  }),
];

const account: readonly CaseRow[] = [
  row("the identity allows, the bucket has no policy", pages.sameAccount, "Allow", userAllows),
  row("the identity allows, the bucket's policy does not", pages.sameAccount, "Allow", {
    ...userAllows,
    ...bucketAllows({ AWS: bobArn }),
  }),
  row("the bucket allows, the identity's policy does not", pages.sameAccount, "Allow", {
    identity: [nothing],
    ...bucketAllows({ AWS: aliceArn }),
  }),
  row("neither allows", pages.sameAccount, "ImplicitDeny", { identity: [nothing], ...bucketAllows({ AWS: bobArn }) }),
  row("the account delegates and the identity allows", pages.principal, "Allow", {
    ...userAllows,
    ...bucketAllows({ AWS: home }),
  }),
  row("the identity denies what the bucket allows", pages.denies, "ExplicitDeny", {
    identity: [policy(deny())],
    ...bucketAllows({ AWS: aliceArn }),
  }),
  row("the bucket denies the user", pages.denies, "ExplicitDeny", {
    ...userAllows,
    ...bucketDenies({ AWS: aliceArn }),
  }),
  row("the bucket denies another user", pages.denies, "Allow", { ...userAllows, ...bucketDenies({ AWS: bobArn }) }),
  row("the bucket denies the account", pages.principal, "ExplicitDeny", {
    ...userAllows,
    ...bucketDenies({ AWS: home }),
  }),
  row("the bucket denies everybody", pages.denies, "ExplicitDeny", { ...userAllows, ...bucketDenies("*") }),
  row("the bucket denies the account by its canonical user", pages.s3Principals, "ExplicitDeny", {
    ...userAllows,
    ...bucketDenies({ CanonicalUser: homeCanonical }),
  }),
  row("the bucket denies a service", pages.principal, "Allow", {
    ...userAllows,
    ...bucketDenies({ Service: "s3.amazonaws.com" }),
  }),
  row("the bucket denies the role of the session", pages.principal, "ExplicitDeny", {
    as: app,
    ...userAllows,
    ...bucketDenies({ AWS: roleArn("app") }),
  }),
  row("the bucket denies another session", pages.principal, "Allow", {
    as: app,
    ...userAllows,
    ...bucketDenies({ AWS: sessionArn("app", "two") }),
  }),
  row("the bucket denies everybody, asked by nobody known", pages.denies, "ExplicitDeny", {
    as: anonymous,
    ...bucketDenies("*"),
  }),
  row("nobody known without a bucket policy", pages.logic, "ImplicitDeny", { as: anonymous }),
  row("nobody known, another object is public", pages.logic, "ImplicitDeny", {
    as: anonymous,
    resource: policy(allow({ Principal: "*", Resource: objectArn("public") })),
  }),
  row("nobody known from an allowed network", pages.principal, "Allow", {
    as: anonymous,
    resource: policy(allow({ Principal: "*", Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } } })),
    with: { "aws:SourceIp": "203.0.113.9" },
  }),
  row("nobody known from elsewhere", pages.principal, "ImplicitDeny", {
    as: anonymous,
    resource: policy(allow({ Principal: "*", Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } } })),
    with: { "aws:SourceIp": "198.51.100.9" },
  }),
  row("root without a policy", pages.logic, "Allow", { as: rootOf(home) }),
  row("root, denied by the bucket", pages.denies, "ExplicitDeny", { as: rootOf(home), ...bucketDenies("*") }),
  row("root, denied as the account", pages.denies, "ExplicitDeny", {
    as: rootOf(home),
    ...bucketDenies({ AWS: home }),
  }),
  row("root, the bucket allows somebody else", pages.logic, "Allow", {
    as: rootOf(home),
    ...bucketAllows({ AWS: bobArn }),
  }),
  row("root may always replace the policy of its bucket", pages.putBucketPolicy, "Allow", {
    as: rootOf(home),
    action: "s3:PutBucketPolicy",
    on: bucketArn,
    ...bucketDenies("*"),
  }),
  row("root may always delete the policy of its bucket", pages.putBucketPolicy, "Allow", {
    as: rootOf(home),
    action: "s3:DeleteBucketPolicy",
    on: bucketArn,
    ...bucketDenies({ AWS: home }),
  }),
  row("root may not do the rest that the policy denies", pages.putBucketPolicy, "ExplicitDeny", {
    as: rootOf(home),
    action: "s3:PutBucketAcl",
    on: bucketArn,
    ...bucketDenies("*"),
  }),
  row("a user may not replace a policy that denies it", pages.putBucketPolicy, "ExplicitDeny", {
    ...userAllows,
    action: "s3:PutBucketPolicy",
    on: bucketArn,
    ...bucketDenies("*"),
  }),
  row("root of another account may not replace it", pages.putBucketPolicy, "ExplicitDeny", {
    as: rootOf(away),
    action: "s3:PutBucketPolicy",
    on: bucketArn,
    ...bucketDenies("*"),
  }),
  row("root, a user is denied", pages.denies, "Allow", { as: rootOf(home), ...bucketDenies({ AWS: aliceArn }) }),
];

const spares = (names: readonly string[]): RowParts => ({ resource: policy(deny({ NotPrincipal: { AWS: names } })) });
const notPrincipals: readonly CaseRow[] = [
  row("NotPrincipal spares the user", pages.notPrincipal, "Allow", {
    ...userAllows,
    ...spares([aliceArn, `arn:aws:iam::${home}:root`]),
  }),
  row("NotPrincipal denies another user of the account", pages.notPrincipal, "ExplicitDeny", {
    as: user("carol"),
    ...userAllows,
    ...spares([aliceArn, `arn:aws:iam::${home}:root`]),
  }),
  row("NotPrincipal denies users of other accounts", pages.notPrincipal, "ExplicitDeny", {
    as: bob,
    ...userAllows,
    ...spares([aliceArn, `arn:aws:iam::${home}:root`]),
  }),
  row("NotPrincipal denies nobody known", pages.notPrincipal, "ExplicitDeny", {
    as: anonymous,
    ...spares([aliceArn, `arn:aws:iam::${home}:root`]),
  }),
  row("NotPrincipal spares the session", pages.notPrincipal, "Allow", {
    as: app,
    ...userAllows,
    ...spares([sessionArn("app", "one"), roleArn("app"), `arn:aws:iam::${home}:root`]),
  }),
  row("NotPrincipal denies another session of the role", pages.notPrincipal, "ExplicitDeny", {
    as: roleSession("app", "two"),
    ...userAllows,
    ...spares([sessionArn("app", "one"), roleArn("app"), `arn:aws:iam::${home}:root`]),
  }),
  row("NotPrincipal spares root", pages.notPrincipal, "Allow", {
    as: rootOf(home),
    ...spares([`arn:aws:iam::${home}:root`]),
  }),
  row("NotPrincipal denies root", pages.notPrincipal, "ExplicitDeny", {
    as: rootOf(home),
    ...spares([bobArn, `arn:aws:iam::${away}:root`]),
  }),
  row(
    "NotPrincipal grants nothing",
    pages.notPrincipal,
    "ImplicitDeny",
    spares([aliceArn, `arn:aws:iam::${home}:root`]),
  ),
  row("NotPrincipal denies whoever has a boundary", pages.notPrincipal, "ExplicitDeny", {
    ...userAllows,
    boundary: all,
    ...spares([aliceArn, `arn:aws:iam::${home}:root`]),
  }),
  row("ArnNotEquals instead of NotPrincipal", pages.notPrincipal, "ExplicitDeny", {
    as: user("carol"),
    ...userAllows,
    resource: policy(deny({ Principal: "*", Condition: { ArnNotEquals: { "aws:PrincipalArn": aliceArn } } })),
  }),
  row("ArnNotEquals spares the user", pages.notPrincipal, "Allow", {
    ...userAllows,
    resource: policy(deny({ Principal: "*", Condition: { ArnNotEquals: { "aws:PrincipalArn": aliceArn } } })),
  }),
  row("ArnNotEquals denies nobody known", pages.operators, "ExplicitDeny", {
    as: anonymous,
    resource: policy(deny({ Principal: "*", Condition: { ArnNotEquals: { "aws:PrincipalArn": aliceArn } } })),
  }),
];

const trusting = (Principal: RawPrincipal, more: Partial<RawStatement> = {}): RowParts => ({
  resource: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole", ...more }] },
  action: "sts:AssumeRole",
  on: roleArn("app"),
});
const mayAssume: RowParts = { identity: [policy(allow({ Action: "sts:AssumeRole", Resource: roleArn("*") }))] };
const trust: readonly CaseRow[] = [
  row("the role trusts the user", pages.logic, "Allow", trusting({ AWS: aliceArn })),
  row("the role trusts the account, the identity allows", pages.logic, "Allow", {
    ...mayAssume,
    ...trusting({ AWS: home }),
  }),
  row(
    "the role trusts the account, the identity does not allow",
    pages.principal,
    "ImplicitDeny",
    trusting({ AWS: home }),
  ),
  row("the role does not trust, though the identity allows", pages.logic, "ImplicitDeny", {
    ...mayAssume,
    ...trusting({ AWS: bobArn }),
  }),
  row("the role trusts another account's user", pages.crossAccount, "Allow", {
    as: bob,
    ...mayAssume,
    ...trusting({ AWS: bobArn }),
  }),
  row("the role trusts another account, whose user has no policy", pages.crossAccount, "ImplicitDeny", {
    as: bob,
    ...trusting({ AWS: away }),
  }),
  row("the role asks for an external id", pages.condition, "ImplicitDeny", {
    ...mayAssume,
    ...trusting({ AWS: home }, { Condition: { StringEquals: { "sts:ExternalId": "7" } } }),
  }),
  row("the role is given its external id", pages.condition, "Allow", {
    ...mayAssume,
    ...trusting({ AWS: home }, { Condition: { StringEquals: { "sts:ExternalId": "7" } } }),
    with: { "sts:ExternalId": "7" },
  }),
  row("the role's trust denies", pages.denies, "ExplicitDeny", { ...mayAssume, ...trusting("*", { Effect: "Deny" }) }),
];

export const principalCases: readonly CaseRow[] = [...principals, ...account, ...notPrincipals, ...trust];
