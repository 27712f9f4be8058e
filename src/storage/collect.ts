/**
 * One bounded slice of collection, inside a turn: takes garbage rows in order and takes away what they let go. What it has
 * done and what is left is in the rows themselves, so a crash between two slices loses and repeats nothing.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import type { ChunkCopy } from "./chunk-store.ts";
import { decodeExtent } from "./extents.ts";
import { decodeGarbage, encodeGarbage, type Garbage, type GarbageSequence } from "./gc.ts";
import {
  decodeManifestRowKey,
  extentKey,
  garbageKey,
  garbageSequenceOf,
  manifestKey,
  partNumberOf,
  partPrefix,
  prefixRange,
  referenceKey,
} from "./keys.ts";
import type { Location, StoredChunk } from "./location.ts";
import { chunksPerRow, decodeChunkRun, decodePartRow } from "./manifest.ts";
import { partsAfter } from "./object-chunks.ts";
import { decodeManifestCount, decodeReference, encodeManifestCount, encodeReference } from "./refs.ts";
import { CorruptRecordError } from "./sealed-row.ts";
import type { Row, Tree, Trees } from "./trees.ts";
import { decodePart, referenceOf } from "./uploads.ts";

/** Rows fetched at a time from `gc` and `uploads`. */
const fetchRows = 64;
/** Writes that letting go of one chunk takes at most, with its garbage row. */
const chunkRowsMax = 3;
/** Writes that one garbage row, one manifest row or one part may take: a slice must have room for the largest. */
const stepRowsMax = chunksPerRow * 2 + 4;

export interface SliceOptions {
  readonly sequence: GarbageSequence;
  /** First garbage row to take, by its number. */
  readonly from: number;
  /** Last one. */
  readonly to: number;
  /** Most rows written; at least 404. */
  readonly rowsMax: number;
  /** Rows found damaged before: passed over. */
  readonly skipped: ReadonlySet<number>;
}

/** A stored copy that no row names, and the garbage row that remembers it until its file is gone. */
export interface UnlinkableCopy extends ChunkCopy {
  readonly sequence: number;
}

export interface SliceResult {
  /** Where the next slice goes on; null when all rows up to `to` are taken. */
  readonly next: number | null;
  /** To unlink once this slice is committed. */
  readonly copies: readonly UnlinkableCopy[];
  /** Garbage rows that are done with. */
  readonly doneRows: number;
  /** Damage met: nothing was taken away for it, so that at worst space is lost. */
  readonly damage: readonly CorruptRecordError[];
  /** Numbers of garbage rows that cannot be finished because of damage; they stay, and are to be passed over. */
  readonly skipped: readonly number[];
}

/** Takes one slice. Rows are taken strictly in order: an upload's parts are settled before the object they became can go. */
export function collectSlice(trees: Trees, options: SliceOptions): SliceResult {
  assert(options.rowsMax >= stepRowsMax, "a slice has room for its largest step");
  return new Slice(trees, options).run();
}

/** Removes the garbage rows of copies whose files are gone; inside a turn. */
export function forgetCopies(trees: Trees, copies: readonly UnlinkableCopy[]): void {
  for (const { sequence } of copies) trees.gc.remove(garbageKey(sequence));
}

class Slice {
  readonly #trees: Trees;
  readonly #options: SliceOptions;
  readonly #copies: UnlinkableCopy[] = [];
  readonly #damage: CorruptRecordError[] = [];
  readonly #skipped: number[] = [];
  #left: number;
  #doneRows = 0;

  constructor(trees: Trees, options: SliceOptions) {
    this.#trees = trees;
    this.#options = options;
    this.#left = options.rowsMax;
  }

  run(): SliceResult {
    let next: number | null = this.#options.from;
    while (next !== null) {
      const rows = this.#trees.gc.range({
        start: garbageKey(next),
        end: garbageKey(this.#options.to + 1),
        limit: fetchRows,
      });
      const stopped = rows.find((row) => !this.#take(row));
      if (stopped !== undefined) return this.#result(garbageSequenceOf(stopped.key));
      const last = rows.at(-1);
      next = last === undefined || rows.length < fetchRows ? null : garbageSequenceOf(last.key) + 1;
    }
    return this.#result(null);
  }

  #result(next: number | null): SliceResult {
    return { next, copies: this.#copies, doneRows: this.#doneRows, damage: this.#damage, skipped: this.#skipped };
  }

  /** False when the slice has no room left and has to go on with this row. */
  #take(row: Row): boolean {
    const sequence = garbageSequenceOf(row.key);
    if (this.#options.skipped.has(sequence)) return true;
    try {
      return this.#collect(row.key, sequence, decodeGarbage(row.key, row.value));
    } catch (error) {
      // Every row is decoded before anything is written for it.
      if (!(error instanceof CorruptRecordError)) throw error;
      this.#damage.push(error);
      this.#skipped.push(sequence);
      return true;
    }
  }

  #collect(key: Buffer, sequence: number, garbage: Garbage): boolean {
    switch (garbage.kind) {
      case "chunk":
      case "manifest":
        return this.#collectReference(key, garbage);
      case "rows":
        return this.#collectManifestRows(key, garbage.bucket, garbage.id);
      case "upload":
        return this.#collectUpload(key, garbage);
      case "place":
        if (this.#copies.length >= this.#options.rowsMax) return false;
        this.#copies.push({ sequence, place: garbage.place, address: garbage.address });
        return true;
    }
  }

  #collectReference(key: Buffer, garbage: Extract<Garbage, { kind: "chunk" | "manifest" }>): boolean {
    if (this.#left < (garbage.kind === "chunk" ? chunkRowsMax : stepRowsMax)) return false;
    if (garbage.kind === "manifest" && this.#countDown(garbage.bucket, garbage.id)) {
      // From here on the row says what is left to do: a crash must not count down again.
      const rows: Garbage = { kind: "rows", bucket: garbage.bucket, id: garbage.id };
      this.#put(this.#trees.gc, key, encodeGarbage(key, rows));
      return this.#collectManifestRows(key, garbage.bucket, garbage.id);
    }
    if (garbage.kind === "chunk") this.#releaseChunk(garbage.bucket, garbage.address);
    return this.#done(key);
  }

  #collectManifestRows(key: Buffer, bucket: BucketId, id: Uint8Array): boolean {
    const range = { ...prefixRange(manifestKey(bucket, id)), limit: 1 };
    for (;;) {
      if (this.#left < stepRowsMax) return false;
      const [row] = this.#trees.manifests.range(range);
      if (row === undefined) return this.#done(key);
      for (const location of locationsIn(row)) this.#release(bucket, location);
      this.#remove(this.#trees.manifests, row.key);
    }
  }

  #collectUpload(key: Buffer, garbage: Extract<Garbage, { kind: "upload" }>): boolean {
    const { bucket, uploadId, completed } = garbage;
    const range = { ...prefixRange(partPrefix(bucket, uploadId)), limit: fetchRows };
    for (;;) {
      if (this.#left < fetchRows * 4) return false;
      const rows = this.#trees.uploads.range(range);
      const [first] = rows;
      if (first === undefined) return this.#done(key);
      const parts = rows.map((row) => ({ row, part: decodePart(row.key, row.value) }));
      const kept = this.#keptParts(bucket, completed, partNumberOf(first.key));
      for (const { row, part } of parts) {
        const reference = Buffer.from(referenceOf(part.location));
        if (!kept.get(partNumberOf(row.key))?.equals(reference)) this.#release(bucket, part.location);
        this.#remove(this.#trees.uploads, row.key);
      }
    }
  }

  /** What the part table took over of the parts from `firstNumber` on: it names no part that had no row. */
  #keptParts(bucket: BucketId, completed: Uint8Array | null, firstNumber: number): Map<number, Buffer> {
    if (completed === null) return new Map();
    const parts = partsAfter(this.#trees, bucket, completed, firstNumber - 1, fetchRows);
    return new Map(parts.map(({ partNumber, location }) => [partNumber, Buffer.from(referenceOf(location))]));
  }

  /** Takes away one reference; writes at most 2 rows. */
  #release(bucket: BucketId, location: Location | null): void {
    if (location?.kind === "chunk") this.#releaseChunk(bucket, location.address);
    if (location?.kind !== "manifest" || !this.#countDown(bucket, location.id)) return;
    this.#enqueue({ kind: "rows", bucket, id: location.id });
  }

  #releaseChunk(bucket: BucketId, address: Uint8Array): void {
    const key = referenceKey(bucket, address);
    const reference = this.#read(this.#trees.refs, key, decodeReference, "refs");
    if (reference === undefined) return;
    if (reference.count > 1) {
      this.#put(this.#trees.refs, key, encodeReference(key, { ...reference, count: reference.count - 1 }));
      return;
    }
    this.#remove(this.#trees.refs, key);
    this.#releasePlace(bucket, reference.chunk);
  }

  #releasePlace(bucket: BucketId, { place, address }: StoredChunk): void {
    if (place.kind === "file") {
      const copy = { sequence: this.#enqueue({ kind: "place", bucket, place, address }), place, address };
      this.#copies.push(copy);
      return;
    }
    const key = extentKey(place.segment, place.offset);
    const extent = this.#read(this.#trees.extents, key, decodeExtent, "extents");
    if (extent === undefined) return;
    if (extent.bucket === bucket && Buffer.compare(extent.address, address) === 0) {
      this.#remove(this.#trees.extents, key);
    } else {
      this.#damage.push(new CorruptRecordError("extents", key, "belongs to another chunk"));
    }
  }

  /** Takes away one reference of a manifest; true when it was the last. */
  #countDown(bucket: BucketId, id: Uint8Array): boolean {
    const key = manifestKey(bucket, id);
    const count = this.#read(this.#trees.manifestRefs, key, decodeManifestCount, "manifestRefs");
    if (count === undefined) return false;
    if (count > 1) this.#put(this.#trees.manifestRefs, key, encodeManifestCount(key, count - 1));
    else this.#remove(this.#trees.manifestRefs, key);
    return count === 1;
  }

  /** undefined, and noted as damage, when the row is missing or damaged: what it counts is then kept for good. */
  #read<T>(tree: Tree, key: Buffer, decode: (key: Buffer, value: Buffer) => T, name: string): T | undefined {
    try {
      const value = tree.get(key);
      if (value === undefined) throw new CorruptRecordError(name, key, "missing though it is referred to");
      return decode(key, value);
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error;
      this.#damage.push(error);
      return undefined;
    }
  }

  #done(key: Buffer): true {
    this.#remove(this.#trees.gc, key);
    this.#doneRows += 1;
    return true;
  }

  #enqueue(garbage: Garbage): number {
    this.#options.sequence.enqueue(this.#trees.gc, garbage);
    this.#left -= 1;
    return this.#options.sequence.last;
  }

  #put(tree: Tree, key: Buffer, value: Buffer): void {
    tree.put(key, value);
    this.#left -= 1;
  }

  #remove(tree: Tree, key: Buffer): void {
    tree.remove(key);
    this.#left -= 1;
  }
}

/** What one row of a manifest refers to. @throws CorruptRecordError */
function locationsIn({ key, value }: Row): (Location | null)[] {
  if (decodeManifestRowKey(key).isPartTable) return decodePartRow(key, value).map(({ location }) => location);
  return decodeChunkRun(key, value).map(({ address }) => ({ kind: "chunk", address }));
}
