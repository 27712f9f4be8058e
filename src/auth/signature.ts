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

/** What an access key signs with. */
export interface SigningSecret {
  readonly secretAccessKey: string;
  /**
   * Room for the last key derived from the secret that has verified a signature, in what the lookup keeps; only a good
   * signature writes it. Absent: nothing is kept there.
   */
  proven?: SigningKey | null;
}

/**
 * @param sessionToken as sent; null without one
 * @returns the secret of an access key that exists and is enabled, else undefined
 * @throws S3Error InvalidToken, ExpiredToken
 */
export type SecretLookup = (accessKeyId: string, sessionToken: string | null) => SigningSecret | undefined;

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

/** Of secrets that have no room for a key, and of those that sign for several regions or services at a time. */
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
  const found = isPlausible ? lookup(credential.accessKeyId, claim.sessionToken) : undefined;
  const secret = found === undefined || found.secretAccessKey === "" ? undefined : found;
  const cached = secret === undefined ? undefined : provenKey(secret, credential);
  const key = cached ?? deriveSigningKey(secret?.secretAccessKey ?? absentSecret, credential);
  const path = canonicalPath(request.rawPath);
  const canonical = requestText(request, claim, path);
  const isMatch = isSigned(canonical, key, claim) || isSignedAsWritten(request, claim, key, path, canonical);
  if (isMatch && secret !== undefined) {
    if (cached === undefined) keep(secret, credential, key);
    return key;
  }
  if (cached !== undefined) deriveSigningKey(absentSecret, credential);
  if (secret === undefined) throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: credential.accessKeyId });
  throw mismatch(claim, canonical);
}

function provenKey(secret: SigningSecret, credential: Credential): SigningKey | undefined {
  const { proven } = secret;
  if (proven !== undefined && proven !== null && proven.scope === credential.scope) return proven;
  return keys.get(secret.secretAccessKey, credential);
}

function keep(secret: SigningSecret, credential: Credential, key: SigningKey): void {
  // A first key has its room there; where there was another one, the two may take turns.
  if (secret.proven !== null) keys.add(secret.secretAccessKey, credential, key);
  if (secret.proven !== undefined) secret.proven = key;
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
