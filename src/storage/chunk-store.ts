/**
 * Stores bodies of one partition for one lane: small chunks in segments, larger ones in files of their own.
 *
 * The order that makes an acknowledged write survive a power cut: bytes, fdatasync, then for chunk files rename and
 * fsync of their directory (all of it done when `BodyWriter.finish` resolves), then the commit of the metadata that
 * names them, then the acknowledgement. A crash before the commit leaves bytes that no row names: files in `tmp/` are
 * removed at the next start, named files after a day (storage/orphans.ts), and extents are free space.
 */

import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { HashPool } from "./blake3.ts";
import { type BodyWriter, type BodyWriterOptions, type BodyWriterPorts, StreamingBodyWriter } from "./body-writer.ts";
import { ChunkFile } from "./chunk-file.ts";
import { type Disk, DiskError, isDiskError } from "./disk.ts";
import { EpochDirectories } from "./epoch-directories.ts";
import { FramePool } from "./frame-pool.ts";
import type { RoomGauge } from "./free-space.ts";
import type { ChunkPlace } from "./location.ts";
import { chunkFilePath } from "./partition-layout.ts";
import type { SegmentMarks } from "./segment-marks.ts";
import { LaneSegments } from "./segments.ts";
import { type VolumeErrorListener, VolumeHealth } from "./volume-health.ts";

export type { BodyWriter } from "./body-writer.ts";

/** Names one copy of a chunk: a file's name holds its address too. */
export interface ChunkCopy {
  readonly place: ChunkPlace;
  /** 32 bytes. */
  readonly address: Uint8Array;
}

export interface ChunkStoreOptions {
  /** The partition's directory. */
  readonly directory: string;
  readonly partition: number;
  /** Index of the thread that writes, 0 to 255. No other store may use it in this partition at the same time. */
  readonly lane: number;
  readonly disk: Disk;
  readonly random: Random;
  readonly clock: Clock;
  readonly onVolumeError: VolumeErrorListener;
  /** End of the last extent that `extents` holds of a segment, in bytes; 0 when it holds none. */
  readonly endOfSegment: (segment: number) => number;
  /**
   * Continue the lane's last segment. Only at the start of the process: when a thread restarts, a body that its earlier
   * life stored may still be on its way to its commit, and its bytes must not be overwritten. Default false.
   */
  readonly resume?: boolean;
  /** Tells other threads which segments are sealed; absent where nothing compacts. */
  readonly marks?: SegmentMarks;
  /** Refuses new bodies while the volume is nearly full. */
  readonly freeSpace?: RoomGauge;
  /** Default `storageLimits.segmentBytes`. */
  readonly segmentBytes?: number;
  /** Default `storageLimits.filesPerEpochDirectoryMax`. */
  readonly filesPerEpochDirectory?: number;
}

export class ChunkStore {
  readonly #options: ChunkStoreOptions;
  readonly #health: VolumeHealth;
  readonly #segments: LaneSegments;
  readonly #epochs: EpochDirectories;
  readonly #ports: BodyWriterPorts;
  readonly #background = new Set<Promise<void>>();
  #borrowedBytes = 0;
  #hasSealedForRoom = false;

  private constructor(options: ChunkStoreOptions) {
    const { directory, partition, lane, disk, clock } = options;
    this.#options = options;
    this.#health = new VolumeHealth(clock, options.onVolumeError);
    const health = this.#health;
    this.#segments = new LaneSegments({
      disk,
      health,
      directory,
      partition,
      lane,
      segmentBytes: options.segmentBytes ?? storageLimits.segmentBytes,
      resume: options.resume ?? false,
      endOfSegment: options.endOfSegment,
      marks: options.marks ?? null,
    });
    const filesMax = options.filesPerEpochDirectory ?? storageLimits.filesPerEpochDirectoryMax;
    this.#epochs = new EpochDirectories({ disk, health, directory, lane, filesMax });
    this.#ports = this.#createPorts();
  }

  /** Opens the store; the partition's directories exist (storage/data-directory.ts). @throws DiskError */
  static open(options: ChunkStoreOptions): ChunkStore {
    return new ChunkStore(options);
  }

  /**
   * Begins a body.
   * @throws DiskError ENOSPC when free space is below the watermark, EROFS when the volume is closed after errors
   */
  write(options: BodyWriterOptions): BodyWriter {
    this.#health.assertWritable();
    this.#takeRoom(0);
    return new StreamingBodyWriter(this.#ports, options);
  }

  /**
   * Reserves space in the current segment for a copy of a stored chunk (compaction).
   * @throws DiskError
   */
  reserveExtent(storedBytes: number): ReturnType<LaneSegments["reserve"]> {
    this.#health.assertWritable();
    return this.#segments.reserve(storedBytes);
  }

  /** Removes, in the background, a copy that no row ever named. An extent needs nothing: without a row it is free. */
  drop(place: ChunkPlace, address: Uint8Array): void {
    if (place.kind === "segment") return;
    this.#inBackground(this.unlink([{ place, address }]).catch((error: unknown) => this.#ignoreRecorded(error)));
  }

  /**
   * Removes the files of copies that no row names and no reader uses; extents and missing files are passed over.
   * Rejects with DiskError after all have been tried.
   */
  async unlink(copies: readonly ChunkCopy[]): Promise<void> {
    const files = copies.flatMap(({ place, address }) => (place.kind === "file" ? [{ place, address }] : []));
    const failures: unknown[] = [];
    for (let at = 0; at < files.length; at += storageLimits.fileOperationsInFlightMax) {
      const group = files.slice(at, at + storageLimits.fileOperationsInFlightMax);
      const outcomes = await Promise.allSettled(
        group.map(({ place, address }) =>
          this.#options.disk.unlink(chunkFilePath(this.#options.directory, place.epoch, address, place.unique)),
        ),
      );
      for (const outcome of outcomes) {
        if (outcome.status === "rejected" && !isDiskError(outcome.reason, "ENOENT")) failures.push(outcome.reason);
      }
    }
    for (const failure of failures) this.#health.record(failure);
    if (failures.length > 0) throw failures[0];
    await this.#epochs.removeEmpty(new Set(files.map(({ place }) => place.epoch)));
  }

  /** Recycles or deletes a sealed segment without extents; see storage/compaction.ts for what must be true. @throws DiskError */
  retireSegment(segment: number): Promise<void> {
    return this.#segments.retire(segment);
  }

  /** True when the volume refuses writes after errors. */
  get isReadOnly(): boolean {
    return this.#health.isReadOnly;
  }

  /** Resolves when no work goes on in the background. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
    await this.#segments.settled();
  }

  /** Waits for background work and closes files. Bodies must have ended. */
  async close(): Promise<void> {
    await this.#segments.close();
    await this.settled();
  }

  #createPorts(): BodyWriterPorts {
    const { random } = this.#options;
    return {
      pool: new FramePool(),
      hashes: new HashPool(),
      segmentTarget: (storedBytes) => {
        this.#takeRoom(storedBytes);
        return this.#segments.reserve(storedBytes);
      },
      fileTarget: () => {
        this.#takeRoom(storageLimits.chunkBytesMax);
        return this.#createFile();
      },
      fitsSegment: (storedBytes) => this.#segments.fits(storedBytes),
      nonce: (bytes) => random.bytes(bytes),
      borrow: (bytes) => this.#borrow(bytes),
      failed: (error) => this.#health.record(error),
    };
  }

  /** Each chunk asks again, so that a long body ends when space does. @throws DiskError ENOSPC below the watermark */
  #takeRoom(bytes: number): void {
    const { freeSpace } = this.#options;
    if (freeSpace === undefined) return;
    if (!freeSpace.isLow) {
      freeSpace.spend(bytes);
      this.#hasSealedForRoom = false;
      return;
    }
    // The dead part of the segment that is appended to can be won back only when it is sealed; its copies need not be.
    if (!this.#hasSealedForRoom) this.#segments.sealEarly();
    this.#hasSealedForRoom = true;
    throw new DiskError("ENOSPC", "write", "free space is below the watermark");
  }

  #createFile(): ChunkFile {
    const { disk, directory, random } = this.#options;
    return new ChunkFile({
      disk,
      health: this.#health,
      directory,
      epochs: this.#epochs,
      unique: random.bytes(8).toString("hex"),
      inBackground: (work) => this.#inBackground(work),
    });
  }

  #borrow(bytes: number): boolean {
    if (this.#borrowedBytes + bytes > storageLimits.unknownBodyBufferBytes) return false;
    this.#borrowedBytes += bytes;
    assert(this.#borrowedBytes >= 0, "memory is given back once");
    return true;
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  /** `unlink` has recorded it; a file left behind is an orphan, removed after a day. */
  #ignoreRecorded(error: unknown): void {
    if (!(error instanceof DiskError)) throw error;
  }
}
