import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { createLog, openLineSink } from "./log.ts";

function recorder(): { lines: Record<string, unknown>[]; write(line: string): void } {
  const lines: Record<string, unknown>[] = [];
  return { lines, write: (line) => void lines.push(JSON.parse(line)) };
}

test("a line has level, time, fields and message", (t) => {
  const destination = recorder();
  createLog({ level: "info", destination }).info({ requestId: "r1", count: 2n }, "ready");
  const line = destination.lines[0];
  t.is(line?.["level"], "info");
  t.is(line?.["requestId"], "r1");
  t.is(line?.["count"], "2");
  t.is(line?.["message"], "ready");
  t.regex(String(line?.["time"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("lines below the level are not written", (t) => {
  const destination = recorder();
  const log = createLog({ level: "warn", destination });
  log.debug({}, "a");
  log.info({}, "b");
  log.warn({}, "c");
  log.error({}, "d");
  log.fatal({}, "e");
  t.deepEqual(
    destination.lines.map((line) => line["message"]),
    ["c", "d", "e"],
  );
});

test("a child adds its fields to each line", (t) => {
  const destination = recorder();
  const child = createLog({ level: "info", destination }).child({ requestId: "r2" }).child({ part: "front" });
  child.info({}, "one");
  t.like(destination.lines[0], { requestId: "r2", part: "front", message: "one" });
});

test("secrets are never written, at any depth, in any case, in children, maps and errors", (t) => {
  const secret = "do-not-print-me";
  const written: string[] = [];
  const log = createLog({ level: "debug", destination: { write: (line) => void written.push(line) } });
  log.info({ secretAccessKey: secret, Password: secret }, "top");
  log.info({ request: { headers: { Authorization: secret, "X-Amz-Security-Token": secret } } }, "nested");
  log.info({ list: [{ passwordHash: secret }], map: new Map([["cookie", secret]]) }, "collections");
  log.child({ signingKey: secret }).warn({ bytes: Buffer.from(secret) }, "child");
  log.error({ error: Object.assign(new Error("failed"), { signature: secret, code: "EIO" }) }, "error");
  t.is(written.length, 5);
  for (const line of written) t.false(line.includes(secret), line);
  t.true(written[4]?.includes('"code":"EIO"'));
});

test("a line file takes lines, starts anew on reopen, and ignores what comes after close", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-log-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "access.log");
  const first = openLineSink(path);
  first.write("one\n");
  await first.close();
  first.write("lost\n");
  await first.close();
  renameSync(path, `${path}.1`);
  const second = openLineSink(path);
  second.write("two\n");
  await second.close();
  t.is(readFileSync(`${path}.1`, "utf8"), "one\n");
  t.is(readFileSync(path, "utf8"), "two\n");
});
