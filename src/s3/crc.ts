/** CRC32 and CRC32C of byte strings, by the native library. The only importer of @node-rs/crc32. */

import { crc32 as nativeCrc32, crc32c as nativeCrc32c } from "@node-rs/crc32";

/** @returns CRC-32 (ISO-HDLC) of what `previous` covers followed by `bytes`, unsigned; `previous` is 0 at the start. */
export function crc32(bytes: Uint8Array, previous: number): number {
  return nativeCrc32(bytes, previous);
}

/** @returns CRC-32C (Castagnoli) of what `previous` covers followed by `bytes`, unsigned; `previous` is 0 at the start. */
export function crc32c(bytes: Uint8Array, previous: number): number {
  return nativeCrc32c(bytes, previous);
}
