import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import { ChangeMarks } from "../storage/change-marks.ts";
import { EmbeddedControlStore } from "./embedded-store.ts";
import { createControlMemory, openControlEnvironment, openControlSnapshot } from "./environment.ts";
import { keyHolder } from "./fixtures/key-holder.ts";
import {
  type AccessKeyRecord,
  type AccountRecord,
  identityKeys,
  newAccount,
  newUser,
  type UserRecord,
} from "./identity-records.ts";
import { ControlReader } from "./reader.ts";
import type { ControlSnapshot } from "./record-rows.ts";
import { type BucketRecord, controlKeys } from "./records.ts";
import { ringSecretBox, secretPlaces } from "./secret-box.ts";
import { putTyped } from "./typed-records.ts";

const secrets = ringSecretBox(KeyRing.inMemory(systemRandom));
const sealed = (secret: string) => secrets.seal(secret, secretPlaces.accessKey("AKANN"));
const account: AccountRecord = newAccount({
  accountId: "111111111111",
  canonicalId: "c1",
  displayName: "one",
  kind: "customer",
  parent: null,
  createdMs: 1,
});
const user: UserRecord = newUser({
  accountId: account.accountId,
  name: "ann",
  userId: "TRPUAAAAAAAAAAAAAAAA",
  email: "ann@example.com",
  role: "user",
  status: "active",
  createdMs: 1,
});
const key: AccessKeyRecord = {
  accessKeyId: "AKANN",
  sealedSecret: sealed("secret"),
  accountId: account.accountId,
  userName: "ann",
  status: "Active",
  createdMs: 1,
};

function bucket(name: string, accountId = account.accountId): BucketRecord {
  const id = bucketId("0123456789abcdef".repeat(2));
  return {
    name,
    id,
    accountId,
    partition: 0,
    addressKey: Buffer.alloc(32, 5),
    location: null,
    state: "live",
    createdMs: 1,
  };
}

const putAccount = (record: AccountRecord) => putTyped(identityKeys.account(record.accountId), record);
const putUser = (record: UserRecord) => putTyped(identityKeys.user(record.accountId, record.name), record);
const putKey = (record: AccessKeyRecord) => putTyped(identityKeys.accessKey(record.accessKeyId), record);
const putBucket = (record: BucketRecord) => [
  putTyped(controlKeys.bucket(record.name), record),
  putTyped(controlKeys.ownedBucket(record.accountId, record.name), {}),
];

function open(t: ExecutionContext) {
  const environment = createControlMemory();
  const counted = { gets: 0 };
  const inner = environment.snapshot();
  const { records } = inner.trees;
  const snapshot: ControlSnapshot = {
    ...inner,
    trees: {
      ...inner.trees,
      records: {
        get: (bytes) => {
          counted.gets += 1;
          return records.get(bytes);
        },
        peek: (bytes, use) => {
          counted.gets += 1;
          return records.peek(bytes, use);
        },
        range: (range) => records.range(range),
        visit: (range, use) => records.visit(range, use),
        keys: (range) => records.keys(range),
      },
    },
  };
  const store = new EmbeddedControlStore({ environment, clock: systemClock, random: systemRandom });
  const reader = new ControlReader(snapshot);
  t.teardown(() => store.close());
  return { store, reader, counted };
}

test("changes hold at the next refresh, each of them", async (t) => {
  const { store, reader } = open(t);
  const now = () => {
    reader.refresh();
    return reader.user(account.accountId, "ann")?.role;
  };
  t.is(now(), undefined);
  await store.txn([], [putAccount(account), putUser(user)]);
  t.is(now(), user.role);
  await store.txn([], [putUser({ ...user, role: "admin" })]);
  t.is(now(), "admin");
  await store.txn([], [{ kind: "remove", key: identityKeys.user(account.accountId, "ann") }]);
  t.is(now(), undefined);
  for (const key of ["\0", "x".repeat(5000)]) t.is(reader.record(key), undefined);
});

test("an account is in force while it and all above it are active", async (t) => {
  const { store, reader } = open(t);
  const reseller: AccountRecord = { ...account, accountId: "222222222222", kind: "reseller" };
  const child: AccountRecord = { ...account, parent: reseller.accountId };
  const isInForce = () => {
    reader.refresh();
    return reader.isAccountInForce(child);
  };
  await store.txn([], [putAccount(reseller)]);
  t.true(isInForce());
  await store.txn([], [putAccount({ ...reseller, status: "suspended" })]);
  t.false(isInForce());
  await store.txn([], [{ kind: "remove", key: identityKeys.account(reseller.accountId) }]);
  t.false(isInForce());
  t.true(reader.isAccountInForce(account));
  t.false(reader.isAccountInForce({ ...account, status: "suspended" }));
});

test("what is decoded is kept while its revision stands", async (t) => {
  const { store, reader, counted } = open(t);
  await store.txn([], [putAccount(account), putUser(user), putKey(key), ...putBucket(bucket("b"))]);
  reader.refresh();
  const held = reader.record(identityKeys.accessKey("AKANN"));
  const record = reader.bucket("b");
  counted.gets = 0;
  reader.refresh();
  t.is(reader.record(identityKeys.accessKey("AKANN")), held);
  t.is(reader.bucket("b"), record);
  t.is(counted.gets, 0);
  await store.txn([], putBucket(bucket("other")));
  reader.refresh();
  t.is(reader.record(identityKeys.accessKey("AKANN")), held);
  t.is(reader.bucket("b"), record);
  t.is(counted.gets, 0, "neither has changed");
  await store.txn([], [putKey(key)]);
  reader.refresh();
  t.not(reader.record(identityKeys.accessKey("AKANN")), held);
  t.is(reader.bucket("b"), record);
  t.is(counted.gets, 2, "the head of what changed, and the record");
});

test("what one reader alone keeps is read anew, and its stamp stands until the record changes", async (t) => {
  const { store, reader, counted } = open(t);
  const place = identityKeys.accessKey("AKANN");
  await store.txn([], [putKey(key)]);
  reader.refresh();
  const { moment } = reader;
  const first = reader.once<AccessKeyRecord>(place);
  t.is(first.value?.userName, "ann");
  t.not(reader.once(place).value, first.value);
  const absent = reader.once(identityKeys.accessKey("AKNONE"));
  t.is(absent.value, undefined);
  counted.gets = 0;
  reader.refresh();
  t.is(reader.moment, moment);
  t.true(reader.stands(first.stamp));
  t.true(reader.stands(absent.stamp));
  t.is(counted.gets, 0, "nothing has changed");
  await store.txn([], putBucket(bucket("other")));
  reader.refresh();
  t.not(reader.moment, moment);
  for (let time = 0; time < 2; time++) {
    t.true(reader.stands(first.stamp));
    t.true(reader.stands(absent.stamp));
  }
  t.is(counted.gets, 0, "another has changed");
  await store.txn([], [putKey({ ...key, status: "Inactive" }), putKey({ ...key, accessKeyId: "AKNONE" })]);
  reader.refresh();
  t.false(reader.stands(first.stamp));
  t.false(reader.stands(absent.stamp));
  const second = reader.once(place);
  await store.txn([], [{ kind: "remove", key: place }]);
  reader.refresh();
  t.false(reader.stands(second.stamp));
  await store.txn([], [putKey({ ...key, status: "Inactive" })]);
  reader.refresh();
  t.false(reader.stands(second.stamp), "made anew, though with the same content");
  t.true(reader.stands(reader.once("x".repeat(5000)).stamp));
});

test("more changes than a reader remembers, or than the log keeps, cost a look at each record", async (t) => {
  const environment = createControlMemory();
  const store = new EmbeddedControlStore({
    environment,
    clock: systemClock,
    random: systemRandom,
    logRevisionsMax: 10,
  });
  const reader = new ControlReader(environment.snapshot());
  t.teardown(() => store.close());
  const put = (userName: string) => store.txn([], [putKey({ ...key, userName })]);
  const change = async (count: number) => {
    for (let at = 0; at < count; at++) await store.txn([], putBucket(bucket(`other-${at % 10}`)));
  };
  const perRefresh = limits.controlListMax;
  const cases = [
    { between: 5, refreshEvery: 1 },
    { between: 30, refreshEvery: 30 },
    { between: perRefresh, refreshEvery: perRefresh },
    { between: limits.controlChangesKept + 10, refreshEvery: 5 },
  ];
  for (const [round, { between, refreshEvery }] of cases.entries()) {
    for (const isChanged of [false, true]) {
      await put(`user-${round}`);
      reader.refresh();
      const { stamp } = reader.once(identityKeys.accessKey("AKANN"));
      if (isChanged) await put("somebody else");
      for (let done = 0; done < between; done += refreshEvery) {
        await change(refreshEvery);
        reader.refresh();
      }
      t.is(reader.stands(stamp), !isChanged, `${between} changes, a refresh after each ${refreshEvery}`);
    }
  }
});

test("what many look at is one object with one stamp", async (t) => {
  const { store, reader } = open(t);
  const place = identityKeys.account(account.accountId);
  await store.txn([], [putAccount(account)]);
  reader.refresh();
  const first = reader.shared(place);
  t.is(reader.shared(place), first);
  t.is(reader.record(place), first.value);
  await store.txn([], [putAccount({ ...account, status: "suspended" })]);
  reader.refresh();
  t.false(reader.stands(first.stamp));
  t.like(reader.shared<AccountRecord>(place).value, { status: "suspended" });
  const absent = reader.shared(identityKeys.account("999999999999"));
  t.is(absent.value, undefined);
  t.true(reader.stands(absent.stamp));
});

test("the buckets of an account come in name order, by prefix and page, and no others", async (t) => {
  const { store, reader } = open(t);
  const names = ["logs-1", "logs-2", "a", "zz", "logs"];
  await store.txn([], [putAccount(account), ...names.flatMap((name) => putBucket(bucket(name)))]);
  await store.txn([], [...putBucket(bucket("foreign", "111111111112")), ...putBucket(bucket("logs-0", "11111111111"))]);
  reader.refresh();
  const list = (prefix: string, after: string, limit: number) =>
    reader.bucketsOf(account.accountId, prefix, after, limit).map((record) => record.name);
  t.deepEqual(list("", "", limits.bucketsPerAccountMax + 1), ["a", "logs", "logs-1", "logs-2", "zz"]);
  t.deepEqual(list("logs", "", 2), ["logs", "logs-1"]);
  t.deepEqual(list("logs", "logs-1", 2), ["logs-2"]);
  t.deepEqual(list("", "logs-2", 100), ["zz"]);
  t.deepEqual(list("nothing", "", 100), []);
  t.deepEqual(list("\0", "", 100), []);
});

test("a bucket's record comes back as it was stored", async (t) => {
  const { store, reader } = open(t);
  await store.txn([], putBucket(bucket("b")));
  reader.refresh();
  t.deepEqual(reader.bucket("b"), bucket("b"));
  t.is(reader.bucket("none"), undefined);
});

test("reading before the first refresh is a mistake", (t) => {
  const { reader } = open(t);
  t.throws(() => reader.bucket("b"), { message: /refresh/ });
});

test("a reader on LMDB sees each acknowledged commit at its next refresh", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-reader-"));
  const mark = ChangeMarks.create(1).control;
  const environment = openControlEnvironment({
    directory,
    clock: systemClock,
    onFatal: (error) => {
      throw error;
    },
    mark,
  });
  const store = new EmbeddedControlStore({ environment, clock: systemClock, random: systemRandom });
  const reader = new ControlReader(openControlSnapshot({ directory }), mark);
  t.teardown(async () => {
    await reader.close();
    await store.close();
    rmSync(directory, { recursive: true });
  });
  await store.txn([], [putAccount(account), putUser(user)]);
  let stale = 0;
  for (let round = 0; round < 200; round++) {
    await store.txn([], [putKey({ ...key, sealedSecret: sealed(`secret-${round}`) })]);
    reader.refresh();
    if (keyHolder(reader, secrets, "AKANN")?.secretAccessKey !== `secret-${round}`) stale += 1;
  }
  t.is(stale, 0);
});

test("keys come in either order, page by page, and never from outside their prefix", async (t) => {
  const environment = createControlMemory();
  const store = new EmbeddedControlStore({ environment, clock: systemClock, random: systemRandom });
  t.teardown(() => store.close());
  const names = ["a/", "a/1", "a/2", "a/21", "a/3", "a0", "a", "b/1"];
  await store.txn(
    [],
    names.map((name) => putTyped(name, {})),
  );
  const reader = new ControlReader(environment.snapshot());
  reader.refresh();
  const walk = (order: "up" | "down", prefix: string): string[] => {
    const found: string[] = [];
    for (let after = ""; ; ) {
      const page = reader.keys(prefix, after, 2, order);
      found.push(...page);
      if (page.length < 2) return found;
      after = page.at(-1) ?? "";
    }
  };
  t.deepEqual(walk("up", "a/"), ["a/", "a/1", "a/2", "a/21", "a/3"]);
  t.deepEqual(walk("down", "a/"), ["a/3", "a/21", "a/2", "a/1"], "what is the prefix itself has no name");
  t.deepEqual(reader.keys("a/", "a/21", 10, "down"), ["a/2", "a/1"]);
  t.deepEqual(reader.keys("a/", "a/25", 1, "down"), ["a/21"], "a place between keys");
  t.deepEqual(reader.keys("c/", "", 10, "down"), []);
});
