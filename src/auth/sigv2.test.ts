import { createHmac } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { S3Error, type S3ErrorCode } from "../s3/errors.ts";
import { accessKeyId, lookup, type Parts, requestOf, secretAccessKey } from "./signing-client-fixture.ts";
import { authenticate } from "./sigv4.ts";

const expires = 1_175_139_620;
const nowMs = (expires - 60) * 1000;
const hosted = (bucket: string) => ({ hostedBucket: bucket, takesVersion2: true });

/** Signs as the reference tells, with a text to sign of the test's own. */
function presigned(
  parts: Parts,
  text: string,
  words: Readonly<Record<string, string>> = {},
  secret = secretAccessKey,
): Parts {
  const signature = createHmac("sha1", secret).update(text).digest("base64");
  const query = { AWSAccessKeyId: accessKeyId, Expires: String(expires), Signature: signature, ...words };
  const added = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return { ...parts, query: [...(parts.query === undefined ? [] : [parts.query]), ...added].join("&") };
}

function refusal(t: ExecutionContext, parts: Parts, atMs = nowMs): S3Error {
  const error = t.throws(() => authenticate(requestOf(parts), lookup, atMs), { instanceOf: S3Error });
  if (error === undefined) throw new Error("was not refused");
  return error;
}

test("accepts the example of AWS's reference", (t) => {
  const parts = {
    path: "/photos/puppy.jpg",
    query: `AWSAccessKeyId=${accessKeyId}&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=${expires}`,
    headers: { host: "johnsmith.s3.amazonaws.com" },
  };
  const { presigned: isPresigned, payload } = authenticate(requestOf(parts), lookup, nowMs, hosted("johnsmith"));
  t.true(isPresigned);
  t.deepEqual(payload, { framing: { kind: "plain" }, sha256: null });
  t.throws(() => authenticate(requestOf(parts), lookup, nowMs, hosted("johnsmit")), { code: "SignatureDoesNotMatch" });
});

test("is refused where the installation takes version 4 only", (t) => {
  const inQuery = presigned({ path: "/b/k" }, `GET\n\n\n${expires}\n/b/k`);
  const inHeader = { path: "/b/k", headers: { authorization: `AWS ${accessKeyId}:AAAA` } };
  const place = { hostedBucket: null, takesVersion2: false };
  for (const parts of [inQuery, inHeader]) {
    t.throws(() => authenticate(requestOf(parts), lookup, nowMs, place), { message: /Please use AWS4-HMAC-SHA256/ });
  }
});

test("signs headers, and those that stand in the query, alike", (t) => {
  const text = `PUT\n\ntext/plain\n${expires}\nx-amz-acl:private\nx-amz-meta-a:1\n/b/k`;
  const onWire = presigned(
    {
      method: "PUT",
      path: "/b/k",
      headers: { "content-type": "text/plain", "x-amz-meta-a": "1", "x-amz-acl": "private" },
    },
    text,
  );
  t.is(authenticate(requestOf(onWire), lookup, nowMs).accessKeyId, accessKeyId);
  const inQuery = presigned({ method: "PUT", path: "/b/k" }, text, {
    "content-type": "text/plain",
    "x-amz-acl": "private",
    "x-amz-meta-a": "1",
  });
  t.is(authenticate(requestOf(inQuery), lookup, nowMs).headers.get("x-amz-meta-a"), "1");
});

test("signs sub-resources and overrides, sorted and decoded", (t) => {
  const parts = presigned(
    { path: "/b/k", query: "versionId=v1&response-content-type=text%2Fplain&x-id=GetObject" },
    `GET\n\n\n${expires}\n/b/k?response-content-type=text/plain&versionId=v1`,
  );
  t.is(authenticate(requestOf(parts), lookup, nowMs).accessKeyId, accessKeyId);
});

test("signs the session token, in the query too, and hands it to the lookup", (t) => {
  const text = `GET\n\n\n${expires}\nx-amz-security-token:a+token/=\n/b/k`;
  const parts = presigned({ path: "/b/k" }, text, { "x-amz-security-token": "a+token/=" });
  const seen: unknown[] = [];
  const noting = (id: string, token: string | null) => {
    seen.push(token);
    return lookup(id);
  };
  t.is(authenticate(requestOf(parts), noting, nowMs).accessKeyId, accessKeyId);
  t.deepEqual(seen, ["a+token/="]);
  const unsigned = presigned({ path: "/b/k" }, `GET\n\n\n${expires}\n/b/k`, { "x-amz-security-token": "t" });
  t.is(refusal(t, unsigned).code, "SignatureDoesNotMatch");
});

test("a URL for an object is none for its sub-resources, nor for other headers, methods and paths", (t) => {
  const parts = presigned({ path: "/b/k" }, `GET\n\n\n${expires}\n/b/k`);
  t.notThrows(() => authenticate(requestOf(parts), lookup, nowMs));
  const changes: readonly Parts[] = [
    { ...parts, query: `acl&${parts.query}` },
    { ...parts, query: `${parts.query}&versionId=x` },
    { ...parts, query: `${parts.query}&response-content-type=text%2Fhtml` },
    { ...parts, headers: { "x-amz-copy-source": "b/other" } },
    { ...parts, headers: { "content-type": "text/html" } },
    { ...parts, method: "PUT" },
    { ...parts, method: "DELETE" },
    { ...parts, path: "/b/k2" },
  ];
  for (const changed of changes) t.is(refusal(t, changed).code, "SignatureDoesNotMatch");
});

test("keys with characters that clients escape differently", (t) => {
  for (const path of ["/b/a%20b", "/b/a+b", "/b/a(b)", "/b/%C3%A9", "/b/a%2Bb"]) {
    const parts = presigned({ path }, `GET\n\n\n${expires}\n${path}`);
    t.notThrows(() => authenticate(requestOf(parts), lookup, nowMs), path);
  }
});

test("a bucket with and without the slash at its end", (t) => {
  for (const path of ["/b", "/b/"]) {
    const parts = presigned({ path: "/b", query: "list-type=2&prefix=a" }, `GET\n\n\n${expires}\n${path}`);
    t.notThrows(() => authenticate(requestOf(parts), lookup, nowMs), path);
  }
  const object = presigned({ path: "/b/k" }, `GET\n\n\n${expires}\n/b/k/`);
  t.is(refusal(t, object).code, "SignatureDoesNotMatch");
});

test("ends with its second of expiry", (t) => {
  const parts = presigned({ path: "/b/k" }, `GET\n\n\n${expires}\n/b/k`);
  t.notThrows(() => authenticate(requestOf(parts), lookup, expires * 1000));
  const error = refusal(t, parts, expires * 1000 + 1);
  t.is(error.code, "AccessDenied");
  t.is(error.message, "Request has expired");
});

const broken: Readonly<Record<string, [query: string, code: S3ErrorCode]>> = {
  "no Signature": [`AWSAccessKeyId=${accessKeyId}&Expires=${expires}`, "AccessDenied"],
  "no Expires": [`AWSAccessKeyId=${accessKeyId}&Signature=AAAA`, "AccessDenied"],
  "Expires twice": [`AWSAccessKeyId=${accessKeyId}&Signature=AAAA&Expires=${expires}&Expires=9`, "AccessDenied"],
  "Expires that is no number": [`AWSAccessKeyId=${accessKeyId}&Signature=AAAA&Expires=soon`, "AccessDenied"],
  "a signature that is none": [
    `AWSAccessKeyId=${accessKeyId}&Signature=AAAA&Expires=${expires}`,
    "SignatureDoesNotMatch",
  ],
  "an unknown key": [`AWSAccessKeyId=NOBODY&Signature=AAAA&Expires=${expires}`, "InvalidAccessKeyId"],
  "both versions": [
    `AWSAccessKeyId=${accessKeyId}&Signature=AAAA&Expires=${expires}&X-Amz-Algorithm=AWS4-HMAC-SHA256`,
    "AuthorizationQueryParametersError",
  ],
};

for (const [name, [query, code]] of Object.entries(broken)) {
  test(`version 2: ${name} is ${code}`, (t) => t.is(refusal(t, { path: "/b/k", query }).code, code));
}

test("nothing stands behind a signature", (t) => {
  const { query, ...parts } = presigned({ path: "/b/k" }, `GET\n\n\n${expires}\n/b/k`);
  const longer = { ...parts, query: (query ?? "").replace(/Signature=[^&]*/, "$&x") };
  t.not(longer.query, query);
  t.is(refusal(t, longer).code, "SignatureDoesNotMatch");
});

test("another's secret does not sign", (t) => {
  t.is(refusal(t, presigned({ path: "/b/k" }, `GET\n\n\n${expires}\n/b/k`, {}, "other")).code, "SignatureDoesNotMatch");
});

const date = "Tue, 27 Mar 2007 19:36:42 +0000";
const dateMs = Date.UTC(2007, 2, 27, 19, 36, 42);

/** The examples of the reference: method, path, query, headers, and the signature it prints. */
const examples: Readonly<Record<string, [parts: Parts, signature: string]>> = {
  "object GET": [{ path: "/photos/puppy.jpg", headers: { date } }, "bWq2s1WEIj+Ydj0vQ697zp+IXMU="],
  "object PUT": [
    {
      method: "PUT",
      path: "/photos/puppy.jpg",
      headers: { "content-type": "image/jpeg", "content-length": "94328", date: "Tue, 27 Mar 2007 21:15:45 +0000" },
    },
    "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
  ],
  list: [
    {
      path: "/",
      query: "prefix=photos&max-keys=50&marker=puppy",
      headers: { date: "Tue, 27 Mar 2007 19:42:41 +0000" },
    },
    "htDYFYduRNen8P9ZfE/s9SuKy0U=",
  ],
  "fetch of an ACL": [
    { path: "/", query: "acl", headers: { date: "Tue, 27 Mar 2007 19:44:46 +0000" } },
    "c2WLPFtWHVgbEmeEG93a4cG37dM=",
  ],
};

for (const [name, [parts, signature]] of Object.entries(examples)) {
  test(`accepts the reference's ${name}`, (t) => {
    const headers = { ...parts.headers, authorization: `AWS ${accessKeyId}:${signature}` };
    const atMs = Date.parse(parts.headers?.["date"] ?? "");
    const place = hosted("johnsmith");
    t.is(authenticate(requestOf({ ...parts, headers }), lookup, atMs, place).accessKeyId, accessKeyId);
    t.throws(() => authenticate(requestOf({ ...parts, headers }), lookup, atMs + 901_000, place), {
      code: "RequestTimeTooSkewed",
    });
    const renamed = requestOf({ ...parts, path: `${parts.path}x`, headers });
    t.throws(() => authenticate(renamed, lookup, atMs, place), { code: "SignatureDoesNotMatch" });
  });
}

const brokenHeaders: Readonly<Record<string, [headers: Readonly<Record<string, string>>, code: S3ErrorCode]>> = {
  "no signature": [{ date, authorization: `AWS ${accessKeyId}` }, "InvalidArgument"],
  "no date": [{ authorization: `AWS ${accessKeyId}:AAAA` }, "AccessDenied"],
  "a date that is none": [{ date: "yesterday", authorization: `AWS ${accessKeyId}:AAAA` }, "AccessDenied"],
  "an unknown key in the header": [{ date, authorization: "AWS NOBODY:AAAA" }, "InvalidAccessKeyId"],
  "a wrong signature": [{ date, authorization: `AWS ${accessKeyId}:AAAA` }, "SignatureDoesNotMatch"],
};

for (const [name, [headers, code]] of Object.entries(brokenHeaders)) {
  test(`version 2: ${name} is ${code}`, (t) => t.is(refusal(t, { path: "/b/k", headers }, dateMs).code, code));
}
