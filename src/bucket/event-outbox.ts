/**
 * The outbox of a bucket's events: a turn that changes an object writes what it tells beside it, in the same commit, so that
 * an event is neither lost nor told of what did not happen. The dispatcher reads it from a snapshot and has rows taken out.
 */

import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { type EventCause, type EventName, type ObjectEvent, rulesFor, targetOf } from "../s3/notification.ts";
import { decodeEvent, encodeEvent } from "../storage/event-rows.ts";
import { bucketKey, bucketOf, eventKey, eventPrefix, prefixRange, successor } from "../storage/keys.ts";
import type { Snapshot } from "../storage/trees.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory, Turn } from "./turn.ts";

/** What a turn knows of an event beside its bucket and its cause. */
export interface Happening {
  readonly name: EventName;
  readonly key: string;
  readonly sizeBytes: number | null;
  readonly etag: string | null;
  readonly versionId: string | null;
}

/** What stands in the outbox. */
export interface WaitingEvent {
  readonly event: ObjectEvent;
  readonly rules: readonly { readonly id: string; readonly target: string }[];
}

/** What the product does by itself is caused so. Source: AWS, events of lifecycle rules. */
export const ownCause: EventCause = {
  principalId: "s3.amazonaws.com",
  sourceAddress: "s3.amazonaws.com",
  requestId: "",
  hostId: "",
};

/** Writes an event that rules ask for: one row. After all judging, and before the turn's totals. */
export function writeEvent(turn: Turn, cause: EventCause | undefined, happening: Happening): void {
  if (cause === undefined) return;
  const configured = turn.configuration("notification");
  if (configured === null) return;
  const matched = rulesFor(configured.rules, happening.name, happening.key);
  if (matched.length === 0) return;
  const { bucket, ownerId, region } = configured;
  const { principalId, sourceAddress, requestId, hostId } = cause;
  const waiting: WaitingEvent = {
    event: {
      name: happening.name,
      timeMs: turn.nowMs,
      bucket,
      ownerId,
      region,
      key: happening.key,
      sizeBytes: happening.sizeBytes,
      etag: happening.etag,
      versionId: happening.versionId,
      seq: turn.seq,
      principalId,
      sourceAddress,
      requestId,
      hostId,
    },
    rules: matched.map(({ id, arn }) => ({ id, target: targetOf(arn) })),
  };
  const key = eventKey(turn.bucket, "waiting", turn.seq, turn.nextEvent());
  turn.trees.events.put(key, encodeEvent(key, waiting));
}

/** Takes events out: delivered ones for good, dead ones into the dead letters, of which the oldest give way. */
export function settleEvents(
  memory: BucketMemory,
  { delivered, dead }: BucketRequest<"events.settle">,
): Promise<BucketReply<"events.settle">> {
  return memory.turn((turn) => {
    const { events } = turn.trees;
    for (const id of delivered) events.remove(Buffer.from(id, "hex"));
    for (const id of dead) {
      const key = Buffer.from(id, "hex");
      const value = events.get(key);
      if (value === undefined) continue;
      events.remove(key);
      const { seq, index } = placeOf(key);
      const deadKey = eventKey(turn.bucket, "dead", seq, index);
      events.put(deadKey, encodeEvent(deadKey, decodeEvent(key, value)));
    }
    if (dead.length > 0) dropOldestDead(turn);
    return {};
  });
}

function dropOldestDead(turn: Turn): void {
  const range = prefixRange(eventPrefix(turn.bucket, "dead"));
  const keys = turn.trees.events.keys({ ...range, limit: limits.deadEventsPerBucketMax + limits.eventsHeldMax });
  for (const key of keys.slice(0, -limits.deadEventsPerBucketMax)) turn.trees.events.remove(key);
}

function placeOf(key: Buffer): { seq: number; index: number } {
  const end = key.length;
  return { seq: Number(key.readBigUInt64BE(end - 10)), index: key.readUInt16BE(end - 2) };
}

/** An event as the dispatcher finds it. */
export interface FoundEvent extends WaitingEvent {
  readonly bucket: BucketId;
  /** Its row's key in hex. */
  readonly id: string;
}

/**
 * Events that wait in a partition and are not known, at most `limits.eventsPerBucketScanMax` rows of a bucket being looked at,
 * so that one bucket whose target is away does not hide the others.
 * @throws CorruptRecordError
 */
export function waitingEvents(
  snapshot: Snapshot,
  limit: number,
  isKnown: (bucket: BucketId, id: string) => boolean,
): FoundEvent[] {
  snapshot.refresh();
  const { events } = snapshot.trees;
  const found: FoundEvent[] = [];
  for (let start: Buffer | undefined = Buffer.alloc(0); start !== undefined && found.length < limit; ) {
    const [first] = events.keys({ start, limit: 1 });
    if (first === undefined) break;
    const bucket = bucketOf(first);
    const range = { ...prefixRange(eventPrefix(bucket, "waiting")), limit: limits.eventsPerBucketScanMax };
    for (const key of events.keys(range)) {
      const id = key.toString("hex");
      if (found.length >= limit || isKnown(bucket, id)) continue;
      const value = events.get(key);
      // The row holds what `writeEvent` packed.
      if (value !== undefined) found.push({ bucket, id, ...(decodeEvent(key, value) as WaitingEvent) });
    }
    start = successor(bucketKey(bucket));
  }
  return found;
}
