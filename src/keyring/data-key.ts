/**
 * Data keys: what bodies are encrypted by, and what is derived from them. Pure: it never keeps a key, and no key is ever
 * shown or logged.
 */

import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { assert } from "../base/assert.ts";

/** Bytes of a data key, and of a customer's key: AES-256. */
export const dataKeyBytes = 32;
/** Bytes of a data key's id. */
export const dataKeyIdBytes = 8;
/** Bytes of the salt that stands beside what a customer's key was turned into. */
export const customerSaltBytes = 16;

const checkBytes = 16;
const md5Bytes = 16;

/** Names a data key without showing it: 8 bytes, the same for the same key. Goes into chunk headers. */
export function dataKeyId(dataKey: Uint8Array): Buffer {
  return labelled(dataKey, "key id").subarray(0, dataKeyIdBytes);
}

/** Keys the addresses of the chunks that a data key encrypts, so that none is shared with another key. 32 bytes. */
export function addressKeyOf(dataKey: Uint8Array): Buffer {
  return labelled(dataKey, "address key");
}

/** What stands for the MD5 of a body whose ETag must not show it: 16 bytes, the same for the same body and key. */
export function opaqueMd5(dataKey: Uint8Array, md5: Uint8Array): Uint8Array {
  assert(md5.length === md5Bytes, "an MD5 has 16 bytes");
  return new Uint8Array(labelled(dataKey, "etag", md5).subarray(0, md5Bytes));
}

/** What a key is derived for: a chunk that nothing binds to its address, one that is bound, or a body in its record. */
export type SealedUnit = "chunk" | "bound chunk" | "inline";

/** The key of one sealed unit from its random nonce of 16 bytes. 32 bytes. */
export function unitKey(dataKey: Uint8Array, unit: SealedUnit, nonce: Uint8Array): Buffer {
  return labelled(dataKey, unit, nonce);
}

/** Authenticates where a chunk belongs. 32 bytes. */
export function placeMac(dataKey: Uint8Array, place: Uint8Array): Buffer {
  return labelled(dataKey, "chunk place", place);
}

function labelled(dataKey: Uint8Array, label: string, bytes: Uint8Array = new Uint8Array(0)): Buffer {
  assert(dataKey.length === dataKeyBytes, "a data key has 256 bits");
  return createHmac("sha256", dataKey).update(`troupe ${label}\0`).update(bytes).digest();
}

/** What is kept of a customer's key: enough to recognise it, nothing to find it by. */
export interface CustomerKeyCheck {
  /** 16 random bytes. */
  readonly salt: Uint8Array;
  /** 16 bytes. */
  readonly check: Uint8Array;
}

/** The data key of an object whose key its customer keeps. 32 bytes. Source: RFC 5869. */
export function customerDataKey(customerKey: Uint8Array, salt: Uint8Array): Buffer {
  return derived(customerKey, salt, "troupe customer data key", dataKeyBytes);
}

/** @param salt 16 random bytes */
export function checkOfCustomerKey(customerKey: Uint8Array, salt: Uint8Array): CustomerKeyCheck {
  return { salt, check: derived(customerKey, salt, "troupe customer key check", checkBytes) };
}

/** Whether it is the key that `check` was made of; takes the same time for all. */
export function isCustomerKey(customerKey: Uint8Array, { salt, check }: CustomerKeyCheck): boolean {
  return timingSafeEqual(derived(customerKey, salt, "troupe customer key check", checkBytes), check);
}

/** MD5 of a key in base64, as clients send it beside the key. */
export function keyMd5(key: Uint8Array): string {
  return createHash("md5").update(key).digest("base64");
}

function derived(customerKey: Uint8Array, salt: Uint8Array, info: string, bytes: number): Buffer {
  assert(
    customerKey.length === dataKeyBytes && salt.length === customerSaltBytes,
    "a key of 256 bits and a salt of 128",
  );
  return Buffer.from(hkdfSync("sha256", customerKey, salt, info, bytes));
}
