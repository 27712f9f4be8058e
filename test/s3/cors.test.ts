/** Cross-origin rules of buckets: their documents, preflights, and what answers to other origins carry, errors too. */

import {
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome, refusal, type Stand } from "../support/each-front.ts";
import type { S3Answer } from "../support/s3-client.ts";

const test = eachFront();
const origin = "https://app.example.com";
const rules = [
  {
    ID: "app",
    AllowedOrigins: [origin],
    AllowedMethods: ["GET", "PUT"],
    AllowedHeaders: ["Content-*", "x-amz-*"],
    ExposeHeaders: ["ETag", "x-amz-version-id"],
    MaxAgeSeconds: 3000,
  },
  { AllowedOrigins: ["*"], AllowedMethods: ["GET", "HEAD"] },
];
const vary = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

const put = ({ s3, bucket }: Pick<Stand, "s3" | "bucket">, CORSRules: typeof rules) =>
  s3.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules } }));

const preflight = (
  { plain }: Pick<Stand, "plain">,
  target: string,
  headers: Record<string, string>,
): Promise<S3Answer> => plain({ method: "OPTIONS", target, headers });

/** What a browser would look at. */
const corsOf = ({ headers }: S3Answer) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => /^(access-control-|vary$)/.test(name)));

const putDocument = (stand: Pick<Stand, "signed" | "bucket">, body: string) =>
  stand.signed({
    method: "PUT",
    target: `/${stand.bucket}?cors`,
    body,
    headers: { "x-amz-checksum-crc32": crc32(body) },
  });
const document = (inner: string) =>
  `<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</CORSConfiguration>`;
const rule = (inner: string) =>
  document(`<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>${inner}</CORSRule>`);

test("PutBucketCors_round_trip_and_delete", async (t, stand) => {
  const { s3, bucket } = stand;
  const Bucket = bucket;
  t.is(await refusal(s3.send(new GetBucketCorsCommand({ Bucket }))), "404 NoSuchCORSConfiguration");
  await put(stand, rules);
  t.deepEqual((await s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules, rules);
  const deleted = await s3.send(new DeleteBucketCorsCommand({ Bucket }));
  t.is(deleted.$metadata.httpStatusCode, 204);
  t.is(await refusal(s3.send(new GetBucketCorsCommand({ Bucket }))), "404 NoSuchCORSConfiguration");
  t.is((await s3.send(new DeleteBucketCorsCommand({ Bucket }))).$metadata.httpStatusCode, 204);
});

test("PutBucketCors_invalid_documents_leave_the_old_one", async (t, stand) => {
  await put(stand, rules);
  const all = "<AllowedMethod>GET</AllowedMethod>";
  for (const [expected, body] of [
    ["400 MalformedXML", document("")],
    ["400 MalformedXML", document(`<CORSRule>${all}</CORSRule>`)],
    ["400 MalformedXML", document("<CORSRule><AllowedOrigin>*</AllowedOrigin></CORSRule>")],
    ["400 MalformedXML", rule("<AllowedHeaders>a</AllowedHeaders>")],
    ["400 MalformedXML", rule("<MaxAgeSeconds>-1</MaxAgeSeconds>")],
    ["400 MalformedXML", rule("<MaxAgeSeconds>1e99</MaxAgeSeconds>")],
    ["400 MalformedXML", rule("<MaxAgeSeconds>1</MaxAgeSeconds><MaxAgeSeconds>2</MaxAgeSeconds>")],
    ["400 MalformedXML", rule("").replace("2006-03-01", "2016-03-01")],
    ["400 MalformedXML", rule("").replaceAll("CORSConfiguration", "CorsConfiguration")],
    ["400 InvalidRequest", rule("<AllowedMethod>PATCH</AllowedMethod>")],
    ["400 InvalidRequest", rule("<AllowedOrigin>http://*.*.com</AllowedOrigin>")],
    ["400 InvalidRequest", rule("<ExposeHeader>x-*</ExposeHeader>")],
    ["400 InvalidRequest", rule("<ExposeHeader>ETag&#13;&#10;set-cookie: a=b</ExposeHeader>")],
    ["400 InvalidRequest", rule("<ExposeHeader>ETag\r\nx: y</ExposeHeader>")],
    ["400 InvalidRequest", rule("<ExposeHeader>ETag&#13;</ExposeHeader>")],
    ["400 InvalidRequest", document(`<CORSRule><AllowedOrigin>*</AllowedOrigin>${all}</CORSRule>`.repeat(101))],
    ["400 MaxMessageLengthExceeded", rule(`<AllowedOrigin>${"o".repeat(65_536)}</AllowedOrigin>`)],
  ] as const) {
    t.is(outcome(await putDocument(stand, body)), expected, body.slice(0, 200));
  }
  t.deepEqual((await stand.s3.send(new GetBucketCorsCommand({ Bucket: stand.bucket }))).CORSRules, rules);
  t.is(outcome(await putDocument(stand, rule(""))), "200");
});

test("OPTIONS_preflight_without_credentials", async (t, stand) => {
  const { bucket } = stand;
  await put(stand, rules);
  const asked = {
    origin,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "content-type,X-Amz-Meta-A",
  };
  for (const target of [`/${bucket}`, `/${bucket}/`, `/${bucket}/a/b.txt`, `/${bucket}/k?partNumber=1&uploadId=x`]) {
    const answer = await preflight(stand, target, asked);
    t.is(answer.status, 200);
    t.deepEqual(corsOf(answer), {
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, PUT",
      "access-control-allow-headers": "content-type, x-amz-meta-a",
      "access-control-expose-headers": "ETag, x-amz-version-id",
      "access-control-max-age": "3000",
      "access-control-allow-credentials": "true",
      vary,
    });
    t.truthy(answer.headers["x-amz-request-id"]);
  }
  const anybody = await preflight(stand, `/${bucket}/k`, {
    origin: "https://other.example",
    "access-control-request-method": "GET",
  });
  t.deepEqual(corsOf(anybody), {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD",
    vary,
  });
});

test("OPTIONS_preflight_virtual_hosted", async (t, stand) => {
  await put(stand, rules);
  const answer = await preflight(stand, "/a", {
    host: `${stand.bucket}.s3.localhost`,
    origin,
    "access-control-request-method": "PUT",
  });
  t.is(answer.headers["access-control-allow-origin"], origin);
});

test("OPTIONS_preflight_refusals", async (t, stand) => {
  const { bucket } = stand;
  const asked = { origin, "access-control-request-method": "PUT" };
  const none = await preflight(stand, `/${bucket}/k`, asked);
  t.is(outcome(none), "403 AccessForbidden");
  t.is(element(none, "Message"), "CORSResponse: CORS is not enabled for this bucket.");
  t.is(element(none, "Method"), "PUT");
  t.is(element(none, "ResourceType"), "OBJECT");
  t.deepEqual(corsOf(none), {});
  await put(stand, rules);
  for (const [expected, headers] of [
    ["400 BadRequest", { "access-control-request-method": "PUT" }],
    ["400 BadRequest", { origin }],
    ["400 BadRequest", { origin, "access-control-request-method": "PATCH" }],
    ["403 AccessForbidden", { origin, "access-control-request-method": "DELETE" }],
    ["403 AccessForbidden", { origin: "https://other.example", "access-control-request-method": "PUT" }],
    ["403 AccessForbidden", { ...asked, "access-control-request-headers": "authorization" }],
  ] as const) {
    const answer = await preflight(stand, `/${bucket}`, headers);
    t.is(outcome(answer), expected, JSON.stringify(headers));
    t.is(answer.headers["access-control-allow-origin"], undefined);
  }
  const absent = await preflight(stand, "/there-is-no-such-bucket/k", asked);
  t.is(outcome(absent), "403 AccessForbidden");
  t.is(element(absent, "Message"), "CORSResponse: Bucket not found");
  t.is(outcome(await preflight(stand, "/", asked)), "405 MethodNotAllowed");
});

test("actual_requests_carry_the_rules_headers_on_success_and_on_errors", async (t, stand) => {
  const { s3, bucket, signed, plain } = stand;
  await put(stand, rules);
  const { ETag = "" } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "hello" }));
  const expected = {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": "GET, PUT",
    "access-control-expose-headers": "ETag, x-amz-version-id",
    "access-control-max-age": "3000",
    "access-control-allow-credentials": "true",
    vary,
  };
  const get = (target: string, headers: Record<string, string> = {}) =>
    signed({ method: "GET", target, unsigned: { origin, ...headers } });
  for (const [status, answer] of [
    [200, await get(`/${bucket}/k`)],
    [206, await get(`/${bucket}/k`, { range: "bytes=1-2" })],
    [304, await get(`/${bucket}/k`, { "if-none-match": ETag })],
    [404, await get(`/${bucket}/absent`)],
    [416, await get(`/${bucket}/k`, { range: "bytes=9-" })],
    [412, await get(`/${bucket}/k`, { "if-match": '"other"' })],
    [403, await plain({ method: "GET", target: `/${bucket}/k`, headers: { origin } })],
    [403, await signed({ method: "GET", target: `/${bucket}/k`, unsigned: { origin }, secretAccessKey: "wrong" })],
    [200, await get(`/${bucket}?list-type=2`)],
    [200, await signed({ method: "PUT", target: `/${bucket}/new`, body: "x", unsigned: { origin } })],
  ] as const) {
    t.is(answer.status, status);
    t.deepEqual(corsOf(answer), expected, String(status));
  }
  const head = await signed({ method: "HEAD", target: `/${bucket}/k`, unsigned: { origin } });
  t.is(head.headers["access-control-allow-origin"], "*");
  t.is(head.headers["access-control-allow-credentials"], undefined);
});

test("what_is_refused_early_carries_the_rules_headers", async (t, stand) => {
  const { s3, bucket, signed, plain } = stand;
  await put(stand, rules);
  const long = `/${bucket}/${"k".repeat(1025)}`;
  const expired = `/${bucket}/k?AWSAccessKeyId=x&Signature=x&Expires=1`;
  const unsigned = { origin };
  const answers: readonly (readonly [string, S3Answer])[] = [
    ["400 KeyTooLongError", await signed({ method: "GET", target: long, unsigned })],
    ["400 InvalidURI", await plain({ method: "GET", target: `/${bucket}/%zz`, headers: unsigned })],
    ["400 InvalidArgument", await signed({ method: "GET", target: `/${bucket}?acl&policy`, unsigned })],
    ["403 AccessDenied", await plain({ method: "GET", target: expired, headers: unsigned })],
    [
      "403 InvalidAccessKeyId",
      await signed({ method: "GET", target: `/${bucket}/k`, unsigned, accessKeyId: "AKNONE" }),
    ],
    ["403 AccessDenied", await plain({ method: "GET", target: `/${bucket}/k`, headers: unsigned })],
  ];
  for (const [expected, answer] of answers) {
    t.is(outcome(answer), expected);
    t.is(answer.headers["access-control-allow-origin"], origin, expected);
    t.is(answer.headers["vary"], vary, expected);
  }
  // A cache must not give to an origin what it kept for a request without one.
  t.deepEqual(corsOf(await plain({ method: "GET", target: `/${bucket}/k` })), { vary });
  t.deepEqual(corsOf(await plain({ method: "GET", target: long })), { vary });
  await s3.send(new DeleteBucketCorsCommand({ Bucket: bucket }));
  t.deepEqual(corsOf(await plain({ method: "GET", target: long, headers: unsigned })), {});
});

test("requests_that_no_rule_meets_say_only_that_answers_vary", async (t, stand) => {
  const { s3, bucket, signed } = stand;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "hello" }));
  t.deepEqual(corsOf(await signed({ method: "GET", target: `/${bucket}/k`, unsigned: { origin } })), {});
  await put(stand, rules);
  t.deepEqual(corsOf(await signed({ method: "GET", target: `/${bucket}/k` })), { vary });
  const deleted = await signed({ method: "DELETE", target: `/${bucket}/k`, unsigned: { origin } });
  t.deepEqual(corsOf(deleted), { vary });
  const absent = await signed({ method: "GET", target: "/there-is-no-such-bucket/k", unsigned: { origin } });
  t.is(outcome(absent), "404 NoSuchBucket");
  t.deepEqual(corsOf(absent), {});
});

test("the_console_is_served_whatever_the_rules_say", async (t, stand) => {
  const { bucket, consoleEndpoint, signed } = stand;
  await put(stand, [{ AllowedOrigins: [origin], AllowedMethods: ["DELETE"] }] as typeof rules);
  const asked = { origin: consoleEndpoint, "access-control-request-method": "PUT" };
  const before = await preflight(stand, `/${bucket}/k`, asked);
  t.is(before.status, 200);
  t.is(before.headers["access-control-allow-origin"], consoleEndpoint);
  const answer = await signed({
    method: "PUT",
    target: `/${bucket}/k`,
    body: "x",
    unsigned: { origin: consoleEndpoint },
  });
  t.is(answer.headers["access-control-allow-origin"], consoleEndpoint);
  t.is(answer.headers["access-control-allow-credentials"], undefined);
});

/** Bitwise, so that nothing is shared with the server. @returns base64 of the big-endian value */
function crc32(text: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return bytes.toString("base64");
}
