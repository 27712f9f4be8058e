import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { DocumentError } from "../config/problem.ts";
import { ControlActor } from "../control/actor.ts";
import { EmbeddedControlStore } from "../control/embedded-store.ts";
import { createControlMemory } from "../control/environment.ts";
import { keyHolder } from "../control/fixtures/key-holder.ts";
import { ControlReader } from "../control/reader.ts";
import { ringSecretBox } from "../control/secret-box.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import { identityBehaviour } from "./behaviour.ts";
import { type Environment, firstAccount, seedAccounts } from "./first-account.ts";
import { parseIdentities } from "./identities.ts";
import { randomText } from "./key-pair.ts";
import { passwordHasher } from "./password.ts";

async function open(t: ExecutionContext) {
  const memory = createControlMemory();
  const clock = new ManualClock();
  const store = new EmbeddedControlStore({ environment: memory, clock, random: systemRandom });
  t.teardown(() => store.close());
  const passwords = passwordHasher(systemRandom);
  const ports = {
    store,
    clock,
    random: systemRandom,
    passwords,
    secrets: ringSecretBox(KeyRing.inMemory(systemRandom)),
  };
  const { secrets } = ports;
  const control = await ControlActor.open({
    ...ports,
    partitions: 1,
    identities: identityBehaviour(ports),
    log: silentLog,
  });
  const reader = new ControlReader(memory.snapshot());
  const start = (environment: Environment = {}, identities: string | null = null) =>
    seedAccounts({
      control,
      store,
      random: systemRandom,
      environment,
      identities: identities === null ? null : parseIdentities(identities),
    });
  const holder = (accessKeyId: string) => keyHolder(reader, secrets, accessKeyId);
  return { store, reader, holder, passwords, start };
}

const customer = {
  accountId: "111111111111",
  canonicalId: "c1",
  displayName: "one",
  kind: "customer",
  root: {
    email: "root@one",
    password: "customer password",
    keys: [{ accessKeyId: "AKONE", secretAccessKey: "one-secret" }],
  },
};
const operator = { ...customer, kind: "operator" };

test("an empty store gets an operator with what the printed lines need, once", async (t) => {
  const { reader, holder, passwords, start, store } = await open(t);
  const first = await start();
  if (first === null) return t.fail();
  t.regex(first.accessKeyId, /^[A-Z0-9]{20}$/);
  t.regex(first.secretAccessKey, /^[A-Za-z0-9]{40}$/);
  t.regex(first.accountId, /^\d{12}$/);
  reader.refresh();
  const credential = holder(first.accessKeyId);
  t.is(credential?.secretAccessKey, first.secretAccessKey);
  t.is(credential?.account.kind, "operator");
  t.regex(credential?.account.canonicalId ?? "", /^[0-9a-f]{64}$/);
  t.is(credential?.user.role, "root");
  t.is(credential?.user.email, first.email);
  t.true(await passwords.matches(first.password, credential?.user.passwordHash ?? ""));
  const revision = await store.revision();
  t.is(await start(), null);
  t.is(await start({ TROUPE_ACCESS_KEY: "AKOTHER", TROUPE_SECRET_KEY: "other-secret" }), null);
  t.is(await store.revision(), revision);
});

test("the environment gives what it has, files too, and the rest is generated", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-first-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "secret");
  writeFileSync(file, "secret-from-a-file\n");
  const { start, reader, holder } = await open(t);
  const first = await start({
    TROUPE_ROOT_EMAIL: "me@example.com",
    TROUPE_ROOT_PASSWORD: "",
    TROUPE_ACCESS_KEY: "AKMINE",
    TROUPE_SECRET_KEY_FILE: file,
  });
  t.like(first, { email: "me@example.com", accessKeyId: "AKMINE", secretAccessKey: "secret-from-a-file" });
  t.regex(first?.password ?? "", /^[A-Za-z0-9]{20}$/);
  reader.refresh();
  t.is(holder("AKMINE")?.secretAccessKey, "secret-from-a-file");
});

test("variables that cannot be used are refused, without showing them, and nothing is made", async (t) => {
  const { start, store } = await open(t);
  for (const environment of [
    { TROUPE_SECRET_KEY: "short" },
    { TROUPE_ACCESS_KEY: "with/slash" },
    { TROUPE_ROOT_EMAIL: "nobody" },
    { TROUPE_SECRET_KEY: "long-enough-secret", TROUPE_SECRET_KEY_FILE: "/dev/null" },
    { TROUPE_ROOT_PASSWORD_FILE: "/does/not/exist" },
  ]) {
    const error = await t.throwsAsync(start(environment), { instanceOf: DocumentError });
    t.false(error?.message.includes("long-enough-secret"));
  }
  t.is(await store.revision(), 0n);
});

test("identities with an operator take the first account's place", async (t) => {
  const { start, reader, holder, store } = await open(t);
  t.is(await start({}, JSON.stringify({ accounts: [operator] })), null);
  reader.refresh();
  t.is(holder("AKONE")?.account.kind, "operator");
  t.is((await store.list("accounts/")).length, 1);
  t.is(await start(), null);
  t.is((await store.list("accounts/")).length, 1);
});

test("identities without an operator leave the first account as it would be without them", async (t) => {
  const { start, reader, holder, store } = await open(t);
  const first = await start({}, JSON.stringify({ accounts: [customer] }));
  t.truthy(first);
  reader.refresh();
  t.is(holder("AKONE")?.account.kind, "customer");
  t.is(holder(first?.accessKeyId ?? "")?.account.kind, "operator");
  const revision = await store.revision();
  t.is(await start({}, JSON.stringify({ accounts: [customer] })), null);
  t.is(await store.revision(), revision);
});

test("a key that stands in the file and in the environment is a clash", async (t) => {
  const { start, store } = await open(t);
  const error = await t.throwsAsync(start({ TROUPE_ACCESS_KEY: "AKONE" }, JSON.stringify({ accounts: [customer] })));
  t.regex(error?.message ?? "", /the same accessKeyId/);
  t.is(await store.revision(), 0n);
});

test("a clash with the store stops the start with its reason", async (t) => {
  const { start } = await open(t);
  await start({}, JSON.stringify({ accounts: [operator] }));
  const thief = { ...customer, accountId: "222222222222", canonicalId: "c2" };
  const error = await t.throwsAsync(start({}, JSON.stringify({ accounts: [thief] })), { instanceOf: DocumentError });
  t.regex(error?.message ?? "", /the access key belongs to account 111111111111/);
});

test("generated text uses each character of its alphabet about equally", (t) => {
  const text = randomText(systemRandom, 62_000, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  t.is(counts.size, 62);
  // 1,000 are expected of each; seven standard deviations are 220.
  for (const count of counts.values()) t.true(Math.abs(count - 1000) < 220);
  t.not(
    firstAccount({}, systemRandom).credentials.secretAccessKey,
    firstAccount({}, systemRandom).credentials.secretAccessKey,
  );
});
