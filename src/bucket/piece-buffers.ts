/** Buffers for pieces of bodies on their way out: taken by a body for its life and given back, so that none is touched first twice. */

import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";

/** Two sizes, as most bodies are far below the largest piece. */
const sizes = [storageLimits.frameBytes, limits.directReadBytesMax] as const;
const idle = new Map<number, Buffer[]>(sizes.map((size) => [size, []]));

/** A buffer of at least `bytes`, at most `limits.directReadBytesMax`; its contents are another body's. */
export function takePieceBuffer(bytes: number): Buffer {
  const size = sizes.find((each) => each >= bytes) ?? bytes;
  return idle.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
}

/** Gives a buffer back; nobody may hold a view of it. At most `limits.pieceBuffersIdleMax` of a size are kept. */
export function givePieceBuffer(buffer: Buffer): void {
  const kept = idle.get(buffer.length);
  if (kept !== undefined && kept.length < limits.pieceBuffersIdleMax) kept.push(buffer);
}
