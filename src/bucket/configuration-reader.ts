/**
 * A bucket's row and configuration as fronts read them, from the partition's snapshot. What was read is kept by bucket for
 * as long as the row's bytes stay the same: a change of any field changes the row.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { type BucketRow, decodeBucketRow, noQuota } from "../storage/bucket-row.ts";
import type { ChangeMark } from "../storage/change-marks.ts";
import { readConfiguration } from "../storage/configuration-rows.ts";
import { bucketKey } from "../storage/keys.ts";
import type { Snapshot } from "../storage/trees.ts";
import { type BucketConfiguration, type ConfigurationField, fieldCode, isConfigured } from "./configuration.ts";
import type { BucketAddress } from "./messages.ts";

/** A bucket at one moment. */
export interface ConfiguredBucket {
  readonly row: BucketRow;
  /** The field's value; null when it is not set. @throws CorruptRecordError */
  get<F extends ConfigurationField>(field: F): BucketConfiguration[F] | null;
  /**
   * What `make` makes of the field's value, made once and kept as long as the configuration stays: a compiled policy.
   * @throws what `make` throws; CorruptRecordError
   */
  derived<F extends ConfigurationField, D>(field: F, make: (value: BucketConfiguration[F]) => D): D | null;
}

const newRow: BucketRow = {
  state: "open",
  versioning: "Off",
  createdMs: 0,
  quota: noQuota,
  fields: 0,
  configuredSeq: 0,
};

class Known implements ConfiguredBucket {
  readonly row: BucketRow;
  /** Of the row as read. */
  readonly bytes: Buffer;
  /** Of the partition, when this was known to be as stored; null: not known. */
  standing: number | null = null;
  readonly #snapshot: Snapshot;
  readonly #bucket: BucketId;
  readonly #values = new Map<ConfigurationField, unknown>();
  readonly #derived = new Map<unknown, unknown>();

  constructor(snapshot: Snapshot, bucket: BucketId, row: BucketRow, bytes: Buffer) {
    this.#snapshot = snapshot;
    this.#bucket = bucket;
    this.row = row;
    this.bytes = bytes;
  }

  get<F extends ConfigurationField>(field: F): BucketConfiguration[F] | null {
    if (!isConfigured(this.row.fields, field)) return null;
    let value = this.#values.get(field);
    if (value === undefined) {
      // Newer than the row, perhaps: then the row has changed too, and the next request reads it.
      this.#snapshot.refresh();
      value = readConfiguration(this.#snapshot.trees.buckets, this.#bucket, fieldCode(field)) ?? null;
      this.#values.set(field, value);
    }
    // Only `bucket.configure` writes the field's rows, and it takes values of this type.
    return value as BucketConfiguration[F] | null;
  }

  derived<F extends ConfigurationField, D>(field: F, make: (value: BucketConfiguration[F]) => D): D | null {
    const value = this.get(field);
    if (value === null) return null;
    if (!this.#derived.has(make)) this.#derived.set(make, make(value));
    return this.#derived.get(make) as D;
  }
}

/** One per reading thread. */
export class ConfigurationReader {
  readonly #snapshots: readonly Snapshot[];
  readonly #marks: readonly Pick<ChangeMark, "standing">[];
  readonly #known = new Map<BucketId, Known>();

  /**
   * @param snapshots by partition number
   * @param marks by partition number, of changes to their buckets' rows and configurations
   */
  constructor(snapshots: readonly Snapshot[], marks: readonly Pick<ChangeMark, "standing">[]) {
    this.#snapshots = snapshots;
    this.#marks = marks;
  }

  /**
   * As of now: what was acknowledged before this call holds. No read while nothing changes in the bucket's partition, and one
   * when something has. Measured: the read is 3 µs of the 60 that a small GET takes.
   * @throws CorruptRecordError
   */
  of({ bucket, partition }: BucketAddress): ConfiguredBucket {
    const snapshot = this.#snapshots[partition];
    const mark = this.#marks[partition];
    assert(snapshot !== undefined && mark !== undefined, `partition ${partition} is open for reading`);
    const { standing } = mark;
    const known = this.#known.get(bucket);
    if (known !== undefined && standing !== null && known.standing === standing) return known;
    snapshot.refresh();
    const key = bucketKey(bucket);
    const found = snapshot.trees.buckets.peek(key, (value) =>
      known?.bytes.equals(value) ? known : new Known(snapshot, bucket, decodeBucketRow(key, value), Buffer.from(value)),
    );
    const current = found ?? known ?? new Known(snapshot, bucket, newRow, Buffer.alloc(0));
    current.standing = standing;
    if (current !== known) this.#keep(bucket, current);
    return current;
  }

  /** As it was read last, without a look at the partition; null when it is not kept. For what a request reads again. */
  latest({ bucket }: BucketAddress): ConfiguredBucket | null {
    return this.#known.get(bucket) ?? null;
  }

  #keep(bucket: BucketId, known: Known): void {
    this.#known.delete(bucket);
    const [oldest] = this.#known.size < limits.knownConfigurations ? [] : this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(bucket, known);
  }
}
