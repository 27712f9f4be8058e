/** The data directory of a node: its format, its lock, and the directories inside. */

import { isAbsolute, join } from "node:path";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type DirectoryFormat, formatNumber, parseFormat } from "./directory-format.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import { type Disk, isDiskError } from "./disk.ts";
import { partitionDirectories } from "./partition-layout.ts";

/** The data directory cannot be used; the message says what to do. */
export class DataDirectoryError extends Error {
  override readonly name = "DataDirectoryError";
}

export interface DataDirectoryOptions {
  /** Absolute path; its parent exists. */
  readonly path: string;
  /** Number of partitions when the directory is formatted; a formatted one keeps its own. */
  readonly partitions: number;
  readonly disk: Disk;
  readonly random: Random;
  readonly clock: Clock;
  /** Accept file systems on which locks or flushes are not trusted. Default false. */
  readonly unsafeFs?: boolean;
  /** See storage/directory-lock.ts. */
  readonly lockWaitMs?: number;
}

/** Kernel's magic numbers of file systems that LMDB or our flushes cannot rely on. Source: statfs(2), linux/magic.h. */
const unsafeFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, "nfs"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x517b, "smb"],
  [0x01021997, "9p"],
  [0x794c7630, "overlay"],
  [0x65735546, "fuse"],
]);

/** What may stand in a directory without `format.json`: a format that a crash interrupted, and what a new volume holds. */
const ownNames: ReadonlySet<string> = new Set([
  "lock",
  "ballast",
  "control",
  "partitions",
  "format.json.new",
  "lost+found",
]);

export class DataDirectory {
  readonly path: string;
  readonly format: DirectoryFormat;
  readonly #lock: DirectoryLock;

  private constructor(path: string, format: DirectoryFormat, lock: DirectoryLock) {
    this.path = path;
    this.format = format;
    this.#lock = lock;
  }

  /**
   * Opens the directory, formatting it when it is new, and locks it for life. Empties every partition's `tmp/`, so it
   * comes before any `ChunkStore`.
   * Rejects with DataDirectoryError, DirectoryLockedError or DiskError.
   */
  static async open(options: DataDirectoryOptions): Promise<DataDirectory> {
    const { path, disk } = options;
    assert(isAbsolute(path), "a data directory is named by an absolute path");
    await makeIfMissing(disk, path);
    await refuseUnsafeFileSystem(options);
    const waitMs = options.lockWaitMs;
    const lock = await lockDirectory(join(path, "lock"), {
      disk,
      clock: options.clock,
      ...(waitMs === undefined ? {} : { waitMs }),
    });
    try {
      const format = (await readFormat(disk, path)) ?? (await formatDirectory(options));
      const directory = new DataDirectory(path, format, lock);
      await directory.#check(disk);
      await directory.#emptyTemporary(disk);
      return directory;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Number of partitions. */
  get partitions(): number {
    return this.format.partitions.length;
  }

  get controlPath(): string {
    return join(this.path, "control");
  }

  get ballastPath(): string {
    return join(this.path, "ballast");
  }

  /** The directory of partition `index`: what `ChunkStore` and `ChunkReader` take. */
  partitionPath(index: number): string {
    assert(index >= 0 && index < this.partitions, "a partition of this directory");
    return partitionPath(this.path, index);
  }

  /** The LMDB environment of partition `index`. */
  metadataPath(index: number): string {
    return join(this.partitionPath(index), "meta");
  }

  /** Ends the lock. Everything inside is closed before. */
  close(): void {
    this.#lock.release();
  }

  async #check(disk: Disk): Promise<void> {
    const expected = [
      this.controlPath,
      ...this.format.partitions.flatMap(({ index }) =>
        partitionDirectories.map((name) => join(partitionPath(this.path, index), name)),
      ),
    ];
    for (const path of expected) {
      try {
        await disk.readDirectory(path);
      } catch (error) {
        if (!isDiskError(error, "ENOENT", "ENOTDIR")) throw error;
        throw new DataDirectoryError(`${path} is missing: is a volume not mounted? Restore it before starting.`);
      }
    }
  }

  /** A crash left at most bodies that nobody was told of. */
  async #emptyTemporary(disk: Disk): Promise<void> {
    for (const { index } of this.format.partitions) {
      const path = join(partitionPath(this.path, index), "tmp");
      for (const name of await disk.readDirectory(path)) await disk.unlink(join(path, name));
    }
  }
}

/** Makes the directories of one partition, durable in their parent. For formatting, and for tests of one partition. */
export async function createPartitionDirectories(disk: Disk, path: string): Promise<void> {
  await makeIfMissing(disk, path);
  for (const name of partitionDirectories) await makeIfMissing(disk, join(path, name));
  await disk.fsyncDirectory(path);
}

function partitionPath(root: string, index: number): string {
  return join(root, "partitions", String(index).padStart(4, "0"));
}

async function makeIfMissing(disk: Disk, path: string): Promise<void> {
  try {
    await disk.makeDirectory(path);
  } catch (error) {
    if (!isDiskError(error, "EEXIST")) throw error;
  }
}

async function refuseUnsafeFileSystem({ path, disk, unsafeFs }: DataDirectoryOptions): Promise<void> {
  if (unsafeFs === true) return;
  const { typeId } = await disk.fileSystem(path);
  const name = unsafeFileSystems.get(typeId);
  if (name === undefined) return;
  throw new DataDirectoryError(`${path} lies on ${name}, where acknowledged data can be lost; use a local file system`);
}

/** null when the directory was never formatted. */
async function readFormat(disk: Disk, root: string): Promise<DirectoryFormat | null> {
  const path = join(root, "format.json");
  let file: number;
  try {
    file = await disk.open(path, "read");
  } catch (error) {
    if (isDiskError(error, "ENOENT")) return null;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(disk.factsSync(file).sizeBytes);
    await disk.pread(file, [bytes], 0);
    const format = parseFormat(bytes.toString("utf8"));
    if (typeof format === "string") throw new DataDirectoryError(`${path}: ${format}`);
    return format;
  } finally {
    disk.closeSync(file);
  }
}

/** `format.json` is written last: a directory without it holds nothing yet. */
async function formatDirectory(options: DataDirectoryOptions): Promise<DirectoryFormat> {
  const { path, disk, random, clock } = options;
  assert(options.partitions > 0, "a data directory has a partition");
  await refuseForeignContent(disk, path);
  await makeIfMissing(disk, join(path, "control"));
  await makeIfMissing(disk, join(path, "partitions"));
  const indexes = Array.from({ length: options.partitions }, (_, index) => index);
  for (const index of indexes) await createPartitionDirectories(disk, partitionPath(path, index));
  await disk.fsyncDirectory(join(path, "partitions"));
  const format: DirectoryFormat = {
    format: formatNumber,
    nodeEpoch: random.bytes(8).toString("hex"),
    createdMs: clock.nowMs(),
    partitions: indexes.map((index) => ({ index, volume: "default" })),
  };
  await writeFormat(disk, path, format);
  return format;
}

async function writeFormat(disk: Disk, root: string, format: DirectoryFormat): Promise<void> {
  const path = join(root, "format.json.new");
  const file = await disk.open(path, "create");
  try {
    await disk.pwrite(file, Buffer.from(`${JSON.stringify(format, null, 2)}\n`), 0);
    await disk.fdatasync(file);
  } finally {
    disk.closeSync(file);
  }
  await disk.rename(path, join(root, "format.json"));
  await disk.fsyncDirectory(root);
}

/** Formats only what is empty, but for the traces of a format that a crash interrupted. */
async function refuseForeignContent(disk: Disk, root: string): Promise<void> {
  const names = await disk.readDirectory(root);
  const foreign = names.find((name) => !ownNames.has(name));
  if (foreign !== undefined) {
    throw new DataDirectoryError(`${root} holds "${foreign}" and no format.json: name an empty directory`);
  }
  if (names.includes("format.json.new")) await disk.unlink(join(root, "format.json.new"));
  const stores = names.includes("partitions") ? await disk.readDirectory(join(root, "partitions")) : [];
  const environments = [join(root, "control"), ...stores.map((name) => join(root, "partitions", name, "meta"))];
  for (const path of environments) {
    if (await isFilled(disk, path)) {
      throw new DataDirectoryError(`${path} holds data but format.json is missing: restore it before starting`);
    }
  }
}

async function isFilled(disk: Disk, path: string): Promise<boolean> {
  try {
    return (await disk.readDirectory(path)).length > 0;
  } catch (error) {
    if (isDiskError(error, "ENOENT")) return false;
    throw error;
  }
}
