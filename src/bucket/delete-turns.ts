/** Turns that delete: one key or version, and many in bounded turns. */

import { assert } from "../base/assert.ts";
import { type Stamp, versionSaltBytes } from "../base/hlc.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import { S3Error, toOutcome } from "../s3/errors.ts";
import type { EventCause } from "../s3/notification.ts";
import { attributeRowsMax } from "../storage/attributes.ts";
import type { ObjectRecord } from "../storage/record.ts";
import { encodeTailOfOwner } from "../storage/record-tail.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import { writeEvent } from "./event-outbox.ts";
import { type HistoryTotals, planAddition, planRemoval } from "./history.ts";
import type { BucketReply, BucketRequest, ObjectDeleted, ObjectToDelete } from "./messages.ts";
import { judgeDelete } from "./preconditions.ts";
import type { BucketMemory, Turn } from "./turn.ts";
import { requireVersionId, versionIdOf } from "./version-id.ts";
import { findVersion } from "./version-rows.ts";
import { markerOfDelete, rowsPerChange } from "./versioning.ts";

/** Half of a turn's rows: other messages of the partition get in between. */
const objectsPerTurn = Math.floor(limits.turnRowsMax / rowsPerChange / 2);
/** When as many rows of attributes have gone, the objects that are left wait for the next turn. */
const attributeRowsPerTurn = Math.floor(limits.turnRowsMax / 4);
assert(
  objectsPerTurn * rowsPerChange + attributeRowsPerTurn + attributeRowsMax < limits.turnRowsMax,
  "a turn of deletes keeps to limits.turnRowsMax",
);

/** One turn. Errors: those of the message. */
export function deleteObject(
  memory: BucketMemory,
  request: BucketRequest<"object.delete">,
): Promise<BucketReply<"object.delete">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    const sum = new Sum();
    const deleted = sum.add(planDelete(turn, request));
    writeDeletion(turn, request.cause, request, deleted);
    sum.close(turn);
    return deleted;
  });
}

/**
 * Turns of at most `objectsPerTurn`, one after another; each object is judged by what those before it have left. When a
 * turn refuses (the bucket was closed meanwhile), the objects of earlier turns stay deleted.
 */
export async function deleteObjects(
  memory: BucketMemory,
  { objects, cause }: BucketRequest<"object.deleteMany">,
): Promise<BucketReply<"object.deleteMany">> {
  assert(objects.length <= limits.deleteObjectsMax, "DeleteObjects takes at most 1000 objects");
  const outcomes: Outcome<ObjectDeleted>[] = [];
  while (outcomes.length < objects.length) {
    const slice = objects.slice(outcomes.length, outcomes.length + objectsPerTurn);
    outcomes.push(...(await memory.turn((turn) => deleteSome(turn, slice, cause))));
  }
  return { outcomes };
}

/** @returns the outcomes of at least the first */
function deleteSome(
  turn: Turn,
  objects: readonly ObjectToDelete[],
  cause: EventCause | undefined,
): Outcome<ObjectDeleted>[] {
  turn.requireOpen();
  const sum = new Sum();
  const outcomes: Outcome<ObjectDeleted>[] = [];
  for (const object of objects) {
    const outcome = outcomeOf(turn, object, sum);
    if (outcome.ok) writeDeletion(turn, cause, object, outcome.value);
    outcomes.push(outcome);
    if (turn.attributeRows > attributeRowsPerTurn) break;
  }
  sum.close(turn);
  return outcomes;
}

/** What was not there tells nothing. */
function writeDeletion(
  turn: Turn,
  cause: EventCause | undefined,
  { key, versionId: named }: Pick<ObjectToDelete, "key" | "versionId">,
  { existed, versionId, isDeleteMarker }: ObjectDeleted,
): void {
  if (cause === undefined || !(existed || isDeleteMarker)) return;
  const name = isDeleteMarker && named === null ? "ObjectRemoved:DeleteMarkerCreated" : "ObjectRemoved:Delete";
  writeEvent(turn, cause, { name, key, sizeBytes: null, etag: null, versionId });
}

/** An object that is refused, or whose rows are damaged, leaves the others alone: its plan has written nothing. */
function outcomeOf(turn: Turn, object: ObjectToDelete, sum: Sum): Outcome<ObjectDeleted> {
  let planned: PlannedDelete;
  try {
    planned = planDelete(turn, object);
  } catch (error) {
    if (error instanceof CorruptRecordError) turn.memory.ports.onDamage?.(error);
    else if (!(error instanceof S3Error)) throw error;
    return toOutcome(error);
  }
  return { ok: true, value: sum.add(planned) };
}

/** What a delete is going to do, read and judged. */
interface PlannedDelete {
  /** null: there is nothing to write. */
  readonly write: (() => HistoryTotals) | null;
  /** Of the delete marker that is made. */
  readonly stamp: Stamp | null;
  readonly deleted: ObjectDeleted;
}

function planDelete(turn: Turn, object: ObjectToDelete): PlannedDelete {
  const { key, versionId, preconditions, bypassGovernance, markerOwnerId } = object;
  const head = turn.head(key);
  judgeDelete(preconditions, head, key);
  if (versionId !== null) return planVersionRemoval(turn, { key, head, versionId, bypassGovernance });
  const marker = markerOfDelete(turn.row.versioning);
  if (marker !== "none")
    return planMarker(turn, key, head, { isNullVersion: marker === "null", ownerId: markerOwnerId });
  const { deleted, ...planned } = planVersionRemoval(turn, { key, head, versionId: "null", bypassGovernance });
  return { ...planned, deleted: { ...deleted, versionId: null } };
}

interface NamedRemoval {
  readonly key: string;
  readonly head: ObjectRecord | null;
  readonly versionId: string;
  readonly bypassGovernance: boolean;
}

function planVersionRemoval(turn: Turn, { key, head, versionId, bypassGovernance }: NamedRemoval): PlannedDelete {
  const target = findVersion(turn.rowsOf(key), head, requireVersionId(versionId));
  const isDeleteMarker = target?.isDeleteMarker ?? false;
  const deleted = { existed: target !== null, versionId, isDeleteMarker };
  if (head === null || target === null) return { write: null, stamp: null, deleted };
  return { write: planRemoval(turn, key, head, target, bypassGovernance).write, stamp: null, deleted };
}

export interface NewMarker {
  readonly isNullVersion: boolean;
  /** As of `ObjectToDelete.markerOwnerId`. */
  readonly ownerId: string | null;
}

/** A delete marker as the newest version of a key. @throws S3Error InsufficientStorage; CorruptRecordError */
export function planMarker(turn: Turn, key: string, head: ObjectRecord | null, marker: NewMarker): PlannedDelete {
  const { isNullVersion, ownerId } = marker;
  turn.requireRoom();
  const plan = planAddition(turn, key, head, isNullVersion);
  const stamp = turn.stamp(head?.stamp);
  const salt = turn.random(versionSaltBytes);
  const existed = head !== null && !head.isDeleteMarker;
  return {
    write: () => plan.write(markerRecord(turn, { isNullVersion, stamp, salt, nullStamp: plan.nullStamp }, ownerId)),
    stamp,
    deleted: { existed, versionId: versionIdOf({ isNullVersion, stamp, salt }), isDeleteMarker: true },
  };
}

function markerRecord(
  turn: Turn,
  id: Pick<ObjectRecord, "isNullVersion" | "stamp" | "salt" | "nullStamp">,
  ownerId: string | null,
): ObjectRecord {
  return {
    ...id,
    isDeleteMarker: true,
    seq: turn.seq,
    sizeBytes: 0,
    modifiedMs: turn.nowMs,
    md5: Buffer.alloc(16),
    partCount: 0,
    checksumAlgorithm: null,
    checksumType: "FULL_OBJECT",
    hasStorageClass: ownerId !== null,
    hasAttributeRows: false,
    hasLock: false,
    location: null,
    tail: ownerId === null ? Buffer.alloc(0) : encodeTailOfOwner(ownerId),
  };
}

/** What the deletes of one turn come to. */
class Sum {
  readonly #change = { storedBytes: 0, objects: 0, versions: 0 };
  #stamp: Stamp | null = null;
  #isChanged = false;

  add({ write, stamp, deleted }: PlannedDelete): ObjectDeleted {
    if (write !== null) {
      const { storedBytes, objects, versions } = write();
      this.#change.storedBytes += storedBytes;
      this.#change.objects += objects;
      this.#change.versions += versions;
      this.#stamp = stamp ?? this.#stamp;
      this.#isChanged = true;
    }
    return deleted;
  }

  /** The turn's last word; writes nothing when nothing was there to delete. */
  close(turn: Turn): void {
    if (this.#isChanged) turn.writeTotals(this.#change, this.#stamp);
  }
}
