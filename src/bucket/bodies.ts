/**
 * Bodies before and after their turn: decoded or taken as stored, moved to the chunk store when a record has no room for
 * them, and their copies dropped when the turn refuses or finds that a chunk is there already.
 */

import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";
import type { StoredBody } from "../storage/body.ts";
import type { StoredChunk } from "../storage/location.ts";
import { recordTailBytesMax } from "../storage/record.ts";
import {
  encodeAttributes,
  encodesAttributes,
  encodeTailWithoutAttributes,
  type RecordTail,
} from "../storage/record-tail.ts";
import type { BodySource } from "./messages.ts";
import type { BucketPorts } from "./ports.ts";
import type { BucketMemory, Turn } from "./turn.ts";

/** A write that comes with a body. */
export interface BodyWrite<R> {
  readonly source: BodySource;
  /** Bytes of this body that may stand in the record. @throws S3Error when the write can be refused at once */
  room(body: StoredBody): number;
  /** The turn. Chunks that were there already are pushed to `unused`. */
  turn(turn: Turn, body: StoredBody, unused: StoredChunk[]): R;
}

/**
 * Prepares the body, runs the turn, and drops what no row names afterwards. When the body is at hand the turn is queued
 * before this returns, so that writes of one tick share a commit.
 */
export async function writeBody<R>(memory: BucketMemory, write: BodyWrite<R>): Promise<R> {
  const { ports } = memory;
  const prepared = prepare(ports, write.source);
  let body = prepared instanceof Promise ? await prepared : prepared;
  const unused: StoredChunk[] = [];
  let result: R;
  try {
    const room = write.room(body);
    if (body.inline !== null && body.inline.length > room) body = await toChunks(ports, write.source, body);
    const ready = body;
    result = await memory.turn((turn) => write.turn(turn, ready, unused));
  } catch (error) {
    // A turn throws only before its first write, so that nothing names the copies.
    drop(ports, body.chunks);
    throw error;
  }
  drop(ports, unused);
  return result;
}

/**
 * @param encoded the whole tail
 * @returns the bytes of it that stand in the record in any case: attributes make room for a body
 * @throws S3Error MetadataTooLarge when a record of that would not fit a page even without its body
 */
export function judgeTail(tail: RecordTail, encoded: Uint8Array): number {
  const hasAttributes = encodesAttributes(tail);
  const bytes = hasAttributes ? encodeTailWithoutAttributes(tail).length : encoded.length;
  judgeBytes(bytes, recordTailBytesMax);
  if (hasAttributes) judgeAttributes(tail);
  return bytes;
}

/** @throws S3Error MetadataTooLarge when there is no room for them even in rows of their own */
export function judgeAttributes(tail: Pick<RecordTail, "metadata" | "stamps">): void {
  judgeBytes(encodeAttributes(tail).length, limits.attributesBytesMax);
}

function judgeBytes(bytes: number, bytesMax: number): void {
  if (bytes > bytesMax) {
    throw new S3Error("MetadataTooLarge", { Size: String(bytes), MaxSizeAllowed: String(bytesMax) });
  }
}

function prepare(ports: BucketPorts, source: BodySource): StoredBody | Promise<StoredBody> {
  return source.kind === "stored" ? source.body : ports.decodeSlot(source.slot, source.length, source.plan);
}

async function toChunks(ports: BucketPorts, source: BodySource, body: StoredBody): Promise<StoredBody> {
  const { inline } = body;
  if (inline === null || inline.length === 0) return { ...body, inline: null };
  if (source.kind === "stored") {
    throw new S3Error("InternalError", {}, { cause: new Error("a lane's inline body does not fit its record") });
  }
  const { bucket, addressKey } = source.plan;
  const writer = ports.chunks.write({ bucket, addressKey, expectedBytes: inline.length });
  writer.write(inline);
  return { ...body, inline: null, chunks: await writer.finish() };
}

function drop(ports: BucketPorts, chunks: readonly StoredChunk[]): void {
  for (const { place, address } of chunks) ports.chunks.drop(place, address);
}
