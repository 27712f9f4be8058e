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
  /** Number of partitions when the directory is formatted, at least one for each volume; a formatted one keeps its own. */
  readonly partitions: number;
  /** Further volumes: absolute paths over which the partitions of a new directory are spread beside `path`. */
  readonly volumes?: readonly string[];
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

/** `format.json` while it is being written. */
const newFormatName = "format.json.new";

/** What may stand in a directory without `format.json`: a format that a crash interrupted, and what a new volume holds. */
const ownNames: ReadonlySet<string> = new Set([
  "lock",
  "ballast",
  "control",
  "partitions",
  newFormatName,
  "lost+found",
]);

export class DataDirectory {
  readonly path: string;
  readonly format: DirectoryFormat;
  readonly #locks: readonly DirectoryLock[];

  private constructor(path: string, format: DirectoryFormat, locks: readonly DirectoryLock[]) {
    this.path = path;
    this.format = format;
    this.#locks = locks;
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
    const locks: DirectoryLock[] = [];
    try {
      locks.push(await lock(options, path));
      const format = (await readFormat(disk, path)) ?? (await formatDirectory(options));
      for (const volume of volumesOf(options, format)) locks.push(await lock(options, volume));
      const directory = new DataDirectory(path, { ...format, format: formatNumber }, locks);
      await directory.#check(disk);
      if (format.format !== formatNumber) await raiseFormat(disk, path, format);
      await directory.#emptyTemporary(disk);
      return directory;
    } catch (error) {
      for (const held of locks) held.release();
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
    const partition = this.format.partitions[index];
    assert(partition !== undefined, "a partition of this directory");
    return partitionPath(rootOf(this.path, partition.volume), index);
  }

  /** The LMDB environment of partition `index`. */
  metadataPath(index: number): string {
    return join(this.partitionPath(index), "meta");
  }

  /** Ends the lock. Everything inside is closed before. */
  close(): void {
    for (const held of this.#locks) held.release();
  }

  async #check(disk: Disk): Promise<void> {
    const expected = [
      this.controlPath,
      ...this.format.partitions.flatMap(({ index }) =>
        partitionDirectories.map((name) => join(this.partitionPath(index), name)),
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
      const path = join(this.partitionPath(index), "tmp");
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

/** Name, in the format, of the volume that is the data directory itself; others are named by their absolute paths. */
const ownVolume = "default";

function rootOf(path: string, volume: string): string {
  return volume === ownVolume ? path : volume;
}

function lock({ disk, clock, lockWaitMs }: DataDirectoryOptions, root: string): Promise<DirectoryLock> {
  const wait = lockWaitMs === undefined ? {} : { waitMs: lockWaitMs };
  return lockDirectory(join(root, "lock"), { disk, clock, ...wait });
}

/**
 * The further volumes that hold partitions.
 * @throws DataDirectoryError for one that is configured and holds none: adding it later is not possible yet
 */
function volumesOf({ path, volumes = [] }: DataDirectoryOptions, format: DirectoryFormat): string[] {
  const used = new Set(format.partitions.map(({ volume }) => volume));
  const unused = volumes.find((volume) => !used.has(volume));
  if (unused !== undefined) {
    throw new DataDirectoryError(`${unused} holds no partition of ${path}: volumes are taken in when it is formatted`);
  }
  return [...used].filter((volume) => volume !== ownVolume);
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

/** Gives a directory of an older format this version's number, before anything else is written to it. */
async function raiseFormat(disk: Disk, root: string, format: DirectoryFormat): Promise<void> {
  // A crash may have left half of an earlier attempt.
  const names = await disk.readDirectory(root);
  if (names.includes(newFormatName)) await disk.unlink(join(root, newFormatName));
  await writeFormat(disk, root, { ...format, format: formatNumber });
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
  const volumes = [ownVolume, ...(options.volumes ?? [])];
  await refuseForeignContent(disk, path);
  for (const volume of volumes.slice(1)) await prepareVolume(options, volume);
  await makeIfMissing(disk, join(path, "control"));
  const count = Math.max(options.partitions, volumes.length);
  const partitions = Array.from({ length: count }, (_, index) => ({
    index,
    volume: volumes[index % volumes.length] ?? ownVolume,
  }));
  for (const root of volumes.map((volume) => rootOf(path, volume))) await makeIfMissing(disk, join(root, "partitions"));
  for (const { index, volume } of partitions)
    await createPartitionDirectories(disk, partitionPath(rootOf(path, volume), index));
  for (const root of volumes.map((volume) => rootOf(path, volume))) {
    await disk.fsyncDirectory(join(root, "partitions"));
    await disk.fsyncDirectory(root);
  }
  const format: DirectoryFormat = {
    format: formatNumber,
    nodeEpoch: random.bytes(8).toString("hex"),
    createdMs: clock.nowMs(),
    partitions,
  };
  await writeFormat(disk, path, format);
  return format;
}

/** A further volume is made or taken empty; another installation's is refused. */
async function prepareVolume(options: DataDirectoryOptions, volume: string): Promise<void> {
  assert(isAbsolute(volume), "a volume is named by an absolute path");
  await makeIfMissing(options.disk, volume);
  await refuseUnsafeFileSystem({ ...options, path: volume });
  await refuseForeignContent(options.disk, volume);
}

async function writeFormat(disk: Disk, root: string, format: DirectoryFormat): Promise<void> {
  const path = join(root, newFormatName);
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
  if (names.includes(newFormatName)) await disk.unlink(join(root, newFormatName));
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
