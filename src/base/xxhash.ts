/**
 * xxh64: checksum of records, rows and stored frames, and placement. Never an address of content: it is not
 * collision-resistant against an adversary. Owns the one import of xxhash-wasm; importing it waits for the module to compile.
 */

import xxhash from "xxhash-wasm";

const { h64Raw } = await xxhash();

/** Size of a hash when it is stored, in bytes. */
export const xxh64Bytes = 8;

/**
 * Returns the 64-bit xxHash of `bytes` as an unsigned bigint. Pure.
 * @param seed unsigned 64-bit; default 0
 * Source: xxHash specification, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
export function xxh64(bytes: Uint8Array, seed = 0n): bigint {
  return h64Raw(bytes, seed);
}
