/** Turns that delete objects: one key, and many keys in bounded turns. */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { etagOf, type ObjectRecord } from "../storage/record.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import { judgePreconditions } from "./preconditions.ts";
import type { BucketMemory, TotalsChange, Turn } from "./turn.ts";
import { rowsPerRemoval, versioningTurns } from "./versioning.ts";

/** A quarter of a turn's rows: other messages of the partition get in between. */
const keysPerTurn = Math.floor(limits.turnRowsMax / rowsPerRemoval / 4);

/** One turn. Deleting what is not there succeeds. Errors: OperationAborted, PreconditionFailed, NoSuchKey (If-Match on a missing key). */
export function deleteObject(
  memory: BucketMemory,
  { key, preconditions }: BucketRequest<"object.delete">,
): Promise<BucketReply<"object.delete">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    const current = turn.current(key);
    judgePreconditions(preconditions, current === null ? null : etagOf(current), key);
    remove(turn, new Map([[key, current]]));
    return { existed: current !== null };
  });
}

/**
 * Turns of at most `keysPerTurn` keys, one after another. When a turn refuses (the bucket was closed meanwhile), the keys
 * of earlier turns stay deleted.
 */
export async function deleteObjects(
  memory: BucketMemory,
  { keys }: BucketRequest<"object.deleteMany">,
): Promise<BucketReply<"object.deleteMany">> {
  assert(keys.length <= limits.deleteObjectsMax, "DeleteObjects takes at most 1000 keys");
  const existed: boolean[] = [];
  for (let index = 0; index < keys.length; index += keysPerTurn) {
    const slice = keys.slice(index, index + keysPerTurn);
    const answers = await memory.turn((turn) => {
      turn.requireOpen();
      const found = new Map(slice.map((key) => [key, turn.current(key)]));
      remove(turn, found);
      return slice.map((key) => found.get(key) !== null);
    });
    existed.push(...answers);
  }
  return { existed };
}

/** Writes nothing when no key is there. */
function remove(turn: Turn, found: ReadonlyMap<string, ObjectRecord | null>): void {
  const versioning = versioningTurns(turn.row);
  const change = { storedBytes: 0, objects: 0 };
  let isChanged = false;
  for (const [key, current] of found) {
    if (current === null) continue;
    const removed: TotalsChange = versioning.remove(turn, key, current);
    change.storedBytes += removed.storedBytes ?? 0;
    change.objects += removed.objects ?? 0;
    isChanged = true;
  }
  if (isChanged) turn.writeTotals(change, null);
}
