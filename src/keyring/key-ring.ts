/**
 * The node's keys for what it must be able to read again: secrets in control records, temporary credentials. Seals and opens
 * by AES-256-GCM under keys derived for each purpose; never reads or writes a file (key-ring-file.ts does), never shows a key.
 */

import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";

/**
 * What a derived key is for; the word is HKDF's `info`, so none is ever renamed.
 * sealing: secrets in control records. temporary: session tokens. temporary-secret: the secret keys that belong to them.
 * session: what a console session carries outside its record. check: the value that recognises the ring.
 * data-keys: data keys of buckets. named/<id>: data keys under a named key of the configuration.
 */
export type KeyPurpose =
  | "sealing"
  | "temporary"
  | "temporary-secret"
  | "session"
  | "check"
  | "data-keys"
  | `named/${string}`;

/** One key of the ring. Plain data, so that a ring can be given to another thread. */
export interface RingKey {
  /** 8 lower-case hex digits, unique in the ring. */
  readonly id: string;
  /** 32 random bytes. */
  readonly key: Uint8Array;
}

export type KeyringErrorCode =
  /** No key file where data is sealed already. */
  | "missing"
  /** The file is there and cannot be used. */
  | "unusable"
  /** The sealed bytes name a key that the ring does not have. */
  | "unknown-key"
  /** Changed bytes, or sealed for another purpose or place. */
  | "not-authentic";

/** A key ring that cannot be used, or sealed bytes that it cannot open; the message is for operators and has no secret. */
export class KeyringError extends Error {
  override readonly name = "KeyringError";
  readonly code: KeyringErrorCode;

  constructor(code: KeyringErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const format = 1;
const keyBytes = 32;
const keyIdBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + keyIdBytes + nonceBytes;
/** What sealing adds to the length of the plain text. */
export const sealOverheadBytes = headBytes + tagBytes;

const checkText = "troupe key ring";

/**
 * The last key seals, every key opens: a key is added at the end, and an old one can go when nothing sealed by it is left.
 * Sealed bytes: format (1) | key id (4 bytes) | nonce (12) | ciphertext | tag (16). `01 a1b2c3d4 …` was sealed by key a1b2c3d4.
 * Nonces are random, so that one key is good for 2^32 seals of each purpose. Source: NIST SP 800-38D, section 8.3; RFC 5869.
 */
export class KeyRing {
  /** Oldest first. Secret: for another thread of the same process, never for a log or an answer. */
  readonly keys: readonly RingKey[];
  readonly #random: Random;
  readonly #byId: ReadonlyMap<string, RingKey>;
  /** `<key id>/<purpose>` → the derived key; as many as keys times purposes (and named keys) at most. */
  readonly #derived = new Map<string, Buffer>();

  /** @throws AssertionError unless there are 1 to `limits.keyringKeysMax` well-formed keys with different ids */
  constructor(keys: readonly RingKey[], random: Random) {
    assert(
      keys.length >= 1 && keys.length <= limits.keyringKeysMax,
      "a key ring has a bounded number of keys, at least one",
    );
    for (const { id, key } of keys) {
      assert(/^[0-9a-f]{8}$/.test(id), "a key's id is 8 hex digits");
      assert(key.length === keyBytes, "a key has 256 bits");
    }
    this.keys = keys;
    this.#byId = new Map(keys.map((key) => [key.id, key]));
    assert(this.#byId.size === keys.length, "the ids of a key ring differ");
    this.#random = random;
  }

  /** A ring with one new key that is nowhere else: what it seals ends with the process. For tests and nodes in memory. */
  static inMemory(random: Random): KeyRing {
    return new KeyRing([newRingKey(random, [])], random);
  }

  /** Id of the key that seals. */
  get newestId(): string {
    return this.#newest().id;
  }

  /**
   * Encrypts and authenticates.
   * @param place where the sealed bytes belong (a record's key, say): they open only with the same text
   * @returns `plaintext.length + sealOverheadBytes` bytes
   */
  seal(purpose: KeyPurpose, plaintext: Uint8Array, place: string): Buffer {
    const { id } = this.#newest();
    const head = Buffer.allocUnsafe(headBytes);
    head[0] = format;
    head.write(id, 1, "hex");
    head.set(this.#random.bytes(nonceBytes), 1 + keyIdBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#derive(id, purpose), head.subarray(1 + keyIdBytes));
    cipher.setAAD(authenticated(head, place));
    return Buffer.concat([head, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  /**
   * What was sealed. O(length).
   * @throws KeyringError unknown-key, or not-authentic when bytes, purpose or place are not those of `seal`
   */
  open(purpose: KeyPurpose, sealed: Uint8Array, place: string): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const id = this.keyIdOf(bytes);
    const head = bytes.subarray(0, headBytes);
    const decipher = createDecipheriv("aes-256-gcm", this.#derive(id, purpose), head.subarray(1 + keyIdBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(authenticated(head, place));
    decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
    const plaintext = decipher.update(bytes.subarray(headBytes, bytes.length - tagBytes));
    try {
      return Buffer.concat([plaintext, decipher.final()]);
    } catch (error) {
      // The only thing that `final` of this mode throws for; OpenSSL gives it no code.
      throw new KeyringError("not-authentic", `not sealed by key ${id} for this purpose and place`, { cause: error });
    }
  }

  /** Whether the newest key of the ring has sealed `sealed`. */
  isNewest(sealed: Uint8Array): boolean {
    return Buffer.from(sealed.subarray(1, 1 + keyIdBytes)).toString("hex") === this.newestId;
  }

  /** The id of the key that sealed `sealed`. @throws KeyringError unknown-key, or not-authentic when it cannot be sealed bytes */
  keyIdOf(sealed: Uint8Array): string {
    if (sealed.length < sealOverheadBytes || sealed[0] !== format) {
      throw new KeyringError("not-authentic", "not sealed by a key ring");
    }
    const id = Buffer.from(sealed.subarray(1, 1 + keyIdBytes)).toString("hex");
    if (!this.#byId.has(id))
      throw new KeyringError("unknown-key", `sealed by key ${id}, which the key ring does not have`);
    return id;
  }

  /**
   * HMAC-SHA512 of `text` under the key `keyId` for this purpose: 64 bytes. For secrets that are derived, not stored.
   * @throws KeyringError unknown-key
   */
  mac(purpose: KeyPurpose, keyId: string, text: string): Buffer {
    return createHmac("sha512", this.#derive(keyId, purpose)).update(text, "utf8").digest();
  }

  /** A value to keep beside sealed data, by which `confirm` recognises the ring. */
  checkValue(): Buffer {
    return this.seal("check", Buffer.from(checkText), checkText);
  }

  /**
   * Returns when this ring has the key that made `checkValue`; after a rotation the caller stores a new one.
   * @throws KeyringError when it has not: the data beside the value was sealed by another ring
   */
  confirm(checkValue: Uint8Array): void {
    this.open("check", checkValue, checkText);
  }

  #newest(): RingKey {
    const key = this.keys.at(-1);
    assert(key !== undefined, "a key ring has a key");
    return key;
  }

  #derive(id: string, purpose: KeyPurpose): Buffer {
    const name = `${id}/${purpose}`;
    const known = this.#derived.get(name);
    if (known !== undefined) return known;
    const key = this.#byId.get(id);
    if (key === undefined) throw new KeyringError("unknown-key", `the key ring has no key ${id}`);
    const derived = Buffer.from(hkdfSync("sha256", key.key, "troupe", purpose, keyBytes));
    this.#derived.set(name, derived);
    return derived;
  }
}

/** A new key whose id none of `others` has. */
export function newRingKey(random: Random, others: readonly RingKey[]): RingKey {
  for (;;) {
    const id = random.bytes(keyIdBytes).toString("hex");
    if (!others.some((other) => other.id === id)) return { id, key: random.bytes(keyBytes) };
  }
}

/** The head without its nonce, which the mode authenticates itself, and the place. */
function authenticated(head: Buffer, place: string): Buffer {
  return Buffer.concat([head.subarray(0, 1 + keyIdBytes), Buffer.from(place, "utf8")]);
}
