/**
 * The tail of a record and of an open upload: what a client sent with its object, and the checksum's value, as a msgpack
 * array of fixed positions. New members are appended; positions are never re-used.
 */

import type { Stamp } from "../base/hlc.ts";
import { pack, unpack } from "../base/msgpack.ts";
import type { AccessControlList, AclGroup, AclPermission, Grant } from "../s3/acl.ts";
import type { Checksum } from "../s3/checksum-algorithms.ts";
import { encryptionOfStored, type ObjectEncryption, storedEncryption } from "../s3/encryption.ts";
import type { ObjectLock, RetentionMode } from "../s3/object-lock.ts";

/** Metadata that is kept and given back, absent members were not sent. The last three are attributes: they may change later. */
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
  /** Absent: all is the bucket's owner's alone. */
  readonly acl?: AccessControlList;
  /** Absent: the version was never locked. */
  readonly lock?: ObjectLock;
  /** Of an open upload alone: who began it. Absent: the account that owns the bucket. */
  readonly initiator?: Initiator;
  /** How the object is encrypted; absent = it is not. Never changes. */
  readonly encryption?: ObjectEncryption;
}

export interface Initiator {
  /** Canonical id of an account, or ARN of a user or of a role's session. */
  readonly id: string;
  readonly name: string;
}

/** What a listing shows of a tail. */
export interface ListedTail {
  /** Null: STANDARD. */
  readonly storageClass: string | null;
  /** Canonical id; null: the bucket's owner. */
  readonly ownerId: string | null;
}

/** When each attribute was last changed after its version was written; null: never. What sites merge by. */
export interface AttributeStamps {
  readonly tagging: Stamp | null;
  readonly acl: Stamp | null;
  readonly retention: Stamp | null;
  readonly legalHold: Stamp | null;
}

export interface RecordTail {
  readonly metadata: ObjectMetadata;
  /** Base64 value of the checksum whose algorithm the header names; null when it has none. */
  readonly checksumValue: string | null;
  /** null: no attribute has changed. */
  readonly stamps: AttributeStamps | null;
}

/**
 * Positions 0..7 of the array. Then `user` as a flat list, the checksum value, [stamps, acl, lock], tagging, the owner
 * (where the ACL stands elsewhere), [id, name] of the initiator. */
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
const attributesAt = checksumAt + 1;
const taggingAt = attributesAt + 1;
const ownerAt = taggingAt + 1;
const initiatorAt = ownerAt + 1;
const encryptionAt = initiatorAt + 1;
const storageClassAt = textMembers.indexOf("storageClass");
/** Of the ACL in the attributes. */
const aclAt = 1;

/** Stored codes: never re-ordered, only appended to. */
const permissionCodes: readonly AclPermission[] = ["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"];
const groupCodes: readonly AclGroup[] = ["AllUsers", "AuthenticatedUsers", "LogDelivery"];
const modeCodes: readonly (RetentionMode | null)[] = [null, "GOVERNANCE", "COMPLIANCE"];

const empty = Buffer.alloc(0);
/** Longest checksum value of a single body: SHA-256 in base64. */
const checksumCharsMax = 44;
/** What a checksum adds to a tail at most: its value, one length byte, and an array with every position before it. */
const checksumTailBytesMax = checksumCharsMax + 2 + 1 + checksumAt;

/**
 * Encodes a tail; empty when nothing was sent. Trailing absent members are cut.
 * Example: contentType "a/b" alone = `91 a3 612f62`.
 */
export function encodeTail(tail: RecordTail): Buffer {
  return encode(tail, true);
}

/** As `encodeTail`, for a version whose attributes stand elsewhere: of the ACL only its owner is left. */
export function encodeTailWithoutAttributes(tail: RecordTail): Buffer {
  return encode(tail, false);
}

/** Of a delete marker that is not the bucket owner's. */
export function encodeTailOfOwner(ownerId: string): Buffer {
  return encode({ metadata: { acl: { ownerId, grants: [] } }, checksumValue: null, stamps: null }, false);
}

function encode({ metadata, checksumValue, stamps }: RecordTail, hasAttributes: boolean): Buffer {
  const members: unknown[] = textMembers.map((name) => metadata[name] ?? null);
  members[userAt] = metadata.user === undefined ? null : metadata.user.flat();
  members[checksumAt] = checksumValue;
  members[attributesAt] = hasAttributes ? attributesValue(metadata, stamps) : null;
  members[taggingAt] = hasAttributes ? (metadata.tagging ?? null) : null;
  members[ownerAt] = hasAttributes ? null : (metadata.acl?.ownerId ?? null);
  members[initiatorAt] = metadata.initiator === undefined ? null : [metadata.initiator.id, metadata.initiator.name];
  members[encryptionAt] = metadata.encryption === undefined ? null : storedEncryption(metadata.encryption);
  while (members.length > 0 && members[members.length - 1] === null) members.pop();
  return members.length === 0 ? empty : pack(members);
}

/** Whether a tail has attributes: what `encodeTailWithoutAttributes` leaves out. */
export function encodesAttributes({ metadata, stamps }: Pick<RecordTail, "metadata" | "stamps">): boolean {
  const { tagging, acl, lock } = metadata;
  return tagging !== undefined || acl !== undefined || lock !== undefined || stamps !== null;
}

/** The attributes alone, for rows of their own: msgpack of [tagging, [stamps, acl, lock]]. */
export function encodeAttributes({ metadata, stamps }: Pick<RecordTail, "metadata" | "stamps">): Buffer {
  return pack([metadata.tagging ?? null, attributesValue(metadata, stamps)]);
}

/** A tail that was read without its attributes, with those that `encodeAttributes` wrote. */
export function withAttributes({ metadata, checksumValue }: RecordTail, attributes: Uint8Array): RecordTail {
  const [tagging, value] = unpack(attributes) as readonly unknown[];
  const whole: WritableMetadata = { ...metadata };
  const stamps = readAttributes(whole, tagging, value);
  return { metadata: whole, checksumValue, stamps };
}

/**
 * [stamps per field or null, acl or null, lock or null]; null when there is none of them.
 * stamps: [tagging, acl, retention, legal hold], each 12 bytes or null. acl: [owner, permission, grantee, …]: a user's id, or
 * a group's code. lock: [mode u8 (0 none, 1 governance, 2 compliance), until Unix ms, legal hold or null].
 */
function attributesValue({ acl, lock }: ObjectMetadata, stamps: AttributeStamps | null): readonly unknown[] | null {
  if (acl === undefined && lock === undefined && stamps === null) return null;
  return [
    stamps === null ? null : [stamps.tagging, stamps.acl, stamps.retention, stamps.legalHold],
    acl === undefined ? null : [acl.ownerId, ...acl.grants.flatMap(grantCodes)],
    lock === undefined
      ? null
      : [modeCodes.indexOf(lock.retention?.mode ?? null), lock.retention?.untilMs ?? 0, lock.legalHold],
  ];
}

function grantCodes({ grantee, permission }: Grant): readonly (number | string)[] {
  return [permissionCodes.indexOf(permission), grantee.kind === "user" ? grantee.id : groupCodes.indexOf(grantee.uri)];
}

/** Most bytes of the tail of an object with this metadata and any one checksum: what a plan for an inline body counts with. */
export function tailBytesMax(metadata: ObjectMetadata): number {
  return encodeTail({ metadata, checksumValue: null, stamps: null }).length + checksumTailBytesMax;
}

/** As `tailBytesMax`, when the attributes stand elsewhere. */
export function bareTailBytesMax(metadata: ObjectMetadata): number {
  return encodeTailWithoutAttributes({ metadata, checksumValue: null, stamps: null }).length + checksumTailBytesMax;
}

type WritableMetadata = { -readonly [N in keyof ObjectMetadata]: ObjectMetadata[N] };

/** Decodes what `encodeTail` wrote; members of later versions are ignored. The bytes are trusted: their record is sealed. */
export function decodeTail(tail: Uint8Array): RecordTail {
  if (tail.length === 0) return { metadata: {}, checksumValue: null, stamps: null };
  const members = unpack(tail) as readonly unknown[];
  const metadata: WritableMetadata = {};
  for (const [position, name] of textMembers.entries()) {
    const text = members[position];
    if (typeof text === "string") metadata[name] = text;
  }
  const user = members[userAt];
  if (Array.isArray(user)) metadata.user = pairs(user);
  const stamps = readAttributes(metadata, members[taggingAt], members[attributesAt]);
  const ownerId = members[ownerAt];
  // What the ACL grants stands elsewhere.
  if (typeof ownerId === "string") metadata.acl = { ownerId, grants: [] };
  const initiator = members[initiatorAt];
  if (Array.isArray(initiator)) metadata.initiator = { id: String(initiator[0]), name: String(initiator[1]) };
  const encryption = encryptionOfStored(members[encryptionAt]);
  if (encryption !== undefined) metadata.encryption = encryption;
  const checksumValue = members[checksumAt];
  return { metadata, checksumValue: typeof checksumValue === "string" ? checksumValue : null, stamps };
}

/** What a listing shows of what `encodeTail` or `encodeTailWithoutAttributes` wrote; no attributes need to be read for it. */
export function listedTail(tail: Uint8Array): ListedTail {
  if (tail.length === 0) return { storageClass: null, ownerId: null };
  const members = unpack(tail) as readonly unknown[];
  const storageClass = members[storageClassAt];
  const attributes = members[attributesAt];
  const acl: unknown = Array.isArray(attributes) ? attributes[aclAt] : null;
  const ownerId: unknown = Array.isArray(acl) ? acl[0] : members[ownerAt];
  return {
    storageClass: typeof storageClass === "string" ? storageClass : null,
    ownerId: typeof ownerId === "string" ? ownerId : null,
  };
}

/** Fills in what `attributesValue` and the tagging's place hold. */
function readAttributes(metadata: WritableMetadata, tagging: unknown, value: unknown): AttributeStamps | null {
  if (typeof tagging === "string") metadata.tagging = tagging;
  if (!Array.isArray(value)) return null;
  const [stamps, acl, lock] = value as readonly unknown[];
  if (Array.isArray(acl)) metadata.acl = readAcl(acl);
  if (Array.isArray(lock)) metadata.lock = readLock(lock);
  return Array.isArray(stamps) ? readStamps(stamps) : null;
}

function readStamps([tagging, acl, retention, legalHold]: readonly unknown[]): AttributeStamps {
  return {
    tagging: stampOrNull(tagging),
    acl: stampOrNull(acl),
    retention: stampOrNull(retention),
    legalHold: stampOrNull(legalHold),
  };
}

function stampOrNull(value: unknown): Stamp | null {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : null;
}

function readAcl([ownerId, ...codes]: readonly unknown[]): AccessControlList {
  const grants: Grant[] = [];
  for (let index = 0; index + 1 < codes.length; index += 2) {
    const permission = permissionCodes[Number(codes[index])];
    const who = codes[index + 1];
    const uri = typeof who === "number" ? groupCodes[who] : undefined;
    // A code of a later version grants nothing here.
    if (permission === undefined || (typeof who !== "string" && uri === undefined)) continue;
    const grantee =
      uri === undefined ? ({ kind: "user", id: String(who) } as const) : ({ kind: "group", uri } as const);
    grants.push({ grantee, permission });
  }
  return { ownerId: String(ownerId), grants };
}

function readLock([code, untilMs, legalHold]: readonly unknown[]): ObjectLock {
  const mode = modeCodes[Number(code)] ?? null;
  return {
    retention: mode === null ? null : { mode, untilMs: Number(untilMs) },
    legalHold: typeof legalHold === "boolean" ? legalHold : null,
  };
}

/** The checksum of a record as S3 shows it; null when it has none. */
export function checksumOf(
  algorithm: Checksum["algorithm"] | null,
  tail: Pick<RecordTail, "checksumValue">,
): Checksum | null {
  return algorithm === null || tail.checksumValue === null ? null : { algorithm, value: tail.checksumValue };
}

function pairs(flat: readonly unknown[]): (readonly [name: string, value: string])[] {
  const result: (readonly [name: string, value: string])[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) result.push([String(flat[index]), String(flat[index + 1])]);
  return result;
}
