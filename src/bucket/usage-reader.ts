/**
 * Reads what buckets used, from the partitions' snapshots: days, totals of now, and buckets that are gone. Every method is
 * one synchronous block of bounded length; the reader of one thread.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { type ClosedBucket, closedBucketsOf } from "../storage/closed-buckets.ts";
import {
  type BucketCounters,
  type BucketDay,
  countersAt,
  dayOf,
  decodeDay,
  msPerDay,
  readCounters,
  unchangedDay,
  utcDay,
  wholeDay,
} from "../storage/counters.ts";
import { dayKey, dayOfKey, totalsKey } from "../storage/keys.ts";
import type { ReadTree, Snapshot } from "../storage/trees.ts";
import type { Held } from "./quota.ts";

export interface UsageAddress {
  readonly bucket: BucketId;
  readonly partition: number;
}

/** A day of a bucket; `day` counts from 1970-01-01. */
export interface UsageDay extends BucketDay {
  readonly day: number;
}

/** Both days are included; at most `limits.usageDaysReadMax` of them. */
export interface DayRange {
  readonly fromDay: number;
  readonly toDay: number;
}

export class UsageReader {
  /** By partition number. */
  readonly #snapshots: readonly Snapshot[];

  constructor(snapshots: readonly Snapshot[]) {
    this.#snapshots = snapshots;
  }

  get partitions(): number {
    return this.#snapshots.length;
  }

  /** What the bucket holds now; null before its first write. @throws CorruptRecordError */
  held({ bucket, partition }: UsageAddress): Held | null {
    return readCounters(this.#trees(partition).counters, bucket) ?? null;
  }

  /** Objects, and other versions with delete markers; null before the first write. @throws CorruptRecordError */
  counted({ bucket, partition }: UsageAddress): { readonly objects: number; readonly versions: number } | null {
    return readCounters(this.#trees(partition).counters, bucket) ?? null;
  }

  /**
   * The days of the range on which the bucket was there, in order, those without a change included; the last one may not be
   * over. Of a day older than `limits.usageDaysKept` nothing is known.
   * @param isGone the bucket is deleted: its days end with its last change
   * @throws CorruptRecordError
   */
  days({ bucket, partition }: UsageAddress, range: DayRange, nowMs: number, isGone = false): UsageDay[] {
    assert(range.toDay - range.fromDay < limits.usageDaysReadMax, "a bounded number of days is read");
    const { counters: tree } = this.#trees(partition);
    const counters = readCounters(tree, bucket);
    if (counters === undefined) return [];
    const today = Math.max(utcDay(nowMs), counters.day);
    const lastDay = Math.min(range.toDay, isGone ? counters.day : today);
    if (lastDay < range.fromDay) return [];
    const stored = storedDays(tree, bucket, range.fromDay, lastDay);
    let before: BucketDay | null = dayBefore(tree, bucket, range.fromDay, counters);
    const days: UsageDay[] = [];
    for (let day = range.fromDay; day <= lastDay; day++) {
      const lengthMs = day === today ? Math.max(0, nowMs - day * msPerDay) : msPerDay;
      const own = day === counters.day ? currentDay(counters, today, nowMs) : stored.get(day);
      const found: BucketDay | null = own ?? (before === null ? null : unchangedDay(before, Math.floor(lengthMs)));
      if (found === null) continue;
      days.push({ day, ...found });
      before = found;
    }
    return days;
  }

  /** Buckets of an account that were closed for deletion, by id; some may have come back. @throws CorruptRecordError */
  closed(partition: number, accountId: string, after: BucketId | null, limit: number): ClosedBucket[] {
    assert(limit <= limits.usageBucketsPage, "a page of closed buckets has a bounded size");
    return closedBucketsOf(this.#trees(partition).meta, accountId, after, limit);
  }

  #trees(partition: number) {
    const snapshot = this.#snapshots[partition];
    assert(snapshot !== undefined, "a partition of this node");
    snapshot.refresh();
    return snapshot.trees;
  }
}

/** The day at which the totals stand: up to now, or whole when it is over. */
function currentDay(counters: BucketCounters, today: number, nowMs: number): BucketDay {
  return counters.day < today ? wholeDay(counters) : dayOf(countersAt(counters, nowMs));
}

function storedDays(tree: ReadTree, bucket: BucketId, fromDay: number, toDay: number): Map<number, BucketDay> {
  const range = { start: dayKey(bucket, fromDay), end: dayKey(bucket, toDay + 1), limit: limits.usageDaysReadMax };
  return new Map(tree.range(range).map(({ key, value }) => [dayOfKey(key), decodeDay(key, value)]));
}

/** What the bucket held when `fromDay` began; null when it was not there. */
function dayBefore(tree: ReadTree, bucket: BucketId, fromDay: number, counters: BucketCounters): BucketDay | null {
  if (counters.day < fromDay) return wholeDay(counters);
  if (fromDay === 0) return null;
  const range = { start: dayKey(bucket, fromDay - 1), end: totalsKey(bucket), reverse: true, limit: 1 };
  const [row] = tree.range(range);
  return row === undefined ? null : decodeDay(row.key, row.value);
}
