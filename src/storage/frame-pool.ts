/** Buffers for one frame each, with room for the header before it and the checksum behind it. */

import { storageLimits } from "../base/storage-limits.ts";
import { chunkHeaderBytes, frameTailBytes } from "./frames.ts";

/** Frames of at most this many bytes get a buffer of their own size instead of a pooled one. */
const smallFrameBytes = 16 * 1024;
const tailBytes = frameTailBytes(true);
const fullBufferBytes = chunkHeaderBytes + storageLimits.frameBytes + tailBytes;

/**
 * A body holds at most one buffer while a frame of it is incomplete, and none between its frames: thousands of open
 * bodies cost what their incomplete frames cost. Layout: header 64 | data | tag 16 of an encrypted frame | checksum 8.
 */
export class FramePool {
  #free: Buffer[] = [];

  /** A buffer for a frame of up to `dataBytes`; its contents are undefined. */
  take(dataBytes: number): Buffer {
    if (dataBytes <= smallFrameBytes) return Buffer.allocUnsafe(chunkHeaderBytes + dataBytes + tailBytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(fullBufferBytes);
  }

  give(buffer: Buffer): void {
    if (buffer.length === fullBufferBytes && this.#free.length < storageLimits.framePoolMax) this.#free.push(buffer);
  }
}
