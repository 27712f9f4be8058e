/**
 * Named keys (SSE-KMS): what wraps data keys and opens them again. One interface for the node's own ring and for a service
 * outside of it; a named key itself never leaves its service.
 */

import type { KeyRing } from "./key-ring.ts";

/** A key service. Its promises settle within `limits.keyServiceMs`, or are given up. */
export interface KeyService {
  /**
   * Encrypts a data key under a named key.
   * @param keyId as the configuration lists it
   * @param context text that must be the same when the key is opened: SSE-KMS's encryption context, canonical
   * @returns bytes that only this service can open
   */
  wrap(keyId: string, dataKey: Uint8Array, context: string): Promise<Uint8Array>;
  /** What was wrapped. Rejects with KeyringError when key, bytes or context are not those of `wrap`. */
  unwrap(keyId: string, wrapped: Uint8Array, context: string): Promise<Uint8Array>;
  /** False when the named key has a newer version than the one that wrapped these bytes, as far as the service knows. */
  isNewest(keyId: string, wrapped: Uint8Array): boolean;
}

/**
 * Named keys derived from the node's key ring: a new key of the ring is a new version of all of them, and the versions
 * before it still open what they have wrapped.
 */
export class RingKeyService implements KeyService {
  readonly #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  async wrap(keyId: string, dataKey: Uint8Array, context: string): Promise<Uint8Array> {
    return this.#ring.seal(`named/${keyId}`, dataKey, context);
  }

  async unwrap(keyId: string, wrapped: Uint8Array, context: string): Promise<Uint8Array> {
    return this.#ring.open(`named/${keyId}`, wrapped, context);
  }

  isNewest(_keyId: string, wrapped: Uint8Array): boolean {
    return this.#ring.isNewest(wrapped);
  }
}

/** How clients name the default key, which is the first one that is listed: as the one that S3 itself manages on AWS. */
const defaultAlias = "alias/aws/s3";
const arnPattern = /^arn:[a-z0-9-]+:kms:[a-z0-9-]*:[0-9]*:(?:key\/(?<key>.+)|(?<alias>alias\/.+))$/;

/**
 * The listed id of a key as clients name it: its id, an ARN that ends in it, or `alias/aws/s3` for the first.
 * @param named null names the first
 * @returns null when no such key is listed
 */
export function listedKeyId(listed: readonly string[], named: string | null): string | null {
  if (named !== null && listed.includes(named)) return named;
  const { key, alias } = (named === null ? null : arnPattern.exec(named)?.groups) ?? {};
  const bare = key ?? alias ?? named ?? defaultAlias;
  if (bare === defaultAlias) return listed[0] ?? null;
  return listed.includes(bare) ? bare : null;
}
