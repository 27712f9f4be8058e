/** What a bucket actor is given: everything outside of it that it may touch. */

import type { BodyPlan } from "../auth/body-plan.ts";
import type { Clock } from "../base/clock.ts";
import type { HybridClock } from "../base/hlc.ts";
import type { Random } from "../base/random.ts";
import type { StoredBody } from "../storage/body.ts";
import type { ChunkStore } from "../storage/chunk-store.ts";
import type { RoomGauge } from "../storage/free-space.ts";
import type { GarbageSequence } from "../storage/gc.ts";
import type { CorruptRecordError } from "../storage/sealed-row.ts";
import type { Metadata } from "../storage/trees.ts";
import type { BucketAddress } from "./messages.ts";

export interface BucketPorts {
  readonly address: BucketAddress;
  /** Of the bucket's partition; shared by its actors. */
  readonly metadata: Metadata;
  readonly chunks: Pick<ChunkStore, "write" | "drop">;
  /** The partition's one sequence, shared with its collector. */
  readonly garbage: GarbageSequence;
  /** Of the partition's volume; absent where space never ends. */
  readonly freeSpace?: RoomGauge;
  readonly clock: Clock;
  /** May be shared by the actors of a thread; an actor raises it to the bucket's stored high-water mark. */
  readonly hlc: HybridClock;
  readonly random: Random;
  /**
   * Decodes and verifies a body that came in one slot. The answer owns its bytes: nothing in it is a view of the slot.
   * Synchronous when the body becomes inline. @throws S3Error of the body (BadDigest, IncompleteBody, …)
   */
  decodeSlot(slot: number, length: number, plan: BodyPlan): StoredBody | Promise<StoredBody>;
  /** Told of a damaged row that a message met; its client gets InternalError. For the log. */
  readonly onDamage?: (error: CorruptRecordError) => void;
  /** Length of a day of lifecycle rules; absent: a day. */
  readonly dayMs?: number;
  /** Told after a commit that changed the bucket's lifecycle rules. */
  readonly onLifecycle?: () => void;
  /** Resolves in a later turn of the event loop. */
  yieldTurn(): Promise<void>;
}
