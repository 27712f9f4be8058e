/** BLAKE3, the cryptographic hash of chunk addresses and stored bytes. Owns the dependency on @napi-rs/blake-hash. */

import { Blake3Hasher } from "@napi-rs/blake-hash";
import { assert } from "../base/assert.ts";
import { storedDigestBytes } from "./location.ts";

export const hashKeyBytes = 32;

export interface Hash {
  /** At any number of times, pieces of any size. */
  update(bytes: Uint8Array): void;
  /** 32 bytes over everything so far. */
  digest(): Buffer;
  /** Forgets everything but the key. */
  reset(): void;
}

function wrap(hasher: Blake3Hasher): Hash {
  return {
    update: (bytes) => {
      hasher.update(bytes);
    },
    digest: () => hasher.digestBuffer(),
    reset: () => hasher.reset(),
  };
}

/**
 * BLAKE3 in keyed mode: only who knows the key can construct or confirm an address.
 * @param key 32 bytes
 * @throws AssertionError for a key of another length
 * Source: BLAKE3 specification, section 2.3.
 */
export function createKeyedHash(key: Uint8Array): Hash {
  assert(key.length === hashKeyBytes, "a hash key is 32 bytes");
  return wrap(Blake3Hasher.newKeyed(Buffer.from(key.buffer, key.byteOffset, key.length)));
}

/** BLAKE3 without a key. */
export function createHash3(): Hash {
  return wrap(new Blake3Hasher());
}

/** What `StoredChunk.storedDigest` holds: the first 16 bytes of BLAKE3 of `stored`. */
export function digestStored(stored: Uint8Array): Buffer {
  const hash = createHash3();
  hash.update(stored);
  return hash.digest().subarray(0, storedDigestBytes);
}

/** Keys whose hashes are kept, and hashes kept per key. */
const pooledKeysMax = 64;
const pooledHashesMax = 16;

/** Hashes to use again: making a native one and collecting it costs more than hashing a small body. */
export class HashPool {
  readonly #byKey = new Map<string, Hash[]>();

  /** A fresh hash, keyed with 32 bytes or (null) without a key. */
  take(key: Uint8Array | null): Hash {
    const pooled = this.#byKey.get(nameKey(key))?.pop();
    if (pooled !== undefined) return pooled;
    return key === null ? createHash3() : createKeyedHash(key);
  }

  /** Gives back what `take` gave for the same key; the caller no longer uses it. */
  give(key: Uint8Array | null, hash: Hash): void {
    const name = nameKey(key);
    let hashes = this.#byKey.get(name);
    if (hashes === undefined) {
      const [oldest] = this.#byKey.keys();
      if (this.#byKey.size >= pooledKeysMax && oldest !== undefined) this.#byKey.delete(oldest);
      hashes = [];
      this.#byKey.set(name, hashes);
    }
    if (hashes.length >= pooledHashesMax) return;
    hash.reset();
    hashes.push(hash);
  }
}

function nameKey(key: Uint8Array | null): string {
  return key === null ? "" : Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}
