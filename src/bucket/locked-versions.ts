/** Looking through a bucket for versions that are locked, before everything in it is removed. Reads only, in slices. */

import { limits } from "../base/limits.ts";
import { isLocked } from "../s3/object-lock.ts";
import { decodeVersionKey, objectKeyOf, objectPrefix, prefixRange } from "../storage/keys.ts";
import { decodeBrief, hasLock, type ObjectRecord } from "../storage/record.ts";
import type { ReadTrees } from "../storage/trees.ts";
import { lockOf } from "./locks.ts";
import type { BucketReply, BucketRequest, LockedVersion } from "./messages.ts";
import type { BucketMemory } from "./turn.ts";
import { versionIdOf } from "./version-id.ts";

const walkedTrees = ["current", "versions"] as const;
type WalkedTree = (typeof walkedTrees)[number];

/** Slices of one message: others of the partition get in between, and the answer comes in time. */
const slicesPerAsk = 50;

interface Slice {
  readonly locked: readonly LockedVersion[];
  /** Key of the last row looked at; null: the tree has no more. */
  readonly lastKey: Buffer | null;
}

/** One step of a walk over all versions. A bucket without object lock has none that are locked. @throws CorruptRecordError */
export async function lockedVersions(
  memory: BucketMemory,
  { after, bypassGovernance }: BucketRequest<"bucket.locked">,
): Promise<BucketReply<"bucket.locked">> {
  const { metadata, yieldTurn, clock } = memory.ports;
  const { trees } = metadata;
  metadata.refresh();
  memory.load(trees);
  const locked: LockedVersion[] = [];
  if (memory.committed(trees, "objectLock", clock.nowMs()).value === null) return { locked, next: null };
  let place = placeOf(after);
  for (let slices = 0; slices < slicesPerAsk; slices++) {
    if (slices > 0) {
      await yieldTurn();
      metadata.refresh();
    }
    const slice = lookThrough(memory, trees, place, bypassGovernance);
    locked.push(...slice.locked);
    if (slice.lastKey !== null) place = { tree: place.tree, after: slice.lastKey };
    else if (place.tree === "current") place = { tree: "versions", after: null };
    else return { locked, next: null };
  }
  return { locked, next: cursorOf(place) };
}

interface Place {
  readonly tree: WalkedTree;
  /** Key of a row; null: from the beginning. */
  readonly after: Buffer | null;
}

function lookThrough(memory: BucketMemory, trees: ReadTrees, { tree, after }: Place, bypassGovernance: boolean): Slice {
  const { bucket } = memory;
  const range = prefixRange(objectPrefix(bucket, ""));
  const start = after === null ? range.start : Buffer.concat([after, Buffer.of(0)]);
  const found: { readonly key: string; readonly record: ObjectRecord }[] = [];
  let rows = 0;
  let lastKey: Buffer | null = null;
  trees[tree].visit({ ...range, start, limit: limits.listSliceRows }, (rowKey, value) => {
    rows += 1;
    lastKey = rowKey;
    if (hasLock(value)) found.push({ key: keyOf(tree, rowKey), record: decodeBrief(tree, rowKey, value) });
    return true;
  });
  const nowMs = memory.lockMs;
  const locked = found.flatMap(({ key, record }) => {
    const lock = lockOf({ trees, bucket }, key, record);
    if (lock === undefined || !isLocked(lock, nowMs, bypassGovernance)) return [];
    return [{ key, versionId: versionIdOf(record), lock }];
  });
  return { locked, lastKey: rows < limits.listSliceRows ? null : lastKey };
}

function keyOf(tree: WalkedTree, rowKey: Buffer): string {
  return tree === "current" ? objectKeyOf(rowKey) : decodeVersionKey(rowKey).key;
}

/** Base64 of: number of the tree, u8 | key of the last row. */
function cursorOf({ tree, after }: Place): string {
  return Buffer.concat([Buffer.of(walkedTrees.indexOf(tree)), after ?? Buffer.alloc(0)]).toString("base64");
}

function placeOf(cursor: string | null): Place {
  if (cursor === null) return { tree: "current", after: null };
  const bytes = Buffer.from(cursor, "base64");
  const after = bytes.subarray(1);
  return { tree: walkedTrees[bytes[0] ?? 0] ?? "current", after: after.length === 0 ? null : after };
}

/** Everything that is locked, as it was when each slice was looked at. */
export interface LockedFound {
  /** The first of them, at most `limits.lockedListedMax`. */
  readonly listed: readonly LockedVersion[];
  readonly count: number;
}

/** Asks until the walk has ended. @param ask sends `bucket.locked` */
export async function findLocked(
  ask: (request: BucketRequest<"bucket.locked">) => Promise<BucketReply<"bucket.locked">>,
  bypassGovernance: boolean,
): Promise<LockedFound> {
  const listed: LockedVersion[] = [];
  let count = 0;
  for (let after: string | null = null; ; ) {
    const { locked, next }: BucketReply<"bucket.locked"> = await ask({ after, bypassGovernance });
    listed.push(...locked.slice(0, limits.lockedListedMax - listed.length));
    count += locked.length;
    if (next === null) return { listed, count };
    after = next;
  }
}

/** Example: `"photos/1.jpg" version 3f2…: COMPLIANCE until 2027-01-02T03:04:05.000Z, legal hold`. */
export function lockedText({ key, versionId, lock }: LockedVersion): string {
  const { retention, legalHold } = lock;
  const reasons = [
    ...(retention === null ? [] : [`${retention.mode} until ${new Date(retention.untilMs).toISOString()}`]),
    ...(legalHold === true ? ["legal hold"] : []),
  ];
  return `${JSON.stringify(key)} version ${versionId}: ${reasons.join(", ")}`;
}
