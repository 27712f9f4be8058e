/** Removing everything a bucket holds before it is deleted, in bounded turns. */

import { limits } from "../base/limits.ts";
import { objectPrefix, prefixRange } from "../storage/keys.ts";
import { decodeBrief, type ObjectRecord } from "../storage/record.ts";
import { abortSomeUploads, closeTurn, keepOwner } from "./closing.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory, Turn } from "./turn.ts";

/** A removed row leaves at most one row of garbage; half of a turn's rows, so that other messages get in between. */
const rowsPerTurn = Math.floor(limits.turnRowsMax / 2 / 2);

/** The trees that hold objects: the current ones, and all others with their delete markers. */
const objectTrees = ["current", "versions"] as const;

/** Closes the bucket first, so that nothing is added meanwhile. Rows alone are removed here; the collector does the rest. */
export async function emptyBucket(
  memory: BucketMemory,
  { owner }: BucketRequest<"bucket.empty">,
): Promise<BucketReply<"bucket.empty">> {
  await memory.turn((turn) => {
    closeTurn(turn);
    keepOwner(turn, owner);
  });
  for (const tree of objectTrees) while (await memory.turn((turn) => removeSomeRows(turn, tree)));
  while (await memory.turn(abortSomeUploads));
  return {};
}

/** @returns whether there may be more. Stops by itself when the bucket was opened again meanwhile. */
function removeSomeRows(turn: Turn, tree: (typeof objectTrees)[number]): boolean {
  if (turn.row.state === "open") return false;
  const found: { readonly key: Buffer; readonly record: ObjectRecord }[] = [];
  turn.trees[tree].visit({ ...prefixRange(objectPrefix(turn.bucket, "")), limit: rowsPerTurn }, (key, value) => {
    found.push({ key, record: decodeBrief(tree, key, value) });
    return true;
  });
  let storedBytes = 0;
  for (const { key, record } of found) {
    turn.trees[tree].remove(key);
    turn.release(record.location);
    storedBytes -= record.sizeBytes;
  }
  // As `history.ts` counts: what is newest and an object in `objects`, all else in `versions`.
  const counted = tree === "current" ? "objects" : "versions";
  if (found.length > 0) turn.writeTotals({ storedBytes, [counted]: -found.length }, null);
  return found.length === rowsPerTurn;
}
