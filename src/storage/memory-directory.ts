/** Private directories for data that ends with its node: in memory where there is room. They are removed; what a killed process left is found. */

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { isLockFree } from "./directory-lock.ts";
import { type Disk, DiskError } from "./disk.ts";

/** Where Linux has a file system in memory that everybody may write to. */
const sharedMemory = "/dev/shm";
/** statfs(2) `f_type` of tmpfs. */
const tmpfs = 0x01021994;
const namePrefix = "troupe-memory-";

/** Makes an empty directory for one node, and removes those whose nodes have died. @throws Error of the operating system */
export async function makeMemoryDirectory(disk: Disk, clock: Clock): Promise<string> {
  const parent = (await hasRoom(disk)) ? sharedMemory : tmpdir();
  removeOrphans(parent, clock);
  return mkdtempSync(join(parent, namePrefix));
}

/** Removes the directory and everything in it. */
export async function removeMemoryDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

async function hasRoom(disk: Disk): Promise<boolean> {
  try {
    const { typeId, freeBytes } = await disk.fileSystem(sharedMemory);
    return typeId === tmpfs && freeBytes >= storageLimits.memoryFreeBytesMin;
  } catch (error) {
    // There is none on this system.
    if (error instanceof DiskError) return false;
    throw error;
  }
}

/** A directory whose lock nobody holds is left from a process that was killed; a young one may not have its lock yet. */
function removeOrphans(parent: string, clock: Clock): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(namePrefix)) continue;
    const path = join(parent, name);
    try {
      const isYoung = clock.nowMs() - statSync(path).mtimeMs < storageLimits.memoryOrphanAgeMs;
      if (!isYoung && isLockFree(join(path, "lock"))) rmSync(path, { recursive: true, force: true });
    } catch (error) {
      // Another user's, or another process removes it too: not ours to mind.
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }
}
