/** Writes one body: cuts it into chunks and frames as its bytes arrive, and makes them durable at its end. */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { HashPool } from "./blake3.ts";
import { markSized } from "./body-cipher.ts";
import type { ChunkTarget } from "./chunk-target.ts";
import { ChunkWriter, placeChunk, type SealedChunk } from "./chunk-writer.ts";
import type { FramePool } from "./frame-pool.ts";
import { chunkHeaderBytes, storedBytesOf } from "./frames.ts";
import { type ChunkPlace, cipherNonceBytes, nonceBytes, type StoredChunk } from "./location.ts";

/** The body is not as long as was said when its writing began. */
export class BodyLengthError extends Error {
  override readonly name = "BodyLengthError";
}

/** `abort` was called while `finish` waited. */
export class BodyAbortedError extends Error {
  override readonly name = "BodyAbortedError";
}

export interface BodyWriter {
  /**
   * Takes the next piece, of any size; `plain` is copied or written before this returns.
   * @throws DiskError (the body has failed then, and `abort` has been done), BodyLengthError
   */
  write(plain: Uint8Array): void;
  /** null, or what to wait for before the next `write` so that files not yet flushed stay few. Never rejects. */
  backlog(): Promise<void> | null;
  /**
   * Resolves when all bytes are durable, with the chunks in order; a body of 0 bytes has none. To be called once.
   * Order: bytes, fdatasync, rename and directory fsync (chunk files); the caller commits the metadata after it, then acknowledges.
   * Rejects with DiskError, BodyLengthError or BodyAbortedError; nothing of the body is kept then.
   */
  finish(): Promise<StoredChunk[]>;
  /** Gives everything up. May be called at any time and repeatedly; after a finished body it does nothing. */
  abort(): void;
}

/** What a body takes from its store. */
export interface BodyWriterPorts {
  readonly pool: FramePool;
  readonly hashes: HashPool;
  /** A target in a segment. */
  segmentTarget(storedBytes: number): ChunkTarget;
  /** A target in a file of its own. */
  fileTarget(): ChunkTarget;
  /** True when a chunk of that stored size may lie in a segment. */
  fitsSegment(storedBytes: number): boolean;
  /** As many random bytes. */
  nonce(bytes: number): Buffer;
  /** Asks for (or with a negative number gives back) memory for bodies of unknown length; false when there is none. */
  borrow(bytes: number): boolean;
  /** Told of every error that fails a body. */
  failed(error: unknown): void;
}

export interface BodyWriterOptions {
  readonly bucket: BucketId;
  /** 32 bytes: keys the addresses of the bucket's chunks. */
  readonly addressKey: Uint8Array;
  /** Encrypts the chunks; 32 bytes. Absent or null = they are stored as they are. */
  readonly dataKey?: Uint8Array | null;
  /** Plain bytes of the whole body, or null. */
  readonly expectedBytes: number | null;
}

export class StreamingBodyWriter implements BodyWriter {
  readonly #ports: BodyWriterPorts;
  readonly #options: BodyWriterOptions;
  readonly #sealed: SealedChunk[] = [];
  #state: "open" | "finishing" | "finished" | "failed" = "open";
  #bodyBytes = 0;
  /** The chunk being written; null before its first frame, or while it is not decided where it goes. */
  #chunk: ChunkWriter | null = null;
  #chunkBytes = 0;
  /** Full frames of a chunk of unknown size that may still become a small one. */
  #undecided: Buffer[] = [];
  #frame: Buffer | null = null;
  #frameBytes = 0;
  /** Chunk files whose flush has not ended, oldest first. */
  readonly #flushes: Promise<void>[] = [];

  constructor(ports: BodyWriterPorts, options: BodyWriterOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  write(plain: Uint8Array): void {
    assert(this.#state === "open", "only an open body is written");
    const { expectedBytes } = this.#options;
    try {
      if (expectedBytes !== null && this.#bodyBytes + plain.length > expectedBytes) {
        throw new BodyLengthError(`a body of ${expectedBytes} bytes is longer`);
      }
      for (let at = 0; at < plain.length; ) at += this.#take(plain, at);
    } catch (error) {
      this.#ports.failed(error);
      this.abort();
      throw error;
    }
  }

  backlog(): Promise<void> | null {
    return this.#flushes.length >= storageLimits.unsyncedChunkFilesMax ? (this.#flushes[0] ?? null) : null;
  }

  async finish(): Promise<StoredChunk[]> {
    assert(this.#state === "open", "a body is finished once");
    try {
      const { expectedBytes } = this.#options;
      if (expectedBytes !== null && expectedBytes !== this.#bodyBytes) {
        throw new BodyLengthError(`a body of ${expectedBytes} bytes ended after ${this.#bodyBytes}`);
      }
      this.#state = "finishing";
      if (this.#chunkBytes > 0) this.#endChunk();
      const chunks = await publish(this.#sealed);
      if (this.#isFailed()) throw new BodyAbortedError("the body was given up");
      this.#state = "finished";
      for (const { target } of this.#sealed) target.settle();
      return chunks;
    } catch (error) {
      this.#ports.failed(error);
      this.abort();
      throw error;
    }
  }

  abort(): void {
    if (this.#state === "finished" || this.#state === "failed") return;
    this.#state = "failed";
    this.#releaseFrame();
    for (const frame of this.#undecided.splice(0)) this.#giveUndecided(frame);
    this.#chunk?.target.abort();
    this.#chunk = null;
    for (const { target } of this.#sealed) target.abort();
  }

  /** Asked through a method, because `abort` may run while `finish` waits. */
  #isFailed(): boolean {
    return this.#state === "failed";
  }

  /** Plain bytes of the chunk being filled: exact for a known length, else the most it can be. */
  #chunkLimit(): number {
    const { expectedBytes } = this.#options;
    if (expectedBytes === null) return storageLimits.chunkBytesMax;
    const begun = this.#bodyBytes - this.#chunkBytes;
    return Math.min(storageLimits.chunkBytesMax, expectedBytes - begun);
  }

  /** Copies from `plain` into the current frame; returns how much. */
  #take(plain: Uint8Array, at: number): number {
    const chunkLimit = this.#chunkLimit();
    const frameLimit = Math.min(storageLimits.frameBytes, chunkLimit - (this.#chunkBytes - this.#frameBytes));
    this.#frame ??= this.#ports.pool.take(frameLimit);
    const taken = Math.min(frameLimit - this.#frameBytes, plain.length - at);
    this.#frame.set(
      taken === plain.length ? plain : plain.subarray(at, at + taken),
      chunkHeaderBytes + this.#frameBytes,
    );
    this.#frameBytes += taken;
    this.#chunkBytes += taken;
    this.#bodyBytes += taken;
    if (this.#frameBytes === frameLimit) this.#endFrame();
    if (this.#chunkBytes === chunkLimit) this.#endChunk();
    return taken;
  }

  #endFrame(): void {
    const frame = this.#frame;
    if (frame === null) return;
    if (this.#chunk === null && this.#options.expectedBytes !== null) this.#decide(this.#chunkLimit());
    if (this.#chunk === null && !this.#keepUndecided(frame)) this.#decide(0);
    this.#chunk?.addFrame(frame, this.#frameBytes);
    if (this.#chunk === null) this.#frame = null;
    this.#releaseFrame();
  }

  /** True when the frame waits in memory until it is known whether its chunk is a small one. */
  #keepUndecided(frame: Buffer): boolean {
    if (this.#chunkBytes > storageLimits.segmentChunkBytesMax) return false;
    if (!this.#ports.borrow(storageLimits.frameBytes)) return false;
    this.#undecided.push(frame);
    return true;
  }

  /**
   * Chooses where the chunk goes, and writes the frames that waited.
   * @param plainBytes its size, or 0 when it is not known: then it is a file
   */
  #decide(plainBytes: number): void {
    const { bucket, addressKey, dataKey = null } = this.#options;
    const storedBytes = storedBytesOf(plainBytes, dataKey !== null);
    const isSmall =
      plainBytes > 0 && plainBytes <= storageLimits.segmentChunkBytesMax && this.#ports.fitsSegment(storedBytes);
    const target = isSmall ? this.#ports.segmentTarget(storedBytes) : this.#ports.fileTarget();
    const { hashes } = this.#ports;
    const nonce =
      dataKey === null ? this.#ports.nonce(nonceBytes) : markSized(this.#ports.nonce(cipherNonceBytes), plainBytes > 0);
    this.#chunk = new ChunkWriter({ target, hashes, bucket, addressKey, dataKey, nonce, plainBytes });
    for (let frame = this.#undecided[0]; frame !== undefined; frame = this.#undecided[0]) {
      this.#chunk.addFrame(frame, storageLimits.frameBytes);
      this.#undecided.shift();
      this.#giveUndecided(frame);
    }
  }

  #endChunk(): void {
    if (this.#chunk === null && this.#chunkBytes > 0 && this.#options.expectedBytes === null) {
      this.#decide(this.#chunkBytes);
    }
    if (this.#frameBytes > 0) this.#endFrame();
    const chunk = this.#chunk;
    assert(chunk !== null, "a chunk has at least one frame");
    const sealed = chunk.seal();
    this.#chunk = null;
    this.#chunkBytes = 0;
    this.#sealed.push(sealed);
    if (sealed.sizeBytes > storageLimits.segmentChunkBytesMax) this.#watchFlush(sealed);
  }

  #watchFlush({ target }: SealedChunk): void {
    const ended = () => {
      this.#flushes.splice(this.#flushes.indexOf(flush), 1);
    };
    // A failed flush is found again by `finish`.
    const flush = target.synced().then(ended, ended);
    this.#flushes.push(flush);
  }

  #releaseFrame(): void {
    if (this.#frame !== null) this.#ports.pool.give(this.#frame);
    this.#frame = null;
    this.#frameBytes = 0;
  }

  #giveUndecided(frame: Buffer): void {
    this.#ports.borrow(-storageLimits.frameBytes);
    this.#ports.pool.give(frame);
  }
}

/** Makes written chunks durable and visible; every step waits for all chunks, so that they share flushes. */
async function publish(sealed: readonly SealedChunk[]): Promise<StoredChunk[]> {
  const [only] = sealed;
  if (only !== undefined && sealed.length === 1) return [await publishOne(only)];
  await allSettled(sealed.map(({ target }) => target.synced()));
  const places: ChunkPlace[] = [];
  for (let at = 0; at < sealed.length; at += storageLimits.fileOperationsInFlightMax) {
    const group = sealed.slice(at, at + storageLimits.fileOperationsInFlightMax);
    places.push(...(await allSettled(group.map(({ target, address }) => target.name(address)))));
  }
  await allSettled(sealed.map(({ target }) => target.nameDurable()));
  return sealed.map((chunk, index) => {
    const place = places[index];
    assert(place !== undefined, "every chunk has a place");
    return placeChunk(chunk, place);
  });
}

async function publishOne(chunk: SealedChunk): Promise<StoredChunk> {
  const { target, address } = chunk;
  await target.synced();
  const place = await target.name(address);
  await target.nameDurable();
  return placeChunk(chunk, place);
}

/** Like `Promise.all`, but throws only after all have ended: nothing goes on behind a body that has failed. */
async function allSettled<R>(promises: readonly Promise<R>[]): Promise<R[]> {
  const outcomes = await Promise.allSettled(promises);
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}
