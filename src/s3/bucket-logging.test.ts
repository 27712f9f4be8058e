import test from "ava";
import { type LoggedRequest, logKey, logLine } from "./bucket-logging.ts";

const request: LoggedRequest = {
  ownerId: "79a59d",
  bucket: "logged",
  timeMs: Date.UTC(2026, 1, 6, 0, 0, 38, 999),
  remoteAddress: "192.0.2.3",
  requester: "79a59d",
  requestId: "3E57427F3EXAMPLE",
  operation: "REST.GET.VERSIONING",
  key: null,
  requestLine: "GET /logged?versioning",
  status: 200,
  errorCode: null,
  bytesSent: 113,
  objectBytes: null,
  totalMs: 7.4,
  referer: null,
  userAgent: "S3Console/0.4",
  versionId: null,
  hostId: "s9lz=",
  signatureVersion: "SigV4",
  authType: "AuthHeader",
  host: "logged.s3.example.com",
};

// The example of AWS's page, without what is not known here.
test("a line has the documented fields in the documented order", (t) => {
  t.is(
    logLine(request),
    '79a59d logged [06/Feb/2026:00:00:38 +0000] 192.0.2.3 79a59d 3E57427F3EXAMPLE REST.GET.VERSIONING - "GET /logged?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - s9lz= SigV4 - AuthHeader logged.s3.example.com - - -\n',
  );
});

test("nothing that a client sends ends a field or a line", (t) => {
  const line = logLine({
    ...request,
    key: 'a b\n"c"/ü',
    requestLine: 'GET /x" HTTP/1.1" 200\n',
    referer: 'evil" "agent',
    userAgent: "a\r\nb\0",
    requester: null,
    bytesSent: 0,
    objectBytes: 5,
    errorCode: "AccessDenied",
  });
  t.is(line.split("\n").length, 2);
  t.true(line.includes(' a%20b%0A%22c%22/%C3%BC "GET /x%22 HTTP/1.1%22 200%0A HTTP/1.1" 200 AccessDenied - 5 '));
  t.true(line.includes('"evil%22 %22agent" "a%0D%0Ab%00"'));
});

test("an object of a list has no request line and no time of its own", (t) => {
  const item = { ...request, operation: "BATCH.DELETE.OBJECT", key: "k", requestLine: null, status: 204 };
  t.true(
    logLine({ ...item, bytesSent: 0, totalMs: null, userAgent: null }).includes(
      ' BATCH.DELETE.OBJECT k - 204 - - - - - "-" "-" - s9lz= ',
    ),
  );
});

test("keys are simple, or by account, region, bucket and day", (t) => {
  const source = { accountId: "111122223333", region: "eu-west-3", bucket: "logged" };
  const [delivery, event] = [Date.UTC(2026, 0, 2, 3, 4, 5), Date.UTC(2026, 0, 1, 23, 59, 59)];
  const key = (keyFormat: "simple" | "asked-simple" | "delivery-time" | "event-time") =>
    logKey({ targetBucket: "logs", targetPrefix: "p/", keyFormat }, source, delivery, event, "A1");
  t.is(key("simple"), "p/2026-01-02-03-04-05-A1");
  t.is(key("asked-simple"), key("simple"));
  t.is(key("delivery-time"), "p/111122223333/eu-west-3/logged/2026/01/02/2026-01-02-03-04-05-A1");
  t.is(key("event-time"), "p/111122223333/eu-west-3/logged/2026/01/01/2026-01-01-00-00-00-A1");
});
