/** A partition's directory in the system's temporary directory, for tests. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { type BucketId, bucketId } from "../base/ids.ts";
import { systemRandom } from "../base/random.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { ChunkStore, type ChunkStoreOptions } from "./chunk-store.ts";
import { createPartitionDirectories } from "./data-directory.ts";
import { systemDisk } from "./disk.ts";
import type { StoredChunk } from "./location.ts";

export const fixtureBucket: BucketId = bucketId("0123456789abcdef0123456789abcdef");
export const fixtureKey: Buffer = Buffer.alloc(32, 7);

/** A new empty directory, and what removes it. */
export function temporaryDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "troupe-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface PartitionFixture {
  readonly directory: string;
  /** Opens a store of lane 0; options override the defaults. */
  store(overrides?: Partial<ChunkStoreOptions>): ChunkStore;
  reader(overrides?: { readonly openFilesMax?: number }): ChunkReader;
  remove(): void;
}

export async function createPartitionFixture(): Promise<PartitionFixture> {
  const { path, remove } = temporaryDirectory();
  const directory = join(path, "0000");
  await createPartitionDirectories(systemDisk, directory);
  return {
    directory,
    store: (overrides) =>
      ChunkStore.open({
        directory,
        partition: 0,
        lane: 0,
        disk: systemDisk,
        random: systemRandom,
        clock: systemClock,
        onVolumeError: () => undefined,
        endOfSegment: () => 0,
        segmentBytes: 4 * 1024 * 1024,
        ...overrides,
      }),
    reader: (overrides) => new ChunkReader({ directory, disk: systemDisk, clock: systemClock, ...overrides }),
    remove,
  };
}

/** Stores a body that arrives in the given pieces. */
export async function storeBody(
  store: ChunkStore,
  pieces: readonly Uint8Array[],
  expectedBytes: number | null,
): Promise<StoredChunk[]> {
  const body = store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes });
  for (const piece of pieces) body.write(piece);
  return body.finish();
}

/** All plain bytes of the chunks, in order. */
export function readBody(reader: ChunkReader, chunks: readonly StoredChunk[]): Buffer {
  return Buffer.concat(chunks.map((chunk) => Buffer.from(reader.readSync(chunk, 0, chunk.sizeBytes))));
}
