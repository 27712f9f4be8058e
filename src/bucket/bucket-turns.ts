/** Turns on a bucket as a whole: its versioning, and its exact totals. */

import type { BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory } from "./turn.ts";

/** Through a turn, so that the answer is that of a commit. */
export function bucketVersioning(memory: BucketMemory): Promise<BucketReply<"bucket.versioning">> {
  return memory.turn(({ row }) => ({ versioning: row.versioning }));
}

/**
 * Holds for every turn after this one; no object changes by it. From Off to Enabled or Suspended, and between these two: a
 * message cannot ask for Off. Errors: OperationAborted.
 */
export function setVersioning(
  memory: BucketMemory,
  { versioning }: BucketRequest<"bucket.setVersioning">,
): Promise<BucketReply<"bucket.setVersioning">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    if (turn.row.versioning === versioning) return {};
    memory.writeRow(turn.trees, { ...turn.row, versioning });
    turn.writeTotals({}, null);
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
