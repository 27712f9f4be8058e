/** One open segment file: appending extents to it, and flushing it for all of them together. */

import { assert } from "../base/assert.ts";
import type { ChunkTarget } from "./chunk-target.ts";
import { type Disk, isDiskError } from "./disk.ts";
import { GroupSync } from "./group-sync.ts";
import type { ChunkPlace } from "./location.ts";
import type { VolumeHealth } from "./volume-health.ts";

/** Extents begin at multiples of this, so that no two share a sector. */
export const extentAlignBytes = 512;

export function alignExtent(bytes: number): number {
  return Math.ceil(bytes / extentAlignBytes) * extentAlignBytes;
}

export interface SegmentOptions {
  readonly disk: Disk;
  readonly health: VolumeHealth;
  readonly id: number;
  /** Open for writing; the segment closes it. */
  readonly file: number;
  readonly sizeBytes: number;
  /** Where the next extent may begin: the end of the last committed one. */
  readonly endBytes: number;
  /** Makes the file's name durable; called before the first flush, once. */
  readonly makeNameDurable: () => Promise<void>;
}

export class Segment {
  readonly id: number;
  readonly sizeBytes: number;
  readonly #disk: Disk;
  readonly #file: number;
  readonly #group: GroupSync;
  #endBytes: number;
  #makeNameDurable: (() => Promise<void>) | null;
  #extents = 0;
  #isSealed = false;
  #isClosed = false;

  constructor(options: SegmentOptions) {
    this.id = options.id;
    this.sizeBytes = options.sizeBytes;
    this.#disk = options.disk;
    this.#file = options.file;
    this.#endBytes = alignExtent(options.endBytes);
    this.#makeNameDurable = options.makeNameDurable;
    this.#group = new GroupSync(
      () => this.#flush(),
      (error) => options.health.record(error),
    );
  }

  /** Bytes given out so far, from the segment's beginning. */
  get endBytes(): number {
    return this.#endBytes;
  }

  /** True when nothing may be appended any more: sealed, or an error made its flushes worthless. */
  get isClosedToExtents(): boolean {
    return this.#isSealed || this.#group.isPoisoned;
  }

  get hasOpenExtents(): boolean {
    return this.#extents > 0;
  }

  hasRoom(storedBytes: number): boolean {
    return this.#endBytes + storedBytes <= this.sizeBytes;
  }

  /** Gives out the next `storedBytes`; the caller checked `hasRoom`. */
  reserve(storedBytes: number): SegmentExtent {
    assert(this.hasRoom(storedBytes) && !this.isClosedToExtents, "an extent fits its segment");
    const offset = this.#endBytes;
    this.#endBytes = alignExtent(offset + storedBytes);
    this.#extents += 1;
    return new SegmentExtent(this, offset, storedBytes);
  }

  /** Cuts off the space after the last extent; only before `seal`. @throws DiskError */
  trim(): void {
    if (!this.#isClosed) this.#disk.truncateSync(this.#file, this.#endBytes);
  }

  /** No extent is given out any more; the file is closed when the last open one ends. */
  seal(): void {
    this.#isSealed = true;
    this.#closeWhenUnused();
  }

  write(bytes: Uint8Array, position: number): void {
    try {
      this.#disk.pwriteSync(this.#file, bytes, position);
    } catch (error) {
      // A full volume spoils this body alone; any other error makes the whole file suspect.
      if (!isDiskError(error, "ENOSPC")) this.#group.poison(error);
      throw error;
    }
  }

  sync(): Promise<void> {
    return this.#group.join();
  }

  /** Ends an extent. Space that was never written to the end goes back if nothing follows it. */
  release(offset: number, storedBytes: number, isAbandoned: boolean): void {
    if (isAbandoned && alignExtent(offset + storedBytes) === this.#endBytes) this.#endBytes = offset;
    this.#extents -= 1;
    this.#closeWhenUnused();
  }

  async #flush(): Promise<void> {
    if (this.#makeNameDurable !== null) {
      await this.#makeNameDurable();
      this.#makeNameDurable = null;
    }
    await this.#disk.fdatasync(this.#file);
  }

  #closeWhenUnused(): void {
    if (!this.#isSealed || this.#extents > 0 || this.#isClosed) return;
    this.#isClosed = true;
    this.#disk.closeSync(this.#file);
  }
}

/** A part of a segment that belongs to one chunk being written. */
export class SegmentExtent implements ChunkTarget {
  readonly #segment: Segment;
  readonly #offset: number;
  readonly #storedBytes: number;
  #isOpen = true;

  constructor(segment: Segment, offset: number, storedBytes: number) {
    this.#segment = segment;
    this.#offset = offset;
    this.#storedBytes = storedBytes;
  }

  get place(): ChunkPlace {
    return { kind: "segment", segment: this.#segment.id, offset: this.#offset };
  }

  /** @throws DiskError */
  write(bytes: Uint8Array, at: number): void {
    assert(this.#isOpen && at + bytes.length <= this.#storedBytes, "a chunk stays inside its extent");
    this.#segment.write(bytes, this.#offset + at);
  }

  /** Nothing more will be written. */
  complete(): void {}

  synced(): Promise<void> {
    return this.#segment.sync();
  }

  name(_address: Uint8Array): Promise<ChunkPlace> {
    return Promise.resolve(this.place);
  }

  nameDurable(): Promise<void> {
    return Promise.resolve();
  }

  /** The chunk is durable; the segment need not stay open for it. */
  settle(): void {
    this.#end(false);
  }

  /** The chunk will not exist. Its bytes are never read: no row names them. */
  abort(): void {
    this.#end(true);
  }

  #end(isAbandoned: boolean): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#segment.release(this.#offset, this.#storedBytes, isAbandoned);
  }
}
