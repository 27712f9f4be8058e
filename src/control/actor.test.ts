import test, { type ExecutionContext } from "ava";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import { s3Errors } from "../s3/errors.ts";
import { ControlActor, type ControlActorOptions } from "./actor.ts";
import { EmbeddedControlStore } from "./embedded-store.ts";
import { createControlMemory } from "./environment.ts";
import { keyHolder } from "./fixtures/key-holder.ts";
import { identityKeys } from "./identity-records.ts";
import type { IdentityAccount, IdentityBehaviour, Passwords } from "./messages.ts";
import { ControlReader } from "./reader.ts";
import { ringSecretBox } from "./secret-box.ts";
import type { ControlStore } from "./store.ts";

const one: IdentityAccount = {
  accountId: "111111111111",
  canonicalId: "c1",
  displayName: "one",
  kind: "customer",
  root: { email: "root@one", keys: [{ accessKeyId: "AKROOT1", secretAccessKey: "root-secret" }] },
};
const two: IdentityAccount = { ...one, accountId: "222222222222", canonicalId: "c2", root: { email: "root@two" } };

/** Marks what was hashed; counts how often. */
function countingPasswords(): Passwords & { hashes: number } {
  return {
    hashes: 0,
    async hash(password) {
      this.hashes += 1;
      return `hash ${this.hashes} of ${password}`;
    },
    matches: async (password, hash) => hash.endsWith(` of ${password}`),
  };
}

/** No test of this file sends one of its messages. */
const identities = {} as IdentityBehaviour;

async function open(t: ExecutionContext, given: Pick<ControlActorOptions, "bucketsPerAccountMax"> = {}) {
  const environment = createControlMemory();
  const clock = new ManualClock();
  const store: ControlStore = new EmbeddedControlStore({ environment, clock, random: systemRandom });
  t.teardown(() => store.close());
  const passwords = countingPasswords();
  const secrets = ringSecretBox(KeyRing.inMemory(systemRandom));
  const ports = { store, clock, random: systemRandom, passwords, secrets, identities };
  const options: ControlActorOptions = { ...ports, partitions: 4, log: silentLog, ...given };
  const actor = await ControlActor.open(options);
  const applied = await actor.handle("identities.apply", { document: { accounts: [one, two] } });
  t.true(applied.ok);
  const reader = new ControlReader(environment.snapshot());
  const holder = (accessKeyId: string) => keyHolder(reader, secrets, accessKeyId);
  return { store, actor, reader, holder, passwords, options, clock };
}

async function create(actor: ControlActor, name: string, accountId = one.accountId, location: string | null = null) {
  const outcome = await actor.handle("bucket.create", { name, accountId, location });
  return outcome.ok ? outcome.value : outcome.code;
}

test("a bucket is made with random ids, and both its records", async (t) => {
  const { actor, reader, clock } = await open(t);
  const made = await create(actor, "b", one.accountId, "eu-west-3");
  if (typeof made === "string") return t.fail(made);
  const { record } = made;
  t.true(made.created);
  t.regex(record.id, /^[0-9a-f]{32}$/);
  t.is(record.addressKey.length, 32);
  t.like(record, {
    name: "b",
    accountId: one.accountId,
    location: "eu-west-3",
    state: "live",
    createdMs: clock.nowMs(),
  });
  reader.refresh();
  t.deepEqual(reader.bucket("b"), record);
  t.deepEqual(reader.bucketsOf(one.accountId, "", "", 10), [record]);
  const other = await create(actor, "c");
  if (typeof other === "string") return t.fail(other);
  t.notDeepEqual(other.record.addressKey, record.addressKey);
  t.not(other.record.id, record.id);
});

test("a name that is taken is refused as S3 says, by owner, location and state", async (t) => {
  const { actor } = await open(t);
  await create(actor, "b", one.accountId, "eu");
  t.is(await create(actor, "b", two.accountId), "BucketAlreadyExists");
  t.is(await create(actor, "b", one.accountId, null), "BucketAlreadyOwnedByYou");
  t.is(await create(actor, "b", one.accountId, "eu"), "BucketAlreadyOwnedByYou");
  await create(actor, "default", one.accountId, null);
  t.like(await create(actor, "default", one.accountId, null), { created: false, record: { name: "default" } });
  await actor.handle("bucket.markDeleting", { name: "b", jobId: null });
  t.is(await create(actor, "b", one.accountId, "eu"), "OperationAborted");
  t.is(await create(actor, "b", two.accountId, "eu"), "BucketAlreadyExists");
  t.is(await create(actor, "new", "999999999999"), "AccessDenied");
});

test("a race for a name has one winner", async (t) => {
  const { actor, reader } = await open(t);
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => create(actor, "b", index % 2 === 0 ? one.accountId : two.accountId)),
  );
  t.is(answers.filter((answer) => typeof answer !== "string" && answer.created).length, 1);
  reader.refresh();
  const owner = reader.bucket("b")?.accountId ?? "";
  const loser = owner === one.accountId ? two.accountId : one.accountId;
  t.deepEqual(reader.bucketsOf(loser, "", "", 10), []);
  t.is(answers.filter((answer) => answer === "BucketAlreadyExists").length, 20);
});

test("buckets spread evenly over the partitions, also after a restart and deletions", async (t) => {
  const { actor, reader, options } = await open(t);
  const spread = () => {
    reader.refresh();
    const counts = [0, 0, 0, 0];
    for (const { partition } of reader.bucketsOf(one.accountId, "", "", 100))
      counts[partition] = (counts[partition] ?? 0) + 1;
    return counts;
  };
  await Promise.all(Array.from({ length: 18 }, (_, index) => create(actor, `b${index}`)));
  t.deepEqual(spread().sort(), [4, 4, 5, 5]);
  reader.refresh();
  const crowded = reader.bucketsOf(one.accountId, "", "", 100).filter((record) => record.partition === 2);
  for (const { name } of crowded) {
    await actor.handle("bucket.markDeleting", { name, jobId: null });
    await actor.handle("bucket.deleted", { name });
  }
  t.is(spread()[2], 0);
  const again = await ControlActor.open(options);
  for (let index = 0; index < crowded.length; index++) await create(again, `again${index}`);
  t.is(spread()[2], crowded.length);
});

test("an account has a limited number of buckets, also when they are made at once", async (t) => {
  const { actor, options } = await open(t, { bucketsPerAccountMax: 3 });
  const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => create(actor, `b${index}`)));
  t.is(answers.filter((answer) => answer === "TooManyBuckets").length, 3);
  t.like(await create(actor, "other", two.accountId), { created: true });
  const again = await ControlActor.open(options);
  t.is(await create(again, "b7"), "TooManyBuckets");
  const name = `b${answers.findIndex((answer) => typeof answer !== "string")}`;
  await again.handle("bucket.markDeleting", { name, jobId: null });
  t.is(await create(again, "b7"), "TooManyBuckets");
  await again.handle("bucket.deleted", { name });
  t.like(await create(again, "b7"), { created: true });
});

test("deletion goes through its states, is repeatable, and is pending across a restart", async (t) => {
  const { actor, reader, options } = await open(t);
  const made = await create(actor, "b");
  await create(actor, "a");
  t.like(await actor.handle("bucket.deleted", { name: "b" }), { ok: false, code: "OperationAborted" });
  t.like(await actor.handle("bucket.markDeleting", { name: "none", jobId: null }), { ok: false, code: "NoSuchBucket" });
  t.like(await actor.handle("bucket.restore", { name: "none" }), { ok: false, code: "NoSuchBucket" });
  t.like(await actor.handle("bucket.deleted", { name: "none" }), { ok: true });
  t.deepEqual(actor.pendingDeletions(), []);
  for (const name of ["b", "a", "b"]) t.true((await actor.handle("bucket.markDeleting", { name, jobId: null })).ok);
  reader.refresh();
  t.is(reader.bucket("b")?.state, "deleting");
  const again = await ControlActor.open(options);
  t.deepEqual(
    again.pendingDeletions().map((record) => record.name),
    ["a", "b"],
  );
  t.true((await again.handle("bucket.restore", { name: "a" })).ok);
  t.true((await again.handle("bucket.restore", { name: "a" })).ok);
  t.true((await again.handle("bucket.deleted", { name: "b" })).ok);
  t.true((await again.handle("bucket.deleted", { name: "b" })).ok);
  t.deepEqual(again.pendingDeletions(), []);
  reader.refresh();
  t.is(reader.bucket("a")?.state, "live");
  t.is(reader.bucket("b"), undefined);
  t.deepEqual(
    reader.bucketsOf(one.accountId, "", "", 10).map((record) => record.name),
    ["a"],
  );
  const remade = await create(again, "b", two.accountId);
  if (typeof made === "string" || typeof remade === "string") return t.fail();
  t.not(remade.record.id, made.record.id);
});

test("every code that is answered is a row of the error table", async (t) => {
  const { actor, store } = await open(t);
  await store.close();
  const outcome = await actor.handle("bucket.create", { name: "b", accountId: one.accountId, location: null });
  t.like(outcome, { ok: false, code: "ServiceUnavailable" });
  for (const code of ["AccessDenied", "BucketAlreadyExists", "OperationAborted", "TooManyBuckets", "InvalidArgument"]) {
    t.true(code in s3Errors, code);
  }
});

test("applying the same identities again writes nothing", async (t) => {
  const { actor, store, passwords } = await open(t);
  const account: IdentityAccount = {
    ...one,
    root: { ...one.root, password: "root password" },
    users: [
      {
        name: "ann",
        email: "ann@one",
        role: "user",
        password: "ann password",
        policies: [
          "AdministratorAccess",
          { Version: "2012-10-17", Statement: [{ Effect: "Allow", Nested: [1, null] }] },
        ],
        keys: [{ accessKeyId: "AKANN", secretAccessKey: "ann-secret" }],
      },
    ],
  };
  const document = { accounts: [account, two] };
  t.true((await actor.handle("identities.apply", { document })).ok);
  const revision = await store.revision();
  t.is(passwords.hashes, 2);
  t.true((await actor.handle("identities.apply", { document: structuredClone(document) })).ok);
  t.is(await store.revision(), revision);
  t.is(passwords.hashes, 2);
});

test("identities add and update, and never take away what they do not say", async (t) => {
  const { actor, store, reader, holder } = await open(t);
  const user = { name: "ann", email: "ann@one", role: "user" as const };
  const keys = [{ accessKeyId: "AKANN", secretAccessKey: "ann-secret" }];
  const apply = async (account: IdentityAccount) => {
    t.true((await actor.handle("identities.apply", { document: { accounts: [account] } })).ok);
    reader.refresh();
  };
  await apply({ ...one, users: [{ ...user, password: "first", keys }] });
  const before = holder("AKANN");
  t.is(before?.user.passwordHash, "hash 1 of first");
  await apply({ ...one, displayName: "renamed", users: [{ ...user, role: "admin" }] });
  const after = holder("AKANN");
  t.is(after?.account.displayName, "renamed");
  t.is(after?.user.role, "admin");
  t.is(after?.user.passwordHash, "hash 1 of first");
  t.is(after?.user.createdMs, before?.user.createdMs);
  await apply({
    ...one,
    users: [{ ...user, password: "second", keys: [{ accessKeyId: "AKANN", secretAccessKey: "changed" }] }],
  });
  t.is(holder("AKANN")?.secretAccessKey, "changed");
  t.is(holder("AKANN")?.user.passwordHash, "hash 2 of second");
  await apply(one);
  t.not(holder("AKANN"), undefined);
  const record = await store.get(identityKeys.accessKey("AKANN"));
  t.truthy(record);
  t.is(reader.accountOfCanonicalId("c1")?.accountId, one.accountId);
});

test("identities that clash with the store are refused whole, with every clash", async (t) => {
  const { actor, store } = await open(t);
  const revision = await store.revision();
  const fresh: IdentityAccount = {
    ...one,
    accountId: "333333333333",
    canonicalId: "c1",
    parent: "444444444444",
    root: { email: "root@three", keys: [{ accessKeyId: "AKROOT1", secretAccessKey: "mine-now" }] },
  };
  const document = { accounts: [{ ...two, displayName: "new", canonicalId: "c9", parent: one.accountId }, fresh] };
  const outcome = await actor.handle("identities.apply", { document });
  if (outcome.ok) return t.fail();
  t.is(outcome.code, "InvalidArgument");
  t.deepEqual(Object.values(outcome.detail), [
    "/accounts/0/canonicalId: account 222222222222 has another, and it never changes",
    "/accounts/0/parent: a customer has no accounts below it",
    "/accounts/1/canonicalId: belongs to account 111111111111",
    "/accounts/1/parent: there is no account 444444444444",
    "/accounts/1/root/keys/0: the access key belongs to account 111111111111",
  ]);
  t.is(await store.revision(), revision);
});

test("an account with more users than fit one transaction is applied", async (t) => {
  const { actor, reader, holder } = await open(t);
  const users = Array.from({ length: 150 }, (_, index) => ({
    name: `u${index}`,
    email: `u${index}@one`,
    role: "user" as const,
    keys: [{ accessKeyId: `AKU${index}`, secretAccessKey: "user-secret" }],
  }));
  t.true((await actor.handle("identities.apply", { document: { accounts: [{ ...one, users }] } })).ok);
  reader.refresh();
  t.is(holder("AKU149")?.user.name, "u149");
});
