/**
 * Changes of one key's history, in two steps: a plan, which judges and reads, and its carrying out, which only writes. So
 * a damaged row is met before anything of its key is written. What changes is decided by the tables of `versioning.ts`.
 */

import { assert } from "../base/assert.ts";
import type { Stamp } from "../base/hlc.ts";
import { versionKey } from "../storage/keys.ts";
import type { ObjectRecord } from "../storage/record.ts";
import { refuseLocked } from "./locks.ts";
import type { TotalsChange, Turn } from "./turn.ts";
import { newestVersion, readCurrent, readOlderNull } from "./version-rows.ts";
import { type Effect, effectOf, namedNull, nullPlaceOf } from "./versioning.ts";

export interface RemovalPlan {
  /** Once, in the turn of the plan. */
  write(): HistoryTotals;
}

export interface AdditionPlan {
  /** Of the version that is added. */
  readonly nullStamp: Stamp | null;
  /** Logical bytes of the versions that make way. */
  readonly freedBytes: number;
  /** 1 when an object that is added is one more that a listing shows. */
  readonly addedObjects: number;
  /** Once, in the turn of the plan. */
  write(version: ObjectRecord): HistoryTotals;
}

/** What a change of a history makes of the totals. */
export type HistoryTotals = Required<Pick<TotalsChange, "storedBytes" | "objects" | "versions">>;

/**
 * Adds a version as the newest. At most 5 rows, the totals and attributes apart.
 * @param head the key's newest version, as `Turn.head` found it
 * @throws S3Error AccessDenied when a version that is locked would make way; CorruptRecordError
 */
export function planAddition(turn: Turn, key: string, head: ObjectRecord | null, isNull: boolean): AdditionPlan {
  const effect = effectOf(nullPlaceOf(head), isNull ? "add null" : "add new");
  assert(effect !== null, "every history takes another version");
  const gone = goneOf(turn, key, head, effect);
  for (const each of gone) refuseLocked(turn, key, each, false);
  const below = head !== null && effect.head === "goes below" ? lowered(turn, key, head) : null;
  return {
    nullStamp: namedNull(effect, head),
    freedBytes: bytesOf(gone),
    addedObjects: isObject(head) ? 0 : 1,
    write: (version) => {
      for (const each of gone) letGo(turn, key, each, each === head);
      if (below !== null) turn.writeVersion(key, below);
      if (isObject(head) && version.isDeleteMarker) turn.removeCurrent(key);
      writeHead(turn, key, version);
      return changeOf({ gone, added: version, oldHead: head, newHead: version });
    },
  };
}

/**
 * Removes one version; the next older one becomes the head. At most 5 rows, the totals and attributes apart.
 * @param target a version of the key, as `findVersion` found it
 * @param bypassGovernance the client asks for it, and may
 * @throws S3Error AccessDenied when the version is locked; CorruptRecordError
 */
export function planRemoval(
  turn: Turn,
  key: string,
  head: ObjectRecord,
  target: ObjectRecord,
  bypassGovernance = false,
): RemovalPlan {
  refuseLocked(turn, key, target, bypassGovernance);
  const isHead = Buffer.compare(head.stamp, target.stamp) === 0;
  const change = target.isNullVersion ? "remove null" : isHead ? "remove head" : "remove older";
  const effect = effectOf(nullPlaceOf(head), change);
  assert(effect !== null, "a version that was found is there");
  const nullStamp = namedNull(effect, head);
  if (effect.head === "stays") {
    const renamed = nullStamp === head.nullStamp ? null : { ...wholeOf(turn, key, head), nullStamp };
    return {
      write: () => {
        letGo(turn, key, target, false);
        if (renamed !== null) writeHead(turn, key, renamed);
        return changeOf({ gone: [target], added: null, oldHead: head, newHead: head });
      },
    };
  }
  // While versioning is Off a key has one version.
  const older = turn.row.versioning === "Off" ? null : newestVersion(turn.rowsOf(key), head.stamp);
  const next: ObjectRecord | null =
    older === null ? null : { ...older, nullStamp: older.isNullVersion ? null : nullStamp };
  return {
    write: () => {
      letGo(turn, key, target, true);
      if (isObject(target) && !isObject(next)) turn.removeCurrent(key);
      if (next !== null) raise(turn, key, next);
      return changeOf({ gone: [target], added: null, oldHead: head, newHead: next });
    },
  };
}

/** Versions that make way for the one that is added. */
function goneOf(turn: Turn, key: string, head: ObjectRecord | null, effect: Effect): ObjectRecord[] {
  if (head === null) return [];
  const gone = effect.head === "is let go" ? [head] : [];
  return effect.olderNull === "is let go" ? [...gone, readOlderNull(turn.rowsOf(key), head)] : gone;
}

/** The head as it stands below another version; null when its row stays as it is. */
function lowered(turn: Turn, key: string, head: ObjectRecord): ObjectRecord | null {
  if (head.isDeleteMarker && head.nullStamp === null) return null;
  return { ...wholeOf(turn, key, head), nullStamp: null };
}

/** Makes the newest row of `versions` the head: an object moves to `current`, a marker stays where it is. */
function raise(turn: Turn, key: string, next: ObjectRecord): void {
  if (isObject(next)) turn.removeVersion(key, next.stamp);
  if (isObject(next) || next.nullStamp !== null) writeHead(turn, key, next);
}

/** A head that was read in brief, with its inline body. @throws CorruptRecordError */
export function wholeOf(turn: Turn, key: string, head: ObjectRecord): ObjectRecord {
  if (head.location?.kind !== "inline") return head;
  const whole = readCurrent(turn.rowsOf(key), "whole");
  assert(whole !== null, "an object that is newest stands in current");
  return whole;
}

/** What it holds goes to the collector, its attributes and its row of `versions` go; a row of `current` is left to the caller. */
function letGo(turn: Turn, key: string, version: ObjectRecord, isHead: boolean): void {
  turn.release(version.location);
  if (version.hasAttributeRows) turn.removeAttributes(versionKey(turn.bucket, key, version.stamp));
  if (!isHead || version.isDeleteMarker) turn.removeVersion(key, version.stamp);
}

function writeHead(turn: Turn, key: string, head: ObjectRecord): void {
  if (head.isDeleteMarker) turn.writeVersion(key, head);
  else turn.writeCurrent(key, head);
}

function isObject(version: ObjectRecord | null): boolean {
  return version !== null && !version.isDeleteMarker;
}

interface Difference {
  readonly gone: readonly ObjectRecord[];
  readonly added: ObjectRecord | null;
  readonly oldHead: ObjectRecord | null;
  readonly newHead: ObjectRecord | null;
}

/** Every version is counted once: in `objects` when it is an object and newest, else in `versions`. */
function changeOf({ gone, added, oldHead, newHead }: Difference): HistoryTotals {
  const objects = Number(isObject(newHead)) - Number(isObject(oldHead));
  const versions = Number(added !== null) - gone.length - objects;
  const storedBytes = (added?.sizeBytes ?? 0) - bytesOf(gone);
  return { storedBytes, objects, versions };
}

function bytesOf(versions: readonly ObjectRecord[]): number {
  return versions.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
}
