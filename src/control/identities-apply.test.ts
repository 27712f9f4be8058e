import test, { type ExecutionContext } from "ava";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { systemRandom } from "../base/random.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import { EmbeddedControlStore } from "./embedded-store.ts";
import { createControlMemory } from "./environment.ts";
import { applyIdentities } from "./identities-apply.ts";
import { identityKeys, type UserRecord } from "./identity-records.ts";
import type { IdentityAccount, IdentityKey } from "./messages.ts";
import { ControlReader } from "./reader.ts";
import { ringSecretBox } from "./secret-box.ts";
import { getTyped, putTyped } from "./typed-records.ts";

const accountId = "111111111111";
const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
const own = `arn:aws:iam::${accountId}:policy/own`;
const document = (action: string) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: action, Resource: "*" }],
});

async function open(t: ExecutionContext) {
  const memory = createControlMemory();
  const clock = new ManualClock();
  const store = new EmbeddedControlStore({ environment: memory, clock, random: systemRandom });
  t.teardown(() => store.close());
  const secrets = ringSecretBox(KeyRing.inMemory(systemRandom));
  const passwords = {
    hash: async (password: string) => `hash of ${password}`,
    matches: async (password: string, hash: string) => hash === `hash of ${password}`,
  };
  const reader = new ControlReader(memory.snapshot());
  return {
    store,
    reader,
    user: () => reader.user(accountId, "ann"),
    apply: async (user: object, given: Partial<IdentityAccount> = {}) => {
      const account: IdentityAccount = {
        accountId,
        canonicalId: "c1",
        displayName: "one",
        kind: "customer",
        root: { email: "Root@One" },
        users: [{ name: "ann", email: "Ann@One", role: "user", ...user }],
        ...given,
      };
      const ports = { store, clock, random: systemRandom, passwords, secrets };
      const outcome = await applyIdentities(ports, { accounts: [account] });
      t.true(outcome.ok);
      reader.refresh();
    },
  };
}

test("policies become attachments and inline policies; a list that changes replaces what came from the file alone", async (t) => {
  const { apply, user, reader, store } = await open(t);
  const attachment = (arn: string) => reader.record(identityKeys.attachment(arn, "user", accountId, "ann"));
  const inline = (name: string) =>
    reader.record<{ document: string }>(identityKeys.inline("user", accountId, "ann", name))?.document;
  await apply({ policies: ["AdministratorAccess", document("s3:Get*"), document("s3:List*")] });
  t.deepEqual(user()?.attached, [administrator]);
  t.deepEqual(user()?.inline, ["identities-1", "identities-2"]);
  t.deepEqual(attachment(administrator), {});
  t.is(inline("identities-2"), JSON.stringify(document("s3:List*")));
  const { value } = await getTyped<UserRecord>(store, identityKeys.user(accountId, "ann"));
  const attached = [...(value?.attached ?? []), own];
  await store.txn(
    [],
    [
      putTyped(identityKeys.user(accountId, "ann"), { ...value, attached, inline: [...(value?.inline ?? []), "mine"] }),
      putTyped(identityKeys.attachment(own, "user", accountId, "ann"), {}),
    ],
  );
  const revision = await store.revision();
  await apply({});
  t.is(await store.revision(), revision, "a file that says nothing on policies leaves them");
  await apply({ policies: [document("s3:Put*")] });
  t.deepEqual(user()?.attached, [own]);
  t.deepEqual(user()?.inline, ["identities-1", "mine"]);
  t.is(attachment(administrator), undefined);
  t.deepEqual(attachment(own), {});
  t.is(inline("identities-1"), JSON.stringify(document("s3:Put*")));
  t.is(inline("identities-2"), undefined);
});

test("indexes follow addresses, parents and the owners of keys", async (t) => {
  const { apply, reader } = await open(t);
  const keys: IdentityKey[] = [{ accessKeyId: "AKANN", secretAccessKey: "ann-secret" }];
  await apply({ keys });
  const held = (name: string) => reader.record(identityKeys.userKey(accountId, name, "AKANN"));
  const has = (address: string) => reader.record(identityKeys.email(address, accountId, "ann")) !== undefined;
  t.deepEqual(held("ann"), {});
  t.true(has("ann@one"));
  t.is(reader.user(accountId, "root")?.email, "root@one");
  await apply({ email: "new@one" }, { root: { email: "root@one", keys } });
  t.is(held("ann"), undefined);
  t.deepEqual(held("root"), {});
  t.false(has("ann@one"));
  t.true(has("new@one"));
});

test("what an administrator has set and the file does not say stays", async (t) => {
  const { apply, user, store } = await open(t);
  await apply({ password: "one" });
  const before = user();
  await store.txn(
    [],
    [
      putTyped(identityKeys.user(accountId, "ann"), {
        ...before,
        groups: ["g"],
        tags: [{ key: "a", value: "b" }],
        status: "disabled",
        boundary: administrator,
      }),
    ],
  );
  await apply({ role: "admin" });
  t.like(user(), {
    role: "admin",
    groups: ["g"],
    status: "disabled",
    boundary: administrator,
    passwordHash: "hash of one",
  });
  t.is(user()?.userId, before?.userId);
  await apply({ password: "two" });
  t.like(user(), { passwordHash: "hash of two", status: "disabled" });
});
