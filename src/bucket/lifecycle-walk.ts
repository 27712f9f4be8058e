/**
 * The walk of a lifecycle pass, slice by slice: over current objects, then other versions, then open uploads, in the
 * ranges of keys that rules are for. It passes over what is too young by the record's head, and names what seems due;
 * the turn judges it again. Reads only.
 */

import { type Stamp, stampBytes } from "../base/hlc.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import {
  abortOf,
  dueBefore,
  expirationOf,
  type Lifecycle,
  type LifecycleAction,
  markerExpirationOf,
  noncurrentExpirationOf,
} from "../s3/lifecycle.ts";
import { readTail } from "../storage/attributes.ts";
import {
  decodeUploadKey,
  type KeyRange,
  objectKeyOf,
  objectPrefix,
  successor,
  uploadIdBytes,
  uploadPrefix,
  versionKey,
} from "../storage/keys.ts";
import { decodeBrief, isDeleteMarker, modifiedMsOf, type ObjectRecord } from "../storage/record.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import type { ReadTrees } from "../storage/trees.ts";
import { actionsIn, boundariesOf, type Interval, intervalAt, lifecycleIn } from "./lifecycle-intervals.ts";
import { initiatedMsOf } from "./upload-id.ts";
import type { VersionSelector } from "./version-id.ts";
import { behind } from "./version-walk.ts";

const phases = ["objects", "versions", "uploads"] as const;
type Phase = (typeof phases)[number];

/** The key among whose versions a slice ended. */
interface OpenKey {
  /** Its row in `current`, whether or not there is one. */
  readonly currentRow: Buffer;
  /** When the version passed last was made, which is the successor of the next; null: none was passed yet. */
  readonly successorMs: number | null;
  /** Noncurrent versions passed that stay: what goes in this pass no longer counts among those that are kept. */
  readonly noncurrent: number;
}

/** Where a pass goes on. */
export interface LifecyclePlace {
  readonly phase: Phase;
  /** What follows the tree's lead of the bucket in the next row's key, inclusive. */
  readonly from: Buffer;
  readonly openKey: OpenKey | null;
}

/** What seems due. */
export type Candidate =
  | { readonly kind: "expire object"; readonly key: string; readonly version: VersionSelector }
  | { readonly kind: "remove marker"; readonly key: string; readonly version: VersionSelector }
  | {
      readonly kind: "remove noncurrent";
      readonly key: string;
      readonly version: VersionSelector;
      /** Of this very version: the key may have another null version by the turn. */
      readonly stamp: Stamp;
      /** When it became noncurrent, as the walk has seen it: what made it so may be gone by the turn. */
      readonly noncurrentMs: number;
    }
  | { readonly kind: "abort upload"; readonly rowKey: Buffer };

export interface LifecycleSlice {
  readonly candidates: readonly Candidate[];
  /** null: the pass has come to its end. */
  readonly next: LifecyclePlace | null;
  readonly rows: number;
}

export interface LifecycleWalk {
  readonly trees: ReadTrees;
  readonly bucket: BucketId;
  readonly lifecycle: Lifecycle;
  readonly nowMs: number;
  readonly dayMs: number;
  /** Versions other than the current object exist only once versioning was set. */
  readonly hasVersions: boolean;
  /** Told of a damaged row, which is passed over. */
  readonly onDamage: (error: CorruptRecordError) => void;
  /** True from when on the slice reads no further row. */
  readonly isOver: () => boolean;
}

export const firstPlace: LifecyclePlace = { phase: "objects", from: Buffer.alloc(0), openKey: null };

/** Of a rule's tests of sizes and tags, as many cost as much as one row does. */
const testsPerRow = 8;
/** What a seek costs, in rows. */
const seekRows = 8;

/**
 * At most `limits.lifecycleSliceRows` rows, or what costs as much; at most `limits.lifecycleRemovalsPerTurn` candidates;
 * fewer, but one, when its time to read is over sooner, as it is where rows have to come from a disk.
 */
export function walkSlice(walk: LifecycleWalk, place: LifecyclePlace): LifecycleSlice {
  const slice = new Slice(walk, place);
  while (slice.hasRoom && !slice.isLate && slice.step());
  return slice.result();
}

class Slice {
  readonly #walk: LifecycleWalk;
  readonly #candidates: Candidate[] = [];
  #place: LifecyclePlace | null;
  #rows = 0;
  #cost = 0;
  #isOver = false;

  constructor(walk: LifecycleWalk, place: LifecyclePlace) {
    this.#walk = walk;
    this.#place = place;
  }

  get hasRoom(): boolean {
    if (this.#isOver || this.#cost >= limits.lifecycleSliceRows) return false;
    return this.#candidates.length < limits.lifecycleRemovalsPerTurn;
  }

  /** What was read is judged all the same. */
  get isLate(): boolean {
    return this.#rows > 0 && this.#walk.isOver();
  }

  result(): LifecycleSlice {
    return { candidates: this.#candidates, next: this.#place, rows: this.#rows };
  }

  /** Rows of one interval, or a seek to the next. @returns false at the end of the pass */
  step(): boolean {
    const place = this.#place;
    if (place === null) return false;
    const { phase } = place;
    const { actions, boundaries } = areaOf(this.#walk.lifecycle, phase);
    // However many rules there are, the first step of a slice leaves room for a row.
    this.#cost += seekRows + Math.min(limits.lifecycleSliceRows / 2, actions.length / testsPerRow);
    const interval = intervalAt(boundaries, place.from);
    if (interval === null || (phase === "versions" && !this.#walk.hasVersions)) this.#nextPhase(phase);
    else if (this.#isIdle(actionsIn(interval, actions))) this.#nextInterval(phase, interval);
    else this.#visit(place, interval);
    return this.#place !== null;
  }

  /** Nothing can be due yet. */
  #isIdle(actions: readonly LifecycleAction[]): boolean {
    return dueBefore(actions, this.#walk.nowMs, this.#walk.dayMs) === Number.NEGATIVE_INFINITY;
  }

  #nextPhase(phase: Phase): void {
    // Versions are judged as the expiration of objects has left them, wherever slices end.
    this.#isOver = this.#candidates.length > 0;
    const next = phases[phases.indexOf(phase) + 1];
    this.#place = next === undefined ? null : { phase: next, from: Buffer.alloc(0), openKey: null };
  }

  #nextInterval(phase: Phase, { end }: Interval): void {
    if (end === null) this.#nextPhase(phase);
    else this.#place = { phase, from: end, openKey: null };
  }

  #visit(place: LifecyclePlace, interval: Interval): void {
    const { phase } = place;
    const from = Buffer.compare(place.from, interval.start) > 0 ? place.from : interval.start;
    const rules = lifecycleIn(interval, this.#walk.lifecycle);
    const start = { phase, from, openKey: place.openKey };
    const last =
      phase === "objects"
        ? this.#visitObjects(start, interval, rules)
        : phase === "uploads"
          ? this.#visitUploads(start, interval, rules)
          : this.#visitVersions(start, interval, rules);
    if (last === null) this.#nextInterval(phase, interval);
    else this.#place = last;
  }

  /** @returns where to go on in this interval; null at its end */
  #visitObjects({ phase, from }: LifecyclePlace, interval: Interval, rules: Lifecycle): LifecyclePlace | null {
    const { bucket, nowMs, dayMs } = this.#walk;
    const lead = objectPrefix(bucket, "");
    const { rows, isEnd } = this.#fetch("current", rangeOf(lead, from, interval), rules.objects);
    for (const { rowKey, record } of rows) {
      if (!this.#passRow(record, rules.objects)) return { phase, from: rowKey.subarray(lead.length), openKey: null };
      if (record === null) continue;
      const key = objectKeyOf(rowKey);
      const due = expirationOf(rules, factsOf(this.#walk, key, record), dayMs);
      if (due === null || due.atMs > nowMs) continue;
      this.#candidates.push({ kind: "expire object", key, version: selectorOf(record) });
    }
    const last = rows.at(-1);
    if (last === undefined || isEnd) return null;
    return { phase, from: behind(last.rowKey).subarray(lead.length), openKey: null };
  }

  #visitUploads({ phase, from }: LifecyclePlace, interval: Interval, rules: Lifecycle): LifecyclePlace | null {
    const { bucket, trees, nowMs, dayMs } = this.#walk;
    const lead = uploadPrefix(bucket, "");
    const limit = this.#limit();
    const rows = trees.uploads.keys({ ...rangeOf(lead, from, interval), limit });
    for (const rowKey of rows) {
      if (!this.hasRoom) return { phase, from: rowKey.subarray(lead.length), openKey: null };
      this.#rows += 1;
      this.#cost += 1 + rules.uploads.length / testsPerRow;
      const { key } = decodeUploadKey(rowKey);
      const initiatedMs = initiatedMsOf(rowKey.subarray(rowKey.length - uploadIdBytes));
      const due = abortOf(rules, { key, initiatedMs }, dayMs);
      if (due !== null && due.atMs <= nowMs) this.#candidates.push({ kind: "abort upload", rowKey });
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return null;
    return { phase, from: behind(last).subarray(lead.length), openKey: null };
  }

  #visitVersions({ from, openKey }: LifecyclePlace, interval: Interval, rules: Lifecycle): LifecyclePlace | null {
    const { bucket, trees } = this.#walk;
    const lead = objectPrefix(bucket, "");
    const range = rangeOf(lead, from, interval);
    const actions = [...rules.noncurrent, ...rules.markers];
    const { rows, isEnd } = this.#fetch("versions", range, actions);
    // The row behind the last one shows whether its key has another version.
    const last = rows.at(-1);
    const [behindLast] =
      last === undefined || isEnd ? [] : trees.versions.keys({ ...range, start: behind(last.rowKey), limit: 1 });
    let open = openKey;
    for (const [index, row] of rows.entries()) {
      if (!this.#passRow(row.record, actions)) return placeAt(row.rowKey, lead, open);
      open = this.#passVersion(row, rows[index + 1]?.rowKey ?? behindLast, open, rules);
    }
    return behindLast === undefined ? null : placeAt(behindLast, lead, open);
  }

  /**
   * Rows that this slice may still look at. They are judged when none is being read: a judgement may read trees.
   * @returns also whether they are all of the range
   */
  #fetch(name: "current" | "versions", range: KeyRange, actions: readonly LifecycleAction[]) {
    const { trees, nowMs, dayMs, isOver } = this.#walk;
    const beforeMs = dueBefore(actions, nowMs, dayMs);
    const limit = this.#limit();
    const rows: WalkedRow[] = [];
    let cost = 0;
    let isCut = false;
    trees[name].visit({ ...range, limit }, (rowKey, value) => {
      const modifiedMs = modifiedMsOf(value);
      // A version became noncurrent after it was made.
      const record = modifiedMs < beforeMs ? this.#decode(name, rowKey, value) : null;
      rows.push({ rowKey, modifiedMs, isDeleteMarker: isDeleteMarker(value), record });
      cost += rowCost(record, actions);
      isCut = cost >= limit || isOver();
      return !isCut;
    });
    return { rows, isEnd: rows.length < limit && !isCut };
  }

  /** @returns false when the slice has no room for this row */
  #passRow(record: ObjectRecord | null, actions: readonly LifecycleAction[]): boolean {
    if (!this.hasRoom) return false;
    this.#rows += 1;
    this.#cost += rowCost(record, actions);
    return true;
  }

  /** @param next key of the row behind it, if there is one in the interval */
  #passVersion(row: WalkedRow, next: Buffer | undefined, open: OpenKey | null, rules: Lifecycle): OpenKey {
    const currentRow = row.rowKey.subarray(0, row.rowKey.length - stampBytes);
    const key = open?.currentRow.equals(currentRow) === true ? open : this.#openKey(currentRow);
    const isHead = key.successorMs === null;
    let stays = !isHead;
    if (isHead) {
      const isAlone = next === undefined || !next.subarray(0, currentRow.length).equals(currentRow);
      if (isAlone && row.isDeleteMarker && row.record !== null) this.#judgeMarker(row.record, currentRow, rules);
    } else if (row.record !== null) {
      stays = !this.#judgeNoncurrent(row.record, key, rules);
    }
    return { currentRow, successorMs: row.modifiedMs, noncurrent: key.noncurrent + (stays ? 1 : 0) };
  }

  #openKey(currentRow: Buffer): OpenKey {
    this.#cost += 1;
    const successorMs = this.#walk.trees.current.peek(currentRow, modifiedMsOf) ?? null;
    return { currentRow, successorMs, noncurrent: 0 };
  }

  #judgeMarker(record: ObjectRecord, currentRow: Buffer, rules: Lifecycle): void {
    const { nowMs, dayMs } = this.#walk;
    const key = objectKeyOf(currentRow);
    const due = markerExpirationOf(rules, { key, modifiedMs: record.modifiedMs }, dayMs);
    if (due !== null && due.atMs <= nowMs) {
      this.#candidates.push({ kind: "remove marker", key, version: selectorOf(record) });
    }
  }

  /** @returns whether it is due */
  #judgeNoncurrent(record: ObjectRecord, { currentRow, successorMs, noncurrent }: OpenKey, rules: Lifecycle): boolean {
    const { nowMs, dayMs } = this.#walk;
    const key = objectKeyOf(currentRow);
    const noncurrentMs = successorMs ?? nowMs;
    const facts = {
      ...factsOf(this.#walk, key, record),
      isDeleteMarker: record.isDeleteMarker,
      noncurrentMs,
      newerNoncurrent: noncurrent,
    };
    const due = noncurrentExpirationOf(rules, facts, dayMs);
    if (due === null || due.atMs > nowMs) return false;
    const { stamp } = record;
    this.#candidates.push({ kind: "remove noncurrent", key, version: selectorOf(record), stamp, noncurrentMs });
    return true;
  }

  /** Rows that this slice may still read. */
  #limit(): number {
    return Math.max(1, Math.ceil(limits.lifecycleSliceRows - this.#cost));
  }

  #decode(tree: "current" | "versions", rowKey: Buffer, value: Buffer): ObjectRecord | null {
    try {
      return decodeBrief(tree, rowKey, value);
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error;
      this.#walk.onDamage(error);
      return null;
    }
  }
}

/** The actions that a phase walks for, and where their keys lie. */
interface Area {
  readonly actions: readonly LifecycleAction[];
  readonly boundaries: readonly Buffer[];
}

const areas = new WeakMap<Lifecycle, Readonly<Record<Phase, Area>>>();

function areaOf(lifecycle: Lifecycle, phase: Phase): Area {
  let found = areas.get(lifecycle);
  if (found === undefined) {
    const area = (actions: readonly LifecycleAction[]): Area => ({ actions, boundaries: boundariesOf(actions) });
    found = {
      objects: area(lifecycle.objects),
      versions: area([...lifecycle.noncurrent, ...lifecycle.markers]),
      uploads: area(lifecycle.uploads),
    };
    areas.set(lifecycle, found);
  }
  return found[phase];
}

/** At a row of `versions`; at a key that is not open before all of its rows, for newer ones may come until then. */
function placeAt(rowKey: Buffer, lead: Buffer, open: OpenKey | null): LifecyclePlace {
  const currentRow = rowKey.subarray(0, rowKey.length - stampBytes);
  const isOpen = open?.currentRow.equals(currentRow) === true;
  return { phase: "versions", from: (isOpen ? rowKey : currentRow).subarray(lead.length), openKey: open };
}

interface WalkedRow {
  readonly rowKey: Buffer;
  readonly modifiedMs: number;
  readonly isDeleteMarker: boolean;
  /** null: too young for every rule, or damaged. */
  readonly record: ObjectRecord | null;
}

/** To decode a record costs as much as to pass one over. */
function rowCost(record: ObjectRecord | null, actions: readonly LifecycleAction[]): number {
  return record === null ? 1 : 2 + actions.length / testsPerRow;
}

/** What rules ask of a record. Its tags may stand in rows of their own, which are read when a rule asks for tags. */
export function factsOf(
  { trees, bucket }: { readonly trees: Pick<ReadTrees, "attributes">; readonly bucket: BucketId },
  key: string,
  record: ObjectRecord,
) {
  const owner = (): Buffer => versionKey(bucket, key, record.stamp);
  const tagging = (): string | undefined => readTail(trees.attributes, record, owner).metadata.tagging;
  return { key, sizeBytes: record.sizeBytes, modifiedMs: record.modifiedMs, tagging };
}

function selectorOf({ isNullVersion, stamp, salt }: ObjectRecord): VersionSelector {
  return isNullVersion ? "null" : { stamp, salt };
}

function rangeOf(lead: Buffer, from: Buffer, { end }: Interval) {
  const start = Buffer.concat([lead, from]);
  const last = end === null ? successor(lead) : Buffer.concat([lead, end]);
  return last === undefined ? { start } : { start, end: last };
}
