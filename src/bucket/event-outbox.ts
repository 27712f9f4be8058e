/**
 * The outbox of a bucket's events: a turn that changes an object writes what it tells beside it, in the same commit, so that
 * an event is neither lost nor told of what did not happen. The dispatcher reads it from a snapshot and has rows taken out.
 */

import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import {
  type EventCause,
  type EventName,
  type ObjectEvent,
  rulesFor,
  type TestEvent,
  targetOf,
} from "../s3/notification.ts";
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
  readonly event: ObjectEvent | TestEvent;
  /** Unix ms: from then on it is tried. */
  readonly sinceMs: number;
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
    sinceMs: turn.nowMs,
    rules: matched.map(({ id, arn }) => ({ id, target: targetOf(arn) })),
  };
  putWaiting(turn, waiting);
}

function putWaiting(turn: Turn, waiting: WaitingEvent): void {
  const key = eventKey(turn.bucket, "waiting", turn.seq, turn.nextEvent());
  turn.trees.events.put(key, encodeEvent(key, waiting));
}

/** Tells every target of the notification configuration that it is one. Source: AWS, "s3:TestEvent". */
export function testTargets(
  memory: BucketMemory,
  { requestId, hostId }: BucketRequest<"events.test">,
): Promise<BucketReply<"events.test">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    turn.requireRoom();
    const configured = turn.configuration("notification");
    if (configured === null) return {};
    const event = { name: "s3:TestEvent", timeMs: turn.nowMs, bucket: configured.bucket, requestId, hostId } as const;
    for (const target of new Set(configured.rules.map(({ arn }) => targetOf(arn)))) {
      putWaiting(turn, { event, sinceMs: turn.nowMs, rules: [{ id: "", target }] });
    }
    turn.writeTotals({}, null);
    return {};
  });
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
      const waiting = waitingOf(key, value);
      if (waiting.event.name === "s3:TestEvent" || isGone(turn)) continue;
      const deadKey = movedKey(turn, key, "dead");
      events.put(deadKey, encodeEvent(deadKey, waiting));
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

/** Nobody can ask for the dead letters of a bucket that is being deleted. */
function isGone(turn: Turn): boolean {
  const { objects, versions } = turn.memory.totals(turn.nowMs);
  return turn.row.state === "closed" && objects === 0 && versions === 0;
}

/** The row holds what this module packed. @throws CorruptRecordError */
function waitingOf(key: Buffer, value: Buffer): WaitingEvent {
  return decodeEvent(key, value) as WaitingEvent;
}

function movedKey(turn: Turn, key: Buffer, space: "waiting" | "dead"): Buffer {
  const end = key.length;
  return eventKey(turn.bucket, space, Number(key.readBigUInt64BE(end - 10)), key.readUInt16BE(end - 2));
}

const deadPerTurn = Math.floor(limits.turnRowsMax / 2 / 4);

/** Once the bucket is empty and closed: what waits is still delivered, what is dead goes. @returns whether there may be more */
export function dropDeadEvents(turn: Turn): boolean {
  if (!isGone(turn)) return false;
  const keys = turn.trees.events.keys({ ...prefixRange(eventPrefix(turn.bucket, "dead")), limit: deadPerTurn });
  for (const key of keys) turn.trees.events.remove(key);
  return keys.length === deadPerTurn;
}

/** Reads from `after` on, exclusive. @throws CorruptRecordError */
export function deadEvents(
  { ports, bucket }: BucketMemory,
  { after, limit }: BucketRequest<"events.dead">,
): BucketReply<"events.dead"> {
  ports.metadata.refresh();
  const range = prefixRange(eventPrefix(bucket, "dead"));
  const start = after === null ? range.start : successor(Buffer.from(after, "hex"));
  if (start === undefined || Buffer.compare(start, range.start) < 0) return { events: [], next: null };
  const rows = ports.metadata.trees.events.range({ ...range, start, limit: limit + 1 });
  const events = rows.slice(0, limit).map(({ key, value }) => {
    const { event, rules } = waitingOf(key, value);
    return { id: key.toString("hex"), event, targets: rules.map(({ target }) => target) };
  });
  return { events, next: rows.length > limit ? (events.at(-1)?.id ?? null) : null };
}

/** Drops dead letters, or has them tried again as if they were new; all of them, or those that are there of `ids`. */
export async function redeemEvents(
  memory: BucketMemory,
  { ids, isSentAgain }: BucketRequest<"events.redeem">,
): Promise<BucketReply<"events.redeem">> {
  const named = ids === null ? null : new Set(ids);
  const redeemSome = (turn: Turn): { count: number; last: Buffer | undefined } => {
    turn.requireOpen();
    if (isSentAgain) turn.requireRoom();
    const { events } = turn.trees;
    const range = prefixRange(eventPrefix(turn.bucket, "dead"));
    const rows = events.range({ ...range, start, limit: deadPerTurn });
    let count = 0;
    for (const { key, value } of rows) {
      if (named !== null && !named.has(key.toString("hex"))) continue;
      events.remove(key);
      count += 1;
      if (!isSentAgain) continue;
      const waitingKey = movedKey(turn, key, "waiting");
      events.put(waitingKey, encodeEvent(waitingKey, { ...waitingOf(key, value), sinceMs: turn.nowMs }));
    }
    return { count, last: rows.length === deadPerTurn ? rows.at(-1)?.key : undefined };
  };
  let start = prefixRange(eventPrefix(memory.bucket, "dead")).start;
  let count = 0;
  for (;;) {
    const redeemed = await memory.turn(redeemSome);
    count += redeemed.count;
    const next = redeemed.last === undefined ? undefined : successor(redeemed.last);
    if (next === undefined) return { count };
    start = next;
  }
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
      if (value !== undefined) found.push({ bucket, id, ...waitingOf(key, value) });
    }
    start = successor(bucketKey(bucket));
  }
  return found;
}
