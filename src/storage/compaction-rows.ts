/** The metadata side of compaction: which extents of a segment live, and the turn that gives their chunks new places. */

import { limits } from "../base/limits.ts";
import type { LiveExtent, SegmentMove } from "./compaction.ts";
import { decodeExtent, encodeExtent, segmentRange } from "./extents.ts";
import { extentKey, referenceKey } from "./keys.ts";
import type { ChunkPlace } from "./location.ts";
import { decodeReference, encodeReference } from "./refs.ts";
import type { Metadata, ReadTrees, Row, Trees } from "./trees.ts";

/** A move writes three rows: the reference, the old extent, the new one. */
const movesPerTurn = Math.floor(limits.turnRowsMax / 3 / 2);

const isPlace = (place: ChunkPlace, segment: number, offset: number): boolean =>
  place.kind === "segment" && place.segment === segment && place.offset === offset;

/**
 * Live extents of `segment` at `fromOffset` or later, by offset; empty only when there is none left.
 * An extent whose reference names another place is passed over: it belongs to nobody any more.
 * @throws CorruptRecordError
 */
export function liveExtents(trees: ReadTrees, segment: number, fromOffset: number, countMax: number): LiveExtent[] {
  const range = segmentRange(segment);
  for (let from = fromOffset; ; ) {
    const rows = trees.extents.range({ ...range, start: extentKey(segment, from), limit: countMax });
    const live = rows.flatMap((row) => liveExtent(trees, segment, row) ?? []);
    const last = rows.at(-1);
    if (live.length > 0 || last === undefined || rows.length < countMax) return live;
    from = decodeExtent(last.key, last.value).offset + 1;
  }
}

function liveExtent(trees: ReadTrees, segment: number, { key, value }: Row): LiveExtent | null {
  const { bucket, address, offset, storedBytes } = decodeExtent(key, value);
  const refKey = referenceKey(bucket, address);
  const row = trees.refs.get(refKey);
  if (row === undefined) return null;
  const { chunk } = decodeReference(refKey, row);
  return isPlace(chunk.place, segment, offset)
    ? { bucket, address, offset, storedBytes, storedDigest: chunk.storedDigest }
    : null;
}

/** Applies moves in turns; a chunk that has gone or moved meanwhile keeps what it has, and its copy gets no row. */
export async function applyMoves(metadata: Metadata, moves: readonly SegmentMove[]): Promise<void> {
  for (let at = 0; at < moves.length; at += movesPerTurn) {
    const turn = moves.slice(at, at + movesPerTurn);
    await metadata.transact((trees) => {
      for (const move of turn) applyMove(trees, move);
    });
  }
}

function applyMove(trees: Trees, { bucket, address, storedBytes, from, to }: SegmentMove): void {
  if (from.kind !== "segment" || to.kind !== "segment") return;
  const key = referenceKey(bucket, address);
  const row = trees.refs.get(key);
  if (row === undefined) return;
  const { count, chunk } = decodeReference(key, row);
  if (!isPlace(chunk.place, from.segment, from.offset)) return;
  const extent = extentKey(to.segment, to.offset);
  trees.refs.put(key, encodeReference(key, { count, chunk: { ...chunk, place: to } }));
  trees.extents.remove(extentKey(from.segment, from.offset));
  trees.extents.put(extent, encodeExtent(extent, { bucket, address, storedBytes }));
}
