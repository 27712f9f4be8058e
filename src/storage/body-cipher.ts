/**
 * How stored bytes are encrypted: AES-256-GCM, frame by frame for chunks, as one piece for a body in its record. Every chunk
 * and every such body has a key of its own, derived from the data key and 16 random bytes that stand beside it, so that no
 * number of them under one data key can use a nonce twice. Source: NIST SP 800-38D.
 *
 * A frame: nonce = the last 8 of the 16 random bytes | frame number u32; authenticated with it: bucket id 16 | the 16 random
 * bytes | frame number u32 | plain bytes of the chunk u32, 0 when they were not known at its first frame. A chunk's address
 * is the hash of all of it and not known then: the random bytes stand for it, and `refs` keeps a binding of them to the
 * address and the length, made at the chunk's end. So a frame opens only in its chunk, at its number, in its bucket, at the
 * chunk's address, and only while the chunk has its length. Chunks without a binding are older: theirs is another key, so
 * that a chunk whose binding is taken away does not open as one of them.
 */

import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { dataKeyBytes, placeMac, unitKey } from "../keyring/data-key.ts";
import { addressBytes, bindingBytes, cipherNonceBytes } from "./location.ts";

/** Bytes that authenticate one frame. */
export const frameTagBytes = 16;
/** What encryption adds to a body that stands in its record. */
export const inlineSealBytes = cipherNonceBytes + frameTagBytes;

const algorithm = "aes-256-gcm";
const sizedBit = 1;

/** Says in a chunk's random bytes whether its length was known at its first frame: the lowest bit of the first. */
export function markSized(nonce: Buffer, isSized: boolean): Buffer {
  assert(nonce.length === cipherNonceBytes, "an encrypted chunk has 16 random bytes");
  const [first = 0] = nonce;
  nonce[0] = isSized ? first | sizedBit : first & ~sizedBit;
  return nonce;
}

export interface CipheredChunk {
  readonly bucket: BucketId;
  /** 16 bytes, by `markSized`. */
  readonly nonce: Uint8Array;
  /** Of the whole chunk; any number when its length was not known at its first frame. */
  readonly plainBytes: number;
  /** Whether `refs` binds it to its address, as it does with all chunks that are written now. */
  readonly isBound: boolean;
}

/** A whole chunk: what its binding is made of. */
export interface BoundChunk {
  readonly bucket: BucketId;
  /** 32 bytes. */
  readonly address: Uint8Array;
  /** 16 bytes. */
  readonly nonce: Uint8Array;
  readonly sizeBytes: number;
}

/**
 * Binds a chunk's random bytes and its length to its address: the first 16 bytes of HMAC-SHA256 under the data key of bucket
 * id 16 | address 32 | random bytes 16 | plain bytes u32.
 */
export function bindingOf(dataKey: Uint8Array, { bucket, address, nonce, sizeBytes }: BoundChunk): Uint8Array {
  assert(address.length === addressBytes && nonce.length === cipherNonceBytes, "an address, and 16 random bytes");
  const place = Buffer.alloc(68);
  place.write(bucket, 0, 16, "hex");
  place.set(address, 16);
  place.set(nonce, 48);
  place.writeUInt32LE(sizeBytes, 64);
  return placeMac(dataKey, place).subarray(0, bindingBytes);
}

/** Whether `binding` is the chunk's; takes the same time for all. */
export function isBoundBy(dataKey: Uint8Array, chunk: BoundChunk, binding: Uint8Array): boolean {
  return timingSafeEqual(bindingOf(dataKey, chunk), binding);
}

/** Seals and opens the frames of one chunk. */
export class FrameCipher {
  readonly #key: Buffer;
  /** 12 bytes. */
  readonly #nonce: Buffer;
  /** 40 bytes. */
  readonly #authenticated: Buffer;

  /** @param dataKey 32 bytes */
  constructor(dataKey: Uint8Array, { bucket, nonce, plainBytes, isBound }: CipheredChunk) {
    assert(dataKey.length === dataKeyBytes && nonce.length === cipherNonceBytes, "a key of 256 bits, 16 random bytes");
    this.#key = unitKey(dataKey, isBound ? "bound chunk" : "chunk", nonce);
    this.#nonce = Buffer.alloc(12);
    this.#nonce.set(nonce.subarray(8), 0);
    this.#authenticated = Buffer.alloc(40);
    this.#authenticated.write(bucket, 0, 16, "hex");
    this.#authenticated.set(nonce, 16);
    this.#authenticated.writeUInt32LE(((nonce[0] ?? 0) & sizedBit) === 0 ? 0 : plainBytes, 36);
  }

  /** Encrypts a frame's data in its place. @returns its tag, 16 bytes */
  seal(data: Buffer, index: number): Buffer {
    this.#number(index);
    const cipher = createCipheriv(algorithm, this.#key, this.#nonce);
    cipher.setAAD(this.#authenticated);
    cipher.update(data).copy(data);
    cipher.final();
    return cipher.getAuthTag();
  }

  /** Decrypts a frame's data in its place; false when it does not verify: what stands there then must not be used. */
  open(data: Buffer, tag: Buffer, index: number): boolean {
    this.#number(index);
    const decipher = createDecipheriv(algorithm, this.#key, this.#nonce, { authTagLength: frameTagBytes });
    decipher.setAAD(this.#authenticated);
    decipher.setAuthTag(tag);
    decipher.update(data).copy(data);
    return verifies(decipher);
  }

  #number(index: number): void {
    this.#nonce.writeUInt32LE(index, 8);
    this.#authenticated.writeUInt32LE(index, 32);
  }
}

/** Where a body stands that is in its record: it opens nowhere else. */
export interface InlinePlace {
  readonly bucket: BucketId;
  readonly key: string;
}

/**
 * Encrypts a body that is to stand in its record: 16 random bytes | ciphertext | tag 16.
 * @param nonce 16 random bytes
 */
export function sealInline(dataKey: Uint8Array, place: InlinePlace, plain: Uint8Array, nonce: Uint8Array): Buffer {
  assert(nonce.length === cipherNonceBytes, "16 random bytes");
  const cipher = createCipheriv(algorithm, unitKey(dataKey, "inline", nonce), inlineNonce(nonce));
  cipher.setAAD(authenticatedPlace(place));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The body, or null when the bytes do not verify. */
export function openInline(dataKey: Uint8Array, place: InlinePlace, sealed: Uint8Array): Buffer | null {
  if (sealed.length < inlineSealBytes) return null;
  const nonce = sealed.subarray(0, cipherNonceBytes);
  const tagAt = sealed.length - frameTagBytes;
  const decipher = createDecipheriv(algorithm, unitKey(dataKey, "inline", nonce), inlineNonce(nonce), {
    authTagLength: frameTagBytes,
  });
  decipher.setAAD(authenticatedPlace(place));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plain = decipher.update(sealed.subarray(cipherNonceBytes, tagAt));
  return verifies(decipher) ? plain : null;
}

function inlineNonce(nonce: Uint8Array): Buffer {
  const iv = Buffer.alloc(12);
  iv.set(nonce.subarray(8), 0);
  return iv;
}

function authenticatedPlace({ bucket, key }: InlinePlace): Buffer {
  return Buffer.concat([Buffer.from(bucket, "hex"), Buffer.from(key, "utf8")]);
}

function verifies(decipher: { final(): Buffer }): boolean {
  try {
    decipher.final();
    return true;
  } catch {
    // The only thing that `final` of this mode throws for; OpenSSL gives it no code.
    return false;
  }
}
