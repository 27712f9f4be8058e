/** Turns that make an object current: `object.put`, and the last step of a completed upload. */

import { versionSaltBytes } from "../base/hlc.ts";
import type { Checksum, ChecksumType } from "../s3/checksum-algorithms.ts";
import type { StoredBody } from "../storage/body.ts";
import type { Location, StoredChunk } from "../storage/location.ts";
import { etagOf, inlineBytesMax, type ObjectRecord } from "../storage/record.ts";
import { encodeTail } from "../storage/record-tail.ts";
import { judgeTail, writeBody } from "./bodies.ts";
import type { BucketReply, BucketRequest, ObjectMetadata, ObjectWritten } from "./messages.ts";
import { judgePreconditions } from "./preconditions.ts";
import type { BucketMemory, TotalsChange, Turn } from "./turn.ts";
import { type VersioningTurns, versioningTurns } from "./versioning.ts";

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
  /** True when the tail names a storage class. */
  readonly hasStorageClass: boolean;
  /** By `tailOf`, and judged. */
  readonly tail: Uint8Array;
}

/** One turn: judges, then replaces. Errors: those of the body, MetadataTooLarge, OperationAborted, NoSuchKey, PreconditionFailed. */
export function putObject(
  memory: BucketMemory,
  request: BucketRequest<"object.put">,
): Promise<BucketReply<"object.put">> {
  let tail: Buffer = Buffer.alloc(0);
  return writeBody(memory, {
    source: request.source,
    room: (body) => {
      tail = tailOf(request.metadata, body.checksum);
      return inlineBytesMax(judgeTail(tail));
    },
    turn: (turn, body, unused) => putTurn(turn, request, { body, tail, unused }),
  });
}

function putTurn(
  turn: Turn,
  { key, metadata, preconditions }: BucketRequest<"object.put">,
  { body, tail, unused }: { body: StoredBody; tail: Buffer; unused: StoredChunk[] },
): ObjectWritten {
  turn.requireOpen();
  turn.requireRoom();
  const versioning = versioningTurns(turn.row);
  const current = turn.current(key);
  judgePreconditions(preconditions, current === null ? null : etagOf(current), key);
  const { sizeBytes, md5, checksum } = body;
  const location = turn.addBody(body, unused);
  const object: NewObject = {
    key,
    sizeBytes,
    md5,
    partCount: 0,
    checksum,
    checksumType: "FULL_OBJECT",
    location,
    hasStorageClass: metadata.storageClass !== undefined,
    tail,
  };
  return makeCurrent(turn, { object, current, versioning, change: { ingressBytes: sizeBytes } });
}

export interface Replacement {
  readonly object: NewObject;
  /** What the key held, as the turn has judged it. */
  readonly current: ObjectRecord | null;
  readonly versioning: VersioningTurns;
  /** Of the totals that the object itself does not change. */
  readonly change: Pick<TotalsChange, "openUploadBytes" | "ingressBytes">;
}

/** Writes the record, makes way for it, and closes the turn with the totals. At most 5 rows. */
export function makeCurrent(turn: Turn, { object, current, versioning, change }: Replacement): ObjectWritten {
  const stamp = turn.stamp(current?.stamp);
  const replaced = current === null ? {} : versioning.replace(turn, current);
  turn.writeCurrent(object.key, {
    isDeleteMarker: false,
    isNullVersion: true,
    stamp,
    salt: turn.random(versionSaltBytes),
    seq: turn.seq,
    sizeBytes: object.sizeBytes,
    modifiedMs: turn.nowMs,
    md5: object.md5,
    partCount: object.partCount,
    nullStamp: null,
    checksumAlgorithm: object.checksum?.algorithm ?? null,
    checksumType: object.checksumType,
    hasStorageClass: object.hasStorageClass,
    location: object.location,
    tail: object.tail,
  });
  turn.writeTotals(
    {
      openUploadBytes: change.openUploadBytes ?? 0,
      ingressBytes: change.ingressBytes ?? 0,
      storedBytes: (replaced.storedBytes ?? 0) + object.sizeBytes,
      objects: (replaced.objects ?? 0) + 1,
    },
    stamp,
  );
  const { sizeBytes, checksum } = object;
  return { etag: etagOf(object), sizeBytes, modifiedMs: turn.nowMs, checksum, versionId: null };
}

/** The tail of an object's record. */
export function tailOf(metadata: ObjectMetadata, checksum: Checksum | null): Buffer {
  return encodeTail({ metadata, checksumValue: checksum?.value ?? null });
}
