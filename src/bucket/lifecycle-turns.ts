/**
 * Slices of a lifecycle pass: what the walk has named is judged again in a turn, by the rules and the rows as they are then,
 * and removed by the plans that every delete has. Nothing that became another, or is kept by a lock, is touched.
 */

import type { Stamp } from "../base/hlc.ts";
import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";
import {
  abortOf,
  compileLifecycle,
  expirationOf,
  type Lifecycle,
  type LifecycleConfiguration,
  markerExpirationOf,
  noncurrentExpirationOf,
} from "../s3/lifecycle.ts";
import { msPerDay } from "../storage/counters.ts";
import { decodeUploadKey, versionKey, versionsOf } from "../storage/keys.ts";
import type { ObjectRecord } from "../storage/record.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import { decodeUpload } from "../storage/uploads.ts";
import { planMarker } from "./delete-turns.ts";
import { ownCause, writeEvent } from "./event-outbox.ts";
import { type HistoryTotals, planRemoval } from "./history.ts";
import { type Candidate, factsOf, firstPlace, type LifecyclePlace, walkSlice } from "./lifecycle-walk.ts";
import { isVersionLocked } from "./locks.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory, Turn } from "./turn.ts";
import { removeUpload } from "./upload-turns.ts";
import { versionIdOf } from "./version-id.ts";
import { findVersion, newestVersion, readOlderNull } from "./version-rows.ts";
import { markerOfDelete } from "./versioning.ts";

export const lifecycleActions = ["expire object", "remove marker", "remove noncurrent", "abort upload"] as const;
export type LifecycleActionName = (typeof lifecycleActions)[number];

/** How many were removed, by action. */
export type LifecycleRemovals = { readonly [A in LifecycleActionName]: number };

export interface LifecycleProgress {
  /** null: the pass has come to its end. */
  readonly next: LifecyclePlace | null;
  /** That were looked at. */
  readonly rows: number;
  readonly removed: LifecycleRemovals;
  /** Of the configuration that was read. */
  readonly configuredSeq: number;
  /** How long this thread was busy with it, ms. */
  readonly busyMs: number;
  /** From the turn's asking to the end of its commit, ms; 0 without a turn. */
  readonly commitMs: number;
}

export const nothingRemoved: LifecycleRemovals = {
  "expire object": 0,
  "remove marker": 0,
  "remove noncurrent": 0,
  "abort upload": 0,
};

const compiled = new WeakMap<LifecycleConfiguration, Lifecycle>();

function compiledOf(configuration: LifecycleConfiguration): Lifecycle {
  let lifecycle = compiled.get(configuration);
  if (lifecycle === undefined) {
    lifecycle = compileLifecycle(configuration);
    compiled.set(configuration, lifecycle);
  }
  return lifecycle;
}

/** One slice of the walk, and one turn for what it found. Errors: OperationAborted. */
export async function expireSome(
  memory: BucketMemory,
  { place }: BucketRequest<"bucket.expireSome">,
): Promise<BucketReply<"bucket.expireSome">> {
  const { metadata, clock } = memory.ports;
  const dayMs = memory.ports.dayMs ?? msPerDay;
  const startedMs = clock.monotonicMs();
  metadata.refresh();
  const { trees } = metadata;
  const nowMs = clock.nowMs();
  const { row, value: configuration } = memory.committed(trees, "lifecycle", nowMs);
  const { versioning, configuredSeq } = row;
  if (configuration === null)
    return { next: null, rows: 0, removed: nothingRemoved, configuredSeq, busyMs: 0, commitMs: 0 };
  const { candidates, next, rows } = walkSlice(
    {
      trees,
      bucket: memory.bucket,
      lifecycle: compiledOf(configuration),
      nowMs,
      dayMs,
      hasVersions: versioning !== "Off",
      onDamage: (error) => memory.ports.onDamage?.(error),
      isOver: () => clock.monotonicMs() - startedMs >= limits.lifecycleSliceMs,
    },
    place ?? firstPlace,
  );
  const askedMs = clock.monotonicMs();
  let busyMs = askedMs - startedMs;
  if (candidates.length === 0) return { next, rows, removed: nothingRemoved, configuredSeq, busyMs, commitMs: 0 };
  const removed = await memory.turn((turn) => {
    turn.requireOpen();
    const beganMs = clock.monotonicMs();
    const done = remove(turn, candidates, dayMs);
    busyMs += clock.monotonicMs() - beganMs;
    return done;
  });
  return { next, rows, removed, configuredSeq, busyMs, commitMs: clock.monotonicMs() - askedMs };
}

/** What one removal does, read and judged. */
interface Removal {
  readonly write: (() => Partial<HistoryTotals> & { readonly openUploadBytes?: number }) | null;
  /** Of the delete marker that is made. */
  readonly stamp: Stamp | null;
  /** Its version id, or that of the version removed; absent: an upload's. */
  readonly deleted?: { readonly versionId: string | null };
}

function remove(turn: Turn, candidates: readonly Candidate[], dayMs: number): LifecycleRemovals {
  const removed = { ...nothingRemoved } as { -readonly [A in LifecycleActionName]: number };
  const configuration = turn.configuration("lifecycle");
  if (configuration === null) return removed;
  const judgement = { turn, lifecycle: compiledOf(configuration), dayMs };
  const change = { storedBytes: 0, objects: 0, versions: 0, openUploadBytes: 0 };
  let stamp: Stamp | null = null;
  let count = 0;
  for (const candidate of candidates) {
    const removal = planned(judgement, candidate);
    if (removal === null || removal.write === null) continue;
    const { storedBytes = 0, objects = 0, versions = 0, openUploadBytes = 0 } = removal.write();
    change.storedBytes += storedBytes;
    change.objects += objects;
    change.versions += versions;
    change.openUploadBytes += openUploadBytes;
    stamp = removal.stamp ?? stamp;
    removed[candidate.kind] += 1;
    writeExpiration(turn, candidate, removal);
    count += 1;
  }
  if (count > 0) turn.writeTotals(change, stamp);
  return removed;
}

/** Source: AWS "Supported event types": an upload that is aborted tells nothing. */
function writeExpiration(turn: Turn, candidate: Candidate, { stamp, deleted }: Removal): void {
  if (candidate.kind === "abort upload") return;
  const name = stamp === null ? "LifecycleExpiration:Delete" : "LifecycleExpiration:DeleteMarkerCreated";
  const versionId = deleted?.versionId ?? null;
  writeEvent(turn, ownCause, { name, key: candidate.key, sizeBytes: null, etag: null, versionId });
}

interface Judgement {
  readonly turn: Turn;
  readonly lifecycle: Lifecycle;
  readonly dayMs: number;
}

/** What is refused (no room for a delete marker), or whose rows are damaged, leaves the others alone: its plan has written nothing. */
function planned(judgement: Judgement, candidate: Candidate): Removal | null {
  try {
    return plan(judgement, candidate);
  } catch (error) {
    if (error instanceof CorruptRecordError) judgement.turn.memory.ports.onDamage?.(error);
    else if (!(error instanceof S3Error)) throw error;
    return null;
  }
}

/** null: there is nothing to remove any more. */
function plan(judgement: Judgement, candidate: Candidate): Removal | null {
  switch (candidate.kind) {
    case "expire object":
      return planExpiration(judgement, candidate);
    case "remove marker":
      return planMarkerRemoval(judgement, candidate);
    case "remove noncurrent":
      return planNoncurrentRemoval(judgement, candidate);
    case "abort upload":
      return planAbort(judgement, candidate);
  }
}

type CandidateOf<K extends Candidate["kind"]> = Extract<Candidate, { readonly kind: K }>;

/** As a delete that names no version: AWS "Expiring objects". */
function planExpiration(
  { turn, lifecycle, dayMs }: Judgement,
  { key, version }: CandidateOf<"expire object">,
): Removal | null {
  const head = turn.head(key);
  const target = findVersion(turn.rowsOf(key), head, version);
  if (head === null || target === null || head.isDeleteMarker || !isSame(head, target)) return null;
  const due = expirationOf(lifecycle, factsOf(turn, key, head), dayMs);
  if (due === null || due.atMs > turn.nowMs) return null;
  const marker = markerOfDelete(turn.row.versioning);
  if (marker === "new") return planMarker(turn, key, head, { isNullVersion: false, ownerId: null });
  const gone = head.isNullVersion || head.nullStamp === null ? head : readOlderNull(turn.rowsOf(key), head);
  if (gone.isNullVersion && isVersionLocked(turn, key, gone)) return null;
  if (marker === "null") return planMarker(turn, key, head, { isNullVersion: true, ownerId: null });
  return { write: planRemoval(turn, key, head, head).write, stamp: null, deleted: { versionId: null } };
}

/** A delete marker that has become its key's only version. */
function planMarkerRemoval(
  { turn, lifecycle, dayMs }: Judgement,
  { key, version }: CandidateOf<"remove marker">,
): Removal | null {
  const head = turn.head(key);
  const target = findVersion(turn.rowsOf(key), head, version);
  if (head === null || target === null || !head.isDeleteMarker || !isSame(head, target)) return null;
  if (newestVersion(turn.rowsOf(key), head.stamp) !== null) return null;
  const due = markerExpirationOf(lifecycle, { key, modifiedMs: head.modifiedMs }, dayMs);
  if (due === null || due.atMs > turn.nowMs) return null;
  return { write: planRemoval(turn, key, head, head).write, stamp: null, deleted: { versionId: versionIdOf(head) } };
}

function planNoncurrentRemoval(
  { turn, lifecycle, dayMs }: Judgement,
  { key, version, stamp, noncurrentMs }: CandidateOf<"remove noncurrent">,
): Removal | null {
  const head = turn.head(key);
  const target = findVersion(turn.rowsOf(key), head, version);
  if (head === null || target === null || isSame(head, target) || !isSame({ stamp }, target)) return null;
  if (isVersionLocked(turn, key, target)) return null;
  const facts = {
    ...factsOf(turn, key, target),
    isDeleteMarker: target.isDeleteMarker,
    noncurrentMs,
    newerNoncurrent: newerNoncurrent(turn, key, head, target, keepMax(lifecycle)),
  };
  const due = noncurrentExpirationOf(lifecycle, facts, dayMs);
  if (due === null || due.atMs > turn.nowMs) return null;
  return {
    write: planRemoval(turn, key, head, target).write,
    stamp: null,
    deleted: { versionId: versionIdOf(target) },
  };
}

function keepMax({ noncurrent }: Lifecycle): number {
  return noncurrent.reduce((most, { keep }) => Math.max(most, keep), 0);
}

/** Noncurrent versions between the head and an older version, counted up to `max`. */
function newerNoncurrent(turn: Turn, key: string, head: ObjectRecord, target: ObjectRecord, max: number): number {
  if (max === 0) return 0;
  const { start } = versionsOf(turn.bucket, key);
  const end = versionKey(turn.bucket, key, target.stamp);
  // A head that is a delete marker stands among them.
  const heads = head.isDeleteMarker ? 1 : 0;
  return turn.trees.versions.keys({ start, end, limit: max + heads }).length - heads;
}

function planAbort({ turn, lifecycle, dayMs }: Judgement, { rowKey }: CandidateOf<"abort upload">): Removal | null {
  const value = turn.trees.uploads.get(rowKey);
  if (value === undefined) return null;
  const upload = decodeUpload(rowKey, value);
  const { initiatedMs, storedBytes } = upload;
  const { key, uploadId } = decodeUploadKey(rowKey);
  const due = abortOf(lifecycle, { key, initiatedMs }, dayMs);
  if (due === null || due.atMs > turn.nowMs) return null;
  return {
    write: () => {
      removeUpload(turn, rowKey, uploadId, upload);
      return { openUploadBytes: -storedBytes };
    },
    stamp: null,
  };
}

function isSame(one: Pick<ObjectRecord, "stamp">, other: ObjectRecord): boolean {
  return Buffer.compare(one.stamp, other.stamp) === 0;
}
