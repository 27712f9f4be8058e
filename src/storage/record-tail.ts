/**
 * The tail of a record and of an open upload: what a client sent with its object, and the checksum's value, as a msgpack
 * array of fixed positions. New members are appended; positions are never re-used.
 */

import { pack, unpack } from "../base/msgpack.ts";
import type { Checksum } from "../s3/checksum-algorithms.ts";
import { encryptionOfStored, type ObjectEncryption, storedEncryption } from "../s3/encryption.ts";

/** Metadata that is kept and given back unchanged; absent members were not sent. */
export interface ObjectMetadata {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly contentDisposition?: string;
  readonly cacheControl?: string;
  readonly expires?: string;
  readonly websiteRedirectLocation?: string;
  /** Absent = STANDARD. */
  readonly storageClass?: string;
  /** x-amz-meta-*, names lower case without the prefix. */
  readonly user?: readonly (readonly [name: string, value: string])[];
  /** URL-encoded as in x-amz-tagging. */
  readonly tagging?: string;
  /** How the object is encrypted; absent = it is not. Never changes. */
  readonly encryption?: ObjectEncryption;
}

export interface RecordTail {
  readonly metadata: ObjectMetadata;
  /** Base64 value of the checksum whose algorithm the header names; null when it has none. */
  readonly checksumValue: string | null;
}

/** Positions 0..7 of the array. Then `user` as a flat list, the checksum value, stamps per field (none yet), tagging. */
const textMembers = [
  "contentType",
  "contentEncoding",
  "contentLanguage",
  "contentDisposition",
  "cacheControl",
  "expires",
  "websiteRedirectLocation",
  "storageClass",
] as const satisfies readonly (keyof ObjectMetadata)[];
const userAt = textMembers.length;
const checksumAt = userAt + 1;
const taggingAt = checksumAt + 2;
const encryptionAt = taggingAt + 3;

const empty = Buffer.alloc(0);
/** Longest checksum value of a single body: SHA-256 in base64. */
const checksumCharsMax = 44;
/** What a checksum adds to a tail at most: its value, one length byte, and an array with every position before it. */
const checksumTailBytesMax = checksumCharsMax + 2 + 1 + checksumAt;

/**
 * Encodes a tail; empty when nothing was sent. Trailing absent members are cut.
 * Example: contentType "a/b" alone = `91 a3 612f62`.
 */
export function encodeTail({ metadata, checksumValue }: RecordTail): Buffer {
  const members: unknown[] = textMembers.map((name) => metadata[name] ?? null);
  members[userAt] = metadata.user === undefined ? null : metadata.user.flat();
  members[checksumAt] = checksumValue;
  members[checksumAt + 1] = null;
  members[taggingAt] = metadata.tagging ?? null;
  if (metadata.encryption !== undefined) {
    members[encryptionAt] = storedEncryption(metadata.encryption);
    for (let at = taggingAt + 1; at < encryptionAt; at++) members[at] ??= null;
  }
  while (members.length > 0 && members[members.length - 1] === null) members.pop();
  return members.length === 0 ? empty : pack(members);
}

/** Most bytes of the tail of an object with this metadata and any one checksum: what a plan for an inline body counts with. */
export function tailBytesMax(metadata: ObjectMetadata): number {
  return encodeTail({ metadata, checksumValue: null }).length + checksumTailBytesMax;
}

/** Decodes what `encodeTail` wrote; members of later versions are ignored. The bytes are trusted: their record is sealed. */
export function decodeTail(tail: Uint8Array): RecordTail {
  if (tail.length === 0) return { metadata: {}, checksumValue: null };
  const members = unpack(tail) as readonly unknown[];
  const metadata: { -readonly [N in keyof ObjectMetadata]: ObjectMetadata[N] } = {};
  for (const [position, name] of textMembers.entries()) {
    const text = members[position];
    if (typeof text === "string") metadata[name] = text;
  }
  const user = members[userAt];
  if (Array.isArray(user)) metadata.user = pairs(user);
  const tagging = members[taggingAt];
  if (typeof tagging === "string") metadata.tagging = tagging;
  const encryption = encryptionOfStored(members[encryptionAt]);
  if (encryption !== undefined) metadata.encryption = encryption;
  const checksumValue = members[checksumAt];
  return { metadata, checksumValue: typeof checksumValue === "string" ? checksumValue : null };
}

/** The checksum of a record as S3 shows it; null when it has none. */
export function checksumOf(algorithm: Checksum["algorithm"] | null, tail: RecordTail): Checksum | null {
  return algorithm === null || tail.checksumValue === null ? null : { algorithm, value: tail.checksumValue };
}

function pairs(flat: readonly unknown[]): (readonly [name: string, value: string])[] {
  const result: (readonly [name: string, value: string])[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) result.push([String(flat[index]), String(flat[index + 1])]);
  return result;
}
