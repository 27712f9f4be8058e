/** Directories of a lane's chunk files: a new one per `filesMax` files, so that one directory flush serves a whole group. */

import { storageLimits } from "../base/storage-limits.ts";
import { type Disk, isDiskError } from "./disk.ts";
import { GroupSync } from "./group-sync.ts";
import { chunksPath, epochPath, laneId, laneOf, numberOf, parseEpochNames } from "./partition-layout.ts";
import type { VolumeHealth } from "./volume-health.ts";

export interface EpochDirectory {
  readonly id: number;
  readonly path: string;
  /** Flushes the directory. */
  readonly group: GroupSync;
}

export interface EpochDirectoriesOptions {
  readonly disk: Disk;
  readonly health: VolumeHealth;
  /** The partition's directory. */
  readonly directory: string;
  readonly lane: number;
  readonly filesMax?: number;
}

export class EpochDirectories {
  readonly #options: EpochDirectoriesOptions;
  readonly #filesMax: number;
  #nextNumber = 0;
  #current: EpochDirectory | null = null;
  #files = 0;
  #opening: Promise<void> | null = null;

  /** @throws DiskError */
  constructor(options: EpochDirectoriesOptions) {
    this.#options = options;
    this.#filesMax = options.filesMax ?? storageLimits.filesPerEpochDirectoryMax;
    const { disk, directory, lane } = options;
    const last = parseEpochNames(disk.readDirectorySync(chunksPath(directory)))
      .filter((id) => laneOf(id) === lane)
      .at(-1);
    if (last !== undefined) this.#nextNumber = numberOf(last) + 1;
  }

  /** A directory that is durable itself, for one more file. @throws DiskError */
  async take(): Promise<EpochDirectory> {
    for (;;) {
      const current = this.#current;
      if (current !== null && this.#files < this.#filesMax && !current.group.isPoisoned) {
        this.#files += 1;
        return current;
      }
      this.#opening ??= this.#open().finally(() => {
        this.#opening = null;
      });
      await this.#opening;
    }
  }

  /** Removes directories that hold nothing any more; those of other lanes and the one in use are left. */
  async removeEmpty(ids: Iterable<number>): Promise<void> {
    const { disk, directory, lane } = this.#options;
    for (const id of ids) {
      if (laneOf(id) !== lane || this.#current === null || id >= this.#current.id) continue;
      try {
        await disk.removeDirectory(epochPath(directory, id));
      } catch (error) {
        if (!isDiskError(error, "ENOTEMPTY", "ENOENT", "EEXIST")) throw error;
      }
    }
  }

  async #open(): Promise<void> {
    const { disk, directory, health, lane } = this.#options;
    const id = laneId(lane, this.#nextNumber);
    this.#nextNumber += 1;
    const path = epochPath(directory, id);
    await disk.makeDirectory(path);
    await disk.fsyncDirectory(chunksPath(directory));
    const group = new GroupSync(
      () => disk.fsyncDirectory(path),
      (error) => health.record(error),
    );
    this.#current = { id, path, group };
    this.#files = 0;
  }
}
