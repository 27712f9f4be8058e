/** Judges a SigV4 signature, from header or query, against the secret of its access key. */

import { hash } from "node:crypto";
import { limits } from "../base/limits.ts";
import type { HttpRequest } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import { canonicalPath, canonicalRequest } from "./canonical-request.ts";
import type { Credential } from "./credential.ts";
import type { SignedHeaders } from "./signed-headers.ts";
import { deriveSigningKey, isSameSignature, type SigningKey, SigningKeyCache } from "./signing-key.ts";

export const algorithm = "AWS4-HMAC-SHA256" as const;

/**
 * @param sessionToken as sent; null without one
 * @returns the secret of an access key that exists and is enabled, else undefined
 * @throws S3Error InvalidToken, ExpiredToken
 */
export type SecretLookup = (
  accessKeyId: string,
  sessionToken: string | null,
) => { readonly secretAccessKey: string } | undefined;

/** What a request claims: its signature and all that the signature covers beside the request itself. */
export interface Claim {
  readonly credential: Credential;
  readonly signed: SignedHeaders;
  /** As sent. */
  readonly signature: string;
  /** YYYYMMDDTHHMMSSZ. */
  readonly timestamp: string;
  /** Canonical, without X-Amz-Signature. */
  readonly query: string;
  /** The value of x-amz-content-sha256, or what stands for it. */
  readonly payloadHash: string;
  /** The temporary credentials' token; null without one. */
  readonly sessionToken: string | null;
}

const keys = new SigningKeyCache();

/** Stands in for the secret of unknown access keys, so that they cost the same work. It never authenticates anyone. */
const absentSecret = "0000000000000000000000000000000000000000";

/**
 * @returns the signing key that made the signature
 * @throws S3Error those of `lookup`; InvalidAccessKeyId or SignatureDoesNotMatch, both after one derivation and one signature,
 * whether or not the access key exists or its key was cached
 */
export function verifySignature(request: HttpRequest, claim: Claim, lookup: SecretLookup): SigningKey {
  const { credential } = claim;
  const isPlausible = credential.accessKeyId.length <= limits.accessKeyIdCharsMax;
  const secret = (isPlausible ? lookup(credential.accessKeyId, claim.sessionToken)?.secretAccessKey : undefined) ?? "";
  const cached = secret === "" ? undefined : keys.get(secret, credential);
  const { date, region, service } = credential;
  const key = cached ?? deriveSigningKey(secret === "" ? absentSecret : secret, date, region, service);
  const path = canonicalPath(request.rawPath);
  const canonical = requestText(request, claim, path);
  const isMatch = isSigned(canonical, key, claim) || isSignedAsWritten(request, claim, key, path, canonical);
  if (isMatch && secret !== "") {
    if (cached === undefined) keys.add(secret, credential, key);
    return key;
  }
  if (cached !== undefined) deriveSigningKey(absentSecret, date, region, service);
  if (secret === "") throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: credential.accessKeyId });
  throw mismatch(claim, canonical);
}

function requestText(request: HttpRequest, claim: Claim, path: string): string {
  return canonicalRequest(request.method, path, claim.query, request.headers, claim.signed, claim.payloadHash);
}

function stringToSign(claim: Claim, canonical: string | Buffer): string {
  return `${algorithm}\n${claim.timestamp}\n${claim.credential.scope}\n${hash("sha256", canonical, "hex")}`;
}

function isSigned(canonical: string | Buffer, key: SigningKey, claim: Claim): boolean {
  return isSameSignature(claim.signature, key.sign(stringToSign(claim, canonical)));
}

/**
 * Two more readings of the same request, for clients that are looser than AWS's rules; both only after the strict one failed.
 * - Some clients sign the path as they send it, though "(" or "+" should be escaped. No request can be turned into another
 *   by this: a signed path that is canonical decodes to the same key read either way, and one that is not canonical can
 *   never equal a canonical form, so every signed path still stands for exactly one key.
 * - A front that reads header bytes as Latin-1 holds UTF-8 metadata as other characters; their bytes are what was signed.
 */
function isSignedAsWritten(
  request: HttpRequest,
  claim: Claim,
  key: SigningKey,
  path: string,
  canonical: string,
): boolean {
  if (isLatin1BeyondAscii(canonical) && isSigned(Buffer.from(canonical, "latin1"), key, claim)) return true;
  return request.rawPath !== path && isSigned(requestText(request, claim, request.rawPath), key, claim);
}

function isLatin1BeyondAscii(text: string): boolean {
  return /[\x80-\xff]/.test(text) && !/[^\0-\xff]/.test(text);
}

function mismatch(claim: Claim, canonical: string): S3Error {
  return new S3Error("SignatureDoesNotMatch", {
    AWSAccessKeyId: claim.credential.accessKeyId,
    StringToSign: stringToSign(claim, canonical),
    SignatureProvided: claim.signature,
    CanonicalRequest: canonical,
  });
}
