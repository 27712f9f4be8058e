/**
 * Signature version 2: presigned URLs, which boto3, s3cmd and AWS's SDK for JavaScript v2 make by default, and headers,
 * which libs3 and other old clients send. Pure.
 * Source: AWS "Signing and authenticating REST requests (AWS signature version 2)".
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { limits } from "../base/limits.ts";
import type { Headers, HttpRequest } from "../model/http.ts";
import { parseHttpDate } from "../model/timestamp.ts";
import { S3Error } from "../s3/errors.ts";
import type { Authenticated } from "./authenticated.ts";
import { canonicalPath, decodeComponent, type QueryPair } from "./canonical-request.ts";
import { parsePayloadMode, unsignedPayload } from "./payload.ts";
import { presignedHeaders } from "./presigned-headers.ts";
import { checkSkew, formatSeconds, parseBasicTime } from "./request-time.ts";
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

/** @returns whether a signature of this version fixes this query word. */
export function isSignedWord(word: string): boolean {
  return signedWords.has(word);
}

/** @returns whether the query bears credentials of version 2, complete or not. */
export function isPresignedV2(query: readonly QueryPair[]): boolean {
  return query.some(([name]) => name === "AWSAccessKeyId");
}

/** Stands in for the secret of unknown access keys, so that they cost the same work. It never authenticates anyone. */
const absentSecret = "0000000000000000000000000000000000000000";

/** A request that claims to be signed. */
interface ClaimV2 {
  readonly accessKeyId: string;
  readonly signature: string;
  /** The fourth line of what is signed: Date, Expires, or nothing when x-amz-date stands among the headers. */
  readonly time: string;
  /** On the wire, and from the query. */
  readonly headers: Headers;
  /** What the signer saw: a checksum of no bytes included. */
  readonly signedHeaders: Headers;
}

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
  const { headers } = request;
  const time = credentialWord(query, "Expires");
  const claim = {
    accessKeyId: credentialWord(query, "AWSAccessKeyId"),
    signature: credentialWord(query, "Signature"),
    time,
    headers: presignedHeaders({ headers, query, contentLength: request.body.contentLength }),
    signedHeaders: presignedHeaders({ headers, query, contentLength: 0 }),
  };
  checkExpiry(time, nowMs);
  return verify(request, query, claim, lookup, hostedBucket, true);
}

/**
 * @param authorization `AWS <access key>:<signature>`
 * @throws S3Error InvalidArgument (not of that form), AccessDenied (no readable date), RequestTimeTooSkewed, and those of
 * `authenticatePresignedV2`
 */
export function authenticateHeaderV2(
  request: HttpRequest,
  query: readonly QueryPair[],
  authorization: string,
  lookup: SecretLookup,
  nowMs: number,
  hostedBucket: string | null,
): Authenticated {
  const parts = /^AWS ([^:\s]+):([A-Za-z0-9+/=]+)$/.exec(authorization);
  if (parts === null) {
    throw new S3Error("InvalidArgument", {
      Message: "AWS authorization header is invalid. Expected AwsAccessKeyId:signature",
      ArgumentName: "Authorization",
    });
  }
  const [, accessKeyId = "", signature = ""] = parts;
  const { headers } = request;
  const amzDate = headers.get("x-amz-date");
  const date = headers.get("date");
  checkDate(amzDate ?? date ?? "", nowMs);
  const time = amzDate === undefined ? (date ?? "") : "";
  const claim = { accessKeyId, signature, time, headers, signedHeaders: headers };
  return verify(request, query, claim, lookup, hostedBucket, false);
}

function verify(
  request: HttpRequest,
  query: readonly QueryPair[],
  claim: ClaimV2,
  lookup: SecretLookup,
  hostedBucket: string | null,
  presigned: boolean,
): Authenticated {
  const { accessKeyId, signature, headers } = claim;
  const mode = parsePayloadMode(headers.get("x-amz-content-sha256") ?? unsignedPayload, headers);
  if (mode.kind === "streaming") {
    throw new S3Error("InvalidRequest", { Message: "Streaming payloads are not supported with signature version 2." });
  }
  const isPlausible = accessKeyId.length <= limits.accessKeyIdCharsMax;
  const secret = isPlausible
    ? lookup(accessKeyId, headers.get("x-amz-security-token") ?? null)?.secretAccessKey
    : undefined;
  const key = secret ?? absentSecret;
  const texts = signedPaths(request.rawPath, hostedBucket).map((path) => stringToSign(request, query, claim, path));
  const isMatch = texts.map((text) => isSame(signature, sign(key, text))).some(Boolean);
  if (secret === undefined) throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: accessKeyId });
  if (!isMatch) {
    throw new S3Error("SignatureDoesNotMatch", {
      AWSAccessKeyId: accessKeyId,
      StringToSign: texts[0] ?? "",
      SignatureProvided: signature,
    });
  }
  return {
    accessKeyId,
    presigned,
    version: "AWS",
    timestamp: "",
    region: "",
    payload: { framing: { kind: "plain" }, sha256: mode.kind === "sha256" ? mode.sha256 : null },
    signedHeaders: [...headers.entries()].map(([name]) => name).filter(isSignedHeader),
    headers,
  };
}

/** The path as sent, as it is canonical, and a bucket's with the slash that some clients sign but do not send. */
function signedPaths(rawPath: string, hostedBucket: string | null): string[] {
  const place = hostedBucket === null ? "" : `/${hostedBucket}`;
  const paths = [place + rawPath, place + canonicalPath(rawPath)];
  if (hostedBucket === null && /^\/[^/]+$/.test(rawPath)) paths.push(`${rawPath}/`);
  // Mostly the first two are the same: each is signed once.
  return [...new Set(paths)];
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

/** Clients of version 2 write dates as HTTP does, some with "+0000" for "GMT". */
function checkDate(text: string, nowMs: number): void {
  const ms = parseHttpDate(text.replace(/ \+0000$/, " GMT")) ?? parseBasicTime(text);
  if (ms === null) {
    throw new S3Error("AccessDenied", { Message: "AWS authentication requires a valid Date or x-amz-date header" });
  }
  checkSkew(text, ms, nowMs);
}

function isSignedHeader(name: string): boolean {
  return name.startsWith("x-amz-") || name === "content-md5" || name === "content-type";
}

function stringToSign(request: HttpRequest, query: readonly QueryPair[], claim: ClaimV2, path: string): string {
  const { signedHeaders: headers, time } = claim;
  const positional = [request.method, headers.get("content-md5") ?? "", headers.get("content-type") ?? "", time];
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

/** Constant time over the text: a decoder of base64 would pass over what stands behind it. */
function isSame(provided: string, expected: Buffer): boolean {
  const bytes = Buffer.from(provided);
  const right = Buffer.from(expected.toString("base64"));
  return bytes.length === right.length && timingSafeEqual(bytes, right);
}
