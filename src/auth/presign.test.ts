import test, { type ExecutionContext } from "ava";
import { S3Error } from "../s3/errors.ts";
import {
  accessKeyId,
  lookup,
  nowMs,
  type Parts,
  presignedParts,
  requestOf,
  type SignOptions,
  signedParts,
  timestamp,
} from "./signing-client-fixture.ts";
import { authenticate } from "./sigv4.ts";

type Words = Readonly<Record<string, string | null>>;

const target: Parts = { method: "PUT", path: "/b/k" };

function refusal(t: ExecutionContext, parts: Parts, atMs = nowMs): S3Error {
  const error = t.throws(() => authenticate(requestOf(parts), lookup, atMs), { instanceOf: S3Error });
  if (error === undefined) throw new Error("was not refused");
  return error;
}

test("accepts a presigned request until its last second and not after", (t) => {
  const parts = presignedParts(target, { "X-Amz-Expires": "60" });
  t.true(authenticate(requestOf(parts), lookup, nowMs + 60_000).presigned);
  const error = refusal(t, parts, nowMs + 60_001);
  t.is(error.code, "AccessDenied");
  t.deepEqual(error.detail, {
    Message: "Request has expired",
    "X-Amz-Expires": "60",
    Expires: "2013-05-24T00:01:00Z",
    ServerTime: "2013-05-24T00:01:00Z",
  });
});

test("accepts one signed up to 15 minutes in the future and refuses later ones", (t) => {
  const parts = presignedParts(target);
  t.notThrows(() => authenticate(requestOf(parts), lookup, nowMs - 15 * 60_000));
  t.is(refusal(t, parts, nowMs - 15 * 60_000 - 1).message, "Request is not valid yet");
});

test("accepts the bounds of X-Amz-Expires", (t) => {
  for (const seconds of ["1", "604800"]) {
    t.notThrows(() => authenticate(requestOf(presignedParts(target, { "X-Amz-Expires": seconds })), lookup, nowMs));
  }
});

const wordRefusals: Readonly<Record<string, Words>> = {
  "X-Amz-Expires of 0": { "X-Amz-Expires": "0" },
  "negative X-Amz-Expires": { "X-Amz-Expires": "-1" },
  "X-Amz-Expires past a week": { "X-Amz-Expires": "604801" },
  "X-Amz-Expires that is no number": { "X-Amz-Expires": "1h" },
  "X-Amz-Expires with a fraction": { "X-Amz-Expires": "1.5" },
  "no X-Amz-Expires": { "X-Amz-Expires": null },
  "no X-Amz-Date": { "X-Amz-Date": null },
  "no X-Amz-Credential": { "X-Amz-Credential": null },
  "no X-Amz-SignedHeaders": { "X-Amz-SignedHeaders": null },
  "an empty X-Amz-SignedHeaders": { "X-Amz-SignedHeaders": "" },
  "a broken X-Amz-SignedHeaders": { "X-Amz-SignedHeaders": "host%3Bhost" },
  "an X-Amz-Date that is none": { "X-Amz-Date": "2013-05-24T00%3A00%3A00Z" },
  "an X-Amz-Date of another day than the scope": { "X-Amz-Date": "20130525T000000Z" },
  "another algorithm": { "X-Amz-Algorithm": "AWS4-HMAC-SHA1" },
  "a credential for another service": {
    "X-Amz-Credential": `${accessKeyId}%2F20130524%2Fus-east-1%2Fiam%2Faws4_request`,
  },
  "a short credential": { "X-Amz-Credential": `${accessKeyId}%2F20130524%2Fs3%2Faws4_request` },
};

for (const [name, words] of Object.entries(wordRefusals)) {
  test(`refuses ${name}`, (t) => {
    t.is(refusal(t, presignedParts(target, words)).code, "AuthorizationQueryParametersError");
  });
}

test("refuses a query without its signature", (t) => {
  const parts = presignedParts(target);
  const query = parts.query?.replace(/&X-Amz-Signature=.*/, "") ?? "";
  t.is(refusal(t, { ...parts, query }).code, "AuthorizationQueryParametersError");
});

test("refuses credentials that are given twice", (t) => {
  const parts = presignedParts(target);
  for (const word of [
    "X-Amz-Signature=0",
    "X-Amz-Expires=604800",
    "X-Amz-Date=20130524T000000Z",
    "X%2DAmz-Credential=a",
  ]) {
    t.is(refusal(t, { ...parts, query: `${parts.query}&${word}` }).code, "AuthorizationQueryParametersError", word);
  }
});

test("refuses SigV4A", (t) => {
  t.is(refusal(t, presignedParts(target, { "X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256" })).code, "NotImplemented");
});

test("hands the session token of the query to the lookup, which judges it", (t) => {
  const seen: unknown[] = [];
  const noting = (id: string, token: string | null) => {
    seen.push(token);
    return lookup(id);
  };
  authenticate(requestOf(presignedParts(target, { "X-Amz-Security-Token": "token" })), noting, nowMs);
  t.deepEqual(seen, ["token"]);
  const twice = presignedParts(target, { "X-Amz-Security-Token": "token" });
  const headers = { ...twice.headers, "x-amz-security-token": "another" };
  t.is(refusal(t, { ...twice, headers }).code, "AccessDenied", "a header that was not signed");
});

test("refuses when the host is not signed", (t) => {
  t.is(refusal(t, presignedParts(target, {}, { signed: ["content-type"] })).detail["HeadersNotSigned"], "host");
});

for (const name of [
  "x-amz-copy-source",
  "x-amz-acl",
  "x-amz-tagging",
  "x-amz-object-lock-mode",
  "x-amz-server-side-encryption-customer-key",
  "x-amz-meta-a",
  "x-amz-content-sha256",
]) {
  test(`refuses an added ${name}`, (t) => {
    const parts = presignedParts(target);
    const error = refusal(t, { ...parts, headers: { ...parts.headers, [name]: "UNSIGNED-PAYLOAD" } });
    t.is(error.code, "AccessDenied");
    t.is(error.detail["HeadersNotSigned"], name);
  });
}

test("a browser's unsigned Content-Type is accepted, a signed one is binding", (t) => {
  const free = presignedParts(target);
  t.notThrows(() =>
    authenticate(requestOf({ ...free, headers: { ...free.headers, "content-type": "a/b" } }), lookup, nowMs),
  );
  const bound = presignedParts(
    { ...target, headers: { "content-type": "a/b" } },
    {},
    { signed: ["content-type", "host"] },
  );
  t.notThrows(() => authenticate(requestOf(bound), lookup, nowMs));
  const changed = { ...bound, headers: { ...bound.headers, "content-type": "text/html" } };
  t.is(refusal(t, changed).code, "SignatureDoesNotMatch");
});

test("refuses another method, path, host or query word", (t) => {
  const parts = presignedParts(target);
  const others: Parts[] = [
    { ...parts, method: "GET" },
    { ...parts, path: "/b/k2" },
    { ...parts, headers: { host: "other.example.com" } },
    { ...parts, query: `${parts.query}&response-content-type=text%2Fhtml` },
    { ...parts, query: parts.query?.replace("Expires=86400", "Expires=604800") ?? "" },
  ];
  for (const other of others) t.is(refusal(t, other).code, "SignatureDoesNotMatch");
});

test("refuses wrong secrets and unknown keys", (t) => {
  const code = (options: SignOptions) => refusal(t, presignedParts(target, {}, options)).code;
  t.is(code({ secret: "wrong" }), "SignatureDoesNotMatch");
  t.is(code({ id: "AKIAUNKNOWN" }), "InvalidAccessKeyId");
});

test("the payload is unsigned unless the query or a signed header says otherwise", (t) => {
  const sha256 = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
  const payload = (parts: Parts) => authenticate(requestOf(parts), lookup, nowMs).payload.sha256;
  t.is(payload(presignedParts(target)), null);
  t.is(payload(presignedParts(target, { "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" })), null);
  t.is(payload(presignedParts(target, { "X-Amz-Content-Sha256": sha256 })), sha256);
  const inHeader = { ...target, headers: { "x-amz-content-sha256": sha256 } };
  t.is(payload(presignedParts(inHeader, {}, { signed: ["host", "x-amz-content-sha256"] })), sha256);
  const differing = presignedParts(
    inHeader,
    { "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" },
    { signed: ["host", "x-amz-content-sha256"] },
  );
  t.is(refusal(t, differing).code, "AuthorizationQueryParametersError");
});

for (const mode of [
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
]) {
  test(`refuses ${mode} with credentials in the query, from query and header`, (t) => {
    const headers = { "x-amz-decoded-content-length": "3" };
    const signed = ["host", "x-amz-decoded-content-length"];
    const inQuery = presignedParts({ ...target, headers }, { "X-Amz-Content-Sha256": mode }, { signed });
    t.is(refusal(t, inQuery).code, "InvalidRequest");
    const both = { ...headers, "x-amz-content-sha256": mode };
    const inHeader = presignedParts({ ...target, headers: both }, {}, { signed: [...signed, "x-amz-content-sha256"] });
    t.is(refusal(t, inHeader).code, "InvalidRequest");
  });
}

test("refuses an aws-chunked body behind a presigned URL", (t) => {
  const parts = presignedParts(target);
  const headers = { ...parts.headers, "content-encoding": "aws-chunked" };
  t.is(refusal(t, { ...parts, headers }).code, "InvalidArgument");
});

test("a header signature does not pass as a presigned one", (t) => {
  const { headers } = signedParts(target);
  const signature = /Signature=(.*)/.exec(headers["authorization"] ?? "")?.[1] ?? "";
  const parts = presignedParts(target, { "X-Amz-Date": timestamp });
  const query = parts.query?.replace(/X-Amz-Signature=.*/, `X-Amz-Signature=${signature}`) ?? "";
  t.is(refusal(t, { ...parts, query }).code, "SignatureDoesNotMatch");
});
