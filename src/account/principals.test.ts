import test, { type ExecutionContext } from "ava";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { systemRandom } from "../base/random.ts";
import { EmbeddedControlStore } from "../control/embedded-store.ts";
import { createControlMemory } from "../control/environment.ts";
import {
  type AccessKeyRecord,
  identityKeys,
  newAccount,
  newUser,
  type PolicyHolder,
  type UserRecord,
} from "../control/identity-records.ts";
import { ControlReader } from "../control/reader.ts";
import { ringSecretBox, secretPlaces } from "../control/secret-box.ts";
import { putTyped } from "../control/typed-records.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import { evaluate } from "../policy/evaluate.ts";
import type { Principal } from "./principal.ts";
import { Principals } from "./principals.ts";
import { type TemporaryClaims, TemporaryCredentials, TemporaryCredentialsError } from "./temporary-credentials.ts";

const hour = 3_600_000;
const customer = "300000000000";
const reseller = "200000000000";
const allow = (Action: string) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });

async function open(t: ExecutionContext, keptBytesMax?: number) {
  const environment = createControlMemory();
  const clock = new ManualClock();
  const store = new EmbeddedControlStore({ environment, clock, random: systemRandom });
  t.teardown(() => store.close());
  const keyRing = KeyRing.inMemory(systemRandom);
  const secrets = ringSecretBox(keyRing);
  const temporary = new TemporaryCredentials({ keyRing, clock, random: systemRandom });
  const reader = new ControlReader(environment.snapshot());
  const opened: string[] = [];
  const counting = {
    open: (sealed: Uint8Array, place: string) => {
      opened.push(place);
      return secrets.open(sealed, place);
    },
  };
  const options = { records: reader, secrets: counting, temporary, clock };
  const principals = new Principals(keptBytesMax === undefined ? options : { ...options, keptBytesMax });
  const put = (key: string, record: object) => store.txn([], [putTyped(key, record)]);
  const remove = (key: string) => store.txn([], [{ kind: "remove", key }]);
  const account = (accountId: string, parent: string | null, more: object = {}) => ({
    ...newAccount({
      accountId,
      canonicalId: `canonical ${accountId}`,
      displayName: accountId,
      kind: "customer",
      parent,
      createdMs: 0,
    }),
    ...more,
  });
  const user = (name: string, more: Partial<UserRecord> = {}): UserRecord => ({
    ...newUser({
      accountId: customer,
      name,
      userId: `TRPU${name}`,
      email: null,
      role: "user",
      status: "active",
      createdMs: 0,
    }),
    ...more,
  });
  const key = (accessKeyId: string, userName: string, more: Partial<AccessKeyRecord> = {}): AccessKeyRecord => ({
    accessKeyId,
    sealedSecret: secrets.seal(`secret of ${accessKeyId}`, secretPlaces.accessKey(accessKeyId)),
    accountId: customer,
    userName,
    status: "Active",
    createdMs: 0,
    ...more,
  });
  await put(identityKeys.account(reseller), account(reseller, null, { kind: "reseller" }));
  await put(identityKeys.account(customer), account(customer, reseller));
  await put(identityKeys.user(customer, "ann"), user("ann"));
  await put(identityKeys.accessKey("AKANN"), key("AKANN", "ann"));
  const find = (accessKeyId: string, token: string | null = null) => {
    reader.refresh();
    return principals.credential(accessKeyId, token);
  };
  return { put, remove, account, user, key, find, clock, temporary, opened };
}

function may(principal: Principal | undefined, action: string): boolean {
  if (principal === undefined) return false;
  const { identity, policies, boundary, sessionPolicies } = principal;
  const request = { action, resource: "arn:aws:s3:::b/k", principal: identity, context: () => undefined };
  const sets = { identity: policies, boundary, session: sessionPolicies, resource: null, resourceAccountId: customer };
  return evaluate(request, sets).effect === "Allow";
}

const holder = (more: Partial<PolicyHolder>) => ({ attached: [], inline: [], ...more });

test("a key leads to its user; the same object while no record of it changes", async (t) => {
  const { find, put, user } = await open(t);
  const found = find("AKANN");
  t.is(found?.secretAccessKey, "secret of AKANN");
  t.like(found?.principal, { name: "ann", role: "user", userName: "ann", isUnbounded: false, temporary: null });
  t.is(found?.principal.identity.kind === "user" && found.principal.identity.arn, `arn:aws:iam::${customer}:user/ann`);
  t.is(find("AKANN"), found);
  await put(identityKeys.user(customer, "other"), user("other"));
  t.is(find("AKANN"), found, "a change elsewhere");
  await put(identityKeys.user(customer, "ann"), user("ann", { path: "/staff/" }));
  const again = find("AKANN");
  t.not(again, found);
  t.is(
    again?.principal.identity.kind === "user" && again.principal.identity.arn,
    `arn:aws:iam::${customer}:user/staff/ann`,
  );
  t.is(find("AKNONE"), undefined);
});

test("what is kept is bounded by its size, and what is used stays", async (t) => {
  const keptBytesMax = 100_000;
  const { find, put, user, key, opened } = await open(t, keptBytesMax);
  const opens = (): number => opened.splice(0).length;
  // Each takes over a kilobyte, so that half of the bound holds fewer than 50.
  for (let index = 0; index < 200; index++) {
    await put(identityKeys.accessKey(`AK${index}`), key(`AK${index}`, "ann"));
    t.truthy(find(`AK${index}`));
    if (index % 10 === 0) t.truthy(find("AKANN"));
  }
  t.is(opens(), 201, "each secret is opened once");
  for (let index = 180; index < 200; index++) t.truthy(find(`AK${index}`));
  t.is(opens(), 0);
  for (let index = 0; index < 100; index++) t.truthy(find(`AK${index}`));
  t.is(opens(), 100, "what was not used is forgotten");
  // Tags and policies of one's own weigh as well.
  const tags = Array.from({ length: 50 }, (_, tag) => ({ key: `${tag}${"k".repeat(100)}`, value: "v".repeat(256) }));
  await put(identityKeys.user(customer, "ann"), user("ann", { tags }));
  for (let time = 0; time < 2; time++) for (let index = 0; index < 8; index++) t.truthy(find(`AK${index}`));
  t.is(opens(), 16, "four of these fill it");
});

test("what is disabled, suspended or gone has no principal from the next request on", async (t) => {
  const { find, put, remove, user, key, account } = await open(t);
  const back = async (): Promise<void> => {
    await put(identityKeys.account(reseller), account(reseller, null, { kind: "reseller" }));
    await put(identityKeys.account(customer), account(customer, reseller));
    await put(identityKeys.user(customer, "ann"), user("ann"));
    await put(identityKeys.accessKey("AKANN"), key("AKANN", "ann"));
    t.truthy(find("AKANN"));
  };
  const changes: readonly (() => Promise<unknown>)[] = [
    () => put(identityKeys.accessKey("AKANN"), key("AKANN", "ann", { status: "Inactive" })),
    () => remove(identityKeys.accessKey("AKANN")),
    () => put(identityKeys.user(customer, "ann"), user("ann", { status: "disabled" })),
    () => remove(identityKeys.user(customer, "ann")),
    () => put(identityKeys.account(customer), account(customer, reseller, { status: "suspended" })),
    () => put(identityKeys.account(reseller), account(reseller, null, { status: "suspended" })),
    () => remove(identityKeys.account(reseller)),
    () => remove(identityKeys.account(customer)),
  ];
  for (const change of changes) {
    await back();
    await change();
    t.is(find("AKANN"), undefined, String(change));
  }
});

test("policies come from the user and its groups, attached and inline, and change at once", async (t) => {
  const { find, put, remove, user } = await open(t);
  await put(identityKeys.user(customer, "ann"), user("ann", { inline: ["own"], groups: ["staff"] }));
  await put(identityKeys.inline("user", customer, "ann", "own"), { document: allow("s3:GetObject") });
  const group = { accountId: customer, name: "staff", groupId: "g", path: "/", createdMs: 0 };
  const managed = `arn:aws:iam::${customer}:policy/team/writers`;
  await put(identityKeys.group(customer, "staff"), { ...group, ...holder({ attached: [managed] }) });
  const policy = (document: string, defaultVersion = "v1") => ({
    accountId: customer,
    name: "writers",
    policyId: "p",
    path: "/team/",
    description: null,
    tags: [],
    defaultVersion,
    versions: [
      { id: "v1", document, createdMs: 0 },
      { id: "v2", document: allow("s3:DeleteObject"), createdMs: 0 },
    ],
    lastVersion: 2,
    createdMs: 0,
    updatedMs: 0,
  });
  await put(identityKeys.policy(customer, "writers"), policy(allow("s3:PutObject")));
  const rights = () =>
    ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"].filter((each) => may(find("AKANN")?.principal, each));
  t.deepEqual(rights(), ["s3:GetObject", "s3:PutObject"]);
  await put(identityKeys.policy(customer, "writers"), policy(allow("s3:PutObject"), "v2"));
  t.deepEqual(rights(), ["s3:GetObject", "s3:DeleteObject"]);
  await put(identityKeys.user(customer, "ann"), user("ann", { groups: ["staff"] }));
  t.deepEqual(rights(), ["s3:DeleteObject"]);
  await put(identityKeys.group(customer, "staff"), { ...group, ...holder({}) });
  t.deepEqual(rights(), []);
  await put(identityKeys.user(customer, "ann"), user("ann", { role: "admin" }));
  t.deepEqual(rights(), ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]);
  t.true(find("AKANN")?.principal.isUnbounded);
  const boundary = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
  await put(identityKeys.user(customer, "ann"), user("ann", { role: "admin", boundary }));
  t.deepEqual(rights(), ["s3:GetObject"]);
  t.false(find("AKANN")?.principal.isUnbounded);
  await remove(identityKeys.user(customer, "ann"));
  t.deepEqual(rights(), []);
});

test("a policy that is missing or cannot be read leaves no rights: it may have denied something", async (t) => {
  const { find, put, user } = await open(t);
  const all = "arn:aws:iam::aws:policy/AdministratorAccess";
  for (const broken of [
    { attached: [all, `arn:aws:iam::${customer}:policy/gone`] },
    { attached: [all, "arn:aws:iam::aws:policy/Unheard"] },
    { attached: [all, "nonsense"] },
    { attached: [all], inline: ["gone"] },
    { attached: [all], inline: ["broken"] },
  ]) {
    await put(identityKeys.inline("user", customer, "ann", "broken"), {
      document: '{"Statement":[{"Effect":"Maybe"}]}',
    });
    await put(identityKeys.user(customer, "ann"), user("ann", broken));
    t.false(may(find("AKANN")?.principal, "s3:GetObject"), JSON.stringify(broken));
  }
  await put(identityKeys.user(customer, "ann"), user("ann", { attached: [all] }));
  t.true(may(find("AKANN")?.principal, "s3:GetObject"));
});

const claims = (more: Partial<TemporaryClaims>): TemporaryClaims => ({
  principal: { accountId: customer, kind: "user", name: "ann", id: "TRPUann", sessionName: null, source: null },
  sessionPolicy: null,
  sessionPolicyArns: [],
  expiresMs: 1_000_000 + hour,
  sessionId: null,
  parentAccessKeyId: null,
  mfa: false,
  ...more,
});

test("temporary credentials are their user's, within the session's policies, until they expire", async (t) => {
  const { find, put, user, clock, temporary } = await open(t);
  await put(identityKeys.user(customer, "ann"), user("ann", { role: "admin" }));
  const issued = temporary.issue(claims({ sessionPolicy: allow("s3:GetObject"), mfa: true }));
  const found = find(issued.accessKeyId, issued.sessionToken);
  t.is(found?.secretAccessKey, issued.secretAccessKey);
  t.like(found?.principal, { name: "ann", isUnbounded: false, temporary: { mfa: true, issuedMs: clock.nowMs() } });
  t.true(may(found?.principal, "s3:GetObject"));
  t.false(may(found?.principal, "s3:PutObject"));
  t.is(find(issued.accessKeyId, issued.sessionToken), found);
  t.is(find(issued.accessKeyId), undefined, "without the token there is no such key");
  t.throws(() => find("AKANN", issued.sessionToken), { instanceOf: TemporaryCredentialsError });
  clock.advance(hour);
  t.throws(() => find(issued.accessKeyId, issued.sessionToken), { instanceOf: TemporaryCredentialsError });
});

test("temporary credentials die with the key, the session, the user and the role they come from", async (t) => {
  const { find, put, remove, user, key, temporary } = await open(t);
  const session = { stage: "complete", accountId: customer, userName: "ann" };
  const role = (roleId: string) => ({
    accountId: customer,
    name: "reader",
    roleId,
    path: "/",
    description: null,
    trustPolicy: "{}",
    boundary: null,
    maxSessionSeconds: 3600,
    tags: [],
    createdMs: 0,
    ...holder({ attached: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"] }),
  });
  await put(identityKeys.session("hash"), session);
  await put(identityKeys.role(customer, "reader"), role("R1"));
  const asRole = {
    accountId: customer,
    kind: "role",
    name: "reader",
    id: "R1",
    sessionName: "job",
    source: null,
  } as const;
  for (const [given, end] of [
    [
      { parentAccessKeyId: "AKANN" },
      () => put(identityKeys.accessKey("AKANN"), key("AKANN", "ann", { status: "Inactive" })),
    ],
    [{ sessionId: "hash" }, () => put(identityKeys.session("hash"), { ...session, stage: "password" })],
    [{ sessionId: "hash2" }, () => remove(identityKeys.session("hash2"))],
    [{ principal: asRole }, () => put(identityKeys.role(customer, "reader"), role("R2"))],
    [{}, () => put(identityKeys.user(customer, "ann"), user("ann", { userId: "another" }))],
  ] as const) {
    await put(identityKeys.session("hash2"), session);
    const issued = temporary.issue(claims(given));
    const found = find(issued.accessKeyId, issued.sessionToken);
    t.truthy(found, JSON.stringify(given));
    await end();
    t.is(find(issued.accessKeyId, issued.sessionToken), undefined, JSON.stringify(given));
  }
  const issued = temporary.issue(claims({ principal: { ...asRole, id: "R2" } }));
  const found = find(issued.accessKeyId, issued.sessionToken)?.principal;
  t.like(found, { role: "session", name: "reader", userName: null });
  t.is(
    found?.identity.kind === "role-session" && found.identity.arn,
    `arn:aws:sts::${customer}:assumed-role/reader/job`,
  );
  t.true(may(found, "s3:GetObject"));
  t.false(may(found, "s3:PutObject"));
});
