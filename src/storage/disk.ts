/** The disk port: every byte that storage writes outside LMDB passes here, so that tests can count calls and inject faults. */

import * as fs from "node:fs";
import { promisify } from "node:util";

/** "read" an existing file, "write" an existing file (and read it), "create" a file that must not exist yet. */
export type OpenMode = "read" | "write" | "create";

export interface FileFacts {
  readonly sizeBytes: number;
  /** Number of names; 0 for an open file that was unlinked. */
  readonly linkCount: number;
  /** The later of the times of its last write and of its last rename; Unix ms. */
  readonly changedMs: number;
}

export interface FileSystemFacts {
  /** The kernel's magic number (statfs(2) `f_type`), unsigned 32 bits. */
  readonly typeId: number;
  readonly totalBytes: number;
  /** What an unprivileged process may still write. */
  readonly freeBytes: number;
}

/**
 * A failed call of the operating system. `code` is the errno name: ENOSPC is answered to clients as a full store,
 * ENOENT is for the caller to judge, and everything else (EIO, EROFS, EMFILE, …) is an internal error, never "not found".
 */
export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly code: string;
  readonly operation: string;

  constructor(code: string, operation: string, detail: string) {
    super(`${code} in ${operation}: ${detail}`);
    this.code = code;
    this.operation = operation;
  }
}

/** True when `error` is a `DiskError` with one of the codes. */
export function isDiskError(error: unknown, ...codes: readonly string[]): error is DiskError {
  return error instanceof DiskError && codes.includes(error.code);
}

/**
 * Every method throws or rejects with `DiskError`. Files are created 0600 and directories 0700.
 * Methods named `…Sync` block the calling thread; the others use libuv's pool.
 */
export interface Disk {
  openSync(path: string, mode: OpenMode): number;
  open(path: string, mode: OpenMode): Promise<number>;
  closeSync(file: number): void;
  /** Writes all of `bytes`. */
  pwriteSync(file: number, bytes: Uint8Array, position: number): void;
  pwrite(file: number, bytes: Uint8Array, position: number): Promise<void>;
  /** Fills the buffers in order from `position`; returns the bytes read, fewer only at the end of the file. */
  preadSync(file: number, buffers: readonly Uint8Array[], position: number): number;
  pread(file: number, buffers: readonly Uint8Array[], position: number): Promise<number>;
  fdatasync(file: number): Promise<void>;
  /** Sets the length; what is added reads as zeros and takes no space yet. */
  truncateSync(file: number, sizeBytes: number): void;
  factsSync(file: number): FileFacts;
  facts(path: string): Promise<FileFacts>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes names created, renamed or removed in the directory durable. */
  fsyncDirectory(path: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  readDirectorySync(path: string): string[];
  readDirectory(path: string): Promise<string[]>;
  fileSystem(path: string): Promise<FileSystemFacts>;
  fileSystemSync(path: string): FileSystemFacts;
}

const flags: Readonly<Record<OpenMode, string>> = { read: "r", write: "r+", create: "wx+" };
const fileMode = 0o600;
const directoryMode = 0o700;

const openCall = promisify(fs.open);
const writeCall = promisify(fs.write);
const readvCall = promisify(fs.readv);
const fdatasyncCall = promisify(fs.fdatasync);
const fsyncCall = promisify(fs.fsync);

/** Errors without an errno code are programmer errors and pass unchanged. */
function toDiskError(error: unknown, operation: string, detail: string): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("errno" in error)) return error;
  return new DiskError(String(error.code), operation, detail);
}

function attempt<R>(operation: string, target: string | number, call: () => R): R {
  try {
    return call();
  } catch (error) {
    throw toDiskError(error, operation, String(target));
  }
}

async function attemptAsync<R>(operation: string, target: string | number, call: () => Promise<R>): Promise<R> {
  try {
    return await call();
  } catch (error) {
    throw toDiskError(error, operation, String(target));
  }
}

function toFacts(stats: fs.Stats): FileFacts {
  return { sizeBytes: stats.size, linkCount: stats.nlink, changedMs: Math.max(stats.mtimeMs, stats.ctimeMs) };
}

function pwriteSync(file: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) done += fs.writeSync(file, bytes, done, bytes.length - done, position + done);
}

async function pwrite(file: number, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await writeCall(file, bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function preadSync(file: number, buffers: readonly Uint8Array[], position: number): number {
  const [first] = buffers;
  if (first !== undefined && buffers.length === 1) return fs.readSync(file, first, 0, first.length, position);
  return fs.readvSync(file, buffers, position);
}

async function pread(file: number, buffers: readonly Uint8Array[], position: number): Promise<number> {
  const { bytesRead } = await readvCall(file, buffers, position);
  return bytesRead;
}

async function fsyncDirectory(path: string): Promise<void> {
  const file = await openCall(path, "r");
  try {
    await fsyncCall(file);
  } finally {
    fs.closeSync(file);
  }
}

function toFileSystemFacts({ type, bsize, blocks, bavail }: fs.StatsFs): FileSystemFacts {
  return { typeId: type >>> 0, totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}

/** The operating system's disk. */
export const systemDisk: Disk = {
  openSync: (path, mode) => attempt("open", path, () => fs.openSync(path, flags[mode], fileMode)),
  open: (path, mode) => attemptAsync("open", path, () => openCall(path, flags[mode], fileMode)),
  closeSync: (file) => attempt("close", file, () => fs.closeSync(file)),
  pwriteSync: (file, bytes, position) => attempt("pwrite", file, () => pwriteSync(file, bytes, position)),
  pwrite: (file, bytes, position) => attemptAsync("pwrite", file, () => pwrite(file, bytes, position)),
  preadSync: (file, buffers, position) => attempt("pread", file, () => preadSync(file, buffers, position)),
  pread: (file, buffers, position) => attemptAsync("pread", file, () => pread(file, buffers, position)),
  fdatasync: (file) => attemptAsync("fdatasync", file, () => fdatasyncCall(file)),
  truncateSync: (file, sizeBytes) => attempt("ftruncate", file, () => fs.ftruncateSync(file, sizeBytes)),
  factsSync: (file) => attempt("fstat", file, () => toFacts(fs.fstatSync(file))),
  facts: (path) => attemptAsync("stat", path, async () => toFacts(await fs.promises.stat(path))),
  rename: (from, to) => attemptAsync("rename", from, () => fs.promises.rename(from, to)),
  unlink: (path) => attemptAsync("unlink", path, () => fs.promises.unlink(path)),
  fsyncDirectory: (path) => attemptAsync("fsync", path, () => fsyncDirectory(path)),
  makeDirectory: (path) => attemptAsync("mkdir", path, () => fs.promises.mkdir(path, { mode: directoryMode })),
  removeDirectory: (path) => attemptAsync("rmdir", path, () => fs.promises.rmdir(path)),
  readDirectorySync: (path) => attempt("readdir", path, () => fs.readdirSync(path)),
  readDirectory: (path) => attemptAsync("readdir", path, () => fs.promises.readdir(path)),
  fileSystem: (path) => attemptAsync("statfs", path, async () => toFileSystemFacts(await fs.promises.statfs(path))),
  fileSystemSync: (path) => attempt("statfs", path, () => toFileSystemFacts(fs.statfsSync(path))),
};
