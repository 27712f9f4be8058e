/** Rows of `refs`: how often a bucket's records and manifests name a chunk, and where its stored bytes lie. */

import { assert } from "../base/assert.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import {
  addressBytes,
  bindingBytes,
  type ChunkPlace,
  cipherNonceBytes,
  nonceBytes,
  type StoredChunk,
  storedDigestBytes,
} from "./location.ts";
import { CorruptRecordError, checkVersion, readU64, seal, unseal, writeU64 } from "./sealed-row.ts";

const version = 1;
/** Of an encrypted chunk from before there were bindings: read, never written anew but for its count and place. */
const unboundVersion = 2;
/** Of an encrypted chunk. */
const boundVersion = 3;
/** Bytes of an encoded place. */
export const placeBytes = 13;
const segmentTag = 1;
const fileTag = 2;
const nonceAt = 13;
const bodyBytes = nonceAt + nonceBytes + storedDigestBytes + placeBytes;

/** A chunk and the number of records and manifest entries that name it, at least 1. */
export interface ChunkReference {
  readonly count: number;
  readonly chunk: StoredChunk;
}

/**
 * Writes a place as 13 bytes: 0x01 | segment u32 | offset u64, or 0x02 | epoch u32 | unique (8 bytes, in memory 16 hex digits).
 * Example: segment 3, offset 4096 = `01 00000003 0000000000001000`.
 */
export function writePlace(target: Buffer, place: ChunkPlace, offset: number): void {
  if (place.kind === "segment") {
    target[offset] = segmentTag;
    target.writeUInt32BE(place.segment, offset + 1);
    writeU64(target, place.offset, offset + 5);
  } else {
    assert(/^[0-9a-f]{16}$/.test(place.unique), "a file's unique id is 16 hex digits");
    target[offset] = fileTag;
    target.writeUInt32BE(place.epoch, offset + 1);
    target.write(place.unique, offset + 5, 8, "hex");
  }
}

/** Reads what `writePlace` wrote; undefined for an unknown tag. */
export function readPlace(source: Buffer, offset: number): ChunkPlace | undefined {
  const tag = source[offset];
  const number = source.readUInt32BE(offset + 1);
  if (tag === segmentTag) return { kind: "segment", segment: number, offset: readU64(source, offset + 5) };
  if (tag === fileTag) return { kind: "file", epoch: number, unique: source.toString("hex", offset + 5, offset + 13) };
  return undefined;
}

/**
 * Encodes a row of `refs`: version 1 | count u32 | sizeBytes u32 | storedBytes u32 | nonce 8 | storedDigest 16 | place 13 |
 * xxh64 of key + value. 58 bytes. The address is in the key. Version 3, of an encrypted chunk, has a nonce of 16 bytes and
 * behind it a binding of 16 bytes; version 2, of an older encrypted chunk, has the nonce alone.
 * Example: `01 00000002 00001000 00001048 <nonce> <digest> 01 00000003 0000000000001000 <xxh64>`.
 */
export function encodeReference(key: Buffer, { count, chunk }: ChunkReference): Buffer {
  assert(Number.isInteger(count) && count >= 1 && count <= 0xffff_ffff, "a reference count is within 1..2^32-1");
  const { nonce, binding } = chunk;
  assert(nonce.length === nonceBytes || nonce.length === cipherNonceBytes, "a nonce has 8 or 16 bytes");
  assert(
    binding === null || (nonce.length === cipherNonceBytes && binding.length === bindingBytes),
    "a binding has 16 bytes",
  );
  assert(chunk.storedDigest.length === storedDigestBytes, "a digest has 16 bytes");
  const bindingAt = nonceAt + nonce.length;
  const digestAt = bindingAt + (binding === null ? 0 : bindingBytes);
  const placeAt = digestAt + storedDigestBytes;
  const value = Buffer.allocUnsafe(placeAt + placeBytes + xxh64Bytes);
  value[0] = versionOf(chunk);
  value.writeUInt32BE(count, 1);
  value.writeUInt32BE(chunk.sizeBytes, 5);
  value.writeUInt32BE(chunk.storedBytes, 9);
  value.set(nonce, nonceAt);
  if (binding !== null) value.set(binding, bindingAt);
  value.set(chunk.storedDigest, digestAt);
  writePlace(value, chunk.place, placeAt);
  return seal(key, value);
}

function versionOf({ nonce, binding }: StoredChunk): number {
  if (nonce.length === nonceBytes) return version;
  return binding === null ? unboundVersion : boundVersion;
}

/** @throws CorruptRecordError */
export function decodeReference(key: Buffer, value: Buffer): ChunkReference {
  const body = unseal("refs", key, value, bodyBytes);
  const isBound = body[0] === boundVersion;
  const isEncrypted = isBound || body[0] === unboundVersion;
  if (!isEncrypted) checkVersion("refs", key, body, version);
  const bindingAt = nonceAt + (isEncrypted ? cipherNonceBytes : nonceBytes);
  const digestAt = bindingAt + (isBound ? bindingBytes : 0);
  const placeAt = digestAt + storedDigestBytes;
  if (body.length < placeAt + placeBytes) throw new CorruptRecordError("refs", key, "cut off");
  const place = readPlace(body, placeAt);
  if (place === undefined) throw new CorruptRecordError("refs", key, "unknown place");
  return {
    count: body.readUInt32BE(1),
    chunk: {
      address: key.subarray(key.length - addressBytes),
      sizeBytes: body.readUInt32BE(5),
      storedBytes: body.readUInt32BE(9),
      nonce: body.subarray(nonceAt, bindingAt),
      binding: isBound ? body.subarray(bindingAt, digestAt) : null,
      storedDigest: body.subarray(digestAt, placeAt),
      place,
    },
  };
}

/**
 * Encodes a row of `manifestRefs`: version 1 | count u32 | xxh64 of key + value: 13 bytes. The count is of records and part
 * tables that name the manifest.
 */
export function encodeManifestCount(key: Buffer, count: number): Buffer {
  assert(Number.isInteger(count) && count >= 1 && count <= 0xffff_ffff, "a reference count is within 1..2^32-1");
  const value = Buffer.allocUnsafe(5 + xxh64Bytes);
  value[0] = version;
  value.writeUInt32BE(count, 1);
  return seal(key, value);
}

/** @throws CorruptRecordError */
export function decodeManifestCount(key: Buffer, value: Buffer): number {
  const body = unseal("manifestRefs", key, value, 5);
  checkVersion("manifestRefs", key, body, version);
  return body.readUInt32BE(1);
}
