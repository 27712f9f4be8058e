import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemRandom } from "../base/random.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import { fileKeeper, type KeptMail } from "./kept-mail.ts";

const mail = (digit: string): KeptMail => ({
  id: digit.repeat(16),
  message: { to: "ann@example.com", subject: "Your link", text: "secret link", html: "<p>secret link</p>" },
  untilMs: 1_000_000,
});

function open(t: ExecutionContext, keyRing = KeyRing.inMemory(systemRandom)) {
  const parent = mkdtempSync(join(tmpdir(), "troupe-kept-"));
  t.teardown(() => rmSync(parent, { recursive: true }));
  const directory = join(parent, "outbox");
  const unreadable: string[] = [];
  return { directory, unreadable, keeper: fileKeeper(directory, keyRing, (name) => void unreadable.push(name)) };
}

test("what is kept comes back until it is removed, and no file tells of it", async (t) => {
  const { keeper, directory } = open(t);
  t.deepEqual(await keeper.load(), []);
  await keeper.put(mail("b"));
  await keeper.put(mail("a"));
  t.deepEqual(await keeper.load(), [mail("a"), mail("b")]);
  t.is(statSync(directory).mode & 0o777, 0o700);
  for (const name of readdirSync(directory)) {
    t.is(statSync(join(directory, name)).mode & 0o777, 0o600);
    const bytes = readFileSync(join(directory, name), "latin1");
    t.false(/secret link|ann@example|Your link/.test(bytes), name);
  }
  await keeper.remove(mail("a").id);
  await keeper.remove(mail("a").id);
  t.deepEqual(await keeper.load(), [mail("b")]);
});

test("what is damaged, was moved or sealed by another ring is told of and left; half a file goes", async (t) => {
  const { keeper, directory, unreadable } = open(t);
  await keeper.put(mail("a"));
  const bytes = readFileSync(join(directory, `${"a".repeat(16)}.mail`));
  writeFileSync(join(directory, `${"b".repeat(16)}.mail`), bytes);
  writeFileSync(join(directory, `${"c".repeat(16)}.mail`), "");
  writeFileSync(join(directory, `${"d".repeat(16)}.mail.new`), bytes);
  writeFileSync(join(directory, "notes.txt"), "mine");
  t.deepEqual(await keeper.load(), [mail("a")]);
  t.deepEqual(unreadable, [`${"b".repeat(16)}.mail`, `${"c".repeat(16)}.mail`]);
  t.deepEqual(readdirSync(directory).sort(), [
    `${"a".repeat(16)}.mail`,
    `${"b".repeat(16)}.mail`,
    `${"c".repeat(16)}.mail`,
    "notes.txt",
  ]);
  const foreign: string[] = [];
  const other = fileKeeper(directory, KeyRing.inMemory(systemRandom), (name) => void foreign.push(name));
  t.deepEqual(await other.load(), []);
  t.is(foreign.length, 3);
});
