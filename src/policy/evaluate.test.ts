import test from "ava";
import { compilePolicy } from "./compile.ts";
import { parsePolicy } from "./document.ts";
import { evaluate, settle } from "./evaluate.ts";
import type { AccessRequest, PolicySets, RequestPrincipal } from "./request.ts";

const home = "111122223333";
const away = "444455556666";
const who = (kind: "root" | "user" | "role-session", arn: string, accountId = home, roleArn: string | null = null) =>
  ({ kind, accountId, canonicalId: `c${accountId}`, arn, roleArn, roleId: null, userId: "AIDA" }) as const;
const alice = who("user", `arn:aws:iam::${home}:user/alice`);
const root = who("root", `arn:aws:iam::${home}:root`);
const role = `arn:aws:iam::${home}:role/team/reader`;
const session = who("role-session", `arn:aws:sts::${home}:assumed-role/reader/s1`, home, role);
const bob = who("user", `arn:aws:iam::${away}:user/bob`, away);
const awayRoot = who("root", `arn:aws:iam::${away}:root`, away);
const anonymous: RequestPrincipal = { kind: "anonymous" };

const identity = (...statements: object[]) =>
  compilePolicy(parsePolicy({ Version: "2012-10-17", Statement: statements }, "identity"), "identity");
const resource = (...statements: object[]) =>
  compilePolicy(parsePolicy({ Version: "2012-10-17", Statement: statements }, "resource"), "resource");

const get = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*" };
const denyGet = { ...get, Effect: "Deny" };
const grants = (principal: unknown) => resource({ ...get, Principal: principal });
const denies = (part: object) => resource({ ...denyGet, ...part });
const reads = identity(get);
const nothing = identity({ ...get, Action: "s3:ListBucket" });

const plain: PolicySets = { identity: [], boundary: null, session: null, resource: null, resourceAccountId: home };

function ask(principal: RequestPrincipal, sets: Partial<PolicySets>, request: Partial<AccessRequest> = {}): string {
  return evaluate(
    { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", principal, context: () => undefined, ...request },
    { ...plain, ...sets },
  ).effect;
}

test("within an account: identity or resource policy allows", (t) => {
  t.is(ask(alice, {}), "ImplicitDeny");
  t.is(ask(alice, { identity: [nothing, reads] }), "Allow");
  t.is(ask(alice, { resource: grants({ AWS: alice.arn }) }), "Allow");
  t.is(ask(alice, { resource: grants("*") }), "Allow");
  t.is(ask(alice, { resource: grants({ AWS: `${alice.arn}2` }) }), "ImplicitDeny");
  t.is(ask(alice, { resource: grants({ AWS: `arn:aws:iam::${home}:user/Alice` }) }), "ImplicitDeny");
});

test("naming the account leaves the decision to its identity policies", (t) => {
  for (const principal of [{ AWS: home }, { AWS: root.arn }, { CanonicalUser: alice.canonicalId }]) {
    t.is(ask(alice, { resource: grants(principal) }), "ImplicitDeny");
    t.is(ask(alice, { resource: grants(principal), identity: [reads] }), "Allow");
    t.is(ask(root, { resource: grants(principal) }), "Allow");
  }
});

test("an explicit deny wins, wherever it stands", (t) => {
  const open = { identity: [reads], resource: grants("*") };
  t.is(ask(alice, open), "Allow");
  t.is(ask(alice, { ...open, identity: [reads, identity(denyGet)] }), "ExplicitDeny");
  t.is(ask(alice, { ...open, boundary: identity(get, denyGet) }), "ExplicitDeny");
  t.is(ask(alice, { ...open, session: [identity(get), identity(denyGet)] }), "ExplicitDeny");
  t.is(ask(alice, { ...open, resource: denies({ Principal: { AWS: home } }) }), "ExplicitDeny");
  t.is(ask(alice, { ...open, resource: denies({ Principal: { AWS: away } }) }), "Allow");
  t.is(ask(alice, { ...open, resource: denies({ Principal: "*", Resource: "arn:aws:s3:::b/other" }) }), "Allow");
});

test("boundary and session policies limit what identity policies and a role's ARN grant", (t) => {
  for (const [boundary, sessionPolicies] of [
    [nothing, null],
    [null, [nothing]],
    [null, []],
  ] as const) {
    const limited = { boundary, session: sessionPolicies };
    t.is(ask(session, { ...limited, identity: [reads] }), "ImplicitDeny");
    t.is(ask(session, { ...limited, resource: grants({ AWS: role }) }), "ImplicitDeny");
    t.is(ask(session, { ...limited, resource: grants({ AWS: session.arn }) }), "Allow");
    t.is(ask(session, { ...limited, resource: grants("*") }), "Allow");
  }
  t.is(ask(session, { resource: grants({ AWS: role }) }), "Allow");
  t.is(ask(session, { resource: grants({ AWS: role }), boundary: reads, session: [nothing, reads] }), "Allow");
  t.is(ask(alice, { boundary: nothing, resource: grants({ AWS: alice.arn }) }), "Allow");
  t.is(ask(alice, { session: [nothing], resource: grants({ AWS: alice.arn }) }), "ImplicitDeny");
});

test("the root of the account needs no policy, and is held by denials and session policies", (t) => {
  t.is(ask(root, {}), "Allow");
  t.is(ask(root, { boundary: nothing }), "Allow");
  t.is(ask(root, { session: [nothing] }), "ImplicitDeny");
  t.is(ask(root, { session: [reads] }), "Allow");
  for (const sets of [
    { resource: denies({ Principal: "*" }) },
    { session: [reads, identity(denyGet)] },
    { boundary: identity(denyGet) },
  ]) {
    t.is(ask(root, sets), "ExplicitDeny");
  }
});

test("a bucket policy cannot take itself from the root of its account", (t) => {
  const all = denies({ Principal: "*", Action: "s3:*", Resource: "*" });
  for (const action of ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"]) {
    const request = { action, resource: "arn:aws:s3:::b" };
    t.is(ask(root, { resource: all }, request), "Allow");
    t.is(
      ask(alice, { resource: all, identity: [identity({ ...get, Action: "*", Resource: "*" })] }, request),
      "ExplicitDeny",
    );
    t.is(ask(awayRoot, { resource: all }, request), "ExplicitDeny");
    t.is(
      ask(root, { resource: all, session: [identity({ ...denyGet, Action: "*", Resource: "*" })] }, request),
      "ExplicitDeny",
    );
  }
  t.is(ask(root, { resource: all }, { action: "s3:PutBucketAcl", resource: "arn:aws:s3:::b" }), "ExplicitDeny");
});

test("from another account both sides must allow", (t) => {
  t.is(ask(bob, { identity: [reads] }), "ImplicitDeny");
  for (const principal of ["*", { AWS: away }, { AWS: bob.arn }, { CanonicalUser: bob.canonicalId }]) {
    t.is(ask(bob, { resource: grants(principal) }), "ImplicitDeny");
    t.is(ask(bob, { resource: grants(principal), identity: [reads] }), "Allow");
    t.is(ask(bob, { resource: grants(principal), identity: [reads], boundary: nothing }), "ImplicitDeny");
    t.is(ask(bob, { resource: grants(principal), identity: [reads], session: [nothing] }), "ImplicitDeny");
  }
  t.is(ask(awayRoot, {}), "ImplicitDeny");
  t.is(ask(awayRoot, { resource: grants({ AWS: away }) }), "Allow");
  t.is(ask(awayRoot, { resource: grants({ AWS: home }) }), "ImplicitDeny");
});

test("nobody has what the resource policy gives to everybody", (t) => {
  t.is(ask(anonymous, { identity: [reads] }), "ImplicitDeny");
  t.is(ask(anonymous, { resource: grants("*") }), "Allow");
  t.is(ask(anonymous, { resource: grants({ AWS: ["*"] }) }), "Allow");
  t.is(ask(anonymous, { resource: grants({ AWS: home }) }), "ImplicitDeny");
  t.is(
    ask(anonymous, { resource: resource({ ...get, Principal: "*" }, { ...denyGet, NotPrincipal: { AWS: home } }) }),
    "ExplicitDeny",
  );
});

test("NotPrincipal spares those it names by their own ARN", (t) => {
  const spare = (...aws: string[]) => ({ identity: [reads], resource: denies({ NotPrincipal: { AWS: aws } }) });
  t.is(ask(alice, spare(alice.arn, home)), "Allow");
  t.is(ask(alice, spare(alice.arn)), "Allow");
  t.is(ask(alice, spare(home)), "ExplicitDeny");
  t.is(ask(alice, { ...spare(alice.arn, home), boundary: reads }), "ExplicitDeny");
  t.is(ask(session, spare(session.arn, role, home)), "Allow");
  t.is(ask(session, spare(role, home)), "ExplicitDeny");
  t.is(ask(root, spare(alice.arn, home)), "Allow");
  t.is(ask(root, spare(alice.arn)), "ExplicitDeny");
  t.is(ask(bob, { ...spare(alice.arn, home), resourceAccountId: away }), "ExplicitDeny");
  t.is(ask(alice, spare("*")), "Allow");
});

test("a trust policy must allow, whatever identity policies say", (t) => {
  const trust = (principal: unknown) => ({
    resource: compilePolicy(
      parsePolicy(
        { Version: "2012-10-17", Statement: { Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" } },
        "trust",
      ),
      "trust policy",
    ),
  });
  const request = { action: "sts:AssumeRole", resource: role };
  const may = { identity: [identity({ Effect: "Allow", Action: "sts:AssumeRole", Resource: role })] };
  t.is(ask(alice, { ...may, ...trust({ AWS: away }) }, request), "ImplicitDeny");
  t.is(ask(alice, { ...may, ...trust({ AWS: home }) }, request), "Allow");
  t.is(ask(alice, trust({ AWS: home }), request), "ImplicitDeny");
  t.is(ask(alice, trust({ AWS: alice.arn }), request), "Allow");
  t.is(ask(session, trust({ AWS: role }), request), "Allow");
  t.is(ask(bob, { ...may, ...trust({ AWS: away }) }, request), "Allow");
  t.is(ask(bob, trust({ AWS: bob.arn }), request), "ImplicitDeny");
});

test("actions without regard to case, resources with it, and their complements", (t) => {
  const allow = (part: object) => ({ identity: [identity({ ...get, ...part })] });
  const bare = { Effect: "Allow" };
  t.is(ask(alice, allow({ Action: "S3:getobject" })), "Allow");
  t.is(ask(alice, allow({ Action: "s3:Get*" }), { action: "S3:GETOBJECTACL" }), "Allow");
  t.is(ask(alice, allow({ Action: "s3:Get?bject" })), "Allow");
  t.is(ask(alice, allow({ Resource: "arn:aws:s3:::B/*" })), "ImplicitDeny");
  t.is(ask(alice, allow({ Resource: "arn:aws:s3:::b" })), "ImplicitDeny");
  t.is(ask(alice, { identity: [identity({ ...bare, NotAction: "s3:Put*", Resource: "*" })] }), "Allow");
  t.is(
    ask(alice, { identity: [identity({ ...bare, NotAction: ["s3:Put*", "s3:get*"], Resource: "*" })] }),
    "ImplicitDeny",
  );
  t.is(ask(alice, { identity: [identity({ ...bare, Action: "*", NotResource: "arn:aws:s3:::b2/*" })] }), "Allow");
  t.is(ask(alice, { identity: [identity({ ...bare, Action: "*", NotResource: "arn:aws:s3:::b/*" })] }), "ImplicitDeny");
});

test("variables in resources are put in as text", (t) => {
  const own = { identity: [identity({ ...get, Resource: "arn:aws:s3:::b/${aws:username}/*" })] };
  const as = (name: string | undefined, key: string) =>
    ask(alice, own, { resource: `arn:aws:s3:::b/${key}`, context: () => (name === undefined ? undefined : [name]) });
  t.is(as("alice", "alice/x"), "Allow");
  t.is(as("alice", "bob/x"), "ImplicitDeny");
  t.is(as("*", "bob/x"), "ImplicitDeny");
  t.is(as("*", "*/x"), "Allow");
  t.is(as(undefined, "/x"), "ImplicitDeny");
});

test("each key is asked for once, in lower case, and only when it matters", (t) => {
  const asked: string[] = [];
  const conditioned = {
    ...get,
    Condition: { StringEquals: { "s3:ExistingObjectTag/Team": "x", "aws:UserName": "alice" } },
  };
  const policies = [
    identity(conditioned, { ...conditioned, Effect: "Deny" }, { ...conditioned, Action: "s3:PutObject" }),
  ];
  const context = (key: string) => {
    asked.push(key);
    return ["x"];
  };
  t.is(ask(alice, { identity: policies }, { context }), "ImplicitDeny");
  t.deepEqual(asked, ["s3:existingobjecttag/team", "aws:username"]);
  asked.length = 0;
  t.is(ask(alice, { identity: policies }, { context, action: "s3:ListBucket" }), "ImplicitDeny");
  t.deepEqual(asked, []);
});

/** The effect at once, and by deferring every key of object state. */
function bothWays(
  principal: RequestPrincipal,
  sets: Partial<PolicySets>,
  state: Record<string, readonly string[]>,
): string[] {
  const request = { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", principal };
  const whole = { ...plain, ...sets };
  const atOnce = evaluate({ ...request, context: (key) => state[key] }, whole);
  const isState = (key: string) => key.startsWith("s3:existing");
  const deferred = evaluate({ ...request, context: (key) => (isState(key) ? "deferred" : state[key]) }, whole);
  if (deferred.effect !== "Deferred") return [atOnce.effect, deferred.effect];
  return [
    atOnce.effect,
    "Deferred",
    settle(structuredClone(deferred.residual), (key) => {
      if (!isState(key)) throw new Error(`the turn does not know ${key}`);
      return state[key];
    }),
  ];
}

test("what depends on the object's state is deferred, and settled as if it had been known", (t) => {
  const tag = (value: string) => ({ StringEquals: { "s3:ExistingObjectTag/class": value } });
  const open = { "s3:existingobjecttag/class": ["open"], "aws:username": ["alice"] };
  const secret = { "s3:existingobjecttag/class": ["secret"] };
  const readsOpen = { identity: [identity({ ...get, Condition: tag("open") })] };
  const notSecret = { identity: [identity(get, { ...denyGet, Condition: tag("secret") })] };
  const perUser = {
    resource: resource({ ...get, Principal: "*", Resource: "arn:aws:s3:::b/${s3:ExistingObjectTag/key}" }),
  };
  t.deepEqual(bothWays(alice, readsOpen, open), ["Allow", "Deferred", "Allow"]);
  t.deepEqual(bothWays(alice, readsOpen, secret), ["ImplicitDeny", "Deferred", "ImplicitDeny"]);
  t.deepEqual(bothWays(alice, readsOpen, {}), ["ImplicitDeny", "Deferred", "ImplicitDeny"]);
  t.deepEqual(bothWays(alice, notSecret, open), ["Allow", "Deferred", "Allow"]);
  t.deepEqual(bothWays(alice, notSecret, secret), ["ExplicitDeny", "Deferred", "ExplicitDeny"]);
  t.deepEqual(bothWays(alice, perUser, { "s3:existingobjecttag/key": ["k"] }), ["Allow", "Deferred", "Allow"]);
  t.deepEqual(bothWays(alice, perUser, { "s3:existingobjecttag/key": ["*"] }), [
    "ImplicitDeny",
    "Deferred",
    "ImplicitDeny",
  ]);
  t.deepEqual(bothWays(alice, { resource: grants("*"), ...readsOpen }, {}), ["Allow", "Allow"]);
  t.deepEqual(bothWays(alice, { ...readsOpen, identity: [...readsOpen.identity, reads] }, {}), ["Allow", "Allow"]);
  t.deepEqual(bothWays(alice, { ...notSecret, boundary: identity(denyGet) }, secret), ["ExplicitDeny", "ExplicitDeny"]);
  t.deepEqual(bothWays(alice, { ...readsOpen, boundary: nothing }, open), ["ImplicitDeny", "ImplicitDeny"]);
  const owned = { StringEquals: { "aws:username": "${s3:ExistingObjectTag/owner}" } };
  const ownedReads = { identity: [identity({ ...get, Condition: owned })] };
  const state = { ...open, "s3:existingobjecttag/owner": ["alice"] };
  t.deepEqual(bothWays(alice, ownedReads, state), ["Allow", "Deferred", "Allow"]);
  const byName = { StringEquals: { "s3:ExistingObjectTag/owner": ["${aws:userid}", "${aws:username}"] } };
  t.deepEqual(bothWays(alice, { identity: [identity({ ...get, Condition: byName })] }, state), [
    "Allow",
    "Deferred",
    "Allow",
  ]);
  const mixed = ["arn:aws:s3:::b/${s3:ExistingObjectTag/x}${aws:username}", "arn:aws:s3:::b/${aws:userid}"];
  const byKey = { identity: [identity({ ...get, Resource: mixed })] };
  t.deepEqual(bothWays(alice, byKey, { ...state, "s3:existingobjecttag/x": [""], "aws:username": ["k"] }), [
    "Allow",
    "Deferred",
    "Allow",
  ]);
  t.deepEqual(bothWays(alice, ownedReads, { ...state, "aws:username": ["bob"] }), [
    "ImplicitDeny",
    "Deferred",
    "ImplicitDeny",
  ]);
  t.deepEqual(
    bothWays(
      session,
      { resource: resource({ ...get, Principal: { AWS: role }, Condition: tag("open") }), session: [reads] },
      open,
    ),
    ["Allow", "Deferred", "Allow"],
  );
});
