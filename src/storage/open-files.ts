/** The files a reader keeps open, the least recently used closed first. */

import { assert } from "../base/assert.ts";
import { type Disk, isDiskError } from "./disk.ts";

export interface OpenFile {
  readonly path: string;
  readonly file: number;
  /** Reads in flight; a file in use is not closed. */
  users: number;
  /** Closed as soon as its last user ends. */
  isDoomed: boolean;
}

export class OpenFiles {
  readonly #disk: Disk;
  readonly #filesMax: number;
  /** By path, in order of last use. */
  readonly #files = new Map<string, OpenFile>();

  constructor(disk: Disk, filesMax: number) {
    assert(filesMax > 0, "a reader keeps some file open");
    this.#disk = disk;
    this.#filesMax = filesMax;
  }

  get count(): number {
    return this.#files.size;
  }

  /** The open file, moved to the end of the order. */
  get(path: string): OpenFile | undefined {
    const open = this.#files.get(path);
    if (open === undefined) return undefined;
    this.#files.delete(path);
    this.#files.set(path, open);
    return open;
  }

  /** @throws DiskError; EMFILE and ENFILE only when closing others did not help */
  openSync(path: string): OpenFile {
    return this.#keep(path, this.#openSync(path));
  }

  /** Held already: `release` ends it. Rejects as `openSync` throws. */
  async open(path: string): Promise<OpenFile> {
    const file = await this.#open(path);
    const other = this.#files.get(path);
    if (other !== undefined) this.#disk.closeSync(file);
    const open = other ?? this.#keep(path, file);
    this.hold(open);
    return open;
  }

  /** Counts a read in flight; `release` ends it. */
  hold(open: OpenFile): void {
    open.users += 1;
  }

  release(open: OpenFile): void {
    open.users -= 1;
    if (open.users === 0 && open.isDoomed) this.#disk.closeSync(open.file);
  }

  /** Closes a file, or dooms it while it is in use; the next read opens its name again. */
  forget(open: OpenFile): void {
    if (this.#files.get(open.path) === open) this.#files.delete(open.path);
    if (open.isDoomed) return;
    open.isDoomed = true;
    if (open.users === 0) this.#disk.closeSync(open.file);
  }

  /** Closes files that have no name any more, so that their space becomes free. */
  sweep(): void {
    for (const open of [...this.#files.values()]) {
      if (this.#disk.factsSync(open.file).linkCount === 0) this.forget(open);
    }
  }

  closeAll(): void {
    for (const open of [...this.#files.values()]) this.forget(open);
  }

  #keep(path: string, file: number): OpenFile {
    this.#closeOldest(this.#filesMax - 1);
    const open = { path, file, users: 0, isDoomed: false };
    this.#files.set(path, open);
    return open;
  }

  #openSync(path: string): number {
    try {
      return this.#disk.openSync(path, "read");
    } catch (error) {
      this.#makeRoom(error);
      return this.#disk.openSync(path, "read");
    }
  }

  async #open(path: string): Promise<number> {
    try {
      return await this.#disk.open(path, "read");
    } catch (error) {
      this.#makeRoom(error);
      return this.#disk.open(path, "read");
    }
  }

  /** After EMFILE half of the files are closed for a second attempt; any other error is thrown on. */
  #makeRoom(error: unknown): void {
    if (!isDiskError(error, "EMFILE", "ENFILE") || this.#files.size === 0) throw error;
    this.#closeOldest(Math.floor(this.#files.size / 2));
  }

  /** Closes the least recently used until at most `countMax` are left; those in use stay. */
  #closeOldest(countMax: number): void {
    for (const open of this.#files.values()) {
      if (this.#files.size <= countMax) return;
      if (open.users === 0) this.forget(open);
    }
  }
}
