/**
 * The bytes of an object on their way out: chunk after chunk, every frame verified, never ended short. Holds a read epoch
 * until it is closed, so that what it reads is not collected or moved away meanwhile.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { ResponseBody } from "../model/http.ts";
import type { ChunkKey, ChunkReader } from "../storage/chunk-reader.ts";
import type { Location } from "../storage/location.ts";
import { chunksFrom, type PlacedChunk } from "../storage/object-chunks.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import type { Snapshot } from "../storage/trees.ts";
import { givePieceBuffer, takePieceBuffer } from "./piece-buffers.ts";

export interface ObjectBodyOptions {
  readonly bucket: BucketId;
  readonly location: Location;
  /** Of the object's bytes: first, and how many. */
  readonly start: number;
  readonly length: number;
  readonly snapshot: Snapshot;
  readonly chunks: Pick<ChunkReader, "read">;
  /** Of an encrypted object; null = it is stored as it is. */
  readonly key: ChunkKey | null;
  /** Called once, by `close`. */
  leave(): void;
}

export class ObjectBody implements ResponseBody {
  readonly length: number;
  readonly #options: ObjectBodyOptions;
  readonly #end: number;
  #position: number;
  /** Resolved, the first of them holding `#position`. */
  #resolved: PlacedChunk[] = [];
  /** Read before it was asked for, or left over from a piece that was longer than asked. */
  #ahead: Uint8Array | Promise<Uint8Array> | null = null;
  #buffer: Buffer | null = null;
  #isClosed = false;

  constructor(options: ObjectBodyOptions) {
    this.#options = options;
    this.length = options.length;
    this.#position = options.start;
    this.#end = options.start + options.length;
  }

  /**
   * Reads the first piece at once, so that damage is known before an answer begins. While reads are asynchronous it is
   * only begun, and `read` answers with its promise.
   * @throws CorruptRecordError, CorruptChunkError, DiskError
   */
  readAhead(): void {
    const ahead = this.#readPiece(limits.directReadBytesMax);
    // Unless the body is closed before, `read` hands the promise on, and with it its rejection.
    if (ahead instanceof Promise) ahead.catch(() => undefined);
    this.#ahead = ahead;
  }

  /** @throws (or rejects with) CorruptRecordError, CorruptChunkError, MissingChunkError, DiskError */
  read(bytesMax: number): Uint8Array | Promise<Uint8Array> {
    assert(!this.#isClosed && bytesMax > 0, "an open body is read by some bytes at a time");
    const piece = this.#ahead ?? this.#readPiece(Math.min(bytesMax, limits.directReadBytesMax));
    this.#ahead = null;
    return piece instanceof Promise ? piece.then((read) => this.#cut(read, bytesMax)) : this.#cut(piece, bytesMax);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#buffer !== null) givePieceBuffer(this.#buffer);
    this.#buffer = null;
    this.#options.leave();
  }

  #cut(piece: Uint8Array, bytesMax: number): Uint8Array {
    if (piece.length <= bytesMax) return piece;
    this.#ahead = piece.subarray(bytesMax);
    return piece.subarray(0, bytesMax);
  }

  /** The next piece, up to a frame's end where one is within reach: no frame is verified twice. */
  #readPiece(bytesMax: number): Uint8Array | Promise<Uint8Array> {
    assert(this.#position < this.#end, "bytes are due");
    const chunk = this.#chunk();
    const from = this.#position - chunk.start;
    const last = Math.min(chunk.sizeBytes, this.#end - chunk.start);
    let to = Math.min(last, from + bytesMax);
    if (to < last) {
      const frameEnd = to - (to % storageLimits.frameBytes);
      if (frameEnd > from) to = frameEnd;
    }
    const piece = this.#options.chunks.read(chunk, from, to, this.#options.key);
    this.#position = chunk.start + to;
    return piece instanceof Promise ? piece : this.#own(piece);
  }

  /** What a synchronous read answers belongs to the reader, and its next read is another body's. */
  #own(piece: Uint8Array): Uint8Array {
    if (this.#buffer !== null && this.#buffer.length < piece.length) {
      givePieceBuffer(this.#buffer);
      this.#buffer = null;
    }
    this.#buffer ??= takePieceBuffer(piece.length);
    this.#buffer.set(piece);
    return this.#buffer.subarray(0, piece.length);
  }

  #chunk(): PlacedChunk {
    while (this.#resolved.length > 0) {
      const [chunk] = this.#resolved;
      if (chunk !== undefined && this.#position < chunk.start + chunk.sizeBytes) return chunk;
      this.#resolved.shift();
    }
    const { snapshot, bucket, location } = this.#options;
    snapshot.refresh();
    this.#resolved = chunksFrom(snapshot.trees, bucket, location, this.#position, limits.chunksResolvedMax);
    const [chunk] = this.#resolved;
    if (chunk === undefined || chunk.start > this.#position) {
      throw new CorruptRecordError("manifests", identifierOf(location), `no chunk holds byte ${this.#position}`);
    }
    return chunk;
  }
}

function identifierOf(location: Location): Uint8Array {
  switch (location.kind) {
    case "inline":
      return new Uint8Array(0);
    case "chunk":
      return location.address;
    case "manifest":
      return location.id;
  }
}
