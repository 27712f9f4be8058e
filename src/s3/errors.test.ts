import test from "ava";
import { Refusal } from "../model/refusal.ts";
import {
  asS3Error,
  type ErrorRow,
  encodeError,
  encodeErrorBody,
  fromOutcome,
  S3Error,
  s3Errors,
  toOutcome,
} from "./errors.ts";

const context = { requestId: "4442587FB7D0A2F9", hostId: "node-1", resource: "/b/k&x" };

test("the table has AWS's codes with sensible statuses and messages", (t) => {
  const rows: [string, ErrorRow][] = Object.entries(s3Errors);
  t.true(rows.length >= 90, String(rows.length));
  for (const [code, row] of rows) {
    t.regex(code, /^(?:KMS\.)?[A-Z][A-Za-z0-9]+$/);
    t.true(row.status >= 301 && row.status <= 507, code);
    t.true(row.message.length > 3, code);
  }
  t.is(s3Errors.NoSuchKey.status, 404);
  t.is(s3Errors.SlowDown.status, 503);
  t.is(s3Errors.InvalidRange.status, 416);
});

test("the body is S3's, escaped, with detail between message and resource", (t) => {
  t.is(
    encodeErrorBody(new S3Error("NoSuchKey", { Key: "a<b" }), context),
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a&lt;b</Key>" +
      "<Resource>/b/k&amp;x</Resource><RequestId>4442587FB7D0A2F9</RequestId><HostId>node-1</HostId></Error>",
  );
});

test("Message replaces the row's text; names that are no element are left out", (t) => {
  const error = new S3Error("InvalidArgument", { Message: "Odd", "a b": "x", ArgumentName: "n" });
  const text = encodeErrorBody(error, { ...context, resource: null });
  t.true(text.includes("<Message>Odd</Message><ArgumentName>n</ArgumentName><RequestId>"));
});

test("a 304 has headers and no body", (t) => {
  const error = new S3Error("NotModified", {}, { headers: [["etag", '"e"']] });
  t.deepEqual(encodeError(error, context), { status: 304, headers: [["etag", '"e"']], body: null });
});

test("errors travel as outcomes; foreign errors say nothing of themselves", (t) => {
  const error = t.throws(() => fromOutcome(toOutcome(new S3Error("NoSuchUpload", { UploadId: "u" }))), {
    instanceOf: S3Error,
  });
  t.is(error.code, "NoSuchUpload");
  t.deepEqual(error.detail, { UploadId: "u" });
  t.deepEqual(toOutcome(new Error("secret")), { ok: false, code: "InternalError", detail: {} });
  t.is(
    t.throws(() => fromOutcome({ ok: false, code: "Nonsense", detail: {} }), { instanceOf: S3Error }).code,
    "InternalError",
  );
  t.is(fromOutcome({ ok: true, value: 3 }), 3);
});

test("a decoder's refusal is an S3 error", (t) => {
  t.is(asS3Error(new Refusal("MalformedXML"))?.status, 400);
  t.is(asS3Error(new TypeError("x")), null);
});
