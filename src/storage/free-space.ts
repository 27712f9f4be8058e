/** Watches a volume's free space: the watermark that refuses writes, and the ballast that lets deletes commit on a full disk. */

import type { Clock, Timer } from "../base/clock.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { type Disk, DiskError, type FileSystemFacts, isDiskError } from "./disk.ts";

export interface FreeSpaceOptions {
  /** Any directory of the volume. */
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  /** File whose space is kept in reserve; null where another thread keeps it. */
  readonly ballastPath: string | null;
  /** Default `storageLimits.ballastBytes`; never more than `storageLimits.ballastRatioMax` of the volume. */
  readonly ballastBytes?: number;
  /** Told of errors of the background refresh, of the ballast being given up or made again, and of the watermark being crossed. */
  readonly onEvent?: (event: FreeSpaceEvent) => void;
}

export interface FreeSpaceEvent {
  readonly kind: "error" | "released" | "restored" | "low" | "enough";
  readonly detail: string;
}

/** What a writer asks before it takes more space. */
export interface RoomGauge {
  readonly isLow: boolean;
  /** Counts bytes that are about to be written. @throws DiskError */
  spend(bytes: number): void;
}

/**
 * A writer measures anew when it has spent one of these parts of the room above the watermark, or of the watermark itself:
 * what several threads write between their measurements stays within half of what is kept back, whatever they know.
 */
const roomParts = 8;
const watermarkParts = 16;

/**
 * `isLow` is true below min(`storageLimits.freeBytesMin`, `storageLimits.freeRatioMin` of the volume): writes are refused then, while
 * deletes go on from what is left. Below a quarter of that, the ballast is deleted by itself, once free space has stopped
 * falling: while another program takes all there is, it would take the ballast too. It comes back when there is room for
 * it twice above the watermark.
 */
export class FreeSpace implements RoomGauge {
  readonly #options: FreeSpaceOptions;
  #timer: Timer | null = null;
  #wasLow = false;
  #freeBytes = 0;
  /** Of the refresh before: tells whether free space falls. */
  #freeBytesBefore = 0;
  /** Counted since the last measurement. */
  #spentBytes = 0;
  /** Counted between the last two measurements: not yet written, for all that is known. */
  #recentBytes = 0;
  #totalBytes = 0;
  #hasBallast = false;
  #refreshing: Promise<void> | null = null;

  private constructor(options: FreeSpaceOptions) {
    this.#options = options;
  }

  /** Measures once and starts refreshing every `storageLimits.freeSpaceRefreshMs`. The ballast is written in the background. */
  static async open(options: FreeSpaceOptions): Promise<FreeSpace> {
    const space = new FreeSpace(options);
    await space.#measure();
    await space.#findBallast();
    space.#timer = options.clock.every(storageLimits.freeSpaceRefreshMs, () => void space.refresh());
    void space.refresh();
    return space;
  }

  get isLow(): boolean {
    return this.#freeBytes - this.#recentBytes - this.#spentBytes < this.watermarkBytes;
  }

  spend(bytes: number): void {
    this.#spentBytes += bytes;
    const roomBytes = this.#freeBytes - this.#recentBytes - this.watermarkBytes;
    const unmeasuredBytesMax = Math.min(roomBytes / roomParts, this.watermarkBytes / watermarkParts);
    if (this.#spentBytes >= unmeasuredBytesMax) this.#take(this.#options.disk.fileSystemSync(this.#options.directory));
  }

  get freeBytes(): number {
    return this.#freeBytes;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  get hasBallast(): boolean {
    return this.#hasBallast;
  }

  /** Free bytes below which writes are refused. */
  get watermarkBytes(): number {
    return Math.min(storageLimits.freeBytesMin, Math.floor(this.#totalBytes * storageLimits.freeRatioMin));
  }

  /** Measures and keeps the ballast as the rules say, or joins a refresh that runs. Never rejects: errors go to `onEvent`. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh()
      .catch((error: unknown) => {
        if (!(error instanceof DiskError)) throw error;
        this.#tell("error", error.message);
      })
      .finally(() => {
        this.#refreshing = null;
      });
    return this.#refreshing;
  }

  /** Deletes the ballast, so that deletes can commit. Resolves when its space is free. @throws DiskError */
  async releaseBallast(): Promise<void> {
    const { ballastPath, disk } = this.#options;
    if (ballastPath === null || !this.#hasBallast) return;
    this.#hasBallast = false;
    try {
      await disk.unlink(ballastPath);
    } catch (error) {
      if (!isDiskError(error, "ENOENT")) throw error;
    }
    await this.#measure();
    this.#tell("released", `${this.#freeBytes} bytes are free`);
  }

  /** Stops refreshing; the ballast stays. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#refreshing;
  }

  async #refresh(): Promise<void> {
    await this.#measure();
    const isFalling = this.#freeBytes < this.#freeBytesBefore;
    this.#freeBytesBefore = this.#freeBytes;
    if (this.#hasBallast && this.#freeBytes < this.watermarkBytes / 4 && !isFalling) await this.releaseBallast();
    this.#tellWatermark();
    const wantedBytes = this.#ballastBytes();
    const hasRoom = this.#freeBytes >= this.watermarkBytes + 2 * wantedBytes;
    if (!this.#hasBallast && wantedBytes > 0 && hasRoom) await this.#writeBallast(wantedBytes);
  }

  #ballastBytes(): number {
    if (this.#options.ballastPath === null) return 0;
    const wantedBytes = this.#options.ballastBytes ?? storageLimits.ballastBytes;
    return Math.min(wantedBytes, Math.floor(this.#totalBytes * storageLimits.ballastRatioMax));
  }

  async #measure(): Promise<void> {
    this.#take(await this.#options.disk.fileSystem(this.#options.directory));
  }

  #take({ freeBytes, totalBytes }: FileSystemFacts): void {
    this.#freeBytes = freeBytes;
    this.#totalBytes = totalBytes;
    this.#recentBytes = this.#spentBytes;
    this.#spentBytes = 0;
  }

  #tellWatermark(): void {
    if (this.isLow === this.#wasLow) return;
    this.#wasLow = this.isLow;
    const { freeBytes, watermarkBytes } = this;
    this.#tell(this.isLow ? "low" : "enough", `${freeBytes} bytes are free; writes need ${watermarkBytes}`);
  }

  /** A ballast of an earlier start counts when it is whole; a torn one is written anew. */
  async #findBallast(): Promise<void> {
    const { ballastPath, disk } = this.#options;
    if (ballastPath === null) return;
    try {
      const { sizeBytes } = await disk.facts(ballastPath);
      this.#hasBallast = sizeBytes >= this.#ballastBytes();
      if (!this.#hasBallast) await disk.unlink(ballastPath);
    } catch (error) {
      if (!isDiskError(error, "ENOENT")) throw error;
    }
  }

  async #writeBallast(sizeBytes: number): Promise<void> {
    const { ballastPath, disk } = this.#options;
    if (ballastPath === null) return;
    const file = await disk.open(ballastPath, "create");
    let isWhole = false;
    try {
      const zeros = Buffer.alloc(Math.min(storageLimits.zeroSliceBytes, sizeBytes));
      for (let at = 0; at < sizeBytes && this.#timer !== null; at += zeros.length) {
        await disk.pwrite(file, zeros.subarray(0, Math.min(zeros.length, sizeBytes - at)), at);
        await disk.fdatasync(file);
      }
      isWhole = this.#timer !== null;
    } finally {
      disk.closeSync(file);
      if (!isWhole) await disk.unlink(ballastPath);
    }
    this.#hasBallast = isWhole;
    if (isWhole) this.#tell("restored", `${sizeBytes} bytes are in reserve`);
  }

  #tell(kind: FreeSpaceEvent["kind"], detail: string): void {
    this.#options.onEvent?.({ kind, detail });
  }
}
