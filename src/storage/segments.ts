/** The segments of one lane in one partition: which is appended to, and what becomes of those that are empty again. */

import { assert } from "../base/assert.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { type Disk, isDiskError } from "./disk.ts";
import { laneId, laneOf, numberOf, parseSegmentNames, segmentPath, segmentsPath } from "./partition-layout.ts";
import { Segment, type SegmentExtent } from "./segment.ts";
import type { SegmentMarks } from "./segment-marks.ts";
import type { VolumeHealth } from "./volume-health.ts";

export interface LaneSegmentsOptions {
  readonly disk: Disk;
  readonly health: VolumeHealth;
  /** The partition's directory. */
  readonly directory: string;
  readonly partition: number;
  readonly lane: number;
  readonly segmentBytes: number;
  /** Continue the lane's last segment: only while no body of an earlier life of this lane can still be committed. */
  readonly resume: boolean;
  /** End of a segment's last committed extent, in bytes; 0 when it has none. */
  readonly endOfSegment: (segment: number) => number;
  readonly marks: SegmentMarks | null;
}

interface Spare {
  readonly id: number;
  readonly file: number;
  readonly sizeBytes: number;
}

/**
 * A new segment is sparse and made when it is needed; one that compaction has emptied is used again under a new name.
 * To write new ones with zeros ahead, so that a flush needs no journal commit, was measured and is not worth it: 64 KiB PUTs
 * took 8 to 15 % more CPU time and 5 to 15 % longer at 1, 8 and 32 connections, and the disk twice the bytes.
 * Numbers rise for as long as the lane lives, so that the name of a place is not given twice.
 */
export class LaneSegments {
  readonly #options: LaneSegmentsOptions;
  #nextNumber = 0;
  #current: Segment | null = null;
  #spare: Spare | null = null;
  #recycling: Promise<void> | null = null;
  /** Id of the spare that is getting its name. */
  #adopting: number | null = null;
  #isClosing = false;

  /** @throws DiskError */
  constructor(options: LaneSegmentsOptions) {
    assert(options.segmentBytes >= 2 * storageLimits.frameBytes, "a segment holds some extents");
    this.#options = options;
    const { disk, directory, lane } = options;
    const own = parseSegmentNames(disk.readDirectorySync(segmentsPath(directory))).filter((id) => laneOf(id) === lane);
    const last = own.at(-1);
    if (last !== undefined) this.#nextNumber = numberOf(last) + 1;
    if (options.resume) this.#resume(own);
    this.#publishMark();
  }

  /** The segment being appended to, or null before the first write. For tests and metrics. */
  get currentId(): number | null {
    return this.#current?.id ?? null;
  }

  /** True when a chunk of `storedBytes` can lie in a segment of this size. */
  fits(storedBytes: number): boolean {
    return storedBytes <= this.#options.segmentBytes;
  }

  /** Reserves the space of one chunk. @throws DiskError when a new segment cannot be made */
  reserve(storedBytes: number): SegmentExtent {
    let current = this.#current;
    if (current === null || current.isClosedToExtents || !current.hasRoom(storedBytes)) {
      const next = this.#takeSpare(storedBytes) ?? this.#createSparse();
      current?.seal();
      current = next;
      this.#current = next;
      this.#publishMark();
    }
    return current.reserve(storedBytes);
  }

  /**
   * Takes back a segment in which nothing is stored and which nobody reads: it becomes the next one under a new name,
   * or is deleted. The caller has waited for the epochs (see storage/compaction.ts). A missing file is no error.
   */
  async retire(segment: number): Promise<void> {
    const { disk, directory, lane, segmentBytes } = this.#options;
    assert(segment !== this.#current?.id && segment !== this.#spare?.id, "a segment in use is not retired");
    const path = segmentPath(directory, segment);
    try {
      const { sizeBytes } = await disk.facts(path);
      const isWanted = this.#spare === null && this.#recycling === null && !this.#isClosing;
      const isOurs = laneOf(segment) === lane && sizeBytes === segmentBytes;
      if (isOurs && isWanted && (await this.#hasRoomForSpare())) await this.#recycle(path);
      else await disk.unlink(path);
    } catch (error) {
      if (!isDiskError(error, "ENOENT")) throw error;
    }
  }

  /** Ends the lane's life: waits for work in the background and closes files. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#recycling;
    this.#current?.seal();
    this.#current = null;
    if (this.#spare !== null) this.#options.disk.closeSync(this.#spare.file);
    this.#spare = null;
  }

  /** Ends the current segment where it is and cuts off what is unused, so that it can be compacted. @throws DiskError */
  sealEarly(): void {
    const current = this.#current;
    if (current === null || current.endBytes === 0) return;
    current.trim();
    current.seal();
    this.#current = null;
    this.#publishMark();
  }

  /** Resolves when no segment is being recycled. */
  async settled(): Promise<void> {
    await this.#recycling;
  }

  /** The lowest number still to be appended to. It never falls: numbers are given out in rising order. */
  #publishMark(): void {
    const { marks, partition, lane } = this.#options;
    const live = [this.#current?.id, this.#spare?.id, this.#adopting].flatMap((id) => (id == null ? [] : numberOf(id)));
    marks?.publish(partition, lane, Math.min(this.#nextNumber, ...live));
  }

  /** Continues the lane's last segment; when that is still empty, the one before it if it has room, with the last as spare. */
  #resume(own: readonly number[]): void {
    const last = own.at(-1);
    if (last === undefined) return;
    const { endOfSegment } = this.#options;
    const before = own.at(-2);
    if (endOfSegment(last) === 0 && before !== undefined && this.#continue(before)) {
      this.#spare = this.#openEmpty(last);
    } else {
      this.#continue(last);
    }
  }

  /** Makes an existing segment the current one; false when it has no room left. */
  #continue(id: number): boolean {
    const { disk, directory, endOfSegment, health } = this.#options;
    const file = disk.openSync(segmentPath(directory, id), "write");
    const sizeBytes = disk.factsSync(file).sizeBytes;
    const endBytes = endOfSegment(id);
    if (endBytes + storageLimits.frameBytes > sizeBytes) {
      disk.closeSync(file);
      return false;
    }
    const makeNameDurable = () => disk.fsyncDirectory(segmentsPath(directory));
    this.#current = new Segment({ disk, health, id, file, sizeBytes, endBytes, makeNameDurable });
    return true;
  }

  #openEmpty(id: number): Spare {
    const { disk, directory } = this.#options;
    const file = disk.openSync(segmentPath(directory, id), "write");
    return { id, file, sizeBytes: disk.factsSync(file).sizeBytes };
  }

  #takeSpare(storedBytes: number): Segment | null {
    const spare = this.#spare;
    if (spare === null || spare.sizeBytes < storedBytes) return null;
    this.#spare = null;
    return this.#begin(spare);
  }

  #createSparse(): Segment {
    const { disk, directory, lane, segmentBytes: sizeBytes } = this.#options;
    const id = laneId(lane, this.#nextNumber);
    this.#nextNumber += 1;
    const file = disk.openSync(segmentPath(directory, id), "create");
    try {
      disk.truncateSync(file, sizeBytes);
    } catch (error) {
      disk.closeSync(file);
      throw error;
    }
    return this.#begin({ id, file, sizeBytes });
  }

  /** An empty segment for appending. Its first flush makes its name durable, whoever created the file. */
  #begin(empty: Spare): Segment {
    const { disk, directory, health } = this.#options;
    const makeNameDurable = () => disk.fsyncDirectory(segmentsPath(directory));
    return new Segment({ disk, health, ...empty, endBytes: 0, makeNameDurable });
  }

  /** Where space is short, a segment in reserve is better spent on what is stored. */
  async #hasRoomForSpare(): Promise<boolean> {
    const { disk, directory, segmentBytes } = this.#options;
    const { freeBytes } = await disk.fileSystem(directory);
    return freeBytes >= segmentBytes * storageLimits.spareFreeSegmentsMin;
  }

  async #recycle(path: string): Promise<void> {
    const adopted = this.#adopt(path, this.#options.segmentBytes);
    // Waited for by `close`, which is told of no failure: the caller of `retire` is.
    this.#recycling = adopted
      .catch(() => undefined)
      .finally(() => {
        this.#recycling = null;
      });
    await adopted;
  }

  /** Makes the file at `path` the spare, under the lane's next number. */
  async #adopt(path: string, sizeBytes: number): Promise<void> {
    const { disk, directory, lane } = this.#options;
    const id = laneId(lane, this.#nextNumber);
    this.#nextNumber += 1;
    this.#adopting = id;
    try {
      await disk.rename(path, segmentPath(directory, id));
      await disk.fsyncDirectory(segmentsPath(directory));
      const file = await disk.open(segmentPath(directory, id), "write");
      if (this.#isClosing) disk.closeSync(file);
      else this.#spare = { id, file, sizeBytes };
    } finally {
      this.#adopting = null;
      this.#publishMark();
    }
  }
}
