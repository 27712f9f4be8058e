/**
 * How fronts read objects: from a snapshot of the partition's rows and the chunk files, without a message to the actor.
 * All rows that decide an answer are read in one synchronous block, after the reader's epoch is published and the
 * snapshot is renewed; that order is what keeps an answer from being stale and its bytes from being collected.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import type { ResponseBody } from "../model/http.ts";
import type { AccessControlList } from "../s3/acl.ts";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../s3/checksum-algorithms.ts";
import type { ObjectEncryption } from "../s3/encryption.ts";
import { readTail } from "../storage/attributes.ts";
import { openInline } from "../storage/body-cipher.ts";
import { decodeBucketRow } from "../storage/bucket-row.ts";
import type { ChunkReader } from "../storage/chunk-reader.ts";
import { bucketKey, currentKey, versionKey } from "../storage/keys.ts";
import type { Location } from "../storage/location.ts";
import { partsAfter } from "../storage/object-chunks.ts";
import type { EpochReader } from "../storage/read-epochs.ts";
import { etagOf, type ObjectRecord } from "../storage/record.ts";
import { checksumOf } from "../storage/record-tail.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import type { ReadTrees, Snapshot } from "../storage/trees.ts";
import type { BucketAddress, ObjectMetadata } from "./messages.ts";
import { ObjectBody } from "./object-body.ts";
import { judgeKey } from "./object-key.ts";
import { findUpload } from "./upload-turns.ts";
import { requireVersionId, type VersionSelector, versionIdOf } from "./version-id.ts";
import { findVersion, type KeyRows, newestVersion, readCurrent } from "./version-rows.ts";
import type { Versioning } from "./versioning.ts";

export interface ObjectAddress extends BucketAddress {
  readonly key: string;
}

export interface VersionAddress extends ObjectAddress {
  /** As a client names it; absent: the newest version. */
  readonly versionId?: string | undefined;
}

/** A part and its bytes in the object: `start` inclusive, `end` exclusive. */
export interface ViewedPart {
  readonly partNumber: number;
  readonly sizeBytes: number;
  readonly start: number;
  readonly end: number;
  readonly checksum: Checksum | null;
}

/** A version that is a delete marker: the newest one of its key, or the one that was named. */
export interface DeleteMarkerView {
  readonly isDeleteMarker: true;
  readonly versionId: string;
  /** Unix ms. */
  readonly modifiedMs: number;
}

/** An object: the current one of a key, or the version that was named. Its methods may be called only inside `use`. */
export interface ObjectView {
  readonly isDeleteMarker: false;
  readonly sizeBytes: number;
  /** Unix ms. */
  readonly modifiedMs: number;
  /** Without quotes. */
  readonly etag: string;
  readonly metadata: ObjectMetadata;
  readonly checksum: Checksum | null;
  /** Of `checksum`; meaningless without one. */
  readonly checksumType: ChecksumType;
  /** Parts of a multipart upload; null for an object that was put whole. */
  readonly partsCount: number | null;
  /** null in a bucket whose versioning was never set. */
  readonly versionId: string | null;
  readonly locationKind: Location["kind"];
  /** The part of this number; an object that was put whole has a part 1. */
  part(partNumber: number): ViewedPart | null;
  /** Parts after a number, in order; none for an object that was put whole. */
  parts(afterPartNumber: number, partsMax: number): ViewedPart[];
}

/**
 * Bytes `start` to `start + length` of the object. At hand when they stand in the record; else a body whose first piece has
 * been read already, or, while the disk is slow, is being read. Whoever gets a body must close it.
 * @param dataKey 32 bytes, of an object whose metadata says that it is encrypted, and of no other
 * @throws CorruptRecordError (also when the key does not open the record's body), CorruptChunkError, DiskError
 */
export type OpenObject = (start: number, length: number, dataKey?: Uint8Array | null) => Uint8Array | ResponseBody;

/** What a front needs to know of an open upload before it takes a part's body. */
export interface UploadView {
  readonly encryption: ObjectEncryption | null;
  /** Undefined when none was asked for. */
  readonly storageClass: string | undefined;
  /** Undefined when it is the bucket owner's alone. */
  readonly acl: AccessControlList | undefined;
  readonly tagging: string | undefined;
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  readonly checksumType: ChecksumType | null;
}

export interface ObjectReaderOptions {
  /** By partition number. */
  readonly snapshots: readonly Snapshot[];
  /** By partition number. */
  readonly chunks: readonly Pick<ChunkReader, "read">[];
  readonly epochs: EpochReader;
}

/** One per reading thread. */
export class ObjectReader {
  readonly #options: ObjectReaderOptions;

  constructor(options: ObjectReaderOptions) {
    this.#options = options;
  }

  /**
   * Calls `use` with the version asked for, or null, in the same synchronous block in which its record is read; `use` opens
   * the object there or not at all. A body that `use` opened before it threw is closed.
   * @throws S3Error KeyTooLongError, InvalidArgument (also of a text that is no version id); CorruptRecordError; what `use`
   * and `open` throw
   */
  read<R>(at: VersionAddress, use: (found: ObjectView | DeleteMarkerView | null, open: OpenObject) => R): R {
    judgeKey(at.key);
    const selector = at.versionId === undefined ? null : requireVersionId(at.versionId);
    const snapshot = this.#snapshot(at.partition);
    const reading = new Reading(this.#options, at);
    try {
      snapshot.refresh();
      const { trees } = snapshot;
      const record = readRecord({ trees, bucket: at.bucket, key: at.key }, selector);
      if (record === null) return use(null, nothingToOpen);
      if (record.isDeleteMarker) return use(markerView(record), nothingToOpen);
      return use(reading.view(at.key, record, trees), (start, length, dataKey = null) =>
        reading.open(record, { start, length, dataKey }),
      );
    } catch (error) {
      reading.closeBodies();
      throw error;
    } finally {
      reading.end();
    }
  }

  /** The open upload of this id, or null. @throws S3Error of the key; CorruptRecordError */
  upload(at: ObjectAddress, uploadId: string): UploadView | null {
    const snapshot = this.#snapshot(at.partition);
    snapshot.refresh();
    const found = findUpload(snapshot.trees, at, at.key, uploadId);
    if (found === undefined) return null;
    const { checksumAlgorithm, checksumType, metadata } = found.upload;
    const { encryption = null, storageClass, acl, tagging } = metadata;
    return { encryption, storageClass, acl, tagging, checksumAlgorithm, checksumType };
  }

  #snapshot(partition: number): Snapshot {
    const snapshot = this.#options.snapshots[partition];
    assert(snapshot !== undefined, `partition ${partition} is open for reading`);
    return snapshot;
  }
}

/** The newest version, or the one named; null when there is none. At most 3 reads. @throws CorruptRecordError */
function readRecord(rows: KeyRows & { trees: ReadTrees }, selector: VersionSelector | null): ObjectRecord | null {
  const current = readCurrent(rows, "whole");
  const head = current ?? (versioningOf(rows.trees, rows.bucket) === "Off" ? null : newestVersion(rows));
  return selector === null ? head : findVersion(rows, head, selector);
}

function markerView(record: ObjectRecord): DeleteMarkerView {
  return { isDeleteMarker: true, versionId: versionIdOf(record), modifiedMs: record.modifiedMs };
}

/** The id that answers show: none in a bucket whose versioning was never set. */
function shownVersionId(trees: ReadTrees, bucket: BucketId, record: ObjectRecord): string | null {
  if (record.isNullVersion && versioningOf(trees, bucket) === "Off") return null;
  return versionIdOf(record);
}

/** A bucket's row as it was read last. */
interface KnownRow {
  readonly bucket: BucketId;
  readonly key: Buffer;
  bytes: Buffer;
  versioning: Versioning;
}

/** The last one: the next read mostly asks for the same, and bytes that are the same need no second check. */
let lastRow: KnownRow | null = null;

function versioningOf(trees: ReadTrees, bucket: BucketId): Versioning {
  if (lastRow?.bucket !== bucket) {
    lastRow = { bucket, key: bucketKey(bucket), bytes: Buffer.alloc(0), versioning: "Off" };
  }
  const known = lastRow;
  const versioning = trees.buckets.peek(known.key, (value) => {
    if (!value.equals(known.bytes)) {
      known.versioning = decodeBucketRow(known.key, value).versioning;
      known.bytes = Buffer.from(value);
    }
    return known.versioning;
  });
  return versioning ?? "Off";
}

function nothingToOpen(): never {
  assert(false, "an object that is not there is not opened");
}

interface OpenedRange {
  readonly start: number;
  readonly length: number;
  readonly dataKey: Uint8Array | null;
}

/** One call of `read`: the hold on the epoch, shared with the bodies that outlive it. */
class Reading {
  readonly #options: ObjectReaderOptions;
  readonly #bucket: BucketId;
  readonly #key: string;
  readonly #partition: number;
  readonly #epoch: number;
  readonly #bodies: ObjectBody[] = [];
  #holders = 1;
  #isOver = false;

  constructor(options: ObjectReaderOptions, { bucket, partition, key }: ObjectAddress) {
    this.#options = options;
    this.#bucket = bucket;
    this.#key = key;
    this.#partition = partition;
    this.#epoch = options.epochs.enter(partition);
  }

  open(record: ObjectRecord, { start, length, dataKey }: OpenedRange): Uint8Array | ResponseBody {
    this.#assertInside();
    const { location, sizeBytes } = record;
    assert(location !== null && start >= 0 && length >= 0 && start + length <= sizeBytes, "a range inside the object");
    if (length === 0) return new Uint8Array(0);
    if (location.kind === "inline")
      return this.#inline(record, location.bytes, dataKey).subarray(start, start + length);
    const body = this.#body(location, { start, length, dataKey });
    body.readAhead();
    return body;
  }

  view(key: string, record: ObjectRecord, trees: ReadTrees): ObjectView {
    const tail = readTail(trees.attributes, record, () => versionKey(this.#bucket, key, record.stamp));
    const { sizeBytes, modifiedMs, partCount, checksumAlgorithm, checksumType, location } = record;
    assert(location !== null, "a current object has a location");
    const checksum = checksumOf(checksumAlgorithm, tail);
    const parts = (after: number, partsMax: number) => {
      this.#assertInside();
      if (partCount === 0 || location.kind !== "manifest") return [];
      return partsAfter(trees, this.#bucket, location.id, after, partsMax).map((part) =>
        viewedPart(part, checksumAlgorithm),
      );
    };
    return {
      isDeleteMarker: false,
      sizeBytes,
      modifiedMs,
      etag: etagOf(record),
      metadata: tail.metadata,
      checksum,
      checksumType,
      partsCount: partCount === 0 ? null : partCount,
      versionId: shownVersionId(trees, this.#bucket, record),
      locationKind: location.kind,
      parts,
      part: (partNumber) => {
        if (partCount === 0)
          return partNumber === 1 ? { partNumber, sizeBytes, start: 0, end: sizeBytes, checksum } : null;
        const [part] = parts(partNumber - 1, 1);
        return part?.partNumber === partNumber ? part : null;
      },
    };
  }

  closeBodies(): void {
    for (const body of this.#bodies) body.close();
  }

  end(): void {
    this.#isOver = true;
    this.#release();
  }

  #inline(record: ObjectRecord, bytes: Uint8Array, dataKey: Uint8Array | null): Uint8Array {
    if (dataKey === null) {
      assert(bytes.length === record.sizeBytes, "an encrypted body is opened with its key");
      return bytes;
    }
    const plain = openInline(dataKey, { bucket: this.#bucket, key: this.#key }, bytes);
    if (plain?.length === record.sizeBytes) return plain;
    throw new CorruptRecordError("current", currentKey(this.#bucket, this.#key), "the body is not authentic");
  }

  #body(location: Location, { start, length, dataKey }: OpenedRange): ObjectBody {
    const snapshot = this.#options.snapshots[this.#partition];
    const chunks = this.#options.chunks[this.#partition];
    assert(snapshot !== undefined && chunks !== undefined, `partition ${this.#partition} is open for reading`);
    this.#holders += 1;
    const leave = () => this.#release();
    const bucket = this.#bucket;
    const key = dataKey === null ? null : { bucket, dataKey };
    const body = new ObjectBody({ bucket, location, start, length, snapshot, chunks, key, leave });
    this.#bodies.push(body);
    return body;
  }

  #release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#options.epochs.leave(this.#partition, this.#epoch);
  }

  #assertInside(): void {
    assert(!this.#isOver, "an object is opened and looked into only inside `use`");
  }
}

function viewedPart(
  part: { partNumber: number; sizeBytes: number; start: number; checksum: Uint8Array | null },
  algorithm: ChecksumAlgorithm | null,
): ViewedPart {
  const { partNumber, sizeBytes, start } = part;
  const value = part.checksum === null ? null : Buffer.from(part.checksum).toString("base64");
  const checksum = algorithm === null || value === null ? null : { algorithm, value };
  return { partNumber, sizeBytes, start, end: start + sizeBytes, checksum };
}
