/** The turn that changes a version's attributes in place: tagging, ACL, retention, legal hold. */

import type { Stamp } from "../base/hlc.ts";
import { S3Error } from "../s3/errors.ts";
import { judgeRetention, missingLockConfiguration, type ObjectLock } from "../s3/object-lock.ts";
import { layTail } from "../storage/attributes.ts";
import { versionKey } from "../storage/keys.ts";
import { type ObjectRecord, tailRoom } from "../storage/record.ts";
import type { AttributeStamps, ObjectMetadata } from "../storage/record-tail.ts";
import { judgeAttributes } from "./bodies.ts";
import { wholeOf } from "./history.ts";
import type { AttributesChange, BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory, Turn } from "./turn.ts";
import { requireVersionId, versionIdOf } from "./version-id.ts";
import { findVersion } from "./version-rows.ts";

type Request = BucketRequest<"object.setAttributes">;

/** One turn. Errors: those of the message. At most 3 rows, and the attributes of two versions. */
export function setAttributes(memory: BucketMemory, request: Request): Promise<BucketReply<"object.setAttributes">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    turn.requireRoom();
    const { key, change } = request;
    const head = turn.head(key);
    const target = requireTarget(turn, request, head);
    const isHead = target === head;
    const record = isHead ? wholeOf(turn, key, target) : target;
    const { metadata, checksumValue, stamps } = turn.tailOf(key, record);
    judgeLock(turn, request, metadata.lock);
    judgeOwner(change, metadata);
    const stamp = turn.stamp(head?.stamp);
    const next = {
      metadata: changed(metadata, change),
      checksumValue,
      stamps: stamped(stamps, change, stamp),
    };
    judgeAttributes(next);
    const { tail, attributes } = layTail(next, roomOf(record));

    const owner = versionKey(turn.bucket, key, record.stamp);
    if (record.hasAttributeRows) turn.removeAttributes(owner);
    turn.writeAttributes(owner, attributes);
    const rewritten: ObjectRecord = {
      ...record,
      hasAttributeRows: attributes !== null,
      hasLock: next.metadata.lock !== undefined,
      tail,
    };
    if (isHead) turn.writeCurrent(key, rewritten);
    else turn.writeVersion(key, rewritten);
    turn.writeTotals({}, stamp);
    return { versionId: record.isNullVersion && turn.row.versioning === "Off" ? null : versionIdOf(record) };
  });
}

function roomOf({ location }: ObjectRecord): number {
  return tailRoom(location?.kind === "inline" ? location.bytes.length : null);
}

/** An object: the newest version, or the one named. @throws S3Error; CorruptRecordError */
function requireTarget(turn: Turn, { key, versionId }: Request, head: ObjectRecord | null): ObjectRecord {
  const target = versionId === null ? head : findVersion(turn.rowsOf(key), head, requireVersionId(versionId));
  if (target === null) {
    throw versionId === null
      ? new S3Error("NoSuchKey", { Key: key })
      : new S3Error("NoSuchVersion", { Key: key, VersionId: versionId });
  }
  if (target.isDeleteMarker) throw new S3Error("MethodNotAllowed", { ResourceType: "DeleteMarker" });
  return target;
}

function judgeLock(turn: Turn, { change, bypassGovernance }: Request, before: ObjectLock | undefined): void {
  const { retention, legalHold } = change;
  if (retention === undefined && legalHold === undefined) return;
  if (turn.configuration("objectLock") === null) throw missingLockConfiguration();
  if (retention !== undefined) judgeRetention(before?.retention ?? null, retention, turn.lockMs, bypassGovernance);
}

/** An ACL is of the object that its giver saw: over one of another owner it would take that object from them. */
function judgeOwner({ ownerBefore }: AttributesChange, { acl }: ObjectMetadata): void {
  if (ownerBefore !== undefined && (acl?.ownerId ?? null) !== ownerBefore) throw new S3Error("OperationAborted");
}

function changed(metadata: ObjectMetadata, change: AttributesChange): ObjectMetadata {
  const { tagging: oldTagging, acl: oldAcl, lock: oldLock, ...kept } = metadata;
  const tagging = change.tagging === undefined ? oldTagging : change.tagging;
  const acl = change.acl ?? oldAcl;
  const retention = change.retention === undefined ? (oldLock?.retention ?? null) : change.retention;
  const legalHold = change.legalHold ?? oldLock?.legalHold ?? null;
  const isLockGone = retention === null && legalHold === null;
  return {
    ...kept,
    ...(tagging === undefined || tagging === null || tagging === "" ? {} : { tagging }),
    ...(acl === undefined ? {} : { acl }),
    ...(isLockGone ? {} : { lock: { retention, legalHold } }),
  };
}

function stamped(before: AttributeStamps | null, change: AttributesChange, stamp: Stamp): AttributeStamps {
  return {
    tagging: change.tagging === undefined ? (before?.tagging ?? null) : stamp,
    acl: change.acl === undefined ? (before?.acl ?? null) : stamp,
    retention: change.retention === undefined ? (before?.retention ?? null) : stamp,
    legalHold: change.legalHold === undefined ? (before?.legalHold ?? null) : stamp,
  };
}
