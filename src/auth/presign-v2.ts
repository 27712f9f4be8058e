/**
 * Presigned requests of signature version 2: what boto3, s3cmd and AWS's SDK for JavaScript v2 make by default. Only in
 * the query; in a header that version is refused, as every client signs headers with version 4. Pure.
 * Source: AWS "Signing and authenticating REST requests (AWS signature version 2)", Query string request authentication.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { limits } from "../base/limits.ts";
import type { Headers, HttpRequest } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import type { Authenticated } from "./authenticated.ts";
import { canonicalPath, decodeComponent, type QueryPair } from "./canonical-request.ts";
import { parsePayloadMode, unsignedPayload } from "./payload.ts";
import { hoistedHeaders } from "./presigned-headers.ts";
import { formatSeconds } from "./request-time.ts";
import type { SecretLookup } from "./signature.ts";

/**
 * Words that are signed; every word that decides which operation is meant is among them, so that a URL for one cannot be
 * turned into another. Words that only page or format a listing are not, as at AWS.
 */
const signedWords: ReadonlySet<string> = new Set([
  "abac",
  "accelerate",
  "acl",
  "analytics",
  "annotation",
  "annotationName",
  "annotations",
  "attributes",
  "cors",
  "defaultObjectAcl",
  "delete",
  "encryption",
  "intelligent-tiering",
  "inventory",
  "legal-hold",
  "lifecycle",
  "location",
  "logging",
  "metadataAnnotationTable",
  "metadataConfiguration",
  "metadataInventoryTable",
  "metadataJournalTable",
  "metadataTable",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "partNumber",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "renameObject",
  "replication",
  "requestPayment",
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
  "restore",
  "retention",
  "select",
  "select-type",
  "session",
  "storageClass",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versionId",
  "versioning",
  "versions",
  "website",
]);

/** @returns whether a signed URL of this version fixes this query word. */
export function isSignedWord(word: string): boolean {
  return signedWords.has(word);
}

/** @returns whether the query bears credentials of version 2, complete or not. */
export function isPresignedV2(query: readonly QueryPair[]): boolean {
  return query.some(([name]) => name === "AWSAccessKeyId");
}

/** Stands in for the secret of unknown access keys, so that they cost the same work. It never authenticates anyone. */
const absentSecret = "0000000000000000000000000000000000000000";

/**
 * @param query canonical pairs, in the order of the wire
 * @param hostedBucket the bucket when the Host header names it: the path then lacks it
 * @throws S3Error AccessDenied (incomplete, expired), InvalidToken, InvalidAccessKeyId, SignatureDoesNotMatch, and those
 * of the payload mode
 */
export function authenticatePresignedV2(
  request: HttpRequest,
  query: readonly QueryPair[],
  lookup: SecretLookup,
  nowMs: number,
  hostedBucket: string | null,
): Authenticated {
  const accessKeyId = credentialWord(query, "AWSAccessKeyId");
  const signature = credentialWord(query, "Signature");
  const expires = credentialWord(query, "Expires");
  checkExpiry(expires, nowMs);
  const headers = hoistedHeaders(request.headers, query, request.body.contentLength);
  const hasToken = headers.has("x-amz-security-token") || query.some(([name]) => name === "x-amz-security-token");
  if (hasToken) throw new S3Error("InvalidToken");
  const mode = parsePayloadMode(headers.get("x-amz-content-sha256") ?? unsignedPayload, headers);
  if (mode.kind === "streaming") {
    throw new S3Error("InvalidRequest", { Message: "Streaming payloads are not supported with query authentication." });
  }
  const isPlausible = accessKeyId.length <= limits.accessKeyIdCharsMax;
  const secret = isPlausible ? lookup(accessKeyId)?.secretAccessKey : undefined;
  const key = secret ?? absentSecret;
  const texts = signedPaths(request.rawPath, hostedBucket).map((path) => stringToSign(request, query, expires, path));
  const isMatch = texts.map((text) => isSame(signature, sign(key, text))).some(Boolean);
  if (secret === undefined) throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: accessKeyId });
  if (!isMatch) {
    throw new S3Error("SignatureDoesNotMatch", {
      AWSAccessKeyId: accessKeyId,
      StringToSign: texts[0] ?? "",
      SignatureProvided: signature,
    });
  }
  const sha256 = mode.kind === "sha256" ? mode.sha256 : null;
  return {
    accessKeyId,
    presigned: true,
    payload: { framing: { kind: "plain" }, sha256 },
    signedHeaders: [...headers.entries()].map(([name]) => name).filter(isSignedHeader),
    headers,
  };
}

/** The path as sent, as it is canonical, and a bucket's with the slash that some clients sign but do not send. */
function signedPaths(rawPath: string, hostedBucket: string | null): string[] {
  const place = hostedBucket === null ? "" : `/${hostedBucket}`;
  const paths = [place + rawPath, place + canonicalPath(rawPath)];
  const isBucket = hostedBucket === null && /^\/[^/]+$/.test(rawPath);
  return isBucket ? [...paths, `${rawPath}/`] : paths;
}

/** Each must be there exactly once. */
function credentialWord(query: readonly QueryPair[], name: string): string {
  const [found, second] = query.filter((pair) => pair[0] === name);
  if (found === undefined || second !== undefined || found[1] === "") {
    throw new S3Error("AccessDenied", {
      Message: "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
    });
  }
  return decodeComponent(found[1]);
}

function checkExpiry(expires: string, nowMs: number): void {
  if (!/^\d{1,12}$/.test(expires)) {
    throw new S3Error("AccessDenied", { Message: `Invalid date (should be seconds since epoch): ${expires}` });
  }
  const endMs = Number(expires) * 1000;
  if (nowMs <= endMs) return;
  throw new S3Error("AccessDenied", {
    Message: "Request has expired",
    Expires: formatSeconds(endMs),
    ServerTime: formatSeconds(nowMs),
  });
}

function isSignedHeader(name: string): boolean {
  return name.startsWith("x-amz-") || name === "content-md5" || name === "content-type";
}

function stringToSign(request: HttpRequest, query: readonly QueryPair[], expires: string, path: string): string {
  // What the signer saw: a checksum of no bytes included.
  const headers = hoistedHeaders(request.headers, query, 0);
  const positional = [request.method, headers.get("content-md5") ?? "", headers.get("content-type") ?? "", expires];
  return `${positional.join("\n")}\n${amzHeaders(headers)}${path}${signedQuery(query)}`;
}

function amzHeaders(headers: Headers): string {
  const lines = [...headers.entries()].filter(([name]) => name.startsWith("x-amz-")).sort(byName);
  return lines.map(([name, value]) => `${name}:${value.trim()}\n`).join("");
}

/** Sorted by name; values decoded, as the reference asks. */
function signedQuery(query: readonly QueryPair[]): string {
  const words = query.filter(([name]) => signedWords.has(name)).sort(byName);
  const text = words.map(([name, value]) => (value === "" ? name : `${name}=${decodeComponent(value)}`)).join("&");
  return text === "" ? "" : `?${text}`;
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  if (a[0] === b[0]) return 0;
  return a[0] < b[0] ? -1 : 1;
}

function sign(secretAccessKey: string, text: string): Buffer {
  return createHmac("sha1", secretAccessKey).update(text, "utf8").digest();
}

/** Constant time over the digest; a signature of another length is none. */
function isSame(provided: string, expected: Buffer): boolean {
  const bytes = Buffer.from(provided, "base64");
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}
