/** Cases of permissions boundaries and session policies. */

import {
  allow,
  away,
  bob,
  type CaseRow,
  deny,
  home,
  objectArn,
  pages,
  policy,
  type RowParts,
  roleArn,
  roleSession,
  rootOf,
  row,
  sessionArn,
} from "./case-rows.ts";
import type { RawPrincipal } from "./raw.ts";

const bucketAllows = (Principal: RawPrincipal): RowParts => ({ resource: policy(allow({ Principal })) });
const userAllows: RowParts = { identity: [policy(allow())] };
const nothing = policy(allow({ Action: "s3:ListBucket" }));
const all = policy(allow());
const aliceArn = `arn:aws:iam::${home}:user/alice`;
const bobArn = `arn:aws:iam::${away}:user/bob`;
const app = roleSession("app", "one");
const guest = roleSession("app", "one", away);

const boundaries: readonly CaseRow[] = [
  row("the boundary allows too", pages.boundaries, "Allow", { ...userAllows, boundary: all }),
  row("the boundary does not allow", pages.boundaries, "ImplicitDeny", { ...userAllows, boundary: nothing }),
  row("the boundary denies", pages.boundaries, "ExplicitDeny", { ...userAllows, boundary: policy(deny()) }),
  row("the boundary alone allows nothing", pages.boundaries, "ImplicitDeny", { boundary: all }),
  row("the bucket names the user: no boundary holds", pages.boundaries, "Allow", {
    boundary: nothing,
    ...bucketAllows({ AWS: aliceArn }),
  }),
  row("the bucket names everybody: no boundary holds", pages.principal, "Allow", {
    boundary: nothing,
    ...bucketAllows("*"),
  }),
  row("the bucket names the user, the boundary denies", pages.boundaries, "ExplicitDeny", {
    boundary: policy(deny()),
    ...bucketAllows({ AWS: aliceArn }),
  }),
  row("the bucket names the account: the boundary holds", pages.boundaries, "ImplicitDeny", {
    ...userAllows,
    boundary: nothing,
    ...bucketAllows({ AWS: home }),
  }),
  row("the bucket names the role: the boundary holds", pages.logic, "ImplicitDeny", {
    as: app,
    boundary: nothing,
    ...bucketAllows({ AWS: roleArn("app") }),
  }),
  row("the bucket names the role and the boundary allows", pages.logic, "Allow", {
    as: app,
    boundary: all,
    ...bucketAllows({ AWS: roleArn("app") }),
  }),
  row("the bucket names the session: no boundary holds", pages.logic, "Allow", {
    as: app,
    boundary: nothing,
    ...bucketAllows({ AWS: sessionArn("app", "one") }),
  }),
  row("another account's boundary does not allow", pages.crossAccount, "ImplicitDeny", {
    as: bob,
    ...userAllows,
    boundary: nothing,
    ...bucketAllows({ AWS: bobArn }),
  }),
  row("another account's boundary allows", pages.crossAccount, "Allow", {
    as: bob,
    ...userAllows,
    boundary: all,
    ...bucketAllows({ AWS: bobArn }),
  }),
  row("a boundary for users only on their own folder", pages.boundaries, "ImplicitDeny", {
    ...userAllows,
    boundary: policy(allow({ Resource: objectArn(["$", "{aws:username}/*"].join("")) })),
  }),
];

const sessions: readonly CaseRow[] = [
  row("a role's session with its role's policy", pages.policies, "Allow", { as: app, ...userAllows }),
  row("the session policy allows too", pages.policies, "Allow", { as: app, ...userAllows, session: [all] }),
  row("the session policy does not allow", pages.policies, "ImplicitDeny", {
    as: app,
    ...userAllows,
    session: [nothing],
  }),
  row("the session policy denies", pages.policies, "ExplicitDeny", {
    as: app,
    ...userAllows,
    session: [policy(deny())],
  }),
  row("the session policy alone", pages.policies, "ImplicitDeny", { as: app, session: [all] }),
  row("one of two session policies allows", pages.policies, "Allow", {
    as: app,
    ...userAllows,
    session: [nothing, all],
  }),
  row("one of two session policies denies", pages.policies, "ExplicitDeny", {
    as: app,
    ...userAllows,
    session: [all, policy(deny())],
  }),
  row("the bucket names the role: the session policy holds", pages.logic, "ImplicitDeny", {
    as: app,
    session: [nothing],
    ...bucketAllows({ AWS: roleArn("app") }),
  }),
  row("the bucket names the role and the session policy allows", pages.logic, "Allow", {
    as: app,
    session: [all],
    ...bucketAllows({ AWS: roleArn("app") }),
  }),
  row("the bucket names the session: no session policy holds", pages.logic, "Allow", {
    as: app,
    session: [nothing],
    ...bucketAllows({ AWS: sessionArn("app", "one") }),
  }),
  row("the bucket names everybody: no session policy holds", pages.principal, "Allow", {
    as: app,
    session: [nothing],
    ...bucketAllows("*"),
  }),
  row("everybody by aws:PrincipalArn of the role", pages.principal, "Allow", {
    as: app,
    session: [nothing],
    boundary: nothing,
    resource: policy(allow({ Principal: "*", Condition: { ArnEquals: { "aws:PrincipalArn": roleArn("app") } } })),
  }),
  row("root's session, within its session policy", pages.policies, "Allow", { as: rootOf(home), session: [all] }),
  row("root's session, beyond its session policy", pages.policies, "ImplicitDeny", {
    as: rootOf(home),
    session: [nothing],
  }),
  row("root's session, beyond it but public", pages.principal, "Allow", {
    as: rootOf(home),
    session: [nothing],
    ...bucketAllows("*"),
  }),
  row("boundary and session policy both allow", pages.boundaries, "Allow", {
    as: app,
    ...userAllows,
    boundary: all,
    session: [all],
  }),
  row("the boundary allows, the session policy does not", pages.boundaries, "ImplicitDeny", {
    as: app,
    ...userAllows,
    boundary: all,
    session: [nothing],
  }),
  row("the session policy allows, the boundary does not", pages.boundaries, "ImplicitDeny", {
    as: app,
    ...userAllows,
    boundary: nothing,
    session: [all],
  }),
  row("another account's session policy does not allow", pages.crossAccount, "ImplicitDeny", {
    as: guest,
    ...userAllows,
    session: [nothing],
    ...bucketAllows({ AWS: sessionArn("app", "one", away) }),
  }),
];

export const limitCases: readonly CaseRow[] = [...boundaries, ...sessions];
