/** A chunk in a file of its own: written under `tmp/`, flushed, then renamed into an epoch directory. */

import { join } from "node:path";
import { assert } from "../base/assert.ts";
import type { ChunkTarget } from "./chunk-target.ts";
import { type Disk, isDiskError } from "./disk.ts";
import type { EpochDirectories, EpochDirectory } from "./epoch-directories.ts";
import type { ChunkPlace } from "./location.ts";
import { chunkFileName, temporaryPath } from "./partition-layout.ts";
import type { VolumeHealth } from "./volume-health.ts";

export interface ChunkFileOptions {
  readonly disk: Disk;
  readonly health: VolumeHealth;
  readonly directory: string;
  readonly epochs: EpochDirectories;
  /** 16 hex digits, random: the file's name is never used again. */
  readonly unique: string;
  /** Runs work that nobody waits for; the store's `close` does. */
  readonly inBackground: (work: Promise<void>) => void;
}

export class ChunkFile implements ChunkTarget {
  readonly #options: ChunkFileOptions;
  readonly #file: number;
  #path: string;
  #isFileOpen = true;
  #isAborted = false;
  #flushed: Promise<void> | null = null;
  #epoch: EpochDirectory | null = null;

  /** Creates the file. @throws DiskError */
  constructor(options: ChunkFileOptions) {
    this.#options = options;
    this.#path = temporaryPath(options.directory, options.unique);
    this.#file = options.disk.openSync(this.#path, "create");
  }

  write(bytes: Uint8Array, at: number): void {
    assert(this.#isFileOpen && this.#flushed === null, "a complete chunk file is not written");
    this.#options.disk.pwriteSync(this.#file, bytes, at);
  }

  /** Starts the flush at once, so that a long body is written out while its rest arrives. */
  complete(): void {
    this.#flushed ??= this.#flush();
    // `synced` hands the failure on; a body that fails before it asks must not end the process.
    this.#flushed.catch((error: unknown) => this.#options.health.record(error));
  }

  synced(): Promise<void> {
    assert(this.#flushed !== null, "a chunk file is complete before it is waited for");
    return this.#flushed;
  }

  async name(address: Uint8Array): Promise<ChunkPlace> {
    const { disk, epochs, unique } = this.#options;
    const epoch = await epochs.take();
    const path = join(epoch.path, chunkFileName(address, unique));
    await disk.rename(this.#path, path);
    this.#path = path;
    this.#epoch = epoch;
    if (this.#isAborted) this.#remove();
    return { kind: "file", epoch: epoch.id, unique };
  }

  async nameDurable(): Promise<void> {
    assert(this.#epoch !== null, "a chunk file is named before its name is durable");
    await this.#epoch.group.join();
  }

  settle(): void {}

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    if (this.#flushed === null) this.#close();
    this.#remove();
  }

  async #flush(): Promise<void> {
    try {
      await this.#options.disk.fdatasync(this.#file);
    } finally {
      this.#close();
    }
  }

  #close(): void {
    if (!this.#isFileOpen) return;
    this.#isFileOpen = false;
    this.#options.disk.closeSync(this.#file);
  }

  #remove(): void {
    const { disk, inBackground } = this.#options;
    const path = this.#path;
    inBackground(
      disk.unlink(path).catch((error: unknown) => {
        // Renamed meanwhile: `name` removes it. What an error leaves in tmp/ goes at the next start.
        if (!isDiskError(error, "ENOENT")) this.#options.health.record(error);
      }),
    );
  }
}
