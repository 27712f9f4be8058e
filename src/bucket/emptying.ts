/** Removing everything a bucket holds before it is deleted, in bounded turns. */

import { limits } from "../base/limits.ts";
import { objectPrefix, prefixRange, versionKeyAt } from "../storage/keys.ts";
import { decodeBrief, type ObjectRecord } from "../storage/record.ts";
import { abortSomeUploads, closeTurn, keepOwner } from "./closing.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory, Turn } from "./turn.ts";

/** A removed row leaves at most one row of garbage; half of a turn's rows, so that other messages get in between. */
const rowsPerTurn = Math.floor(limits.turnRowsMax / 2 / 2);

const attributeRowsPerTurn = Math.floor(limits.turnRowsMax / 4);

/** The trees that hold objects: the current ones, and all others with their delete markers. */
const objectTrees = ["current", "versions"] as const;

/**
 * Closes the bucket, so that nothing is added meanwhile, and removes rows in one bounded turn, uploads last. Rows alone are
 * removed here; the collector does the rest.
 */
export async function emptySome(
  memory: BucketMemory,
  { owner }: BucketRequest<"bucket.emptySome">,
): Promise<BucketReply<"bucket.emptySome">> {
  const removed = await memory.turn((turn) => {
    closeTurn(turn);
    keepOwner(turn, owner);
    for (const tree of objectTrees) {
      const rows = removeSomeRows(turn, tree);
      if (rows > 0) return rows;
    }
    return 0;
  });
  if (removed > 0) return { removed, isEmpty: false };
  return { removed: 0, isEmpty: !(await memory.turn(abortSomeUploads)) };
}

/** @returns how many */
function removeSomeRows(turn: Turn, tree: (typeof objectTrees)[number]): number {
  const found: { readonly key: Buffer; readonly record: ObjectRecord }[] = [];
  turn.trees[tree].visit({ ...prefixRange(objectPrefix(turn.bucket, "")), limit: rowsPerTurn }, (key, value) => {
    found.push({ key, record: decodeBrief(tree, key, value) });
    return true;
  });
  let storedBytes = 0;
  let removed = 0;
  for (const { key, record } of found) {
    turn.trees[tree].remove(key);
    if (record.hasAttributeRows) turn.removeAttributes(ownerOf(tree, key, record));
    turn.release(record.location);
    storedBytes -= record.sizeBytes;
    removed += 1;
    if (turn.attributeRows > attributeRowsPerTurn) break;
  }
  // As `history.ts` counts: what is newest and an object in `objects`, all else in `versions`.
  const counted = tree === "current" ? "objects" : "versions";
  if (found.length > 0) turn.writeTotals({ storedBytes, [counted]: -removed }, null);
  return removed;
}

/** Of a version's attributes: the key that its row in `versions` has, or would have. */
function ownerOf(tree: (typeof objectTrees)[number], key: Buffer, { stamp }: ObjectRecord): Buffer {
  return tree === "versions" ? key : versionKeyAt(key, stamp);
}
