import test, { type ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import { EmbeddedControlStore } from "./embedded-store.ts";
import { createControlMemory } from "./environment.ts";
import { keyHolder } from "./fixtures/key-holder.ts";
import { type AccountRecord, identityKeys, type UserRecord } from "./identity-records.ts";
import { upgradeIdentities } from "./identity-upgrade.ts";
import { ControlReader } from "./reader.ts";
import { ringSecretBox } from "./secret-box.ts";
import { putTyped } from "./typed-records.ts";

const accountId = "111111111111";
const document = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] };
const documents = Array.from({ length: 150 }, (_, index) => ({ ...document, Id: String(index) }));

async function open(t: ExecutionContext) {
  const memory = createControlMemory();
  const store = new EmbeddedControlStore({ environment: memory, clock: systemClock, random: systemRandom });
  t.teardown(() => store.close());
  const secrets = ringSecretBox(KeyRing.inMemory(systemRandom));
  await store.txn(
    [],
    [
      putTyped(identityKeys.account("000000000001"), {
        accountId: "000000000001",
        canonicalId: "c0",
        displayName: "op",
        kind: "operator",
        parent: null,
        createdMs: 4,
      }),
      putTyped(identityKeys.account(accountId), {
        accountId,
        canonicalId: "c1",
        displayName: "one",
        kind: "customer",
        parent: "000000000001",
        createdMs: 5,
      }),
      putTyped(identityKeys.user(accountId, "Ann B."), {
        accountId,
        name: "Ann B.",
        email: "Ann@One",
        role: "user",
        policies: ["AdministratorAccess", ...documents, "Unknown"],
        passwordHash: "$scrypt$…",
        createdMs: 6,
      }),
      putTyped(identityKeys.accessKey("AKANN"), {
        accessKeyId: "AKANN",
        secretAccessKey: "ann-secret",
        accountId,
        userName: "Ann B.",
        status: "Active",
        createdMs: 7,
      }),
    ],
  );
  const reader = new ControlReader(memory.snapshot());
  return { store, secrets, reader, upgrade: () => upgradeIdentities({ store, random: systemRandom, secrets }) };
}

test("records of an earlier release become those of this one, with indexes, and no secret stays readable", async (t) => {
  const { store, secrets, reader, upgrade } = await open(t);
  await upgrade();
  reader.refresh();
  const expected: Partial<AccountRecord> = {
    status: "active",
    label: null,
    siteSelection: true,
    createdMs: 5,
    canonicalId: "c1",
  };
  t.like(reader.account(accountId), expected);
  const user: Partial<UserRecord> = {
    email: "ann@one",
    role: "user",
    status: "active",
    passwordHash: "$scrypt$…",
    createdMs: 6,
    attached: ["arn:aws:iam::aws:policy/AdministratorAccess"],
  };
  t.like(reader.user(accountId, "Ann B."), user);
  t.is(reader.user(accountId, "Ann B.")?.inline.length, 150);
  t.is(keyHolder(reader, secrets, "AKANN")?.secretAccessKey, "ann-secret");
  t.deepEqual(reader.record(identityKeys.inline("user", accountId, "Ann B.", "identities-150")), {
    document: JSON.stringify(documents[149]),
  });
  for (const key of [
    identityKeys.child("000000000001", accountId),
    identityKeys.email("ann@one", accountId, "Ann B."),
    identityKeys.userKey(accountId, "Ann B.", "AKANN"),
    identityKeys.attachment("arn:aws:iam::aws:policy/AdministratorAccess", "user", accountId, "Ann B."),
  ]) {
    t.deepEqual(reader.record(key), {}, key);
  }
  const rows = await store.list("");
  t.false(rows.some(({ value }) => Buffer.from(value).includes("ann-secret")));
});

test("it runs once, and goes on where it was interrupted", async (t) => {
  const { store, secrets, reader, upgrade } = await open(t);
  const { txn } = store;
  let done = false;
  for (let crash = 0; !done; crash++) {
    let left = crash;
    store.txn = async (...args) => {
      left -= 1;
      if (left < 0) throw new Error("killed");
      return txn.apply(store, args);
    };
    done = await upgrade().then(
      () => true,
      () => false,
    );
    t.true(crash < 20);
  }
  store.txn = txn;
  reader.refresh();
  t.is(reader.user(accountId, "Ann B.")?.inline.length, 150);
  t.is(keyHolder(reader, secrets, "AKANN")?.secretAccessKey, "ann-secret");
  const revision = await store.revision();
  await upgrade();
  t.is(await store.revision(), revision);
});

test("records of a later release are left alone", async (t) => {
  const { store, upgrade } = await open(t);
  await store.txn([], [putTyped(identityKeys.version, { version: 2 })]);
  const revision = await store.revision();
  await t.throwsAsync(upgrade(), { message: /version 2/ });
  t.is(await store.revision(), revision);
});
