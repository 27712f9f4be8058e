import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { EmbeddedControlStore } from "./embedded-store.ts";
import { createControlMemory, openControlEnvironment, openControlSnapshot } from "./environment.ts";
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
import { aesSecretBox, secretPlaces } from "./secret-box.ts";
import { putTyped } from "./typed-records.ts";

const secrets = aesSecretBox(systemRandom.bytes(32), systemRandom);
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
        peek: (bytes, use) => records.peek(bytes, use),
        range: (range) => records.range(range),
        visit: (range, use) => records.visit(range, use),
        keys: (range) => records.keys(range),
      },
    },
  };
  const store = new EmbeddedControlStore({ environment, clock: systemClock, random: systemRandom });
  const reader = new ControlReader(snapshot, secrets);
  t.teardown(() => store.close());
  return { store, reader, counted };
}

test("a principal has account, user and secret", async (t) => {
  const { store, reader } = open(t);
  await store.txn([], [putAccount(account), putUser(user), putKey(key)]);
  reader.refresh();
  t.deepEqual(reader.principal("AKANN"), {
    principal: { account, user, accessKeyId: "AKANN" },
    secretAccessKey: "secret",
  });
  t.is(reader.principal("AKNOBODY"), undefined);
  t.is(reader.principal("\0"), undefined);
  t.is(reader.principal("x".repeat(5000)), undefined);
});

test("changes hold at the next refresh, each of them", async (t) => {
  const { store, reader } = open(t);
  await store.txn([], [putAccount(account), putUser(user), putKey(key)]);
  const now = () => {
    reader.refresh();
    return reader.principal("AKANN");
  };
  t.is(now()?.secretAccessKey, "secret");
  await store.txn([], [putKey({ ...key, sealedSecret: sealed("other") })]);
  t.is(now()?.secretAccessKey, "other");
  await store.txn([], [putUser({ ...user, role: "admin" })]);
  t.is(now()?.principal.user.role, "admin");
  await store.txn([], [putAccount({ ...account, kind: "reseller" })]);
  t.is(now()?.principal.account.kind, "reseller");
  await store.txn([], [putKey({ ...key, status: "Inactive" })]);
  t.is(now(), undefined);
  await store.txn([], [putKey(key)]);
  t.is(now()?.secretAccessKey, "secret");
  await store.txn([], [{ kind: "remove", key: identityKeys.user(account.accountId, "ann") }]);
  t.is(now(), undefined);
  await store.txn([], [putUser(user)]);
  t.not(now(), undefined);
  await store.txn([], [putUser({ ...user, status: "disabled" })]);
  t.is(now(), undefined);
  await store.txn([], [putUser(user), putAccount({ ...account, status: "suspended" })]);
  t.is(now(), undefined);
  const reseller: AccountRecord = { ...account, accountId: "222222222222", kind: "reseller", status: "suspended" };
  await store.txn([], [putAccount(reseller), putAccount({ ...account, parent: reseller.accountId })]);
  t.is(now(), undefined);
  await store.txn([], [putAccount({ ...reseller, status: "active" })]);
  t.is(now()?.principal.account.parent, reseller.accountId);
  await store.txn([], [{ kind: "remove", key: identityKeys.account(reseller.accountId) }]);
  t.is(now(), undefined);
  await store.txn([], [putAccount(account)]);
  await store.txn([], [{ kind: "remove", key: identityKeys.accessKey("AKANN") }]);
  t.is(now(), undefined);
});

test("what is decoded is kept while its revision stands", async (t) => {
  const { store, reader, counted } = open(t);
  await store.txn([], [putAccount(account), putUser(user), putKey(key), ...putBucket(bucket("b"))]);
  reader.refresh();
  const credential = reader.principal("AKANN");
  const record = reader.bucket("b");
  counted.gets = 0;
  reader.refresh();
  t.is(reader.principal("AKANN"), credential);
  t.is(reader.bucket("b"), record);
  t.is(counted.gets, 0);
  await store.txn([], putBucket(bucket("other")));
  reader.refresh();
  t.is(reader.principal("AKANN"), credential);
  t.is(reader.bucket("b"), record);
  t.is(counted.gets, 4);
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
  const environment = openControlEnvironment({
    directory,
    clock: systemClock,
    onFatal: (error) => {
      throw error;
    },
  });
  const store = new EmbeddedControlStore({ environment, clock: systemClock, random: systemRandom });
  const reader = new ControlReader(openControlSnapshot({ directory }), secrets);
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
    if (reader.principal("AKANN")?.secretAccessKey !== `secret-${round}`) stale += 1;
  }
  t.is(stale, 0);
});
