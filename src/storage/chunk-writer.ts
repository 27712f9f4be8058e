/** Turns the frames of one chunk into its stored form, and hashes it on the way. */

import type { BucketId } from "../base/ids.ts";
import { dataKeyId } from "../keyring/data-key.ts";
import type { Hash, HashPool } from "./blake3.ts";
import { bindingOf, FrameCipher, frameTagBytes } from "./body-cipher.ts";
import type { ChunkTarget } from "./chunk-target.ts";
import { chunkHeaderBytes, encodeChunkHeader, frameSum, frameSumBytes, nonceSeed } from "./frames.ts";
import { type ChunkPlace, type StoredChunk, storedDigestBytes } from "./location.ts";

export interface ChunkWriterOptions {
  readonly target: ChunkTarget;
  readonly hashes: HashPool;
  readonly bucket: BucketId;
  /** 32 bytes. */
  readonly addressKey: Uint8Array;
  /** 32 bytes; null = not encrypted. */
  readonly dataKey: Uint8Array | null;
  /** 8 random bytes, never used for another chunk; 16 by `markSized` with a data key. */
  readonly nonce: Buffer;
  /** 0 when the size is not known yet. */
  readonly plainBytes: number;
}

export class ChunkWriter {
  readonly target: ChunkTarget;
  readonly #options: ChunkWriterOptions;
  readonly #seed: bigint;
  readonly #cipher: FrameCipher | null;
  readonly #addressHash: Hash;
  readonly #storedHash: Hash;
  #frames = 0;
  #plainBytes = 0;
  #storedBytes = 0;

  constructor(options: ChunkWriterOptions) {
    this.target = options.target;
    this.#options = options;
    this.#seed = nonceSeed(options.nonce);
    this.#cipher = options.dataKey === null ? null : new FrameCipher(options.dataKey, { ...options, isBound: true });
    this.#addressHash = options.hashes.take(options.addressKey);
    this.#storedHash = options.hashes.take(null);
  }

  /**
   * Writes the next frame; all but the last are full.
   * @param frame a buffer of `FramePool` whose data begins at byte 64; its header, tag and checksum are filled in here, and its data
   * is encrypted in its place
   * @param dataBytes length of the data
   * @throws DiskError
   */
  addFrame(frame: Buffer, dataBytes: number): void {
    const dataEnd = chunkHeaderBytes + dataBytes;
    const data = frame.subarray(chunkHeaderBytes, dataEnd);
    this.#addressHash.update(data);
    const sumAt = this.#cipher === null ? dataEnd : this.#seal(this.#cipher, frame, data);
    const tag = sumAt === dataEnd ? null : frame.subarray(dataEnd, sumAt);
    frame.writeBigUInt64LE(frameSum(data, this.#seed, this.#frames, tag), sumAt);
    if (this.#frames === 0) this.#writeHeader(frame);
    const stored = frame.subarray(this.#frames === 0 ? 0 : chunkHeaderBytes, sumAt + frameSumBytes);
    this.target.write(stored, this.#storedBytes);
    this.#storedHash.update(stored);
    this.#frames += 1;
    this.#plainBytes += dataBytes;
    this.#storedBytes += stored.length;
  }

  /** @returns where the tag ends */
  #seal(cipher: FrameCipher, frame: Buffer, data: Buffer): number {
    const tagAt = chunkHeaderBytes + data.length;
    frame.set(cipher.seal(data, this.#frames), tagAt);
    return tagAt + frameTagBytes;
  }

  #writeHeader(frame: Buffer): void {
    const { bucket, nonce, plainBytes, dataKey } = this.#options;
    encodeChunkHeader(frame, { bucket, nonce, plainBytes, keyId: dataKey === null ? null : dataKeyId(dataKey) });
  }

  /** Ends the chunk, once; what `refs` keeps of it, but for its place. */
  seal(): SealedChunk {
    const { hashes, addressKey, bucket, nonce, dataKey } = this.#options;
    const sizeBytes = this.#plainBytes;
    this.target.complete();
    const address = this.#addressHash.digest();
    const storedDigest = this.#storedHash.digest().subarray(0, storedDigestBytes);
    // What is keyed for one object would only crowd out the keys that come again.
    if (dataKey === null) hashes.give(addressKey, this.#addressHash);
    hashes.give(null, this.#storedHash);
    return {
      target: this.target,
      address,
      sizeBytes,
      storedBytes: this.#storedBytes,
      storedDigest,
      nonce,
      binding: dataKey === null ? null : bindingOf(dataKey, { bucket, address, nonce, sizeBytes }),
    };
  }
}

/** A chunk that is written, not yet durable. */
export interface SealedChunk extends Omit<StoredChunk, "place"> {
  readonly target: ChunkTarget;
}

export function placeChunk(chunk: SealedChunk, place: ChunkPlace): StoredChunk {
  const { address, sizeBytes, storedBytes, storedDigest, nonce, binding } = chunk;
  return { address, sizeBytes, storedBytes, storedDigest, nonce, binding, place };
}
