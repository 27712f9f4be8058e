import test from "ava";
import { compileBucketPolicy } from "./bucket-policy.ts";
import { evaluate } from "./evaluate.ts";
import type { RequestPrincipal } from "./request.ts";
import { parseStoredPolicy, type StoredPolicy, withPrincipals } from "./stored-policy.ts";

const home = "111122223333";
const annArn = `arn:aws:iam::${home}:user/ann`;
const roleArn = `arn:aws:iam::${home}:role/team/deploy`;
const sessionArn = `arn:aws:sts::${home}:assumed-role/deploy/job`;

const user = (userId: string): RequestPrincipal => ({
  kind: "user",
  accountId: home,
  canonicalId: "c",
  arn: annArn,
  roleArn: null,
  roleId: null,
  userId,
});
const session = (roleId: string): RequestPrincipal => ({
  kind: "role-session",
  accountId: home,
  canonicalId: "c",
  arn: sessionArn,
  roleArn,
  roleId,
  userId: `${roleId}:job`,
});

const textOf = (...Statement: object[]): string => JSON.stringify({ Version: "2012-10-17", Statement });
const get = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*" };

const ask = (principal: RequestPrincipal, stored: StoredPolicy): string =>
  evaluate(
    { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", principal, context: () => undefined },
    {
      identity: [],
      boundary: null,
      session: null,
      resource: compileBucketPolicy(stored).whole,
      resourceAccountId: home,
    },
  ).effect;

test("a bound ARN names its id alone, an unbound one whoever has it", (t) => {
  for (const [arn, id, same, other] of [
    [annArn, "U1", user("U1"), user("U2")],
    [roleArn, "R1", session("R1"), session("R2")],
    [sessionArn, "R1:job", session("R1"), session("R2")],
  ] as const) {
    const text = textOf({ ...get, Principal: { AWS: arn } });
    const bound = { text, principals: { [arn]: id } };
    t.is(ask(same, bound), "Allow", arn);
    t.is(ask(other, bound), "ImplicitDeny", arn);
    t.is(ask(same, text), "Allow", arn);
    t.is(ask(other, text), "Allow", arn);
  }
});

test("a bound NotPrincipal spares its id alone, an unbound one whoever has the ARN", (t) => {
  for (const [arn, id, same, other] of [
    [annArn, "U1", user("U1"), user("U2")],
    [sessionArn, "R1:job", session("R1"), session("R2")],
  ] as const) {
    const denial = { ...get, Effect: "Deny", NotPrincipal: { AWS: [arn, home] } };
    const text = textOf({ ...get, Principal: "*" }, denial);
    const bound = { text, principals: { [arn]: id } };
    t.is(ask(same, bound), "Allow", arn);
    t.is(ask(other, bound), "ExplicitDeny", arn);
    t.is(ask(same, text), "Allow", arn);
    t.is(ask(other, text), "Allow", arn);
  }
});

test("accounts, canonical users and everybody stay as they are named", (t) => {
  const stored = {
    text: textOf({ ...get, Principal: { AWS: [annArn, home], CanonicalUser: "c" } }, { ...get, Principal: "*" }),
    principals: { [annArn]: "U1" },
  };
  const [first, second] = parseStoredPolicy(stored, "resource").statements;
  t.deepEqual(first?.principals?.aws, ["U1", home]);
  t.deepEqual(first?.principals?.canonicalUsers, ["c"]);
  t.true(second?.principals?.any);
});

test("other names for principals change nothing else of a text", (t) => {
  const statement = (AWS: unknown, name = "Principal") => ({
    ...get,
    Sid: annArn,
    [name]: { AWS, CanonicalUser: annArn },
    Condition: { ArnEquals: { "aws:PrincipalArn": [annArn] } },
  });
  const text = textOf(
    statement(annArn),
    statement([annArn, home], "NotPrincipal"),
    { ...get, Principal: "*" },
    { ...get, Principal: { CanonicalUser: annArn } },
  );
  const expected = textOf(
    statement("U1"),
    statement(["U1", home], "NotPrincipal"),
    { ...get, Principal: "*" },
    { ...get, Principal: { CanonicalUser: annArn } },
  );
  t.is(withPrincipals(text, new Map([[annArn, "U1"]])), expected);
});
