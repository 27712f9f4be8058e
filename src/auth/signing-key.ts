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

/** A derived key that signs texts. */
export class SigningKey {
  /** `<date>/<region>/<service>/aws4_request`, which it was derived for; "" when that is not known. */
  readonly scope: string;
  /** The 32 bytes as Latin-1: a string takes a fifth of the memory of a buffer, and many are kept. */
  readonly #key: string;

  /** @param bytes 32 bytes, copied */
  constructor(bytes: Uint8Array, scope = "") {
    this.scope = scope;
    this.#key = Buffer.from(bytes).toString("latin1");
  }

  /** The derived key, 32 bytes, in a buffer of its own. */
  get bytes(): Uint8Array {
    return Uint8Array.from(this.#key, (character) => character.charCodeAt(0));
  }

  /** @returns HMAC-SHA256 of an ASCII text, as 64 lower-case hex digits. */
  sign(text: string): string {
    if (text.length > textBytesMax) return createHmac("sha256", this.bytes).update(text, "latin1").digest("hex");
    return mac(this.#key, text, "hex");
  }
}

/**
 * HMAC-SHA256 (RFC 2104), made of two one-shot hashes: half the time of createHmac, which sets up a new context each time.
 * @param key at most 64 bytes, as Latin-1 @param text at most `textBytesMax` characters of Latin-1
 */
function mac(key: string, text: string, encoding: "hex" | "binary"): string {
  for (let index = 0; index < blockBytes; index++) {
    const byte = index < key.length ? key.charCodeAt(index) : 0;
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  inner.write(text, blockBytes, "latin1");
  outer.write(hash("sha256", inner.subarray(0, blockBytes + text.length), "binary"), blockBytes, "latin1");
  return hash("sha256", outer, encoding);
}

/** Derives the key of one day, region and service. Takes four HMACs, about 7 µs. */
export function deriveSigningKey(
  secretAccessKey: string,
  { date, region, service, scope }: Omit<Credential, "accessKeyId">,
): SigningKey {
  const secret = Buffer.from(`AWS4${secretAccessKey}`);
  // RFC 2104: a longer key is hashed first.
  let key = secret.length > blockBytes ? hash("sha256", secret, "binary") : secret.toString("latin1");
  for (const part of [date, region, service, "aws4_request"]) key = mac(key, part, "binary");
  return new SigningKey(Buffer.from(key, "latin1"), scope);
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
