import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { defaultMailDirectory, fileMail } from "./file-mail.ts";
import { MailError, type MailMessage } from "./mail.ts";
import { memoryMail } from "./memory-mail.ts";

const message: MailMessage = { to: "ann@example.com", subject: "Hello", text: "the text\n", html: "<p>the text</p>" };

function setUp(t: ExecutionContext) {
  const root = mkdtempSync(join(tmpdir(), "troupe-mail-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const directory = defaultMailDirectory(join(root, "data"));
  const mail = fileMail({ directory, from: "troupe@localhost", clock: systemClock, random: systemRandom });
  return { root, directory, mail };
}

test("each message is a private file beside the data directory", async (t) => {
  const { root, directory, mail } = setUp(t);
  t.is(directory, join(root, "data.mail"));
  await mail.send(message);
  await mail.send({ ...message, subject: "Again" });
  const names = readdirSync(directory);
  t.is(names.length, 2);
  for (const name of names) {
    t.regex(name, /^\d{8}T\d{9}Z-[0-9a-f]{8}\.eml$/);
    t.is(statSync(join(directory, name)).mode & 0o777, 0o600);
  }
  t.is(statSync(directory).mode & 0o777, 0o700);
  const texts = names.map((name) => readFileSync(join(directory, name), "utf8"));
  t.true(texts.some((text) => /^Subject: Hello\r$/m.test(text) && /^the text\r$/m.test(text)));
  t.true(texts.some((text) => /^Subject: Again\r$/m.test(text)));
});

test("the oldest files go when there are too many, and nothing else does", async (t) => {
  const { directory, mail } = setUp(t);
  mkdirSync(directory);
  writeFileSync(join(directory, "notes.eml"), "an operator's");
  for (let count = 0; count < limits.mailFilesMax; count++) {
    writeFileSync(join(directory, `20200101T000000${String(count).padStart(3, "0")}Z-00000000.eml`), "");
  }
  await mail.send(message);
  const names = readdirSync(directory);
  t.is(names.length, limits.mailFilesMax + 1);
  t.true(names.includes("notes.eml"));
  t.false(names.includes("20200101T000000000Z-00000000.eml"));
  t.true(names.includes("20200101T000000001Z-00000000.eml"));
});

test("a directory that cannot be made is a failure that may pass, a bad recipient is not", async (t) => {
  const { directory, mail } = setUp(t);
  writeFileSync(directory, "a file");
  const error = await t.throwsAsync(mail.send(message), { instanceOf: MailError, message: /cannot be written/ });
  t.false(error?.isPermanent);
  const permanent = await t.throwsAsync(mail.send({ ...message, to: "nobody" }), { instanceOf: MailError });
  t.true(permanent?.isPermanent);
});

test("mail in memory keeps the latest messages", async (t) => {
  const mail = memoryMail();
  for (let count = 0; count <= limits.mailFilesMax; count++) await mail.send({ ...message, subject: `${count}` });
  t.is(mail.messages.length, limits.mailFilesMax);
  t.is(mail.messages[0]?.subject, "1");
});
