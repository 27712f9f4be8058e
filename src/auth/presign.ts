/** Presigned requests: SigV4 in the query. Pure but for the signing key cache. */

import { limits } from "../base/limits.ts";
import type { HttpRequest } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import type { Authenticated } from "./authenticated.ts";
import { canonicalQuery, decodeComponent, type QueryPair } from "./canonical-request.ts";
import { checkService, parseCredential, type SigningService, s3Only } from "./credential.ts";
import { parsePayloadMode, signedPayload, unsignedPayload } from "./payload.ts";
import { presignedHeaders } from "./presigned-headers.ts";
import { formatSeconds, parseBasicTime } from "./request-time.ts";
import { algorithm, type SecretLookup, verifySignature } from "./signature.ts";
import { checkHeadersSigned, parseSignedHeaders } from "./signed-headers.ts";

const requiredNames = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Signature",
] as const;

type RequiredName = (typeof requiredNames)[number];

/** What a presigned request may be for. */
export interface PresignedScope {
  readonly services: readonly SigningService[];
  /** What stands for the payload's hash when the request has none. */
  readonly payloadHash: string;
}

const s3Scope: PresignedScope = { services: s3Only, payloadHash: unsignedPayload };

/** The words that make a request a presigned one. */
const markers: readonly string[] = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"];

/** @returns whether the query bears SigV4 credentials, complete or not. */
export function isPresigned(query: readonly QueryPair[]): boolean {
  return query.some(([name]) => markers.includes(name));
}

/**
 * @param query of the request, in any order
 * @throws S3Error AuthorizationQueryParametersError, AccessDenied (expired, unsigned headers), InvalidToken, InvalidURI,
 * InvalidAccessKeyId, SignatureDoesNotMatch, and those of the payload mode
 * Source: AWS "Authenticating Requests: Using Query Parameters"
 */
export function authenticatePresigned(
  request: HttpRequest,
  query: readonly QueryPair[],
  lookup: SecretLookup,
  nowMs: number,
  scope: PresignedScope = s3Scope,
): Omit<Authenticated, "presigned"> {
  const words = requiredWords(query);
  checkAlgorithm(words["X-Amz-Algorithm"]);
  const refuseCredential = (fault: string) => refuse(`Error parsing the X-Amz-Credential parameter; ${fault}`);
  const credential = parseCredential(words["X-Amz-Credential"], refuseCredential);
  checkService(credential, scope.services, refuseCredential);
  const timestamp = words["X-Amz-Date"];
  const signedMs = parseBasicTime(timestamp);
  if (signedMs === null) throw refuse("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  if (!timestamp.startsWith(credential.date)) {
    throw refuse(
      `Invalid credential date "${credential.date}". This date is not the same as X-Amz-Date: "${timestamp}".`,
    );
  }
  checkValidity(words["X-Amz-Expires"], signedMs, nowMs);
  const signed = parseSignedHeaders(words["X-Amz-SignedHeaders"]);
  if (signed === null) throw refuse("The X-Amz-SignedHeaders parameter is mal-formed.");
  checkHeadersSigned(request.headers, signed);
  const payloadHash = payloadHashOf(request, query, scope.payloadHash);
  const mode = parsePayloadMode(payloadHash, request.headers);
  if (mode.kind === "streaming") {
    throw new S3Error("InvalidRequest", { Message: "Streaming payloads are not supported with query authentication." });
  }
  const signature = words["X-Amz-Signature"];
  const unsignedQuery = canonicalQuery(query.filter(([name]) => name !== "X-Amz-Signature"));
  const sessionToken = sessionTokenOf(request, query);
  const claim = { credential, signed, signature, timestamp, query: unsignedQuery, payloadHash, sessionToken };
  const key = verifySignature(request, claim, lookup);
  const { body } = request;
  return {
    accessKeyId: credential.accessKeyId,
    version: algorithm,
    timestamp,
    region: credential.region,
    payload: signedPayload(mode, key, signature, timestamp),
    signedHeaders: signed.names,
    headers: presignedHeaders({ headers: request.headers, query, contentLength: body.contentLength }),
  };
}

/** From the query or a (signed) header; they must not differ. */
function sessionTokenOf(request: HttpRequest, query: readonly QueryPair[]): string | null {
  const inQuery = single(query, "X-Amz-Security-Token");
  const inHeader = request.headers.get("x-amz-security-token");
  if (inQuery !== undefined && inHeader !== undefined && inQuery !== inHeader) {
    throw refuse("X-Amz-Security-Token and the header x-amz-security-token differ.");
  }
  return inQuery ?? inHeader ?? null;
}

function requiredWords(query: readonly QueryPair[]): Readonly<Record<RequiredName, string>> {
  const words: Record<string, string> = {};
  for (const name of requiredNames) {
    const value = single(query, name);
    if (value === undefined || value === "") {
      throw refuse(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
      );
    }
    words[name] = value;
  }
  return words as Record<RequiredName, string>;
}

/** A word given twice is refused: two readers could take different ones. */
function single(query: readonly QueryPair[], name: string): string | undefined {
  const found = query.filter((pair) => pair[0] === name);
  if (found.length > 1) throw refuse(`The ${name} parameter must be given once.`);
  const value = found[0]?.[1];
  return value === undefined ? undefined : decodeComponent(value);
}

function checkAlgorithm(text: string): void {
  if (text === algorithm) return;
  if (text.startsWith("AWS4-ECDSA-")) {
    throw new S3Error("NotImplemented", { Message: "SigV4A signatures are not supported.", Header: "X-Amz-Algorithm" });
  }
  throw refuse(`X-Amz-Algorithm only supports "${algorithm}"`);
}

function checkValidity(expires: string, signedMs: number, nowMs: number): void {
  if (!/^-?\d{1,15}$/.test(expires)) throw refuse("X-Amz-Expires should be a number");
  const seconds = Number(expires);
  if (seconds > limits.presignSecondsMax) {
    throw refuse(
      "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
    );
  }
  if (seconds < 0) throw refuse("X-Amz-Expires must be non-negative");
  if (seconds === 0) throw refuse("X-Amz-Expires must be at least 1 second");
  if (signedMs - nowMs > limits.clockSkewMs) {
    throw new S3Error("AccessDenied", {
      Message: "Request is not valid yet",
      RequestTime: formatSeconds(signedMs),
      ServerTime: formatSeconds(nowMs),
    });
  }
  const endMs = signedMs + seconds * 1000;
  if (nowMs <= endMs) return;
  throw new S3Error("AccessDenied", {
    Message: "Request has expired",
    "X-Amz-Expires": expires,
    Expires: formatSeconds(endMs),
    ServerTime: formatSeconds(nowMs),
  });
}

/** From the query or a (signed) header; they must not differ. AWS's SDKs put UNSIGNED-PAYLOAD there, most others nothing. */
function payloadHashOf(request: HttpRequest, query: readonly QueryPair[], otherwise: string): string {
  const inQuery = single(query, "X-Amz-Content-Sha256");
  const inHeader = request.headers.get("x-amz-content-sha256");
  if (inQuery !== undefined && inHeader !== undefined && inQuery !== inHeader) {
    throw refuse("X-Amz-Content-Sha256 and the header x-amz-content-sha256 differ.");
  }
  return inQuery ?? inHeader ?? otherwise;
}

function refuse(fault: string): S3Error {
  return new S3Error("AuthorizationQueryParametersError", { Message: fault });
}
