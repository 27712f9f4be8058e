/**
 * Adds what a turn stores to `refs`, `extents`, `manifests` and `manifestRefs`, and hands what it lets go to the collector.
 * Only counts up: counting down is the collector's work. Called inside turns, after their checks.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { StoredBody } from "./body.ts";
import { encodeExtent } from "./extents.ts";
import type { GarbageSequence } from "./gc.ts";
import { chunkRunKey, extentKey, manifestKey, partTableKey, referenceKey } from "./keys.ts";
import type { Location, StoredChunk } from "./location.ts";
import { chunksPerRow, encodeChunkRun, encodePartRow, type PartEntry, partsPerRow, type RunEntry } from "./manifest.ts";
import { decodeManifestCount, decodeReference, encodeManifestCount, encodeReference } from "./refs.ts";
import type { Trees } from "./trees.ts";

/** What storing a body came to. */
export interface AddedBody {
  readonly location: Location;
  /** Copies that were already there: drop them from the chunk store after the commit. */
  readonly dropped: readonly StoredChunk[];
}

/**
 * Counts one more reference to a chunk. "inserted": this copy is now the chunk. "shared": the chunk was there, and this copy
 * is to be dropped after the commit. Writes 1 row, or 2 when the inserted chunk lies in a segment.
 * @throws CorruptRecordError
 */
export function addChunk(trees: Trees, bucket: BucketId, chunk: StoredChunk): "inserted" | "shared" {
  const key = referenceKey(bucket, chunk.address);
  const value = trees.refs.get(key);
  if (value !== undefined) {
    const known = decodeReference(key, value);
    trees.refs.put(key, encodeReference(key, { ...known, count: known.count + 1 }));
    return "shared";
  }
  trees.refs.put(key, encodeReference(key, { count: 1, chunk }));
  if (chunk.place.kind === "segment") {
    const extent = extentKey(chunk.place.segment, chunk.place.offset);
    trees.extents.put(extent, encodeExtent(extent, { bucket, address: chunk.address, storedBytes: chunk.storedBytes }));
  }
  return "inserted";
}

/**
 * Makes a verified body part of the metadata: none, one or many references, and a manifest when it has more than one chunk.
 * An empty body becomes an empty inline location.
 * @param newManifestId called once when a manifest is made; 16 random bytes
 * @throws AssertionError before the first write when it would write more than `limits.turnRowsMax` rows
 */
export function addBody(trees: Trees, bucket: BucketId, body: StoredBody, newManifestId: () => Buffer): AddedBody {
  const { inline, chunks } = body;
  const [first] = chunks;
  if (first === undefined) {
    assert(inline !== null || body.sizeBytes === 0, "a body without chunks is inline or empty");
    return { location: { kind: "inline", bytes: inline ?? Buffer.alloc(0) }, dropped: [] };
  }
  assert(inline === null, "a body is inline or in chunks");
  assert(sumOf(chunks) === body.sizeBytes, "the chunks add up to the body");
  const writtenRows = chunks.reduce((rows, chunk) => rows + (chunk.place.kind === "segment" ? 2 : 1), 0);
  assert(writtenRows + Math.ceil(chunks.length / chunksPerRow) + 1 <= limits.turnRowsMax, "a body fits one turn");
  const dropped = chunks.filter((chunk) => addChunk(trees, bucket, chunk) === "shared");
  if (chunks.length === 1) return { location: { kind: "chunk", address: first.address }, dropped };
  const id = newManifestId();
  writeManifest(trees, bucket, id, chunks);
  return { location: { kind: "manifest", id }, dropped };
}

/** Writes the runs of a new manifest with one reference to it; the chunks have been counted. ceil(chunks / 200) + 1 rows. */
export function writeManifest(trees: Trees, bucket: BucketId, id: Uint8Array, chunks: readonly RunEntry[]): void {
  writeRows(chunks, chunksPerRow, (run, offset) => {
    const key = chunkRunKey(bucket, id, offset);
    trees.manifests.put(key, encodeChunkRun(key, run));
  });
  writeReference(trees, bucket, id);
}

/**
 * Writes the part table of a completed upload with one reference to it. The references that the part rows held are now the
 * table's: no count changes. ceil(parts / 88) + 1 rows.
 */
export function writePartTable(trees: Trees, bucket: BucketId, id: Uint8Array, parts: readonly PartEntry[]): void {
  assert(parts.length > 0 && parts.length <= limits.partNumberMax, "an upload has 1 to 10,000 parts");
  assert(
    parts.every((part, index) => index === parts.length - 1 || part.sizeBytes > 0),
    "only the last part is empty: rows are keyed by offset",
  );
  writeRows(parts, partsPerRow, (row, offset) => {
    const key = partTableKey(bucket, id, offset);
    trees.manifests.put(key, encodePartRow(key, row));
  });
  writeReference(trees, bucket, id);
}

/** Hands out entries a row at a time, each with the offset of its first byte in the object. */
function writeRows<E extends { readonly sizeBytes: number }>(
  entries: readonly E[],
  perRow: number,
  write: (row: readonly E[], offset: number) => void,
): void {
  let offset = 0;
  for (let index = 0; index < entries.length; index += perRow) {
    const row = entries.slice(index, index + perRow);
    write(row, offset);
    offset += sumOf(row);
  }
}

/** The first one. */
function writeReference(trees: Trees, bucket: BucketId, id: Uint8Array): void {
  const key = manifestKey(bucket, id);
  trees.manifestRefs.put(key, encodeManifestCount(key, 1));
}

/**
 * Counts one more reference to what a location names, as a copy inside the bucket does. 1 row, none when inline.
 * @throws AssertionError when it names nothing; CorruptRecordError
 */
export function addReference(trees: Trees, bucket: BucketId, location: Location): void {
  if (location.kind === "inline") return;
  if (location.kind === "chunk") {
    const key = referenceKey(bucket, location.address);
    const value = trees.refs.get(key);
    assert(value !== undefined, "a location names a chunk that is there");
    const known = decodeReference(key, value);
    trees.refs.put(key, encodeReference(key, { ...known, count: known.count + 1 }));
    return;
  }
  const key = manifestKey(bucket, location.id);
  const value = trees.manifestRefs.get(key);
  assert(value !== undefined, "a location names a manifest that is there");
  trees.manifestRefs.put(key, encodeManifestCount(key, decodeManifestCount(key, value) + 1));
}

/** Lets go of one reference to what a record's or part's location names. 1 row, none when inline or null. */
export function enqueueGarbage(
  trees: Trees,
  sequence: GarbageSequence,
  bucket: BucketId,
  location: Location | null,
): void {
  if (location === null || location.kind === "inline") return;
  if (location.kind === "chunk") sequence.enqueue(trees.gc, { kind: "chunk", bucket, address: location.address });
  else sequence.enqueue(trees.gc, { kind: "manifest", bucket, id: location.id });
}

/**
 * Lets go of an upload's part rows: 1 row.
 * @param completed id of the manifest whose part table took over the references of its parts; null after an abort
 */
export function enqueueUploadGarbage(
  trees: Trees,
  sequence: GarbageSequence,
  bucket: BucketId,
  uploadId: Uint8Array,
  completed: Uint8Array | null,
): void {
  sequence.enqueue(trees.gc, { kind: "upload", bucket, uploadId, completed });
}

function sumOf(sized: readonly { readonly sizeBytes: number }[]): number {
  return sized.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}
