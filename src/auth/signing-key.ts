/** SigV4 signing keys: derivation, a bounded cache of proven ones, signing and constant-time comparison. */

import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { limits } from "../base/limits.ts";
import type { Credential } from "./credential.ts";

const blockBytes = 64;
const digestBytes = 32;

/** Texts to sign are under 400 characters; a longer one takes the slower way. */
const textBytesMax = 512;

/** Scratch of `sign`, which is synchronous: the padded key block and the text, and the padded key block and the inner digest. */
const inner = Buffer.alloc(blockBytes + textBytesMax);
const outer = Buffer.alloc(blockBytes + digestBytes);

/**
 * A derived key that signs texts. HMAC (RFC 2104) is made of two one-shot hashes over prepared key blocks:
 * half the time of createHmac, which sets up a new context each time.
 */
export class SigningKey {
  /** The derived key, 32 bytes, in a buffer of its own. */
  readonly bytes: Uint8Array;
  /** `<date>/<region>/<service>/aws4_request`, which it was derived for; "" when that is not known. */
  readonly scope: string;

  /** @param bytes 32 bytes, copied */
  constructor(bytes: Uint8Array, scope = "") {
    this.bytes = new Uint8Array(bytes);
    this.scope = scope;
  }

  /** @returns HMAC-SHA256 of an ASCII text, as 64 lower-case hex digits. */
  sign(text: string): string {
    if (text.length > textBytesMax) return createHmac("sha256", this.bytes).update(text, "latin1").digest("hex");
    return mac(this.bytes, digestBytes, text, "hex");
  }
}

/** @param key its first `keyBytes` are the key, at most 64 @param text at most `textBytesMax` characters of Latin-1 */
function mac(key: Uint8Array, keyBytes: number, text: string, encoding: "hex" | "binary"): string {
  for (let index = 0; index < keyBytes; index++) {
    const byte = key[index] ?? 0;
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  inner.fill(0x36, keyBytes, blockBytes);
  outer.fill(0x5c, keyBytes, blockBytes);
  inner.write(text, blockBytes, "latin1");
  outer.write(hash("sha256", inner.subarray(0, blockBytes + text.length), "binary"), blockBytes, "latin1");
  return hash("sha256", outer, encoding);
}

/** Scratch of `deriveSigningKey`. */
const chained = Buffer.alloc(blockBytes);

/** Derives the key of one day, region and service. Takes four HMACs, about 7 µs. */
export function deriveSigningKey(
  secretAccessKey: string,
  { date, region, service, scope }: Omit<Credential, "accessKeyId">,
): SigningKey {
  const secret = `AWS4${secretAccessKey}`;
  let keyBytes = Buffer.byteLength(secret);
  if (keyBytes <= blockBytes) {
    chained.write(secret);
  } else {
    // RFC 2104: a longer key is hashed first.
    keyBytes = chained.write(hash("sha256", secret, "binary"), "latin1");
  }
  for (const part of [date, region, service, "aws4_request"]) {
    keyBytes = chained.write(mac(chained, keyBytes, part, "binary"), "latin1");
  }
  const key = new SigningKey(chained.subarray(0, digestBytes), scope);
  chained.fill(0);
  return key;
}

/**
 * Keeps the keys that were used last, at most `limits.signingKeysMax`, in two generations: what is not used while the
 * younger half fills is dropped. Only keys that verified a signature belong here, so that strangers cannot displace them.
 */
export class SigningKeyCache {
  #young = new Map<string, SigningKey>();
  #old = new Map<string, SigningKey>();

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(secretAccessKey: string, credential: Credential): SigningKey | undefined {
    return this.#find(cacheName(secretAccessKey, credential));
  }

  add(secretAccessKey: string, credential: Credential, key: SigningKey): void {
    this.#add(cacheName(secretAccessKey, credential), key);
  }

  #find(name: string): SigningKey | undefined {
    const key = this.#young.get(name);
    if (key !== undefined) return key;
    const old = this.#old.get(name);
    if (old !== undefined) {
      this.#old.delete(name);
      this.#add(name, old);
    }
    return old;
  }

  #add(name: string, key: SigningKey): void {
    if (this.#young.size >= limits.signingKeysMax / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, key);
  }
}

/** The secret is part of the name, so a key whose secret changed is never found; neither date nor region contains "/". */
function cacheName(secretAccessKey: string, { date, region, service }: Credential): string {
  return `${date}/${region}/${service}/${secretAccessKey}`;
}

const signaturePattern = /^[0-9a-f]{64}$/;
const left = Buffer.alloc(64);
const right = Buffer.alloc(64);

/** @returns whether the client's signature is `expected` (64 lower-case hex digits), in time that does not tell how far they agree. */
export function isSameSignature(provided: string, expected: string): boolean {
  if (!signaturePattern.test(provided)) return false;
  left.write(provided, "latin1");
  right.write(expected, "latin1");
  return timingSafeEqual(left, right);
}
