/** Closing a bucket to writes while its deletion is decided, and opening it again. */

import { limits } from "../base/limits.ts";
import { keepClosed } from "../storage/closed-buckets.ts";
import { decodeUploadKey, prefixRange, uploadPrefix } from "../storage/keys.ts";
import { decodeUpload } from "../storage/uploads.ts";
import { dropDeadEvents } from "./event-outbox.ts";
import type { BucketOwner, BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory, Turn } from "./turn.ts";
import { removeUpload } from "./upload-turns.ts";

/** An aborted upload writes 2 rows; a quarter of a turn's rows, so that other messages get in between. */
const attributeRowsPerTurn = Math.floor(limits.turnRowsMax / 4);
const uploadsPerTurn = Math.floor(limits.turnRowsMax / 2 / 4);

/**
 * From this turn on, and over a restart, every write is refused. When the bucket holds no object and no version its open
 * uploads are aborted too, in bounded turns. May be repeated.
 */
export async function closeBucket(
  memory: BucketMemory,
  { owner }: BucketRequest<"bucket.close">,
): Promise<BucketReply<"bucket.close">> {
  const empty = await memory.turn((turn) => {
    const { objects, versions } = memory.totals(turn.nowMs);
    const isEmpty = objects === 0 && versions === 0;
    closeTurn(turn);
    if (isEmpty) keepOwner(turn, owner);
    return isEmpty;
  });
  if (empty) {
    while (await memory.turn(abortSomeUploads));
    while (await memory.turn(dropDeadEvents));
  }
  return { empty };
}

/** What is counted of the bucket stays readable when its record has gone. */
export function keepOwner(turn: Turn, owner: BucketOwner | undefined): void {
  if (owner !== undefined) keepClosed(turn.trees.meta, { bucket: turn.bucket, ...owner, closedMs: turn.nowMs });
}

/** Writes of the bucket are refused from this turn on. */
export function closeTurn(turn: Turn): void {
  if (turn.row.state === "open") writeState(turn, "closed");
}

/** May be repeated, and on a bucket that was never closed. */
export function reopenBucket(memory: BucketMemory): Promise<BucketReply<"bucket.reopen">> {
  return memory.turn((turn) => {
    if (turn.row.state === "closed") writeState(turn, "open");
    return {};
  });
}

function writeState(turn: Turn, state: "open" | "closed"): void {
  turn.memory.writeRow(turn.trees, { ...turn.row, state });
  turn.writeTotals({}, null);
}

/** @returns whether there may be more. Stops by itself when the bucket was opened again meanwhile. */
export function abortSomeUploads(turn: Turn): boolean {
  if (turn.row.state === "open") return false;
  const range = prefixRange(uploadPrefix(turn.bucket, ""));
  const rows = turn.trees.uploads.range({ ...range, limit: uploadsPerTurn });
  const uploads = rows.map(({ key, value }) => ({
    key,
    id: decodeUploadKey(key).uploadId,
    upload: decodeUpload(key, value),
  }));
  if (uploads.length === 0) return false;
  let openUploadBytes = 0;
  let removed = 0;
  for (const { key, id, upload } of uploads) {
    removeUpload(turn, key, id, upload);
    openUploadBytes -= upload.storedBytes;
    removed += 1;
    if (turn.attributeRows > attributeRowsPerTurn) break;
  }
  turn.writeTotals({ openUploadBytes }, null);
  return removed < uploads.length || removed === uploadsPerTurn;
}
