/** Signatures of the query protocol: what they cover, and how each fault is refused. */

import { createHash } from "node:crypto";
import test from "ava";
import {
  accessKeyId,
  emptySha256,
  lookup,
  nowMs,
  type Parts,
  presignedParts,
  requestOf,
  type SignOptions,
  signedParts,
} from "../auth/signing-client-fixture.ts";
import { authenticate } from "../auth/sigv4.ts";
import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";
import { QueryError } from "./errors.ts";
import { queryServiceOf, readSignedForm } from "./query-request.ts";

const scope = "20130524/eu-west-3/sts/aws4_request";
const form = "Action=GetCallerIdentity&Version=2011-06-15";
const hashOf = (body: string): string => createHash("sha256").update(body).digest("hex");
const formHeaders = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };

interface Sent extends Parts {
  readonly body?: string;
  readonly now?: number;
}

const read = ({ body = form, now = nowMs, ...parts }: Sent) =>
  readSignedForm(requestOf(parts), Buffer.from(body), lookup, now);

const code = (sent: Sent): string | null => {
  try {
    read(sent);
    return null;
  } catch (error) {
    if (error instanceof QueryError) return error.code;
    throw error;
  }
};

/** As boto3 signs: without x-amz-content-sha256. */
const posted = (options: SignOptions = {}, parts: Parts = {}): Parts =>
  signedParts({ method: "POST", headers: formHeaders, ...parts }, { scope, payloadHash: hashOf(form), ...options });

test("a form that is signed with and without the payload's header", (t) => {
  const expected = { accessKeyId, service: "sts", form, timestamp: "20130524T000000Z", presigned: false } as const;
  t.deepEqual(read(posted()), expected);
  const headers = { ...formHeaders, "x-amz-content-sha256": hashOf(form) };
  t.deepEqual(read(signedParts({ method: "POST", headers }, { scope })), expected);
  const iam = posted({ scope: "20130524/us-east-1/iam/aws4_request" });
  t.is(read(iam).service, "iam");
});

test("parameters in a query, signed by header or presigned", (t) => {
  const signed = signedParts({ method: "GET", query: form }, { scope, payloadHash: emptySha256 });
  t.is(read({ ...signed, body: "" }).form, form);
  const words = { Action: "GetCallerIdentity", Version: "2011-06-15" };
  const presigned = presignedParts({ method: "GET" }, words, { scope, payloadHash: emptySha256 });
  const found = read({ ...presigned, body: "" });
  t.like(found, { service: "sts", presigned: true, accessKeyId });
  t.true(found.form.startsWith("Action=GetCallerIdentity&Version=2011-06-15&X-Amz-"));
  t.is(code({ ...presigned, body: "", now: nowMs + 86_401_000 }), "RequestExpired");
  const withBody = presignedParts({ method: "POST" }, words, { scope, payloadHash: hashOf(form) });
  t.is(code(withBody), "MalformedInput", "a body beside parameters in the query");
});

test("what was changed on its way does not match", (t) => {
  const signed = posted();
  t.is(code({ ...signed, body: `${form}&UserName=x` }), "SignatureDoesNotMatch");
  t.is(code({ ...signed, body: "" }), "SignatureDoesNotMatch");
  t.is(code({ ...signed, method: "GET" }), "SignatureDoesNotMatch");
  t.is(code({ ...signed, query: "a=b" }), "SignatureDoesNotMatch");
  t.is(code({ ...signed, headers: { ...signed.headers, host: "other" } }), "SignatureDoesNotMatch");
  const unsigned = { ...formHeaders, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  t.is(code(signedParts({ method: "POST", headers: unsigned }, { scope })), "SignatureDoesNotMatch");
  const lying = { ...formHeaders, "x-amz-content-sha256": emptySha256 };
  t.is(code(signedParts({ method: "POST", headers: lying }, { scope })), "SignatureDoesNotMatch");
  const claimed = signedParts({ method: "POST", headers: lying }, { scope, payloadHash: hashOf(form) });
  t.is(code(claimed), "SignatureDoesNotMatch", "the header says another hash than the one that was signed");
});

test("each fault has its code", (t) => {
  t.is(code({ method: "POST", headers: { host: "h", ...formHeaders } }), "MissingAuthenticationToken");
  t.is(code(posted({ id: "AKIDOESNOTEXIST00000" })), "InvalidClientTokenId");
  t.is(code(posted({ secret: "wrong" })), "SignatureDoesNotMatch");
  t.is(code({ ...posted(), now: nowMs + limits.clockSkewMs + 1 }), "RequestExpired");
  t.is(code({ ...posted(), now: nowMs - limits.clockSkewMs - 1 }), "RequestExpired");
  t.is(code(posted({ scope: "20130524/us-east-1/s3/aws4_request" })), "IncompleteSignature");
  t.is(code(posted({ scope: "20130524/us-east-1/ec2/aws4_request" })), "IncompleteSignature");
  t.is(code(posted({ scope: "20130523/us-east-1/sts/aws4_request" })), "IncompleteSignature");
  t.is(code(posted({ signed: ["x-amz-date"] })), "IncompleteSignature", "the host is not signed");
  const { headers = {} } = posted();
  const spoiled = (authorization: string) => code({ method: "POST", headers: { ...headers, authorization } });
  t.is(spoiled("AWS4-HMAC-SHA256 Credential=x"), "IncompleteSignature");
  t.is(spoiled("Bearer x"), "IncompleteSignature");
  t.is(spoiled("AWS AKID:signature"), "IncompleteSignature");
});

test("bodies of another kind are refused, also when they are signed", (t) => {
  const json = { "content-type": "application/json" };
  t.is(code(posted({}, { headers: json })), "MalformedInput");
  t.is(code(posted({}, { query: "Action=ListUsers" })), "MalformedInput");
  const latin = "Action=Größe";
  t.is(code({ ...posted({ payloadHash: hashOf(latin) }), body: latin }), "MalformedInput");
  const large = "x".repeat(limits.queryBodyBytesMax + 1);
  t.is(code({ ...posted({ payloadHash: hashOf(large) }), body: large }), "RequestEntityTooLarge");
});

test("errors of the lookup are answered in the protocol's words", (t) => {
  const thrown = (error: Error): string | null => {
    try {
      readSignedForm(
        requestOf(posted()),
        Buffer.from(form),
        () => {
          throw error;
        },
        nowMs,
      );
      return null;
    } catch (found) {
      return found instanceof QueryError ? found.code : "thrown on";
    }
  };
  t.is(thrown(new S3Error("ExpiredToken")), "ExpiredToken");
  t.is(thrown(new S3Error("InvalidToken")), "InvalidClientTokenId");
  t.is(thrown(new TypeError("a fault of our own")), "thrown on");
});

test("what was signed for one service is no request to another", (t) => {
  const refusal = (parts: Parts): string => {
    try {
      authenticate(requestOf(parts), lookup, nowMs);
      return "";
    } catch (error) {
      return error instanceof S3Error ? error.code : "";
    }
  };
  for (const service of ["iam", "sts"]) {
    const other = `20130524/us-east-1/${service}/aws4_request`;
    t.is(refusal(signedParts({}, { scope: other })), "AuthorizationHeaderMalformed");
    t.is(refusal(presignedParts({}, {}, { scope: other })), "AuthorizationQueryParametersError");
  }
  t.is(refusal(signedParts({})), "");
});

test("requests of the protocol are told from S3's by their scope", (t) => {
  t.is(queryServiceOf(requestOf(posted())), "sts");
  t.is(queryServiceOf(requestOf(signedParts({}))), null);
  t.is(queryServiceOf(requestOf(signedParts({ path: "/bucket" }, { scope }))), null);
  t.is(queryServiceOf(requestOf(presignedParts({}, {}, { scope }))), "sts");
  t.is(queryServiceOf(requestOf(presignedParts({}))), null);
  t.is(queryServiceOf(requestOf({ method: "POST", headers: formHeaders })), "iam");
  t.is(queryServiceOf(requestOf({ method: "POST", headers: { "content-type": "multipart/form-data" } })), null);
  const otherwise = { ...formHeaders, authorization: "Bearer x" };
  t.is(queryServiceOf(requestOf({ method: "POST", headers: otherwise })), "iam");
  t.is(queryServiceOf(requestOf(signedParts({ method: "POST", headers: formHeaders }))), null);
  t.is(queryServiceOf(requestOf({ method: "DELETE", headers: posted().headers ?? {} })), null);
});
