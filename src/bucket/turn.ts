/**
 * What an actor remembers of its bucket between turns, and the turn itself: one synchronous callback of
 * `Metadata.transact` that judges first and writes afterwards. The only place that changes totals, `seq` and stamps.
 */

import { assert } from "../base/assert.ts";
import { type Stamp, stampBytes, stampTime } from "../base/hlc.ts";
import type { BucketId } from "../base/ids.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { S3Error } from "../s3/errors.ts";
import { readTail, removeAttributes, writeAttributes } from "../storage/attributes.ts";
import type { StoredBody } from "../storage/body.ts";
import { type BucketRow, decodeBucketRow, encodeBucketRow, noQuota } from "../storage/bucket-row.ts";
import { readConfiguration } from "../storage/configuration-rows.ts";
import {
  type BucketCounters,
  countersAt,
  emptyCounters,
  type RequestCounts,
  readCounters,
  writeCounters,
} from "../storage/counters.ts";
import { bucketKey, currentKey, versionKey } from "../storage/keys.ts";
import { type Location, manifestIdBytes, type StoredChunk } from "../storage/location.ts";
import { encodeRecord, type ObjectRecord } from "../storage/record.ts";
import type { RecordTail } from "../storage/record-tail.ts";
import { addBody, enqueueGarbage, enqueueUploadGarbage } from "../storage/references.ts";
import type { ReadTrees, Trees } from "../storage/trees.ts";
import { countCompleted } from "./completed-uploads.ts";
import { type BucketConfiguration, type ConfigurationField, fieldCode, isConfigured } from "./configuration.ts";
import { judgeKey } from "./object-key.ts";
import type { BucketPorts } from "./ports.ts";
import { exceedsQuota } from "./quota.ts";
import { type KeyRows, newestVersion, readCurrent } from "./version-rows.ts";

const epochBytes = 8;

/** Records are made here: buffers of their own, made to be put once, are what a busy thread collects most. */
const recordRoom = Buffer.allocUnsafeSlow(storageLimits.valueBytesMax);

/** Changes of the totals; absent members do not change. Bytes and counts, negative where something went. */
export interface TotalsChange {
  readonly storedBytes?: number;
  readonly objects?: number;
  readonly versions?: number;
  readonly openUploadBytes?: number;
  readonly ingressBytes?: number;
}

/** What fronts have counted of a bucket since they last said so. */
export interface TransferChange {
  readonly egressBytes: number;
  readonly requests: RequestCounts;
}

/** A bucket before its first turn that writes. */
function newRow(nowMs: number): BucketRow {
  return { state: "open", versioning: "Off", createdMs: nowMs, quota: noQuota, fields: 0, configuredSeq: 0 };
}

/** Loaded at activation from the rows, and kept equal to them: only a turn changes it, and a turn that wrote does not fail. */
export class BucketMemory {
  readonly ports: BucketPorts;
  readonly bucket: BucketId;
  #isLoaded = false;
  #row: BucketRow | undefined;
  /** As stored; undefined before the first turn that writes. */
  #counters: BucketCounters | undefined;
  #completedCount: number | undefined;
  /** Fields that turns have asked for, since the configuration changed last. */
  readonly #configuration = new Map<ConfigurationField, unknown>();
  /** Fields that were asked for between turns, as of the change of the configuration that they were read after. */
  readonly #committed = new Map<ConfigurationField, { readonly configuredSeq: number; readonly value: unknown }>();

  constructor(ports: BucketPorts) {
    this.ports = ports;
    this.bucket = ports.address.bucket;
  }

  /** Runs a turn. Rejects with what it threw when it refused; then nothing was written. */
  turn<R>(run: (turn: Turn) => R): Promise<R> {
    return this.ports.metadata.transact((trees) => {
      this.load(trees);
      return run(new Turn(this, trees));
    });
  }

  /** Reads the bucket's rows once. @throws CorruptRecordError */
  load(trees: ReadTrees): void {
    if (this.#isLoaded) return;
    const key = bucketKey(this.bucket);
    const row = trees.buckets.get(key);
    this.#row = row === undefined ? undefined : decodeBucketRow(key, row);
    this.#counters = readCounters(trees.counters, this.bucket);
    if (this.#counters !== undefined) this.ports.hlc.observe(stampAt(this.#counters.hlcTime));
    this.#isLoaded = true;
  }

  /** What locks are judged by: the clock, and never before a time that was seen. Unix ms. */
  get lockMs(): number {
    const { clock, hlc } = this.ports;
    return Math.max(clock.nowMs(), Number(hlc.time() >> 16n));
  }

  /** Whether no turn has written yet. */
  get isNew(): boolean {
    return this.#row === undefined;
  }

  /** @param nowMs time of the first turn, when the bucket has no row yet */
  row(nowMs: number): BucketRow {
    return this.#row ?? newRow(nowMs);
  }

  /** Totals as of the last turn that wrote; what is counted by day is that turn's day's. */
  totals(nowMs: number): BucketCounters {
    return this.#counters ?? emptyCounters(Buffer.alloc(epochBytes), nowMs);
  }

  writeRow(trees: Trees, row: BucketRow): void {
    const key = bucketKey(this.bucket);
    trees.buckets.put(key, encodeBucketRow(key, row));
    if (row.configuredSeq !== this.#row?.configuredSeq) this.#configuration.clear();
    this.#row = row;
  }

  /** As a turn sees it, with its own trees: others may be a commit behind the row. @throws CorruptRecordError */
  configuration<F extends ConfigurationField>(trees: Trees, field: F): BucketConfiguration[F] | null {
    if (!isConfigured(this.#row?.fields ?? 0, field)) return null;
    let value = this.#configuration.get(field);
    if (value === undefined) {
      value = readConfiguration(trees.buckets, this.bucket, fieldCode(field)) ?? null;
      this.#configuration.set(field, value);
    }
    // Only `bucket.configure` writes the field's rows, and it takes values of this type.
    return value as BucketConfiguration[F] | null;
  }

  /**
   * The row and a field as they are committed, for what reads between turns: the memory is ahead of them while a turn waits for
   * its commit. @throws CorruptRecordError
   */
  committed<F extends ConfigurationField>(
    trees: ReadTrees,
    field: F,
    nowMs: number,
  ): { readonly row: BucketRow; readonly value: BucketConfiguration[F] | null } {
    const key = bucketKey(this.bucket);
    const bytes = trees.buckets.get(key);
    const row = bytes === undefined ? newRow(nowMs) : decodeBucketRow(key, bytes);
    if (!isConfigured(row.fields, field)) return { row, value: null };
    const { configuredSeq } = row;
    let known = this.#committed.get(field);
    if (known?.configuredSeq !== configuredSeq) {
      const value = readConfiguration(trees.buckets, this.bucket, fieldCode(field)) ?? null;
      known = { configuredSeq, value };
      this.#committed.set(field, known);
    }
    return { row, value: known.value as BucketConfiguration[F] | null };
  }

  writeTotals(trees: Trees, change: TotalsChange, stamp: Stamp | null, nowMs: number): void {
    const before = this.#begin(trees, nowMs);
    this.#write(trees, {
      epoch: before.epoch,
      seq: before.seq + 1,
      hlcTime: stamp === null ? before.hlcTime : stampTime(stamp),
      storedBytes: before.storedBytes + (change.storedBytes ?? 0),
      objects: before.objects + (change.objects ?? 0),
      versions: before.versions + (change.versions ?? 0),
      openUploadBytes: before.openUploadBytes + (change.openUploadBytes ?? 0),
      day: before.day,
      ingressBytes: before.ingressBytes + (change.ingressBytes ?? 0),
      atMs: before.atMs,
      byteMs: before.byteMs,
      egressBytes: before.egressBytes,
      requests: before.requests,
    });
  }

  /** Changes nothing of the bucket itself: `seq` stays. */
  writeTransfer(trees: Trees, change: TransferChange, nowMs: number): void {
    const before = this.#begin(trees, nowMs);
    this.#write(trees, {
      ...before,
      egressBytes: before.egressBytes + change.egressBytes,
      requests: before.requests.map((count, index) => count + (change.requests[index] ?? 0)),
    });
  }

  #begin(trees: Trees, nowMs: number): BucketCounters {
    if (this.#row === undefined) this.writeRow(trees, this.row(nowMs));
    return countersAt(this.#counters ?? emptyCounters(this.ports.random.bytes(epochBytes), nowMs), nowMs);
  }

  #write(trees: Trees, next: BucketCounters): void {
    writeCounters(trees.counters, this.bucket, this.#counters, next);
    this.#counters = next;
  }

  completedCount(trees: ReadTrees): number {
    this.#completedCount ??= countCompleted(trees, this.bucket);
    return this.#completedCount;
  }

  setCompletedCount(count: number): void {
    this.#completedCount = count;
  }
}

/** One turn. Methods that write are named `write…`, `add…`, `release…` or `remove…`; all judging comes before them. */
export class Turn {
  readonly memory: BucketMemory;
  readonly trees: Trees;
  readonly bucket: BucketId;
  readonly nowMs: number;
  /** Rows of `attributes` that were written and removed so far. */
  attributeRows = 0;
  #events = 0;

  constructor(memory: BucketMemory, trees: Trees) {
    this.memory = memory;
    this.trees = trees;
    this.bucket = memory.bucket;
    this.nowMs = memory.ports.clock.nowMs();
  }

  get row(): BucketRow {
    return this.memory.row(this.nowMs);
  }

  /** Numbers the events of this turn. */
  nextEvent(): number {
    return this.#events++;
  }

  /** A field of the bucket's configuration; null when it is not set. @throws CorruptRecordError */
  configuration<F extends ConfigurationField>(field: F): BucketConfiguration[F] | null {
    return this.memory.configuration(this.trees, field);
  }

  /** @throws S3Error OperationAborted while the bucket is closed (its deletion is being decided) */
  requireOpen(): void {
    if (this.row.state === "closed") throw new S3Error("OperationAborted");
  }

  /** Asked by every turn that adds more than it removes; deletes go on without. @throws S3Error InsufficientStorage */
  requireRoom(): void {
    const { freeSpace } = this.memory.ports;
    if (freeSpace?.isLow === true) throw new S3Error("InsufficientStorage");
    freeSpace?.spend(storageLimits.pageBytes);
  }

  /**
   * Asked by every turn that may add bytes or objects, with what it would add; less than nothing for what it frees.
   * @throws S3Error QuotaExceeded
   */
  requireQuota(addedBytes: number, addedObjects: number): void {
    const { quota } = this.row;
    if (exceedsQuota(quota, this.memory.totals(this.nowMs), addedBytes, addedObjects))
      throw new S3Error("QuotaExceeded", { Message: "The write would exceed the quota of the bucket." });
  }

  /** Where the versions of a judged key are read. */
  rowsOf(key: string): KeyRows {
    return { trees: this.trees, bucket: this.bucket, key };
  }

  /** The newest version of a key, without an inline body; it may be a delete marker. @throws S3Error of `judgeKey`; CorruptRecordError */
  head(key: string): ObjectRecord | null {
    judgeKey(key);
    const rows = this.rowsOf(key);
    const current = readCurrent(rows, "brief");
    return current !== null || this.row.versioning === "Off" ? current : newestVersion(rows);
  }

  /** Number of this turn in the bucket, as `writeTotals` will store it. */
  get seq(): number {
    return this.memory.totals(this.nowMs).seq + 1;
  }

  /** As `BucketMemory.lockMs`. */
  get lockMs(): number {
    return this.memory.lockMs;
  }

  /** Above every stamp issued so far, and above `after`. */
  stamp(after?: Stamp): Stamp {
    return this.memory.ports.hlc.next(after);
  }

  random(count: number): Buffer {
    return this.memory.ports.random.bytes(count);
  }

  newManifestId(): Buffer {
    return this.random(manifestIdBytes);
  }

  writeCurrent(key: string, record: ObjectRecord): void {
    const rowKey = currentKey(this.bucket, key);
    this.trees.current.put(rowKey, encodeRecord(rowKey, record, recordRoom));
  }

  removeCurrent(key: string): void {
    this.trees.current.remove(currentKey(this.bucket, key));
  }

  writeVersion(key: string, record: ObjectRecord): void {
    const rowKey = versionKey(this.bucket, key, record.stamp);
    this.trees.versions.put(rowKey, encodeRecord(rowKey, record, recordRoom));
  }

  removeVersion(key: string, stamp: Stamp): void {
    this.trees.versions.remove(versionKey(this.bucket, key, stamp));
  }

  /** A version's tail with its attributes, wherever they stand. @throws CorruptRecordError */
  tailOf(key: string, record: ObjectRecord): RecordTail {
    return readTail(this.trees.attributes, record, () => versionKey(this.bucket, key, record.stamp));
  }

  /** @param owner of the rows, which has none: as `storage/attributes.ts` says; null writes nothing */
  writeAttributes(owner: Buffer, attributes: Buffer | null): void {
    if (attributes !== null) this.attributeRows += writeAttributes(this.trees.attributes, owner, attributes);
  }

  removeAttributes(owner: Buffer): void {
    this.attributeRows += removeAttributes(this.trees.attributes, owner);
  }

  /** Counts a body's chunks; those that were there already are added to `unused`, to be dropped after the commit. */
  addBody(body: StoredBody, unused: StoredChunk[]): Location {
    const { location, dropped } = addBody(this.trees, this.bucket, body, () => this.newManifestId());
    unused.push(...dropped);
    return location;
  }

  /** Leaves what a location names to the collector. */
  release(location: Location | null): void {
    enqueueGarbage(this.trees, this.memory.ports.garbage, this.bucket, location);
  }

  /** Leaves an upload's parts to the collector, but for those that the part table `completed` names. */
  releaseUpload(uploadId: Uint8Array, completed: Uint8Array | null): void {
    enqueueUploadGarbage(this.trees, this.memory.ports.garbage, this.bucket, uploadId, completed);
  }

  /** What fronts have sent and counted. */
  writeTransfer(change: TransferChange): void {
    this.memory.writeTransfer(this.trees, change, this.nowMs);
  }

  /** Once in every turn that writes, as its last word: the totals, `seq`, the stamp's high-water mark, and the bucket's row. */
  writeTotals(change: TotalsChange, stamp: Stamp | null): void {
    this.memory.writeTotals(this.trees, change, stamp, this.nowMs);
  }
}

/** The least stamp of a time: what a clock that continues after it observes. */
function stampAt(time: bigint): Stamp {
  assert(time >= 0n && time < 1n << 64n, "a stamp's time has 64 bits");
  const stamp = Buffer.alloc(stampBytes);
  stamp.writeBigUInt64BE(time, 0);
  return stamp;
}
