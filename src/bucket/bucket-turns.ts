/** Turns on a bucket as a whole: its versioning, its quota, what fronts have counted of it, and its exact totals. */

import { S3Error } from "../s3/errors.ts";
import { closeTurn, keepOwner } from "./closing.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory } from "./turn.ts";

/** Through a turn, so that the answer is that of a commit. */
export function bucketVersioning(memory: BucketMemory): Promise<BucketReply<"bucket.versioning">> {
  return memory.turn(({ row }) => ({ versioning: row.versioning }));
}

/**
 * Holds for every turn after this one; no object changes by it. From Off to Enabled or Suspended, and between these two: a
 * message cannot ask for Off. Errors: OperationAborted, InvalidBucketState (with object lock, or while replication is
 * configured, it stays Enabled).
 */
export function setVersioning(
  memory: BucketMemory,
  { versioning }: BucketRequest<"bucket.setVersioning">,
): Promise<BucketReply<"bucket.setVersioning">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    if (turn.row.versioning === versioning) return {};
    if (turn.configuration("objectLock") !== null) {
      throw new S3Error("InvalidBucketState", {
        Message: "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
      });
    }
    if (versioning === "Suspended" && turn.configuration("replication") !== null) throw replicationIsSet();
    memory.writeRow(turn.trees, { ...turn.row, versioning });
    turn.writeTotals({}, null);
    return {};
  });
}

const replicationIsSet = (): S3Error =>
  new S3Error("InvalidBucketState", {
    Message:
      "A replication configuration is present on this bucket, so you cannot change the versioning state. To change the versioning state, first delete the replication configuration.",
  });

/** Errors: OperationAborted. */
export function setQuota(
  memory: BucketMemory,
  { quota }: BucketRequest<"bucket.setQuota">,
): Promise<BucketReply<"bucket.setQuota">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    memory.writeRow(turn.trees, { ...turn.row, quota });
    turn.writeTotals({}, null);
    return {};
  });
}

/** One row of a commit that the turns of other messages share; two with a payer, found as those of a bucket that is gone. */
export function addTransfer(
  memory: BucketMemory,
  change: BucketRequest<"usage.add">,
): Promise<BucketReply<"usage.add">> {
  return memory.turn((turn) => {
    if (change.payer !== undefined) {
      closeTurn(turn);
      keepOwner(turn, change.payer);
    }
    turn.writeTransfer(change);
    return {};
  });
}

/** Through a turn, so that the totals are those of a commit. */
export function bucketUsage(memory: BucketMemory): Promise<BucketReply<"bucket.usage">> {
  return memory.turn((turn) => {
    const { storedBytes, objects, versions, openUploadBytes } = memory.totals(turn.nowMs);
    return { storedBytes, objects, versions, openUploadBytes };
  });
}
