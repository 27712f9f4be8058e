/**
 * Wins back the space of segments: copies what is still live out of those that are mostly dead, and retires those in
 * which nothing is stored.
 *
 * When a segment may be retired: it is sealed (nobody appends to it); then every upload that had begun has ended, so that
 * no body lies in it whose row is not committed yet; then it has no extents; and every read that had begun has ended, so
 * that nobody holds an earlier place. Moves keep this: they are applied by the partition's turns before the next step.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { digestStored } from "./blake3.ts";
import type { ChunkStore } from "./chunk-store.ts";
import type { Disk } from "./disk.ts";
import type { ChunkPlace, StoredChunk } from "./location.ts";
import { parseSegmentNames, segmentPath, segmentsPath } from "./partition-layout.ts";
import type { ReadEpochs } from "./read-epochs.ts";
import { alignExtent, type SegmentExtent } from "./segment.ts";

/** A live extent: a row of `extents` with what `refs` knows of its chunk. */
export interface LiveExtent extends Pick<StoredChunk, "address" | "storedBytes" | "storedDigest"> {
  readonly offset: number;
  readonly bucket: BucketId;
}

/** A chunk that has been copied, durably: the turn rewrites its rows if `refs` still says `from`; else the copy gets no row. */
export interface SegmentMove {
  readonly bucket: BucketId;
  readonly address: Uint8Array;
  readonly storedBytes: number;
  readonly from: ChunkPlace;
  readonly to: ChunkPlace;
}

/** The metadata side, written by the partition's owner. */
export interface CompactionPorts {
  /** Committed extents of `segment` at `fromOffset` or later, by offset, at most `countMax`; what was committed before the call is seen. */
  extents(segment: number, fromOffset: number, countMax: number): LiveExtent[];
  /** Applies up to `storageLimits.compactMovesMax` moves in turns; resolves after the commit. */
  apply(moves: readonly SegmentMove[]): Promise<void>;
  /** True when nobody appends to the segment any more (storage/segment-marks.ts). */
  isSealed(segment: number): boolean;
  /** Told of a live extent whose stored bytes do not verify; its segment is kept. */
  onDamaged(extent: LiveExtent, segment: number): void;
}

export interface CompactorOptions {
  readonly directory: string;
  readonly partition: number;
  readonly disk: Disk;
  readonly chunks: ChunkStore;
  /** Epochs of reads. */
  readonly readers: ReadEpochs;
  /** Epochs of uploads: a front enters before a body's first byte is stored, and leaves after the reply to its commit. */
  readonly uploads: ReadEpochs;
  readonly ports: CompactionPorts;
  /** Whether copies of so many bytes leave enough of the volume for commits; without it they always do. */
  readonly hasRoom?: (bytes: number) => boolean;
}

export type CompactionStep =
  | { readonly kind: "none" | "waiting" | "retired" | "kept"; readonly segment: number }
  | { readonly kind: "moved"; readonly segment: number; readonly moves: number }
  | { readonly kind: "idle" };

interface Epochs {
  readonly upload: number;
  readonly read: number;
}

/** One per partition, in its owner's thread. */
export class Compactor {
  readonly #options: CompactorOptions;
  /** Epochs that began after a segment was first seen sealed. */
  readonly #sealedSince = new Map<number, Epochs>();
  /** Epochs that began after a segment was first seen empty. */
  readonly #emptySince = new Map<number, Epochs>();
  readonly #damaged = new Set<number>();
  #queue: number[] = [];
  #isRunning = false;

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  /** Looks at the next segment and does what is due: at most one segment's worth of work. Rejects with DiskError. */
  async step(): Promise<CompactionStep> {
    assert(!this.#isRunning, "one compaction at a time");
    this.#isRunning = true;
    try {
      const segment = await this.#next();
      return segment === undefined ? { kind: "idle" } : await this.#examine(segment);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Segments in rising order, again and again. */
  async #next(): Promise<number | undefined> {
    if (this.#queue.length === 0) {
      const { disk, directory, ports } = this.#options;
      const names = await disk.readDirectory(segmentsPath(directory));
      this.#queue = parseSegmentNames(names).filter((id) => ports.isSealed(id) && !this.#damaged.has(id));
    }
    return this.#queue.shift();
  }

  async #examine(segment: number): Promise<CompactionStep> {
    if (!this.#isPast(this.#sealedSince, segment, "upload")) return { kind: "waiting", segment };
    const { occupiedBytes, count } = await this.#measure(segment);
    if (count === 0) return this.#retire(segment);
    this.#emptySince.delete(segment);
    const { sizeBytes } = await this.#options.disk.facts(segmentPath(this.#options.directory, segment));
    if (!isWorthCompacting(occupiedBytes, sizeBytes)) return { kind: "none", segment };
    if (this.#options.hasRoom?.(occupiedBytes) === false) return { kind: "none", segment };
    return this.#move(segment);
  }

  /** No new extent can appear: the segment is sealed and the uploads of that time have ended. */
  async #retire(segment: number): Promise<CompactionStep> {
    if (!this.#isPast(this.#emptySince, segment, "read")) return { kind: "waiting", segment };
    await this.#options.chunks.retireSegment(segment);
    this.#sealedSince.delete(segment);
    this.#emptySince.delete(segment);
    return { kind: "retired", segment };
  }

  #isPast(since: Map<number, Epochs>, segment: number, which: keyof Epochs): boolean {
    const { readers, uploads, partition } = this.#options;
    let epochs = since.get(segment);
    if (epochs === undefined) {
      epochs = { upload: uploads.advance(partition), read: readers.advance(partition) };
      since.set(segment, epochs);
    }
    return which === "upload" ? uploads.isPast(partition, epochs.upload) : readers.isPast(partition, epochs.read);
  }

  /** Live bytes with the alignment they cost. */
  async #measure(segment: number): Promise<{ occupiedBytes: number; count: number }> {
    let occupiedBytes = 0;
    let count = 0;
    for await (const page of this.#pages(segment)) {
      for (const extent of page) occupiedBytes += alignExtent(extent.storedBytes);
      count += page.length;
    }
    return { occupiedBytes, count };
  }

  async *#pages(segment: number): AsyncGenerator<readonly LiveExtent[]> {
    for (let from = 0; ; ) {
      const page = this.#options.ports.extents(segment, from, storageLimits.compactMovesMax);
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      from = last.offset + 1;
      // Other messages of the thread come between pages.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  async #move(segment: number): Promise<CompactionStep> {
    let moves = 0;
    let isWhole = true;
    for await (const page of this.#pages(segment)) {
      const copied = await this.#copy(segment, page);
      if (copied.length > 0) await this.#options.ports.apply(copied);
      moves += copied.length;
      isWhole &&= copied.length === page.length;
    }
    if (isWhole) return { kind: "moved", segment, moves };
    this.#damaged.add(segment);
    return { kind: "kept", segment };
  }

  async #copy(segment: number, extents: readonly LiveExtent[]): Promise<SegmentMove[]> {
    const { directory, disk, chunks, ports } = this.#options;
    return copyExtents({ directory, disk, chunks, segment, extents, onDamaged: ports.onDamaged });
  }
}

/** True when copying what is live wins back more than it takes. `occupiedBytes` includes alignment. */
export function isWorthCompacting(occupiedBytes: number, segmentBytes: number): boolean {
  return occupiedBytes < segmentBytes * storageLimits.compactBelowLiveRatio;
}

export interface CopyExtentsOptions {
  readonly directory: string;
  readonly disk: Disk;
  readonly chunks: ChunkStore;
  readonly segment: number;
  readonly extents: readonly LiveExtent[];
  readonly onDamaged: (extent: LiveExtent, segment: number) => void;
}

/**
 * Copies live extents, verified by their stored digests, to the lane's current segment. Resolves when the copies are
 * durable, with one move for each that verified. Rejects with DiskError; no copy is used then.
 */
export async function copyExtents(options: CopyExtentsOptions): Promise<SegmentMove[]> {
  const { directory, disk, chunks, segment } = options;
  const file = await disk.open(segmentPath(directory, segment), "read");
  const copies: SegmentExtent[] = [];
  const moves: SegmentMove[] = [];
  try {
    for (const extent of options.extents) {
      const stored = Buffer.allocUnsafeSlow(extent.storedBytes);
      const readBytes = await disk.pread(file, [stored], extent.offset);
      if (readBytes !== stored.length || !digestStored(stored).equals(extent.storedDigest)) {
        options.onDamaged(extent, segment);
        continue;
      }
      const copy = chunks.reserveExtent(stored.length);
      copies.push(copy);
      copy.write(stored, 0);
      const { bucket, address, storedBytes, offset } = extent;
      moves.push({ bucket, address, storedBytes, from: { kind: "segment", segment, offset }, to: copy.place });
    }
    await Promise.all(copies.map((copy) => copy.synced()));
    for (const copy of copies) copy.settle();
    return moves;
  } catch (error) {
    for (const copy of copies) copy.abort();
    throw error;
  } finally {
    disk.closeSync(file);
  }
}
