/** Turns that make an object current: `object.put`, and the last step of a completed upload. */

import { versionSaltBytes } from "../base/hlc.ts";
import type { Checksum, ChecksumType } from "../s3/checksum-algorithms.ts";
import { type LaidTail, layTail } from "../storage/attributes.ts";
import type { StoredBody } from "../storage/body.ts";
import { versionKey } from "../storage/keys.ts";
import type { Location, StoredChunk } from "../storage/location.ts";
import { etagOf, inlineBytesMax, type ObjectRecord, tailRoom } from "../storage/record.ts";
import { encodeTail, type RecordTail } from "../storage/record-tail.ts";
import { judgeTail, writeBody } from "./bodies.ts";
import { type AdditionPlan, planAddition } from "./history.ts";
import { withRetention } from "./locks.ts";
import type { BucketReply, BucketRequest, ObjectMetadata, ObjectWritten, WritePreconditions } from "./messages.ts";
import { judgeWrite } from "./preconditions.ts";
import type { BucketMemory, TotalsChange, Turn } from "./turn.ts";
import { versionIdOf } from "./version-id.ts";
import { putsNullVersion } from "./versioning.ts";

/** What is to become a key's current object. */
export interface NewObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** 16 bytes. */
  readonly md5: Uint8Array;
  /** 0 for an object that was put whole. */
  readonly partCount: number;
  readonly checksum: Checksum | null;
  readonly checksumType: ChecksumType;
  readonly location: Location;
  readonly metadata: ObjectMetadata;
  /** Of `metadata`; judged. */
  readonly laid: LaidTail;
}

/** One turn: judges, then replaces. Errors: those of the body, MetadataTooLarge, OperationAborted, NoSuchKey, PreconditionFailed, QuotaExceeded. */
export function putObject(
  memory: BucketMemory,
  request: BucketRequest<"object.put">,
): Promise<BucketReply<"object.put">> {
  let encoded: Buffer = Buffer.alloc(0);
  return writeBody(memory, {
    source: request.source,
    room: (body) => {
      const tail = tailOf(request.metadata, body.checksum);
      encoded = encodeTail(tail);
      return inlineBytesMax(judgeTail(tail, encoded));
    },
    turn: (turn, body, unused) => putTurn(turn, request, { body, encoded, unused }),
  });
}

function putTurn(
  turn: Turn,
  { key, metadata: asked, preconditions, isCopied }: BucketRequest<"object.put">,
  { body, encoded, unused }: { body: StoredBody; encoded: Buffer /* tail of what was asked */; unused: StoredChunk[] },
): ObjectWritten {
  turn.requireOpen();
  turn.requireRoom();
  const place = judgePlace(turn, key, preconditions);
  const { sizeBytes, md5, checksum } = body;
  turn.requireQuota(sizeBytes - place.plan.freedBytes, place.plan.addedObjects);
  const metadata = withRetention(turn, asked);
  const room = tailRoom(body.inline === null ? null : body.inline.length);
  const laid = layTail(tailOf(metadata, checksum), room, metadata === asked ? encoded : undefined);
  const location = turn.addBody(body, unused);
  const object: NewObject = {
    key,
    sizeBytes,
    md5,
    partCount: 0,
    checksum,
    checksumType: "FULL_OBJECT",
    location,
    metadata,
    laid,
  };
  return makeCurrent(turn, { object, place, change: { ingressBytes: isCopied ? 0 : sizeBytes } });
}

/** A key that may take another object, as its turn found it. */
export interface JudgedPlace {
  /** The key's newest version. */
  readonly head: ObjectRecord | null;
  readonly isNullVersion: boolean;
  readonly plan: AdditionPlan;
}

/** The last reading of a turn that makes an object current. @throws S3Error as `judgeWrite`; those of the key; CorruptRecordError */
export function judgePlace(turn: Turn, key: string, preconditions: WritePreconditions): JudgedPlace {
  const head = turn.head(key);
  judgeWrite(preconditions, head, key);
  const isNullVersion = putsNullVersion(turn.row.versioning);
  return { head, isNullVersion, plan: planAddition(turn, key, head, isNullVersion) };
}

export interface Replacement {
  readonly object: NewObject;
  readonly place: JudgedPlace;
  /** Of the totals that the object itself does not change. */
  readonly change: Pick<TotalsChange, "openUploadBytes" | "ingressBytes">;
}

/** Writes the record, makes way for it, and closes the turn with the totals. At most 9 rows, and the attributes of two versions. */
export function makeCurrent(turn: Turn, { object, place, change }: Replacement): ObjectWritten {
  const { head, isNullVersion, plan } = place;
  const { laid } = object;
  const stamp = turn.stamp(head?.stamp);
  const salt = turn.random(versionSaltBytes);
  const { storedBytes, objects, versions } = plan.write({
    isDeleteMarker: false,
    isNullVersion,
    stamp,
    salt,
    seq: turn.seq,
    sizeBytes: object.sizeBytes,
    modifiedMs: turn.nowMs,
    md5: object.md5,
    partCount: object.partCount,
    nullStamp: plan.nullStamp,
    checksumAlgorithm: object.checksum?.algorithm ?? null,
    checksumType: object.checksumType,
    hasStorageClass: object.metadata.storageClass !== undefined || object.metadata.acl !== undefined,
    hasAttributeRows: laid.attributes !== null,
    hasLock: object.metadata.lock !== undefined,
    location: object.location,
    tail: laid.tail,
  });
  if (laid.attributes !== null) turn.writeAttributes(versionKey(turn.bucket, object.key, stamp), laid.attributes);
  const { openUploadBytes = 0, ingressBytes = 0 } = change;
  turn.writeTotals({ storedBytes, objects, versions, openUploadBytes, ingressBytes }, stamp);
  const { sizeBytes, checksum } = object;
  // A write does not show the id of a null version: AWS PutObject, the answer while versioning is suspended.
  const versionId = isNullVersion ? null : versionIdOf({ isNullVersion, stamp, salt });
  return { etag: etagOf(object), sizeBytes, modifiedMs: turn.nowMs, checksum, versionId };
}

/** The tail of a new object's record. */
export function tailOf(metadata: ObjectMetadata, checksum: Checksum | null): RecordTail {
  return { metadata, checksumValue: checksum?.value ?? null, stamps: null };
}
