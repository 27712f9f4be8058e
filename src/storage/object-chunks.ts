/**
 * Finds the chunks of an object from a plain offset on. Synchronous and bounded: a caller asks again with the end of the
 * last chunk, so that no iterator and no list of all chunks of a large object lives anywhere.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { chunkRunKey, decodeManifestRowKey, manifestKey, partTableKey, prefixRange, referenceKey } from "./keys.ts";
import type { Location, StoredChunk } from "./location.ts";
import { decodeChunkRun, decodePartRow, lastPartNumberOf, type PartEntry } from "./manifest.ts";
import { decodeReference } from "./refs.ts";
import { CorruptRecordError } from "./sealed-row.ts";
import type { ReadTrees, Row } from "./trees.ts";

/** A chunk and where it stands in its object. */
export interface PlacedChunk extends StoredChunk {
  /** Plain offset of its first byte, from the object's start. */
  readonly start: number;
}

/** A part and where it stands in its object. */
export interface PlacedPart extends PartEntry {
  readonly start: number;
}

type ReadableTrees = Pick<ReadTrees, "manifests" | "refs">;

/**
 * The chunk of an address.
 * @throws CorruptRecordError when `refs` does not know it: whatever named it is damaged
 */
export function findChunk(trees: Pick<ReadTrees, "refs">, bucket: BucketId, address: Uint8Array): StoredChunk {
  const key = referenceKey(bucket, address);
  const value = trees.refs.get(key);
  if (value === undefined) throw new CorruptRecordError("refs", key, "missing though it is referred to");
  return decodeReference(key, value).chunk;
}

/**
 * Chunks of an object in order, beginning with the one that holds `offset`; none when `offset` is at or beyond the end.
 * One call reads at most `chunksMax` rows of `refs` and a few of `manifests`: O(chunksMax + log n).
 * A caller that got fewer bytes than the object has must treat it as damage.
 * @param location of a record or part, not inline
 * @throws CorruptRecordError
 */
export function chunksFrom(
  trees: ReadableTrees,
  bucket: BucketId,
  location: Location,
  offset: number,
  chunksMax: number,
): PlacedChunk[] {
  assert(location.kind !== "inline" && offset >= 0 && chunksMax >= 1, "a range of a body in chunks");
  const chunks: PlacedChunk[] = [];
  new Walk(trees, bucket, chunks, chunksMax).take(location, 0, offset);
  return chunks;
}

/**
 * Parts of a completed multipart object after a part number, in order; none when the object was not uploaded in parts.
 * O(parts / 88) rows at most: 114 for 10,000 parts.
 * @throws CorruptRecordError
 */
export function partsAfter(
  trees: Pick<ReadTrees, "manifests">,
  bucket: BucketId,
  id: Uint8Array,
  afterPartNumber: number,
  partsMax: number,
): PlacedPart[] {
  const parts: PlacedPart[] = [];
  for (let row = partRowAt(trees, bucket, id, 0); row !== undefined; ) {
    if (lastPartNumberOf(row.key, row.value) > afterPartNumber) {
      let start = decodeManifestRowKey(row.key).offset;
      for (const part of decodePartRow(row.key, row.value)) {
        if (parts.length === partsMax) return parts;
        if (part.partNumber > afterPartNumber) parts.push({ ...part, start });
        start += part.sizeBytes;
      }
    }
    row = nextRow(trees, bucket, id, row);
  }
  return parts;
}

class Walk {
  readonly #trees: ReadableTrees;
  readonly #bucket: BucketId;
  readonly #chunks: PlacedChunk[];
  readonly #chunksMax: number;

  constructor(trees: ReadableTrees, bucket: BucketId, chunks: PlacedChunk[], chunksMax: number) {
    this.#trees = trees;
    this.#bucket = bucket;
    this.#chunks = chunks;
    this.#chunksMax = chunksMax;
  }

  /** Takes the chunks of `location`, whose first byte is byte `base` of the object, that reach beyond byte `offset`. */
  take(location: Location, base: number, offset: number): void {
    if (location.kind === "chunk") this.#takeChunk(location.address, base, offset);
    else if (location.kind === "manifest") this.#takeManifest(location.id, base, offset);
  }

  get #isFull(): boolean {
    return this.#chunks.length === this.#chunksMax;
  }

  #takeChunk(address: Uint8Array, start: number, offset: number): number {
    const chunk = findChunk(this.#trees, this.#bucket, address);
    if (start + chunk.sizeBytes > offset) this.#chunks.push({ ...chunk, start });
    return chunk.sizeBytes;
  }

  #takeManifest(id: Uint8Array, base: number, offset: number): void {
    const seek = Math.max(0, offset - base);
    const partRow = partRowAt(this.#trees, this.#bucket, id, seek);
    let row = partRow ?? runRowAt(this.#trees, this.#bucket, id, seek);
    if (row === undefined) {
      throw new CorruptRecordError("manifests", manifestKey(this.#bucket, id), "missing though it is referred to");
    }
    while (row !== undefined && !this.#isFull) {
      const start = base + decodeManifestRowKey(row.key).offset;
      if (partRow === undefined) this.#takeRun(row, start, offset);
      else this.#takeParts(row, start, offset);
      row = this.#isFull ? undefined : nextRow(this.#trees, this.#bucket, id, row);
    }
  }

  #takeParts(row: Row, rowStart: number, offset: number): void {
    let start = rowStart;
    for (const { sizeBytes, location } of decodePartRow(row.key, row.value)) {
      if (this.#isFull) return;
      if (location !== null && start + sizeBytes > offset) this.take(location, start, offset);
      start += sizeBytes;
    }
  }

  #takeRun(row: Row, rowStart: number, offset: number): void {
    let start = rowStart;
    for (const { address, sizeBytes } of decodeChunkRun(row.key, row.value)) {
      if (this.#isFull) return;
      if (start + sizeBytes > offset && this.#takeChunk(address, start, offset) !== sizeBytes) {
        throw new CorruptRecordError("manifests", row.key, "a chunk has another size than its row says");
      }
      start += sizeBytes;
    }
  }
}

/** The row of the part table that holds `offset`, or the last one; undefined when there is no part table. */
function partRowAt(
  trees: Pick<ReadTrees, "manifests">,
  bucket: BucketId,
  id: Uint8Array,
  offset: number,
): Row | undefined {
  return rowAtOrBefore(trees, partTableKey(bucket, id, offset));
}

function runRowAt(
  trees: Pick<ReadTrees, "manifests">,
  bucket: BucketId,
  id: Uint8Array,
  offset: number,
): Row | undefined {
  return rowAtOrBefore(trees, chunkRunKey(bucket, id, offset));
}

/** The last row at or before `key` with the same bucket, manifest and kind: all but the 8 bytes of its offset. */
function rowAtOrBefore(trees: Pick<ReadTrees, "manifests">, key: Buffer): Row | undefined {
  const end = key.subarray(0, key.length - 8);
  return trees.manifests.range({ start: key, end, reverse: true, limit: 1 })[0];
}

/** The row after `row` of the same kind. */
function nextRow(trees: Pick<ReadTrees, "manifests">, bucket: BucketId, id: Uint8Array, row: Row): Row | undefined {
  const { isPartTable, offset } = decodeManifestRowKey(row.key);
  const start = isPartTable ? partTableKey(bucket, id, offset + 1) : chunkRunKey(bucket, id, offset + 1);
  const { end } = prefixRange(row.key.subarray(0, row.key.length - 8));
  return trees.manifests.range({ start, limit: 1, ...(end === undefined ? {} : { end }) })[0];
}
