/**
 * The stored form of a chunk: a header of 64 bytes, then frames. Pure: it never touches a disk.
 *
 * All numbers are little-endian. The header:
 *
 *     0  "TRPC"        4  format = 1     5  cipher: 0 none, 1 AES-256-GCM       6  flags u16 = 0
 *     8  frame size u32 = 65536         12  plain bytes u32, 0 when the chunk's size was not known at its first frame
 *    16  bucket id, 16 bytes
 *    32  cipher 0: nonce 8, then 16 zero bytes; cipher 1: nonce 16, then the data key's id, 8 bytes
 *    56  xxh64 of bytes 0 to 55
 *
 * A frame is up to 64 KiB of data and the xxh64 of that data, seeded with (nonce as u64) XOR (frame number), so that a
 * frame of another chunk, or another frame of the same chunk, never verifies. All frames but the last are full.
 * An encrypted frame is data | tag 16 | xxh64 of the tag, seeded with the xxh64 of the data (storage/body-cipher.ts): what
 * is stored can be checked without a key.
 * The header is written once, with the first frame. Example: "abc" in bucket 00…00 with nonce 01 00…00 is stored as
 * 54525043 01 00 0000 00000100 03000000 (32 bytes: bucket, nonce 0100…, reserved) … and takes 64 + 3 + 8 = 75 bytes.
 */

import { assert } from "../base/assert.ts";
import { type BucketId, bucketId } from "../base/ids.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { xxh64 } from "../base/xxhash.ts";
import { frameTagBytes } from "./body-cipher.ts";
import { cipherNonceBytes, nonceBytes } from "./location.ts";

export const chunkHeaderBytes = 64;
export const frameSumBytes = 8;

const headerSumAt = 56;
const magic = 0x43505254; // "TRPC" read as a little-endian u32
const formatNumber = 1;
const cipherNone = 0;
const cipherAesGcm = 1;
const nonceAt = 32;
const keyIdAt = nonceAt + cipherNonceBytes;

/** Bytes behind a frame's data: its checksum, and before it the tag of an encrypted one. */
export function frameTailBytes(isEncrypted: boolean): number {
  return isEncrypted ? frameTagBytes + frameSumBytes : frameSumBytes;
}

/** A chunk's nonce says whether it is encrypted. */
export function isEncryptedNonce(nonce: Uint8Array): boolean {
  return nonce.length === cipherNonceBytes;
}

/** Number of frames of a chunk of `plainBytes`. */
export function frameCount(plainBytes: number): number {
  return Math.ceil(plainBytes / storageLimits.frameBytes);
}

/** Bytes on disk of a chunk of `plainBytes`. */
export function storedBytesOf(plainBytes: number, isEncrypted = false): number {
  return chunkHeaderBytes + plainBytes + frameTailBytes(isEncrypted) * frameCount(plainBytes);
}

/** Where frame `index` (0-based) begins in the stored chunk. */
export function frameOffset(index: number, isEncrypted = false): number {
  return chunkHeaderBytes + index * (storageLimits.frameBytes + frameTailBytes(isEncrypted));
}

/** The nonce as the number that seeds frame checksums. @throws AssertionError unless `nonce` is 8 or 16 bytes. */
export function nonceSeed(nonce: Uint8Array): bigint {
  assert(nonce.length === nonceBytes || isEncryptedNonce(nonce), "a nonce is 8 or 16 bytes");
  return new DataView(nonce.buffer, nonce.byteOffset, nonceBytes).getBigUint64(0, true);
}

/** Checksum of one stored frame. @param tag of an encrypted one */
export function frameSum(data: Uint8Array, seed: bigint, index: number, tag: Uint8Array | null = null): bigint {
  const sum = xxh64(data, seed ^ BigInt(index));
  return tag === null ? sum : xxh64(tag, sum);
}

export interface ChunkHeader {
  readonly bucket: BucketId;
  /** 8 bytes; 16 of an encrypted chunk. */
  readonly nonce: Uint8Array;
  /** 8 bytes; absent or null when the chunk is not encrypted. */
  readonly keyId?: Uint8Array | null;
  /** 0 when the chunk's size is not known yet. */
  readonly plainBytes: number;
}

/** Writes the header into the first 64 bytes of `target`. */
export function encodeChunkHeader(target: Buffer, header: ChunkHeader): void {
  target.fill(0, 0, chunkHeaderBytes);
  target.writeUInt32LE(magic, 0);
  target.writeUInt8(formatNumber, 4);
  target.writeUInt8(header.keyId ? cipherAesGcm : cipherNone, 5);
  target.writeUInt32LE(storageLimits.frameBytes, 8);
  target.writeUInt32LE(header.plainBytes, 12);
  target.write(header.bucket, 16, 16, "hex");
  target.set(header.nonce, nonceAt);
  if (header.keyId) target.set(header.keyId, keyIdAt);
  target.writeBigUInt64LE(xxh64(target.subarray(0, headerSumAt)), headerSumAt);
}

/** The bucket that a stored header names, or null when it does not verify. */
export function headerBucket(header: Buffer): BucketId | null {
  if (header.length < chunkHeaderBytes || header.readUInt32LE(0) !== magic) return null;
  if (header.readBigUInt64LE(headerSumAt) !== xxh64(header.subarray(0, headerSumAt))) return null;
  return bucketId(header.toString("hex", 16, 32));
}

/**
 * Says what is wrong with a stored header, or null.
 * @param header the first 64 bytes of a stored chunk
 * @param expected the nonce and size that `refs` holds
 */
export function headerFault(
  header: Buffer,
  expected: { readonly nonce: Uint8Array; readonly sizeBytes: number },
): string | null {
  if (header.readUInt32LE(0) !== magic) return "no chunk header";
  if (header.readBigUInt64LE(headerSumAt) !== xxh64(header.subarray(0, headerSumAt))) return "damaged chunk header";
  if (header.readUInt8(4) !== formatNumber) return `chunk format ${header.readUInt8(4)} is not known`;
  const cipher = header.readUInt8(5);
  if (cipher !== cipherNone && cipher !== cipherAesGcm) return `chunk cipher ${cipher} is not known`;
  if ((cipher === cipherAesGcm) !== isEncryptedNonce(expected.nonce)) return "another chunk lies here";
  if (header.readUInt32LE(8) !== storageLimits.frameBytes) return "another frame size";
  if (!header.subarray(nonceAt, nonceAt + expected.nonce.length).equals(expected.nonce))
    return "another chunk lies here";
  const plainBytes = header.readUInt32LE(12);
  if (plainBytes !== 0 && plainBytes !== expected.sizeBytes) return "another size";
  return null;
}
