import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { type AccessLogEntry, accessLogLine, openAccessLog, queryWithoutSecrets } from "./access-log.ts";

const entry: AccessLogEntry = {
  timeMs: Date.UTC(2026, 0, 31, 12),
  requestId: "0F",
  operation: "GetObject",
  status: 200,
  method: "GET",
  bucket: "b",
  key: "k",
  rawQuery: "",
  receivedBytes: 0,
  sentBytes: 5,
  durationMs: 1.25,
  remote: "::1",
  accessKeyId: "AK",
  errorCode: null,
  userAgent: null,
};

test("a line is one JSON object, as documented", (t) => {
  t.is(
    accessLogLine(entry),
    '{"time":"2026-01-31T12:00:00.000Z","requestId":"0F","operation":"GetObject","status":200,"method":"GET","bucket":"b",' +
      '"key":"k","receivedBytes":0,"sentBytes":5,"durationMs":1.25,"remote":"::1","accessKeyId":"AK"}\n',
  );
});

test("hostile keys and agents stay inside one line", (t) => {
  const key = 'a\n"}{\r\u2028\0\ud800';
  const line = accessLogLine({ ...entry, key, userAgent: "x".repeat(5000), errorCode: "NoSuchKey" });
  t.is(line.indexOf("\n"), line.length - 1);
  const parsed = JSON.parse(line);
  t.is(parsed.key, key);
  t.is(parsed.errorCode, "NoSuchKey");
  t.is(parsed.userAgent.length, 512);
});

test("credentials in a query never reach the log, however they are spelt", (t) => {
  const kept = ["list-type=2", "prefix=X-Amz-Signature", "X-Amz-Date=20260131T120000Z", "=odd", "x%zz=1"];
  const dropped = [
    "X-Amz-Signature=secret",
    "x-amz-signature=secret",
    "X%2DAmz%2dSignature=secret",
    "X-Amz-Credential=secret%2F20260131",
    "X-Amz-Security-Token=secret",
    "X-Amz-Security-Token",
    "AWSAccessKeyId=secret",
    "Signature=secret",
    "%53ignature=secret",
    "Signature%20=secret",
  ];
  const mixed = kept.flatMap((pair, index) => [pair, dropped[index] ?? "", dropped[index + kept.length] ?? ""]);
  t.is(queryWithoutSecrets(mixed.join("&")), kept.join("&"));
  t.false(accessLogLine({ ...entry, rawQuery: dropped.join("&") }).includes("secret"));
  t.is(queryWithoutSecrets(""), "");
});

test("lines go to a file; off writes nothing", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-access-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "access.log");
  const log = openAccessLog(path);
  log.write(entry);
  log.write({ ...entry, status: 404 });
  await log.close();
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  t.deepEqual(
    lines.map((line) => JSON.parse(line).status),
    [200, 404],
  );
  const off = openAccessLog("off");
  off.write(entry);
  off.reopen();
  await off.close();
});
