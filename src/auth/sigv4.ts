/**
 * Who made a request, and what their signature says of its body: AWS Signature Version 4, or version 2 where it is taken.
 * Pure but for the signing key cache.
 */

import { limits } from "../base/limits.ts";
import type { HttpRequest } from "../model/http.ts";
import { parseHttpDate } from "../model/timestamp.ts";
import { S3Error } from "../s3/errors.ts";
import type { Authenticated } from "./authenticated.ts";
import { canonicalQuery, parseQuery, type QueryPair } from "./canonical-request.ts";
import { type Credential, checkService, parseCredential, s3Only } from "./credential.ts";
import { parsePayloadMode, signedPayload } from "./payload.ts";
import { authenticatePresigned, isPresigned } from "./presign.ts";
import { checkSkew, formatBasicTime, parseBasicTime } from "./request-time.ts";
import { algorithm, type SecretLookup, verifySignature } from "./signature.ts";
import { checkHeadersSigned, parseSignedHeaders, type SignedHeaders } from "./signed-headers.ts";
import { authenticateHeaderV2, authenticatePresignedV2, isPresignedV2 } from "./sigv2.ts";

export type { SignedPayload } from "./payload.ts";
export type { SecretLookup } from "./signature.ts";

/** What of a request's place decides how it may be signed. */
export interface SigningPlace {
  /** The bucket that the Host header names; null for path style. */
  readonly hostedBucket: string | null;
  /** Whether signature version 2 is taken. */
  readonly takesVersion2: boolean;
}

const pathStyle: SigningPlace = { hostedBucket: null, takesVersion2: true };

/**
 * Verifies a request signed in its Authorization header or in its query, in any region of service "s3".
 * @param lookup called at most once
 * @param nowMs Unix ms
 * @throws S3Error AccessDenied (anonymous, expired, unsigned headers), InvalidAccessKeyId, SignatureDoesNotMatch,
 * RequestTimeTooSkewed, AuthorizationHeaderMalformed, AuthorizationQueryParametersError, InvalidArgument, InvalidRequest,
 * InvalidToken, InvalidURI, MissingContentLength, NotImplemented; nothing else
 * Source: AWS "Authenticating Requests (AWS Signature Version 4)"
 */
export function authenticate(
  request: HttpRequest,
  lookup: SecretLookup,
  nowMs: number,
  place: SigningPlace = pathStyle,
): Authenticated {
  const authorization = request.headers.get("authorization");
  const query = parseQuery(request.rawQuery);
  if (authorization === undefined) {
    if (isPresigned(query)) return { ...authenticatePresigned(request, query, lookup, nowMs), presigned: true };
    if (!isPresignedV2(query)) throw new S3Error("AccessDenied");
    if (!place.takesVersion2) throw unsupportedMechanism();
    return authenticatePresignedV2(request, query, lookup, nowMs, place.hostedBucket);
  }
  if (isPresigned(query) || isPresignedV2(query)) {
    throw new S3Error("InvalidArgument", {
      Message:
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
      ArgumentName: "Authorization",
    });
  }
  if (authorization.startsWith("AWS ") && place.takesVersion2) {
    return authenticateHeaderV2(request, query, authorization, lookup, nowMs, place.hostedBucket);
  }
  return authenticateHeader(request, query, authorization, lookup, nowMs);
}

function authenticateHeader(
  request: HttpRequest,
  query: readonly QueryPair[],
  authorization: string,
  lookup: SecretLookup,
  nowMs: number,
): Authenticated {
  const { headers } = request;
  const { credential, signed, signature } = readAuthorization(authorization);
  checkService(credential, s3Only, malformed);
  const payloadHash = headers.get("x-amz-content-sha256");
  if (payloadHash === undefined) {
    throw new S3Error("InvalidRequest", { Message: "Missing required header for this request: x-amz-content-sha256" });
  }
  const timestamp = requestTimestamp(request, signed, nowMs);
  if (!timestamp.startsWith(credential.date)) {
    throw malformed("Invalid credential date. Date is not the same as X-Amz-Date.");
  }
  checkHeadersSigned(headers, signed);
  const mode = parsePayloadMode(payloadHash, headers);
  const sessionToken = headers.get("x-amz-security-token") ?? null;
  const claim = { credential, signed, signature, timestamp, query: canonicalQuery(query), payloadHash, sessionToken };
  const key = verifySignature(request, claim, lookup);
  return {
    accessKeyId: credential.accessKeyId,
    presigned: false,
    version: algorithm,
    timestamp,
    region: credential.region,
    payload: signedPayload(mode, key, signature, timestamp),
    signedHeaders: signed.names,
    headers,
  };
}

interface Authorization {
  readonly credential: Credential;
  readonly signed: SignedHeaders;
  readonly signature: string;
}

const signatureChars = 64;
const signatureAtEnd = /Signature=[0-9a-f]{64}$/;

/** What stands before a signature, as it was read. */
interface KnownHead extends Omit<Authorization, "signature"> {
  readonly text: string;
}

/** What stands before an access key that is named first, as clients do. */
const credentialAtStart = `${algorithm} Credential=`;

/**
 * What stands between access key and signature (scope and signed headers), as it was read with the first access key that came
 * with it: the same for all of a day who use one client in one region. Full, it starts again.
 */
const knownTails = new Map<string, Omit<Authorization, "signature">>();
/** The head of the last request, which the next one has most often: to compare it is cheaper than to look it up. */
let lastHead: KnownHead | null = null;

/** @throws S3Error AuthorizationHeaderMalformed, InvalidArgument, InvalidRequest, NotImplemented */
export function readAuthorization(authorization: string): Authorization {
  if (!signatureAtEnd.test(authorization)) return parseComponents(authorization);
  const end = authorization.length - signatureChars;
  if (lastHead === null || lastHead.text.length !== end || !authorization.startsWith(lastHead.text)) {
    lastHead = readHead(authorization, end);
  }
  // Written out: a spread makes an object of a new hidden class each time.
  const { credential, signed } = lastHead;
  return { credential, signed, signature: authorization.slice(end) };
}

function readHead(authorization: string, end: number): KnownHead {
  const text = authorization.slice(0, end);
  const slash = text.indexOf("/");
  const isFirst = slash > credentialAtStart.length && text.startsWith(credentialAtStart);
  const accessKeyId = isFirst ? text.slice(credentialAtStart.length, slash) : "";
  // A comma would end the component.
  const isPlain = isFirst && !accessKeyId.includes(",");
  const tail = isPlain ? text.slice(slash) : "";
  const known = isPlain ? knownTails.get(tail) : undefined;
  if (known !== undefined) {
    const { date, region, service, scope } = known.credential;
    return { text, credential: { accessKeyId, date, region, service, scope }, signed: known.signed };
  }
  const { credential, signed } = parseComponents(authorization);
  // An access key may have slashes of its own; then its end stands in the tail, which is another one for each.
  if (isPlain && credential.accessKeyId === accessKeyId) {
    if (knownTails.size >= limits.signedHeaderListsMax) knownTails.clear();
    knownTails.set(tail, { credential, signed });
  }
  return { text, credential, signed };
}

function parseComponents(authorization: string): Authorization {
  const parts = parseAuthorization(authorization);
  const credential = parseCredential(parts.credential, malformed);
  const signed = parseSignedHeaders(parts.signedHeaders);
  if (signed === null) throw malformed('the authorization component "SignedHeaders" is malformed.');
  return { credential, signed, signature: parts.signature };
}

/** The three components in any order, each once, separated by commas with or without spaces. */
function parseAuthorization(text: string): { credential: string; signedHeaders: string; signature: string } {
  const space = text.indexOf(" ");
  checkMechanism(space < 0 ? text : text.slice(0, space));
  if (space < 0) {
    throw new S3Error("InvalidArgument", {
      Message: "Authorization header is invalid -- one and only one ' ' (space) required.",
      ArgumentName: "Authorization",
    });
  }
  const values = new Map<string, string>();
  for (const component of text.slice(space + 1).split(",")) {
    const [name = "", value] = splitOnce(component.trim());
    if (value === undefined) throw malformed(`the authorization component "${name}" is malformed.`);
    if (values.has(name)) throw malformed(`the authorization component "${name}" is given twice.`);
    values.set(name, value);
  }
  const credential = values.get("Credential");
  const signedHeaders = values.get("SignedHeaders");
  const signature = values.get("Signature");
  if (credential === undefined) throw malformed("missing Credential.");
  if (signedHeaders === undefined) throw malformed("missing SignedHeaders.");
  if (signature === undefined) throw malformed("missing Signature.");
  if (values.size !== 3) {
    throw malformed("the authorization header requires three components: Credential, SignedHeaders, and Signature.");
  }
  return { credential, signedHeaders, signature };
}

function splitOnce(component: string): [name: string, value: string | undefined] {
  const equals = component.indexOf("=");
  return equals < 0 ? [component, undefined] : [component.slice(0, equals), component.slice(equals + 1)];
}

function checkMechanism(mechanism: string): void {
  if (mechanism === algorithm) return;
  if (mechanism === "AWS") throw unsupportedMechanism();
  if (mechanism.startsWith("AWS4-ECDSA-")) {
    throw new S3Error("NotImplemented", { Message: "SigV4A signatures are not supported.", Header: "Authorization" });
  }
  throw new S3Error("InvalidArgument", { Message: "Unsupported Authorization Type", ArgumentName: "Authorization" });
}

/** x-amz-date, or else Date, which then must be signed: an unsigned time would let a request be replayed for ever. */
export function requestTimestamp(request: HttpRequest, signed: SignedHeaders, nowMs: number): string {
  const amzDate = request.headers.get("x-amz-date");
  const text = amzDate ?? (signed.has("date") ? request.headers.get("date") : undefined) ?? "";
  const basicMs = parseBasicTime(text);
  const ms = basicMs ?? (amzDate === undefined ? parseHttpDate(text) : null);
  if (ms === null) {
    throw new S3Error("AccessDenied", { Message: "AWS authentication requires a valid Date or x-amz-date header" });
  }
  checkSkew(text, ms, nowMs);
  return basicMs === null ? formatBasicTime(ms) : text;
}

function unsupportedMechanism(): S3Error {
  return new S3Error("InvalidRequest", {
    Message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
  });
}

function malformed(fault: string): S3Error {
  return new S3Error("AuthorizationHeaderMalformed", { Message: `The authorization header is malformed; ${fault}` });
}
