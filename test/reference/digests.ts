/**
 * Digests of the reference model, written from their definitions and not shared with the server. CRCs are computed over
 * the whole bytes, also where the server combines those of parts. Source: RFC 1952, RFC 3720, NVM Command Set 5.2.1.3.4.
 */

import { createHash } from "node:crypto";
import type { Algorithm } from "./vocabulary.ts";

type Table = { readonly high: Uint32Array; readonly low: Uint32Array };

/** Table of a reflected CRC; a 32-bit polynomial stands in `low`. */
function tableOf(polynomialHigh: number, polynomialLow: number): Table {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let [h, l] = [0, byte];
    for (let bit = 0; bit < 8; bit++) {
      const carry = l & 1;
      l = ((l >>> 1) | (h << 31)) >>> 0;
      h >>>= 1;
      if (carry === 1) {
        h = (h ^ polynomialHigh) >>> 0;
        l = (l ^ polynomialLow) >>> 0;
      }
    }
    high[byte] = h;
    low[byte] = l;
  }
  return { high, low };
}

const tables = {
  CRC32: tableOf(0, 0xedb88320),
  CRC32C: tableOf(0, 0x82f63b78),
  CRC64NVME: tableOf(0x9a6c9329, 0xac4bc9b5),
};

function crc(bytes: Buffer, { high, low }: Table, isWide: boolean): Buffer {
  let [h, l] = [isWide ? 0xffffffff : 0, 0xffffffff];
  for (const byte of bytes) {
    const at = (l ^ byte) & 0xff;
    l = ((l >>> 8) | (h << 24)) ^ (low[at] ?? 0);
    h = (h >>> 8) ^ (high[at] ?? 0);
  }
  const digest = Buffer.alloc(8);
  digest.writeUInt32BE(~h >>> 0, 0);
  digest.writeUInt32BE(~l >>> 0, 4);
  return isWide ? digest : digest.subarray(4);
}

function rawDigest(algorithm: Algorithm, bytes: Buffer): Buffer {
  switch (algorithm) {
    case "SHA1":
    case "SHA256":
      return createHash(algorithm).update(bytes).digest();
    default:
      return crc(bytes, tables[algorithm], algorithm === "CRC64NVME");
  }
}

const known = new WeakMap<Buffer, Map<string, string>>();

/** The same buffers come again and again: their digests are kept. */
function cached(bytes: Buffer, name: string, compute: () => string): string {
  const digests = known.get(bytes) ?? new Map<string, string>();
  known.set(bytes, digests);
  const found = digests.get(name) ?? compute();
  digests.set(name, found);
  return found;
}

/** MD5, hex. */
export const md5 = (bytes: Buffer): string => cached(bytes, "MD5", () => createHash("md5").update(bytes).digest("hex"));

/** Base64 of the checksum of `bytes`. */
export const checksum = (algorithm: Algorithm, bytes: Buffer): string =>
  cached(bytes, algorithm, () => rawDigest(algorithm, bytes).toString("base64"));

/** `<base64>-<number of parts>`: the checksum of the parts' checksums. */
export const compositeChecksum = (algorithm: Algorithm, parts: readonly string[]): string =>
  `${rawDigest(algorithm, Buffer.concat(parts.map((part) => Buffer.from(part, "base64")))).toString("base64")}-${parts.length}`;

/** `<hex>-<number of parts>`: the MD5 of the parts' MD5s. */
export const multipartEtag = (md5s: readonly string[]): string =>
  `${createHash("md5")
    .update(Buffer.from(md5s.join(""), "hex"))
    .digest("hex")}-${md5s.length}`;
