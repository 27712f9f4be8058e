import test, { type ExecutionContext } from "ava";
import type { HttpRequest } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import {
  accessKeyId,
  lookup,
  nowMs,
  type Parts,
  requestOf,
  type SignOptions,
  signedParts,
  signedRequest,
  timestamp,
} from "./signing-client-fixture.ts";
import { authenticate } from "./sigv4.ts";

const minute = 60_000;

function refusal(t: ExecutionContext, request: HttpRequest, atMs = nowMs): S3Error {
  const error = t.throws(() => authenticate(request, lookup, atMs), { instanceOf: S3Error });
  if (error === undefined) throw new Error("was not refused");
  return error;
}

function accepted(t: ExecutionContext, parts: Parts, options: SignOptions = {}): void {
  t.is(authenticate(signedRequest(parts, options), lookup, nowMs).accessKeyId, accessKeyId);
}

/** A good request whose Authorization header is then changed. */
function withAuthorization(change: (authorization: string) => string): HttpRequest {
  const parts = signedParts({ path: "/b/k" });
  const authorization = change(parts.headers["authorization"] ?? "");
  return requestOf({ ...parts, headers: { ...parts.headers, authorization } });
}

test("accepts any region, and components without spaces, in any order, with tabs", (t) => {
  accepted(t, { path: "/b/k" }, { scope: "20130524/garage/s3/aws4_request" });
  for (const change of [
    (text: string) => text.replaceAll(", ", ","),
    (text: string) => text.replaceAll(", ", " ,\t"),
    (text: string) => text.replace(/(Credential=[^,]+), (SignedHeaders=[^,]+), (.*)/, "$3,$2,$1"),
  ]) {
    t.is(authenticate(withAuthorization(change), lookup, nowMs).accessKeyId, accessKeyId);
  }
});

test("accepts a request made up to 15 minutes before or after now", (t) => {
  for (const skewMs of [-15 * minute, 15 * minute]) {
    t.notThrows(() => authenticate(signedRequest({}), lookup, nowMs + skewMs));
  }
});

test("refuses a request more than 15 minutes off with the server's time", (t) => {
  for (const skewMs of [-15 * minute - 1000, 15 * minute + 1000]) {
    const error = refusal(t, signedRequest({}), nowMs + skewMs);
    t.is(error.code, "RequestTimeTooSkewed");
    t.deepEqual(error.detail, {
      RequestTime: timestamp,
      ServerTime: `${new Date(nowMs + skewMs).toISOString().slice(0, 19)}Z`,
      MaxAllowedSkewMilliseconds: "900000",
    });
  }
});

test("accepts a signed Date header in place of x-amz-date", (t) => {
  const { headers } = signedParts(
    { headers: { date: "Fri, 24 May 2013 00:00:00 GMT" } },
    {
      signed: ["date", "host", "x-amz-content-sha256"],
    },
  );
  const { "x-amz-date": _, ...rest } = headers;
  t.is(authenticate(requestOf({ headers: rest }), lookup, nowMs).accessKeyId, accessKeyId);
});

test("refuses an unsigned Date header in place of x-amz-date", (t) => {
  const { headers } = signedParts(
    { headers: { date: "Fri, 24 May 2013 00:00:00 GMT" } },
    {
      signed: ["host", "x-amz-content-sha256"],
    },
  );
  const { "x-amz-date": _, ...rest } = headers;
  t.is(refusal(t, requestOf({ headers: rest })).code, "AccessDenied");
});

test("refuses a request without a date, or with one that is none", (t) => {
  const { headers } = signedParts({});
  const { "x-amz-date": _, ...rest } = headers;
  t.is(refusal(t, requestOf({ headers: rest })).code, "AccessDenied");
  for (const text of ["20130524T000000", "20130532T000000Z", "20130524T000000Z,20130524T000000Z", ""]) {
    t.is(refusal(t, signedRequest({ headers: { "x-amz-date": text } })).code, "AccessDenied", text);
  }
});

test("refuses a scope of another day than the request's", (t) => {
  const error = refusal(t, signedRequest({}, { scope: "20130523/us-east-1/s3/aws4_request" }));
  t.is(error.code, "AuthorizationHeaderMalformed");
});

test("refuses anonymous requests", (t) => {
  const request = requestOf({ headers: { host: "s3.example.com" } });
  t.is(refusal(t, request).code, "AccessDenied");
});

test("refuses SigV4A as not implemented", (t) => {
  const request = withAuthorization((text) => text.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"));
  t.is(refusal(t, request).code, "NotImplemented");
});

test("refuses other mechanisms", (t) => {
  for (const text of ["Basic dXNlcjpwYXNz", "Bearer x", "AWS4-HMAC-SHA256", "aws4-hmac-sha256 x", "", " "]) {
    const error = refusal(t, requestOf({ headers: { host: "h", authorization: text } }));
    t.is(error.code, "InvalidArgument", text);
    t.false(JSON.stringify(error.detail).includes("dXNlcjpwYXNz"), "credentials are not echoed");
  }
});

const malformations: Readonly<Record<string, (text: string) => string>> = {
  "no components": () => "AWS4-HMAC-SHA256 ",
  "no Credential": (text) => text.replace(/Credential=[^,]+, /, ""),
  "no SignedHeaders": (text) => text.replace(/SignedHeaders=[^,]+, /, ""),
  "no Signature": (text) => text.replace(/, Signature=.*/, ""),
  "a fourth component": (text) => `${text}, Extra=1`,
  "a component twice": (text) => `${text}, Signature=00`,
  "a component without a value": (text) => text.replace(/Signature=/, "Signature"),
  "two joined headers": (text) => `${text},${text}`,
  "a short credential": (text) => text.replace(/Credential=[^/]+\//, "Credential="),
  "an empty access key": (text) => text.replace(/Credential=[^/]+/, "Credential="),
  "an empty region": (text) => text.replace("/us-east-1/", "//"),
  "a region of control characters": (text) => text.replace("us-east-1", "us\u0001"),
  "a region of 65 characters": (text) => text.replace("us-east-1", "r".repeat(65)),
  "another service": (text) => text.replace("/s3/", "/sts/"),
  "another terminal": (text) => text.replace("aws4_request", "aws5_request"),
  "a date that is none": (text) => text.replace("/20130524/", "/2013052/"),
  "an empty list of headers": (text) => text.replace(/SignedHeaders=[^,]+/, "SignedHeaders="),
  "a header signed twice": (text) => text.replace("SignedHeaders=host", "SignedHeaders=host;host"),
  "an empty header name": (text) => text.replace("SignedHeaders=host", "SignedHeaders=;host"),
};

for (const [name, change] of Object.entries(malformations)) {
  test(`refuses an Authorization header with ${name}`, (t) => {
    t.is(refusal(t, withAuthorization(change)).code, "AuthorizationHeaderMalformed");
  });
}

test("refuses a header request without x-amz-content-sha256", (t) => {
  const { headers } = signedParts({}, { signed: ["host", "x-amz-date"] });
  const { "x-amz-content-sha256": _, ...rest } = headers;
  const error = refusal(t, requestOf({ headers: rest }));
  t.is(error.code, "InvalidRequest");
  t.is(error.message, "Missing required header for this request: x-amz-content-sha256");
});

test("refuses credentials in both header and query", (t) => {
  for (const query of [
    "X-Amz-Signature=0",
    "X-Amz-Algorithm=AWS4-HMAC-SHA256",
    "X%2DAmz-Credential=x",
    "AWSAccessKeyId=x",
  ]) {
    t.is(refusal(t, signedRequest({ query })).code, "InvalidArgument", query);
  }
});

test("hands the session token to the lookup, which judges it", (t) => {
  const seen: unknown[] = [];
  const noting = (id: string, token: string | null) => {
    seen.push(token);
    return lookup(id);
  };
  authenticate(signedRequest({ headers: { "x-amz-security-token": "a+token/=" } }), noting, nowMs);
  authenticate(signedRequest({}), noting, nowMs);
  t.deepEqual(seen, ["a+token/=", null]);
  const unsigned = signedRequest(
    { headers: { "x-amz-security-token": "t" } },
    { signed: ["host", "x-amz-content-sha256", "x-amz-date"] },
  );
  t.is(refusal(t, unsigned).detail["HeadersNotSigned"], "x-amz-security-token");
});

test("refuses a request whose host is not signed", (t) => {
  const error = refusal(t, signedRequest({}, { signed: ["x-amz-content-sha256", "x-amz-date"] }));
  t.is(error.code, "AccessDenied");
  t.is(error.detail["HeadersNotSigned"], "host");
});

for (const name of [
  "x-amz-acl",
  "x-amz-copy-source",
  "x-amz-tagging",
  "x-amz-object-lock-mode",
  "x-amz-server-side-encryption",
  "x-amz-meta-a",
  "x-amz-website-redirect-location",
]) {
  test(`refuses an added ${name} that is not signed`, (t) => {
    const parts = signedParts({ method: "PUT", path: "/b/k" });
    const error = refusal(t, requestOf({ ...parts, headers: { ...parts.headers, [name]: "x" } }));
    t.is(error.code, "AccessDenied");
    t.is(error.detail["HeadersNotSigned"], name);
  });
}

test("headers beside x-amz-* may come unsigned", (t) => {
  const parts = signedParts({ method: "PUT", path: "/b/k" });
  const headers = { ...parts.headers, "content-type": "text/plain", "user-agent": "x" };
  t.notThrows(() => authenticate(requestOf({ ...parts, headers }), lookup, nowMs));
});

test("refuses an unknown access key by its own code", (t) => {
  for (const id of ["AKIAUNKNOWN", "A".repeat(129), "slash/in/key"]) {
    const error = refusal(t, signedRequest({}, { id }));
    t.is(error.code, "InvalidAccessKeyId");
    t.is(error.detail["AWSAccessKeyId"], id);
  }
});

test("an unknown key signed with the stand-in secret, and a key with an empty secret, are unknown", (t) => {
  const stranger = signedRequest({}, { id: "AKIAUNKNOWN", secret: "0".repeat(40) });
  t.is(refusal(t, stranger).code, "InvalidAccessKeyId");
  const request = signedRequest({}, { secret: "" });
  const error = t.throws(() => authenticate(request, () => ({ secretAccessKey: "" }), nowMs), { instanceOf: S3Error });
  t.is(error?.code, "InvalidAccessKeyId");
});

test("looks an access key up at most once, and not at all when no key is that long", (t) => {
  let count = 0;
  const counting = (id: string) => {
    count++;
    return lookup(id);
  };
  authenticate(signedRequest({}), counting, nowMs);
  t.is(count, 1);
  t.throws(() => authenticate(signedRequest({}, { id: "A".repeat(129) }), counting, nowMs));
  t.is(count, 1);
});

test("refuses a wrong secret with what was signed", (t) => {
  const error = refusal(t, signedRequest({ path: "/b/k" }, { secret: "wrong" }));
  t.is(error.code, "SignatureDoesNotMatch");
  t.is(error.detail["AWSAccessKeyId"], accessKeyId);
  t.regex(
    error.detail["StringToSign"] ?? "",
    /^AWS4-HMAC-SHA256\n20130524T000000Z\n20130524\/us-east-1\/s3\/aws4_request\n/,
  );
  t.regex(error.detail["SignatureProvided"] ?? "", /^[0-9a-f]{64}$/);
  t.true(error.detail["CanonicalRequest"]?.startsWith("GET\n/b/k\n\nhost:s3.example.com\n"));
});

for (const signature of ["", "0".repeat(63), "0".repeat(65), "0".repeat(64), "Z".repeat(64), "š".repeat(64)]) {
  test(`refuses the signature "${signature}"`, (t) => {
    const request = withAuthorization((text) => text.replace(/Signature=.*/, `Signature=${signature}`));
    t.is(refusal(t, request).code, "SignatureDoesNotMatch");
  });
}

test("refuses a good signature in upper case", (t) => {
  const request = withAuthorization((text) =>
    text.replace(/Signature=(.*)/, (_, hex: string) => `Signature=${hex.toUpperCase()}`),
  );
  t.is(refusal(t, request).code, "SignatureDoesNotMatch");
});

test("refuses a good signature on another method, path, query or signed header", (t) => {
  const parts = signedParts({ path: "/b/k", query: "a=1", headers: { range: "bytes=0-1" } });
  const others: Parts[] = [
    { ...parts, method: "DELETE" },
    { ...parts, path: "/b/k2" },
    { ...parts, path: "//b/k" },
    { ...parts, query: "a=2" },
    { ...parts, query: "a=1&b" },
    { ...parts, headers: { ...parts.headers, range: "bytes=0-9" } },
    { ...parts, headers: { ...parts.headers, host: "other.example.com" } },
    { ...parts, headers: { ...parts.headers, "x-amz-content-sha256": "0".repeat(64) } },
  ];
  for (const other of others) t.is(refusal(t, requestOf(other)).code, "SignatureDoesNotMatch");
});

const paths: Readonly<Record<string, [wire: string, canonical: string]>> = {
  "a plus sign, escaped": ["/b/a%2Bb", "/b/a%2Bb"],
  "a plus sign, raw, signed escaped": ["/b/a+b", "/b/a%2Bb"],
  "a plus sign, raw, signed raw": ["/b/a+b", "/b/a+b"],
  "lower-case escapes": ["/b/%c3%a9", "/b/%C3%A9"],
  "a tilde": ["/b/~k", "/b/~k"],
  "an escaped tilde": ["/b/%7Ek", "/b/~k"],
  "two slashes": ["/b//k//", "/b//k//"],
  dots: ["/b/./../k", "/b/./../k"],
  "escaped dots": ["/b/%2e%2e%2fk", "/b/../k"],
  "an escaped percent sign": ["/b/%252e", "/b/%252e"],
  "a space": ["/b/a%20b", "/b/a%20b"],
  "brackets, raw, signed escaped": ["/b/a(1)", "/b/a%281%29"],
  "brackets, raw, signed raw": ["/b/a(1)", "/b/a(1)"],
  "raw UTF-8": ["/b/é", "/b/%C3%A9"],
  "a backslash": ["/b/a\\b", "/b/a%5Cb"],
  "sub-delimiters": ["/b/a!$&'()*,;=:@k", "/b/a%21%24%26%27%28%29%2A%2C%3B%3D%3A%40k"],
};

for (const [name, [path, canonicalPath]] of Object.entries(paths)) {
  test(`verifies a path with ${name}`, (t) => accepted(t, { path }, { canonicalPath }));
}

test("a path is not normalised before it is verified", (t) => {
  t.is(refusal(t, signedRequest({ path: "/b/x/../k" }, { canonicalPath: "/b/k" })).code, "SignatureDoesNotMatch");
  t.is(refusal(t, signedRequest({ path: "/b//k" }, { canonicalPath: "/b/k" })).code, "SignatureDoesNotMatch");
  t.is(refusal(t, signedRequest({ path: "/b/a%20b" }, { canonicalPath: "/b/a%2520b" })).code, "SignatureDoesNotMatch");
});

test("refuses broken escapes in path and query as InvalidURI", (t) => {
  for (const path of ["/b/%", "/b/%2", "/b/%zz", "/b/%+1"])
    t.is(refusal(t, signedRequest({ path })).code, "InvalidURI");
  t.is(refusal(t, signedRequest({ query: "a=%g0" })).code, "InvalidURI");
});

const queries: Readonly<Record<string, [wire: string, canonical: string]>> = {
  "no values": ["uploads", "uploads="],
  "empty values": ["delete=", "delete="],
  "another order": ["b=2&a=1", "a=1&b=2"],
  "repeated names": ["a=2&a=1&a=10", "a=1&a=10&a=2"],
  "names that order before the equals sign": ["a-b=1&a=2", "a=2&a-b=1"],
  "a plus sign for a space": ["prefix=a+b", "prefix=a%20b"],
  "an escaped plus sign": ["prefix=a%2Bb", "prefix=a%2Bb"],
  "an equals sign in a value": ["a=b=c", "a=b%3Dc"],
  "a raw slash": ["prefix=a/b", "prefix=a%2Fb"],
  "empty words": ["&a=1&&b=2&", "a=1&b=2"],
  "lower-case escapes": ["a=%c3%a9", "a=%C3%A9"],
  "an escaped letter": ["%61=1", "a=1"],
  "words that mean nothing": ["x-id=GetObject&list-type=2", "list-type=2&x-id=GetObject"],
};

for (const [name, [query, canonicalQuery]] of Object.entries(queries)) {
  test(`verifies a query with ${name}`, (t) => accepted(t, { path: "/b", query }, { canonicalQuery }));
}

test("verifies header values with spaces and tabs collapsed", (t) => {
  const parts = signedParts({ headers: { "x-amz-meta-a": " a  b " } });
  t.notThrows(() => authenticate(requestOf(parts), lookup, nowMs));
  const headers = { ...parts.headers, "x-amz-meta-a": "a \t b" };
  t.notThrows(() => authenticate(requestOf({ ...parts, headers }), lookup, nowMs));
});

test("verifies UTF-8 metadata, read as UTF-8 or as Latin-1 by the front", (t) => {
  const parts = signedParts({ headers: { "x-amz-meta-a": "aéb" } });
  t.notThrows(() => authenticate(requestOf(parts), lookup, nowMs));
  const latin1 = Buffer.from("aéb", "utf8").toString("latin1");
  const headers = { ...parts.headers, "x-amz-meta-a": latin1 };
  t.notThrows(() => authenticate(requestOf({ ...parts, headers }), lookup, nowMs));
});

test("a secret that changed is no longer accepted, though its key was cached", (t) => {
  const request = signedRequest({});
  t.notThrows(() => authenticate(request, lookup, nowMs));
  const error = t.throws(() => authenticate(request, () => ({ secretAccessKey: "rotated" }), nowMs), {
    instanceOf: S3Error,
  });
  t.is(error?.code, "SignatureDoesNotMatch");
});
