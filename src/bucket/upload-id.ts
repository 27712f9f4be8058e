/**
 * Upload ids: opaque to clients; inside, the time of initiation and 16 random bytes, so that a key's uploads sort by
 * initiation and an upload's row is found without an index.
 */

import type { Random } from "../base/random.ts";
import { uploadIdBytes } from "../storage/keys.ts";

const timeBytes = 6;

/**
 * Unix ms (6, big-endian) | random (16).
 * Example: ms 1700000000000 and random bytes of 0x11 = `018bcfe56800` and `11` sixteen times.
 */
export function createUploadId(nowMs: number, random: Random): Buffer {
  const id = Buffer.allocUnsafe(uploadIdBytes);
  id.writeUIntBE(nowMs, 0, timeBytes);
  id.set(random.bytes(uploadIdBytes - timeBytes), timeBytes);
  return id;
}

/** The id as clients see it: 44 lower-case hex digits (no character that a shell or a URL treats specially). */
export function uploadIdText(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("hex");
}

/** Undefined for every text that `uploadIdText` cannot have made. */
export function parseUploadId(text: string): Buffer | undefined {
  return text.length === uploadIdBytes * 2 && /^[0-9a-f]+$/.test(text) ? Buffer.from(text, "hex") : undefined;
}

/** When the upload of this id was initiated, Unix ms. */
export function initiatedMsOf(id: Buffer): number {
  return id.readUIntBE(0, timeBytes);
}
