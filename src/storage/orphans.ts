/** Finds chunk files that no row names: what a crash left between a file's rename and the commit of its metadata. */

import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { BucketId } from "../base/ids.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { ChunkCopy } from "./chunk-store.ts";
import { type Disk, isDiskError } from "./disk.ts";
import { chunkHeaderBytes, headerBucket } from "./frames.ts";
import type { ChunkPlace } from "./location.ts";
import { chunksPath, epochPath, parseChunkFileName, parseEpochNames } from "./partition-layout.ts";

export interface OrphanSweepOptions {
  /** The partition's directory. */
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  /** The place that `refs[bucket, address]` names, or null when there is no such row. */
  readonly placeOf: (bucket: BucketId, address: Uint8Array) => ChunkPlace | null;
  /** Removes the files: `ChunkStore.unlink`. */
  readonly unlink: (copies: readonly ChunkCopy[]) => Promise<void>;
  /** Default `storageLimits.orphanAgeMs`. */
  readonly ageMs?: number;
}

export interface OrphanSweep {
  readonly examined: number;
  readonly removed: number;
  /** Files whose header does not verify: nobody can tell whose they are, so they stay for the scrub to report. */
  readonly unreadable: number;
}

/**
 * Removes files that were last written and renamed more than `ageMs` ago and are not the place of any row. A file gets
 * its name when its body ends, and the commit follows within seconds, so that a younger file may still get its row.
 * Rejects with DiskError.
 */
export async function sweepOrphans(options: OrphanSweepOptions): Promise<OrphanSweep> {
  const { directory, disk, unlink } = options;
  let examined = 0;
  let removed = 0;
  let unreadable = 0;
  for (const epoch of parseEpochNames(await disk.readDirectory(chunksPath(directory)))) {
    const orphans: ChunkCopy[] = [];
    for (const name of await disk.readDirectory(epochPath(directory, epoch))) {
      const verdict = await judge(options, epoch, name);
      if (verdict === null) continue;
      examined += 1;
      if (verdict === "unreadable") unreadable += 1;
      else if (verdict !== "young" && verdict !== "live") orphans.push(verdict);
    }
    await unlink(orphans);
    removed += orphans.length;
  }
  return { examined, removed, unreadable };
}

/** The copy when it is an orphan; null when there is no such chunk file (any more). */
async function judge(
  options: OrphanSweepOptions,
  epoch: number,
  name: string,
): Promise<ChunkCopy | "young" | "live" | "unreadable" | null> {
  const { directory, disk, clock, placeOf } = options;
  const parts = parseChunkFileName(name);
  if (parts === null) return null;
  const path = join(epochPath(directory, epoch), name);
  try {
    const { changedMs } = await disk.facts(path);
    if (clock.nowMs() - changedMs < (options.ageMs ?? storageLimits.orphanAgeMs)) return "young";
    const bucket = await readBucket(disk, path);
    if (bucket === null) return "unreadable";
    const place = placeOf(bucket, parts.address);
    if (place?.kind === "file" && place.epoch === epoch && place.unique === parts.unique) return "live";
    return { place: { kind: "file", epoch, unique: parts.unique }, address: parts.address };
  } catch (error) {
    if (isDiskError(error, "ENOENT")) return null;
    throw error;
  }
}

async function readBucket(disk: Disk, path: string): Promise<BucketId | null> {
  const file = await disk.open(path, "read");
  try {
    const header = Buffer.alloc(chunkHeaderBytes);
    const readBytes = await disk.pread(file, [header], 0);
    return readBytes === chunkHeaderBytes ? headerBucket(header) : null;
  } finally {
    disk.closeSync(file);
  }
}
