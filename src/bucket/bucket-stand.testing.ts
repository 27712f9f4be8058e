/** A bucket on metadata in memory, for tests: bodies that are only named, a clock that is set by hand, crashes. */

import { createHash } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { HybridClock } from "../base/hlc.ts";
import { bucketId } from "../base/ids.ts";
import { systemRandom } from "../base/random.ts";
import type { Checksum } from "../s3/checksum-algorithms.ts";
import type { StoredBody } from "../storage/body.ts";
import type { BodyWriter } from "../storage/chunk-store.ts";
import { GarbageSequence } from "../storage/gc.ts";
import type { ChunkPlace, StoredChunk } from "../storage/location.ts";
import { createMemoryMetadata } from "../storage/memory-trees.ts";
import { BucketActor, type BucketPorts } from "./actor.ts";
import type { BodySource, BucketMessageType, BucketReply, BucketRequest, ObjectToDelete } from "./messages.ts";

export const MiB = 1024 * 1024;
const heldRowsMax = 1000;
export const startMs = Date.UTC(2026, 0, 2, 3, 4, 5);

export class BucketStand {
  readonly bucket = bucketId("0123456789abcdef0123456789abcdef");
  readonly metadata = createMemoryMetadata();
  readonly garbage = new GarbageSequence(this.metadata.trees.gc);
  /** Copies given back to the chunk store, as `placeText` shows them. */
  readonly dropped: string[] = [];
  /** Bytes that the actor wrote to the chunk store itself. */
  readonly written: Buffer[] = [];
  /** The data keys of these. */
  readonly writtenWith: (Uint8Array | null)[] = [];
  nowMs = startMs;
  /** How far the monotonic clock goes on with every look at it. */
  tickMs = 0;
  #tickedMs = 0;
  yields = 0;
  /** Rows that `onDamage` was told of. */
  readonly damaged: string[] = [];
  readonly freeSpace: { isLow: boolean; spend(): void } = { isLow: false, spend: () => undefined };
  actor: BucketActor;
  /** Answers `decodeSlot`. */
  decodeSlot: BucketPorts["decodeSlot"] = () => {
    throw new Error("no slot was expected");
  };

  constructor() {
    this.actor = this.#activate();
  }

  /** What a kill -9 leaves: the committed rows. The next message meets a new actor. */
  crash(): void {
    this.actor = this.#activate();
  }

  /** What is read between turns stays as it is now, as while a commit is under way. @returns ends it */
  async holdCommits(): Promise<() => void> {
    const { trees } = this.metadata;
    const held = createMemoryMetadata();
    await held.transact((copy) => {
      for (const { key, value } of trees.buckets.range({ start: Buffer.alloc(0), limit: heldRowsMax })) {
        copy.buckets.put(key, value);
      }
    });
    Object.assign(this.metadata, { trees: { ...trees, buckets: held.trees.buckets } });
    return () => void Object.assign(this.metadata, { trees });
  }

  ask<T extends BucketMessageType>(type: T, request: BucketRequest<T>): Promise<BucketReply<T>> {
    return this.actor.ask(type, request);
  }

  /** Puts a body under a key without conditions or metadata. */
  put(key: string, body: StoredBody): Promise<BucketReply<"object.put">> {
    return this.ask("object.put", { key, source: stored(body), metadata: {}, preconditions: {} });
  }

  #activate(): BucketActor {
    const clock: Clock = {
      nowMs: () => this.nowMs,
      monotonicMs: () => {
        this.#tickedMs += this.tickMs;
        return this.nowMs + this.#tickedMs;
      },
      after: () => ({ cancel: () => undefined }),
      every: () => ({ cancel: () => undefined }),
    };
    return new BucketActor({
      address: { bucket: this.bucket, partition: 0 },
      metadata: this.metadata,
      chunks: {
        write: ({ expectedBytes, dataKey = null }) => {
          this.writtenWith.push(dataKey);
          return this.#writer(expectedBytes);
        },
        drop: (place) => void this.dropped.push(placeText(place)),
      },
      garbage: this.garbage,
      freeSpace: this.freeSpace,
      clock,
      hlc: new HybridClock(clock, 1),
      random: systemRandom,
      decodeSlot: (slot, length, plan) => this.decodeSlot(slot, length, plan),
      onDamage: (error) => void this.damaged.push(error.tree),
      yieldTurn: async () => {
        this.yields += 1;
      },
    });
  }

  #writer(expectedBytes: number | null): BodyWriter {
    const pieces: Buffer[] = [];
    return {
      write: (plain) => void pieces.push(Buffer.from(plain)),
      backlog: () => null,
      finish: async () => {
        const bytes = Buffer.concat(pieces);
        if (bytes.length !== expectedBytes) throw new Error(`${bytes.length} bytes, not ${expectedBytes}`);
        this.written.push(bytes);
        return [chunk(bytes.toString("hex"), bytes.length)];
      },
      abort: () => undefined,
    };
  }
}

/** A delete that names no version and has no conditions. */
export function plainDelete(key: string): ObjectToDelete {
  return { key, versionId: null, preconditions: {}, bypassGovernance: false, markerOwnerId: null };
}

let copies = 0;

/** A copy of the chunk of this name: the same address each time, another place. */
export function chunk(name: string, sizeBytes: number): StoredChunk {
  copies += 1;
  const address = createHash("sha256").update(`${name} ${sizeBytes}`).digest();
  const place: ChunkPlace = { kind: "file", epoch: 0, unique: copies.toString(16).padStart(16, "0") };
  const storedBytes = sizeBytes + 72;
  return {
    address,
    sizeBytes,
    storedBytes,
    storedDigest: address.subarray(0, 16),
    nonce: Buffer.alloc(8),
    binding: null,
    place,
  };
}

/** A stored body of chunks of these names, all but the last 4 MiB long; without names an empty one. */
export function bodyOf(names: readonly string[], lastBytes = 4 * MiB, checksum: Checksum | null = null): StoredBody {
  const chunks = names.map((name, index) => chunk(name, index === names.length - 1 ? lastBytes : 4 * MiB));
  const sizeBytes = chunks.reduce((total, each) => total + each.sizeBytes, 0);
  const md5 = createHash("md5").update(`${names.join()} ${sizeBytes}`).digest();
  return { sizeBytes, md5, checksum, inline: null, chunks };
}

export function inlineBody(text: string): StoredBody {
  const inline = Buffer.from(text);
  return {
    sizeBytes: inline.length,
    md5: createHash("md5").update(inline).digest(),
    checksum: null,
    inline,
    chunks: [],
  };
}

export function stored(body: StoredBody): BodySource {
  return { kind: "stored", body };
}

export function placeText(place: ChunkPlace): string {
  return place.kind === "file" ? place.unique : `${place.segment}:${place.offset}`;
}
