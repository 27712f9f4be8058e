/** Reads ranges of stored chunks of one partition; every frame is verified before a byte of it is returned. */

import { assert } from "../base/assert.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { BucketId } from "../base/ids.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { FrameCipher, isBoundBy } from "./body-cipher.ts";
import { type Disk, isDiskError } from "./disk.ts";
import {
  chunkHeaderBytes,
  frameCount,
  frameOffset,
  frameSum,
  frameSumBytes,
  frameTailBytes,
  headerFault,
  isEncryptedNonce,
  nonceSeed,
} from "./frames.ts";
import type { StoredChunk } from "./location.ts";
import { type OpenFile, OpenFiles } from "./open-files.ts";
import { chunkFilePath, segmentPath } from "./partition-layout.ts";
import { ReadPace } from "./read-pace.ts";

/** What a read must know of a chunk: the row of `refs`. */
export type ReadableChunk = Pick<StoredChunk, "place" | "address" | "sizeBytes" | "storedBytes" | "nonce" | "binding">;

/** What opens an encrypted chunk. */
export interface ChunkKey {
  /** Whose chunk it is. */
  readonly bucket: BucketId;
  /** 32 bytes. */
  readonly dataKey: Uint8Array;
}

/** Stored bytes do not verify: damaged, torn, or another chunk's. The bytes are never returned. */
export class CorruptChunkError extends Error {
  override readonly name: string = "CorruptChunkError";
  readonly address: string;

  constructor(chunk: ReadableChunk, reason: string) {
    super(`${reason} (${describe(chunk)})`);
    this.address = Buffer.from(chunk.address).toString("hex");
  }
}

/** A referenced chunk has no file: damage to repair, never an object that does not exist. */
export class MissingChunkError extends CorruptChunkError {
  override readonly name = "MissingChunkError";
}

function describe({ place, address }: ReadableChunk): string {
  const where =
    place.kind === "segment"
      ? `segment ${place.segment} at ${place.offset}`
      : `file ${place.unique} in epoch ${place.epoch}`;
  return `chunk ${Buffer.from(address).toString("hex")}, ${where}`;
}

export interface ChunkReaderOptions {
  /** The partition's directory. */
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Default `storageLimits.openFilesMax`. */
  readonly openFilesMax?: number;
}

/** One per thread and partition. */
export class ChunkReader {
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #files: OpenFiles;
  readonly #pace: ReadPace;
  readonly #sweep: Timer;
  #scratch = Buffer.alloc(0);

  constructor(options: ChunkReaderOptions) {
    this.#directory = options.directory;
    this.#disk = options.disk;
    this.#clock = options.clock;
    this.#files = new OpenFiles(options.disk, options.openFilesMax ?? storageLimits.openFilesMax);
    this.#pace = new ReadPace(options.clock);
    this.#sweep = options.clock.every(storageLimits.openFileSweepMs, () => this.#files.sweep());
  }

  get openFiles(): number {
    return this.#files.count;
  }

  /**
   * Plain bytes `start` (inclusive) to `end` (exclusive) of a chunk. Reads only the frames of the range, and the header
   * when the range touches the first. Synchronous while the partition's recent synchronous reads were quick
   * (`storageLimits.slowReadMicros`), else a promise until a probe is quick again.
   *
   * What a synchronous read returns is valid until the reader's next call; what a promise resolves to stays valid.
   * @param key of an encrypted chunk; null = it is stored as it is
   * @throws CorruptChunkError, MissingChunkError, DiskError (or rejects with them)
   */
  read(
    chunk: ReadableChunk,
    start: number,
    end: number,
    key: ChunkKey | null = null,
  ): Uint8Array | Promise<Uint8Array> {
    return this.#pace.isSync() ? this.readSync(chunk, start, end, key) : this.#readAsync(chunk, start, end, key);
  }

  /** The same, always synchronous. */
  readSync(chunk: ReadableChunk, start: number, end: number, key: ChunkKey | null = null): Uint8Array {
    if (start === end) return new Uint8Array(0);
    const path = this.#path(chunk);
    const cached = this.#files.get(path);
    if (cached !== undefined) {
      const plain = this.#attemptSync(new FrameSpan(chunk, start, end, key), cached);
      if (typeof plain !== "string") return plain;
      // The name may belong to another file by now (a segment's number after a restart of its thread).
      this.#files.forget(cached);
    }
    const plain = this.#attemptSync(new FrameSpan(chunk, start, end, key), this.#openSync(chunk, path));
    if (typeof plain === "string") throw new CorruptChunkError(chunk, plain);
    return plain;
  }

  close(): void {
    this.#sweep.cancel();
    this.#files.closeAll();
  }

  async #readAsync(chunk: ReadableChunk, start: number, end: number, key: ChunkKey | null): Promise<Uint8Array> {
    if (start === end) return new Uint8Array(0);
    const path = this.#path(chunk);
    const cached = this.#files.get(path);
    if (cached !== undefined) {
      this.#files.hold(cached);
      const plain = await this.#attemptHeld(new FrameSpan(chunk, start, end, key), cached);
      if (typeof plain !== "string") return plain;
      this.#files.forget(cached);
    }
    const plain = await this.#attemptHeld(new FrameSpan(chunk, start, end, key), await this.#openHeld(chunk, path));
    if (typeof plain === "string") throw new CorruptChunkError(chunk, plain);
    return plain;
  }

  /** The bytes, or what is wrong with them. */
  #attemptSync(span: FrameSpan, open: OpenFile): Buffer | string {
    if (this.#scratch.length < span.bufferBytes) this.#scratch = Buffer.allocUnsafeSlow(span.bufferBytes);
    const startMs = this.#clock.monotonicMs();
    const readBytes = this.#disk.preadSync(open.file, span.buffers(this.#scratch), span.position);
    this.#pace.record(startMs, span.bufferBytes);
    return span.verify(this.#scratch, readBytes);
  }

  async #attemptHeld(span: FrameSpan, open: OpenFile): Promise<Buffer | string> {
    try {
      const buffer = Buffer.allocUnsafeSlow(span.bufferBytes);
      const readBytes = await this.#disk.pread(open.file, span.buffers(buffer), span.position);
      return span.verify(buffer, readBytes);
    } finally {
      this.#files.release(open);
    }
  }

  #openSync(chunk: ReadableChunk, path: string): OpenFile {
    try {
      return this.#files.openSync(path);
    } catch (error) {
      throw toMissing(error, chunk);
    }
  }

  async #openHeld(chunk: ReadableChunk, path: string): Promise<OpenFile> {
    try {
      return await this.#files.open(path);
    } catch (error) {
      throw toMissing(error, chunk);
    }
  }

  #path({ place, address }: ReadableChunk): string {
    return place.kind === "segment"
      ? segmentPath(this.#directory, place.segment)
      : chunkFilePath(this.#directory, place.epoch, address, place.unique);
  }
}

function toMissing(error: unknown, chunk: ReadableChunk): unknown {
  return isDiskError(error, "ENOENT") ? new MissingChunkError(chunk, "the file is missing") : error;
}

/**
 * The frames of one range. One frame is read as it lies on disk: header | data | checksum. Several are read with one
 * scattered read into data | checksums | header, so that their data lies together without being moved.
 */
class FrameSpan {
  readonly #chunk: ReadableChunk;
  readonly #key: ChunkKey | null;
  readonly #isEncrypted: boolean;
  /** Of what stands behind a frame's data. */
  readonly #tailBytes: number;
  readonly #start: number;
  readonly #end: number;
  readonly #firstFrame: number;
  readonly #frames: number;
  /** Plain bytes of the frames touched. */
  readonly #dataBytes: number;
  readonly #headerBytes: number;
  readonly #dataAt: number;
  readonly #headerAt: number;
  readonly #sumsAt: number;

  constructor(chunk: ReadableChunk, start: number, end: number, key: ChunkKey | null) {
    assert(start >= 0 && start < end && end <= chunk.sizeBytes, "a range lies inside its chunk");
    this.#chunk = chunk;
    this.#key = key;
    this.#isEncrypted = isEncryptedNonce(chunk.nonce);
    this.#tailBytes = frameTailBytes(this.#isEncrypted);
    this.#start = start;
    this.#end = end;
    this.#firstFrame = Math.floor(start / storageLimits.frameBytes);
    this.#frames = frameCount(end) - this.#firstFrame;
    const dataEnd = Math.min(chunk.sizeBytes, (this.#firstFrame + this.#frames) * storageLimits.frameBytes);
    this.#dataBytes = dataEnd - this.#firstFrame * storageLimits.frameBytes;
    this.#headerBytes = this.#firstFrame === 0 ? chunkHeaderBytes : 0;
    this.#dataAt = this.#frames === 1 ? this.#headerBytes : 0;
    this.#sumsAt = this.#dataAt + this.#dataBytes;
    this.#headerAt = this.#frames === 1 ? 0 : this.#sumsAt + this.#frames * this.#tailBytes;
  }

  /** Bytes to read, and size of the buffer for them. */
  get bufferBytes(): number {
    return this.#headerBytes + this.#dataBytes + this.#frames * this.#tailBytes;
  }

  /** Where in the file to read. */
  get position(): number {
    const { place } = this.#chunk;
    const base = place.kind === "segment" ? place.offset : 0;
    return base + frameOffset(this.#firstFrame, this.#isEncrypted) - this.#headerBytes;
  }

  /** Views of `buffer` in the order of the file. */
  buffers(buffer: Buffer): Buffer[] {
    if (this.#frames === 1) return [buffer.subarray(0, this.bufferBytes)];
    const views: Buffer[] = this.#headerBytes > 0 ? [this.#header(buffer)] : [];
    for (let index = 0; index < this.#frames; index += 1) {
      const tailAt = this.#tailAt(index);
      views.push(this.#data(buffer, index), buffer.subarray(tailAt, tailAt + this.#tailBytes));
    }
    return views;
  }

  /** The range's bytes, or what is wrong. */
  verify(buffer: Buffer, readBytes: number): Buffer | string {
    if (readBytes !== this.bufferBytes) return "the chunk is cut off";
    const fault = this.#headerBytes > 0 ? headerFault(this.#header(buffer), this.#chunk) : null;
    if (fault !== null) return fault;
    if (this.#isEncrypted !== (this.#key !== null)) {
      return this.#isEncrypted ? "the chunk is encrypted and has no key" : "the chunk is not encrypted and has a key";
    }
    if (!this.#isWhereItBelongs()) return "another key's or chunk's row, or another length";
    const cipher = this.#cipher();
    const seed = nonceSeed(this.#chunk.nonce);
    for (let index = 0; index < this.#frames; index += 1) {
      const frame = this.#firstFrame + index;
      const data = this.#data(buffer, index);
      const tailAt = this.#tailAt(index);
      const sumAt = tailAt + this.#tailBytes - frameSumBytes;
      const tag = cipher === null ? null : buffer.subarray(tailAt, sumAt);
      if (frameSum(data, seed, frame, tag) !== buffer.readBigUInt64LE(sumAt)) return `frame ${frame} is damaged`;
      if (cipher !== null && tag !== null && !cipher.open(data, tag, frame)) return `frame ${frame} is not authentic`;
    }
    const from = this.#dataAt - this.#firstFrame * storageLimits.frameBytes;
    return buffer.subarray(from + this.#start, from + this.#end);
  }

  #data(buffer: Buffer, index: number): Buffer {
    const from = this.#dataAt + index * storageLimits.frameBytes;
    return buffer.subarray(from, Math.min(this.#sumsAt, from + storageLimits.frameBytes));
  }

  #cipher(): FrameCipher | null {
    if (this.#key === null) return null;
    const { nonce, sizeBytes: plainBytes, binding } = this.#chunk;
    const { bucket, dataKey } = this.#key;
    return new FrameCipher(dataKey, { bucket, nonce, plainBytes, isBound: binding !== null });
  }

  /** Whether the row of `refs` was made for the chunk at this address, with this length. */
  #isWhereItBelongs(): boolean {
    const { address, nonce, sizeBytes, binding } = this.#chunk;
    if (this.#key === null || binding === null) return true;
    const { bucket, dataKey } = this.#key;
    return isBoundBy(dataKey, { bucket, address, nonce, sizeBytes }, binding);
  }

  #tailAt(index: number): number {
    return this.#sumsAt + index * this.#tailBytes;
  }

  #header(buffer: Buffer): Buffer {
    return buffer.subarray(this.#headerAt, this.#headerAt + chunkHeaderBytes);
  }
}
