/** Where one chunk's stored bytes go while they are written: an extent of a segment, or a file of its own. */

import type { ChunkPlace } from "./location.ts";

/** The steps in order: write…, complete, synced, name, nameDurable, settle; or abort at any point before settle. */
export interface ChunkTarget {
  /** Writes stored bytes at an offset of the chunk. @throws DiskError */
  write(bytes: Uint8Array, at: number): void;
  /** Nothing more will be written. */
  complete(): void;
  /** Resolves when the bytes are durable. */
  synced(): Promise<void>;
  /** Gives the chunk its final name, under which readers find it. */
  name(address: Uint8Array): Promise<ChunkPlace>;
  /** Resolves when the name is durable. */
  nameDurable(): Promise<void>;
  /** Frees what was held for the writing. */
  settle(): void;
  /** Removes what was written. Never throws; may be repeated. */
  abort(): void;
}
