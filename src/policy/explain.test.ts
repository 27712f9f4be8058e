import test from "ava";
import { compilePolicy } from "./compile.ts";
import { parsePolicy } from "./document.ts";
import { explain } from "./explain.ts";
import type { AccessRequest, PolicySets } from "./request.ts";

const account = "111122223333";
const alice = {
  kind: "user",
  accountId: account,
  canonicalId: "c",
  arn: `arn:aws:iam::${account}:user/alice`,
  roleArn: null,
  roleId: null,
  userId: "AIDA",
} as const;
const root = { ...alice, kind: "root", arn: `arn:aws:iam::${account}:root` } as const;

const policy = (source: string, kind: "identity" | "resource", ...statements: object[]) =>
  compilePolicy(parsePolicy({ Version: "2012-10-17", Statement: statements }, kind), source);
const get = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*" };
const conditioned = { "ForAnyValue:StringLikeIfExists": { "s3:prefix": "x" }, Bool: { "aws:SecureTransport": "true" } };

const sets: PolicySets = {
  identity: [
    policy(
      "user policy own",
      "identity",
      { ...get, Sid: "Lists", Action: "s3:ListBucket" },
      { ...get, Resource: "arn:aws:s3:::c/*" },
      { ...get, Condition: conditioned },
    ),
    policy("group policy readers", "identity", { ...get, Sid: "Reads" }),
  ],
  boundary: null,
  session: null,
  resource: policy(
    "bucket policy",
    "resource",
    { ...get, Effect: "Deny", Principal: { AWS: "444455556666" } },
    { ...get, Principal: { AWS: account } },
  ),
  resourceAccountId: account,
};
const request: AccessRequest = {
  action: "s3:GetObject",
  resource: "arn:aws:s3:::b/k",
  principal: alice,
  context: (key) => (key === "aws:securetransport" ? ["false"] : undefined),
};

test("what allowed, and why the others did not count", (t) => {
  const { effect, decidedBy, notAllowedBy, statements } = explain(request, sets);
  t.is(effect, "Allow");
  t.deepEqual(decidedBy, [{ source: "group policy readers", index: 0, sid: "Reads" }]);
  t.deepEqual(notAllowedBy, []);
  t.deepEqual(
    statements.map(({ source, index, set, outcome, mismatch }) => [source, index, set, outcome, mismatch]),
    [
      ["user policy own", 0, "identity", "does not apply", { reason: "action" }],
      ["user policy own", 1, "identity", "does not apply", { reason: "resource" }],
      [
        "user policy own",
        2,
        "identity",
        "does not apply",
        { reason: "condition", operator: "Bool", key: "aws:SecureTransport" },
      ],
      ["group policy readers", 0, "identity", "applies", null],
      ["bucket policy", 0, "resource", "does not apply", { reason: "principal" }],
      ["bucket policy", 1, "resource", "applies", null],
    ],
  );
  t.is(statements[5]?.naming, "account");
});

test("the whole name of the operator that failed", (t) => {
  const { statements } = explain({ ...request, context: () => ["y"] }, sets);
  t.deepEqual(statements[2]?.mismatch, {
    reason: "condition",
    operator: "ForAnyValue:StringLikeIfExists",
    key: "s3:prefix",
  });
});

test("every denial that applies", (t) => {
  const denial = policy("boundary", "identity", get, { ...get, Effect: "Deny", Sid: "No" });
  const { effect, decidedBy } = explain(request, { ...sets, boundary: denial });
  t.is(effect, "ExplicitDeny");
  t.deepEqual(decidedBy, [{ source: "boundary", index: 1, sid: "No" }]);
});

test("where an Allow is missing", (t) => {
  const missing = (part: Partial<PolicySets>, who: AccessRequest["principal"] = alice) => {
    const { effect, decidedBy, notAllowedBy } = explain({ ...request, principal: who }, { ...sets, ...part });
    t.is(effect, "ImplicitDeny");
    t.deepEqual(decidedBy, []);
    return notAllowedBy;
  };
  const other = policy("other", "identity", { ...get, Action: "s3:PutObject" });
  t.deepEqual(missing({ identity: [] }), ["identity", "resource"]);
  t.deepEqual(missing({ boundary: other }), ["boundary"]);
  t.deepEqual(missing({ session: [other] }), ["session"]);
  t.deepEqual(missing({ boundary: other, session: [] }), ["boundary", "session"]);
  t.deepEqual(missing({ resourceAccountId: "444455556666", resource: null }), ["resource"]);
  t.deepEqual(missing({ resourceAccountId: "444455556666", identity: [] }), ["identity"]);
  t.deepEqual(missing({}, { kind: "anonymous" }), ["resource"]);
});

test("root, and what is open", (t) => {
  const asRoot = explain({ ...request, principal: root }, sets);
  t.is(asRoot.effect, "Allow");
  t.deepEqual(asRoot.decidedBy, []);
  const deferred = explain({ ...request, context: () => "deferred" }, { ...sets, identity: sets.identity.slice(0, 1) });
  t.is(deferred.effect, "Deferred");
  t.deepEqual(deferred.decidedBy, [{ source: "user policy own", index: 2, sid: null }]);
  t.is(deferred.statements[2]?.outcome, "open");
});

test("the context is asked once for each key", (t) => {
  const asked: string[] = [];
  explain(
    {
      ...request,
      context: (key) => {
        asked.push(key);
        return undefined;
      },
    },
    sets,
  );
  t.deepEqual(asked, ["s3:prefix", "aws:securetransport"]);
});
