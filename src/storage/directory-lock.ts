/** Locks a data directory for the life of its process. Owns the dependency on fs-native-extensions: Node has no file locks. */

import { closeSync, openSync, readFileSync } from "node:fs";
import { tryLock } from "fs-native-extensions";
import type { Clock } from "../base/clock.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { type Disk, isDiskError } from "./disk.ts";

/** Another process uses the data directory. The command line exits with code 75 (EX_TEMPFAIL) then. */
export class DirectoryLockedError extends Error {
  override readonly name = "DirectoryLockedError";
}

export interface DirectoryLock {
  /** Ends the lock; the end of the process does so too, however it ends. */
  release(): void;
}

export interface DirectoryLockOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** How long to try: a restarted process may meet its predecessor's last moments. Default `storageLimits.directoryLockWaitMs`. */
  readonly waitMs?: number;
}

/**
 * Takes an exclusive lock on the file at `path`, which is made if missing and holds the owner's process id for people to read.
 * Rejects with DirectoryLockedError after `waitMs`, or DiskError.
 */
export async function lockDirectory(path: string, options: DirectoryLockOptions): Promise<DirectoryLock> {
  const { disk, clock } = options;
  const file = openLockFile(disk, path);
  const deadlineMs = clock.monotonicMs() + (options.waitMs ?? storageLimits.directoryLockWaitMs);
  try {
    while (!tryLock(file)) {
      if (clock.monotonicMs() >= deadlineMs) throw new DirectoryLockedError(describe(path));
      await new Promise<void>((resolve) => {
        // Not through the clock's `after`: that timer would not keep the process alive while it waits.
        setTimeout(resolve, storageLimits.directoryLockRetryMs);
      });
    }
    disk.truncateSync(file, 0);
    disk.pwriteSync(file, Buffer.from(`${process.pid}\n`), 0);
  } catch (error) {
    disk.closeSync(file);
    throw error;
  }
  let isHeld = true;
  return {
    release: () => {
      if (!isHeld) return;
      isHeld = false;
      disk.closeSync(file);
    },
  };
}

/** True when no process holds the lock, or there is none. @throws Error of the operating system */
export function isLockFree(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, "r+");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return true;
    throw error;
  }
  try {
    return tryLock(file);
  } finally {
    closeSync(file);
  }
}

function openLockFile(disk: Disk, path: string): number {
  try {
    return disk.openSync(path, "create");
  } catch (error) {
    if (!isDiskError(error, "EEXIST")) throw error;
    return disk.openSync(path, "write");
  }
}

function describe(path: string): string {
  return `${path} is locked by process ${readFileSync(path, "utf8").trim()}: another node uses this data directory`;
}
