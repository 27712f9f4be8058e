/** What is kept of access keys is never seen: after any changes of records each answer is the one of somebody who keeps nothing. */

import test from "ava";
import fc from "fast-check";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { systemRandom } from "../base/random.ts";
import { EmbeddedControlStore } from "../control/embedded-store.ts";
import { createControlMemory } from "../control/environment.ts";
import { identityKeys, newAccount, newUser } from "../control/identity-records.ts";
import { ControlReader } from "../control/reader.ts";
import { ringSecretBox, secretPlaces } from "../control/secret-box.ts";
import { putTyped } from "../control/typed-records.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import { evaluate } from "../policy/evaluate.ts";
import { Principals } from "./principals.ts";
import { TemporaryCredentials } from "./temporary-credentials.ts";

const accounts = ["300000000000", "300000000001"] as const;
const names = ["ann", "bob"] as const;
const keyIds = ["AK0", "AK1", "AK2", "AK3"] as const;
const ownPolicy = `arn:aws:iam::${accounts[0]}:policy/own`;
const readOnly = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

/** Each names its record by small numbers, so that changes meet. */
const change = fc.oneof(
  fc.record({
    kind: fc.constant("key" as const),
    key: fc.constantFrom(...keyIds),
    user: fc.constantFrom(...names),
    account: fc.constantFrom(...accounts),
    status: fc.constantFrom("Active" as const, "Inactive" as const),
    secret: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("user" as const),
    user: fc.constantFrom(...names),
    account: fc.constantFrom(...accounts),
    status: fc.constantFrom("active" as const, "disabled" as const),
    attached: fc.constantFrom([], [readOnly], [ownPolicy]),
    inline: fc.constantFrom([], ["p"]),
    groups: fc.constantFrom([], ["staff"]),
  }),
  fc.record({
    kind: fc.constant("account" as const),
    account: fc.constantFrom(...accounts),
    status: fc.constantFrom("active" as const, "suspended" as const),
  }),
  fc.record({
    kind: fc.constant("policy" as const),
    place: fc.nat(2),
    action: fc.constantFrom("s3:GetObject", "s3:*"),
  }),
  fc.record({ kind: fc.constant("remove" as const), place: fc.nat(10) }),
  fc.record({ kind: fc.constant("elsewhere" as const) }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const policyPlaces = [
  identityKeys.inline("user", accounts[0], "ann", "p"),
  identityKeys.policy(accounts[0], "own"),
  identityKeys.group(accounts[0], "staff"),
] as const;
const places = [
  ...keyIds.map(identityKeys.accessKey),
  ...accounts.flatMap((account) => names.map((name) => identityKeys.user(account, name))),
  ...policyPlaces,
];

async function open() {
  const environment = createControlMemory();
  const clock = new ManualClock();
  const store = new EmbeddedControlStore({ environment, clock, random: systemRandom });
  const keyRing = KeyRing.inMemory(systemRandom);
  const secrets = ringSecretBox(keyRing);
  const temporary = new TemporaryCredentials({ keyRing, clock, random: systemRandom });
  const make = (keptBytesMax: number) => {
    const reader = new ControlReader(environment.snapshot());
    const principals = new Principals({ records: reader, secrets, temporary, clock, keptBytesMax });
    return (key: string) => {
      reader.refresh();
      return principals.credential(key, null);
    };
  };
  const operationOf = (each: Change) => {
    if (each.kind === "elsewhere") return putTyped(identityKeys.account("900000000000"), {});
    if (each.kind === "remove") return { kind: "remove", key: places[each.place] ?? "" } as const;
    if (each.kind === "policy") return putPolicy(each.place, each.action);
    const accountId = each.account;
    if (each.kind === "account") {
      const base = { accountId, canonicalId: accountId, displayName: "", kind: "customer", parent: null } as const;
      const { status } = each;
      return putTyped(identityKeys.account(accountId), { ...newAccount({ ...base, createdMs: 0 }), status });
    }
    if (each.kind === "user") {
      const { user: name, status, attached, inline, groups } = each;
      const user = newUser({ accountId, name, userId: name, email: null, role: "user", status, createdMs: 0 });
      return putTyped(identityKeys.user(accountId, name), { ...user, attached, inline, groups });
    }
    const { key: accessKeyId, user: userName, status } = each;
    const sealedSecret = secrets.seal(`secret ${each.secret}`, secretPlaces.accessKey(accessKeyId));
    const record = { accessKeyId, sealedSecret, accountId, userName, status, createdMs: 0 };
    return putTyped(identityKeys.accessKey(accessKeyId), record);
  };
  const [account] = accounts;
  const started: readonly Change[] = [
    ...accounts.map((each) => ({ kind: "account", account: each, status: "active" }) as const),
    { kind: "user", user: "ann", account, status: "active", attached: [], inline: ["p"], groups: ["staff"] },
    { kind: "user", user: "bob", account, status: "active", attached: [ownPolicy], inline: [], groups: [] },
    { kind: "key", key: "AK0", account, user: "ann", status: "Active", secret: 0 },
    { kind: "key", key: "AK1", account, user: "bob", status: "Active", secret: 0 },
  ];
  await store.txn([], started.map(operationOf));
  return { store, make, operationOf };
}

function putPolicy(place: number, Action: string) {
  const document = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
  const [inline, managed, group] = policyPlaces;
  if (place === 0) return putTyped(inline, { document });
  if (place === 1) return putTyped(managed, { defaultVersion: "v1", versions: [{ id: "v1", document, createdMs: 0 }] });
  return putTyped(group, { accountId: accounts[0], name: "staff", path: "/", attached: [readOnly], inline: [] });
}

/** What a request is judged by. */
function shown(found: ReturnType<Principals["credential"]>): string {
  if (found === undefined) return "none";
  const { principal, secretAccessKey } = found;
  const { name, account, identity, policies } = principal;
  const effects = ["s3:GetObject", "s3:PutObject"].map((action) => {
    const sets = { identity: policies, boundary: null, session: null, resource: null };
    const request = { action, resource: "arn:aws:s3:::b/k", principal: identity, context: () => undefined };
    return evaluate(request, { ...sets, resourceAccountId: account.accountId }).effect;
  });
  return JSON.stringify([secretAccessKey, name, account, identity, effects]);
}

test("answers are those of records as they are, however little or much is kept", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), async (changes) => {
      const { store, make, operationOf } = await open();
      const keeping = [make(2), make(5000), make(1_000_000)];
      for (const each of changes) {
        await store.txn([], [operationOf(each)]);
        const keepsNothing = make(2);
        for (const key of keyIds) {
          const expected = shown(keepsNothing(key));
          if (keeping.some((find) => shown(find(key)) !== expected)) return false;
        }
      }
      await store.close();
      return true;
    }),
    { numRuns: 150 },
  );
  t.pass();
});
