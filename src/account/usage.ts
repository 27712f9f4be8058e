/**
 * Usage by bucket, account and UTC day, as customers and resellers are shown it. Bytes are logical bytes of S3: replicas,
 * encryption and compaction do not show. Reads in slices; a program that lists a reseller's customers gives their ids.
 */

import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { DayRange, UsageDay, UsageReader } from "../bucket/usage-reader.ts";
import type { ControlReader } from "../control/reader.ts";
import { msPerDay, type RequestClass, requestClasses, utcDay } from "../storage/counters.ts";

/** A bucket whose usage is asked for; deleted ones too, under the name they had. */
export interface UsageBucket {
  readonly accountId: string;
  readonly name: string;
  readonly id: BucketId;
  readonly partition: number;
  readonly isDeleted: boolean;
}

/**
 * Usage of a bucket or an account, on one day or over a range. Ingress, egress, requests and `byteMs` of a range are the sums
 * of its days; stored bytes, objects and versions are those at the end of its last day.
 */
export interface UsageRow {
  readonly accountId: string;
  /** null: all buckets of the account. */
  readonly bucket: string | null;
  readonly bucketId: BucketId | null;
  /** `2026-01-02`, UTC; equal to `toDay` in rows of one day. */
  readonly fromDay: string;
  readonly toDay: string;
  readonly storedBytes: number;
  readonly objects: number;
  readonly versions: number;
  /** Stored bytes over time, bytes x ms. Divided by 86,400,000 it is byte-hours / 24: the day's average. */
  readonly byteMs: bigint;
  readonly ingressBytes: number;
  readonly egressBytes: number;
  readonly requests: Readonly<Record<RequestClass, number>>;
}

export interface UsageQuery extends DayRange {
  readonly group: "day" | "total";
  readonly by: "bucket" | "account";
}

export interface UsageParts {
  readonly control: Pick<ControlReader, "refresh" | "bucketsOf">;
  readonly reader: Pick<UsageReader, "partitions" | "days" | "closed">;
  readonly clock: Pick<Clock, "nowMs">;
  /** Resolves in a later turn of the event loop. */
  readonly yieldTurn: () => Promise<void>;
}

/**
 * The buckets of an account, living ones by name and then those that were deleted, in pages.
 * @throws CorruptRecordError
 */
export async function* bucketsOfAccount(parts: UsageParts, accountId: string): AsyncGenerator<UsageBucket[]> {
  const { control, reader, yieldTurn } = parts;
  const living = new Set<BucketId>();
  for (let after = ""; ; ) {
    control.refresh();
    const page = control.bucketsOf(accountId, "", after, limits.usageBucketsPage);
    for (const { id } of page) living.add(id);
    yield page.map(({ name, id, partition }) => ({ accountId, name, id, partition, isDeleted: false }));
    const last = page.at(-1);
    if (last === undefined || page.length < limits.usageBucketsPage) break;
    after = last.name;
    await yieldTurn();
  }
  for (let partition = 0; partition < reader.partitions; partition++) {
    for (let after: BucketId | null = null; ; ) {
      const page = reader.closed(partition, accountId, after, limits.usageBucketsPage);
      yield page
        .filter(({ bucket }) => !living.has(bucket))
        .map(({ bucket, name }) => ({ accountId, name, id: bucket, partition, isDeleted: true }));
      const last = page.at(-1);
      if (last === undefined || page.length < limits.usageBucketsPage) break;
      after = last.bucket;
      await yieldTurn();
    }
  }
}

/**
 * Rows of accounts, one account after the other, in pages. Of a deleted bucket there are rows of the days on which it was
 * there; a bucket, or a day of an account, on which nothing was stored, sent or asked has none in a total.
 * @param accountIds whose usage the caller may see
 * @throws CorruptRecordError
 */
export async function* usageOfAccounts(
  parts: UsageParts,
  accountIds: readonly string[],
  query: UsageQuery,
): AsyncGenerator<UsageRow[]> {
  for (const accountId of accountIds) {
    const sums = new Map<number, UsageDay>();
    for await (const page of bucketsOfAccount(parts, accountId)) {
      for await (const rows of usageOfBuckets(parts, page, query, sums)) if (query.by === "bucket") yield rows;
    }
    if (query.by === "account") yield rowsOf({ accountId, name: null, id: null }, [...sums.values()], query);
  }
}

/**
 * Rows of buckets, in their order, in pages of about 1,000.
 * @param sums takes the days of all of them together
 * @throws CorruptRecordError
 */
export async function* usageOfBuckets(
  parts: UsageParts,
  buckets: readonly UsageBucket[],
  query: UsageQuery,
  sums: Map<number, UsageDay> = new Map(),
): AsyncGenerator<UsageRow[]> {
  const { reader, clock, yieldTurn } = parts;
  let rows: UsageRow[] = [];
  let daysRead = 0;
  for (const bucket of buckets) {
    const days = reader.days(
      { bucket: bucket.id, partition: bucket.partition },
      query,
      clock.nowMs(),
      bucket.isDeleted,
    );
    for (const day of days) addDay(sums, day);
    if (query.by === "bucket") rows.push(...rowsOf(bucket, days, query));
    if (rows.length >= limits.usageBucketsPage) {
      yield rows;
      rows = [];
    }
    daysRead += days.length + 1;
    if (daysRead < limits.usageDaysPerSlice) continue;
    daysRead = 0;
    await yieldTurn();
  }
  if (rows.length > 0) yield rows;
  if (daysRead > 0) await yieldTurn();
}

function addDay(sums: Map<number, UsageDay>, day: UsageDay): void {
  const sum = sums.get(day.day);
  sums.set(day.day, sum === undefined ? day : plus(sum, day));
}

/** The sum of two buckets' usage of one day. */
function plus(one: UsageDay, other: UsageDay): UsageDay {
  return {
    day: one.day,
    storedBytes: one.storedBytes + other.storedBytes,
    objects: one.objects + other.objects,
    versions: one.versions + other.versions,
    byteMs: one.byteMs + other.byteMs,
    ingressBytes: one.ingressBytes + other.ingressBytes,
    egressBytes: one.egressBytes + other.egressBytes,
    requests: one.requests.map((count, index) => count + (other.requests[index] ?? 0)),
  };
}

interface RowOwner {
  readonly accountId: string;
  readonly name: string | null;
  readonly id: BucketId | null;
}

function rowsOf(owner: RowOwner, unordered: readonly UsageDay[], query: UsageQuery): UsageRow[] {
  const days = [...unordered].sort((one, other) => one.day - other.day);
  if (query.group === "day") return days.map((day) => rowOf(owner, day, day.day, day.day));
  const last = days.at(-1);
  if (last === undefined) return [];
  const total = days
    .slice(0, -1)
    .reduce((sum, day) => plus(sum, { ...day, storedBytes: 0, objects: 0, versions: 0 }), last);
  // What was deleted before the range ended holds nothing at its end, and its last row says so.
  return [rowOf(owner, total, query.fromDay, query.toDay)];
}

function rowOf({ accountId, name, id }: RowOwner, day: UsageDay, fromDay: number, toDay: number): UsageRow {
  return {
    accountId,
    bucket: name,
    bucketId: id,
    fromDay: dayText(fromDay),
    toDay: dayText(toDay),
    storedBytes: day.storedBytes,
    objects: day.objects,
    versions: day.versions,
    byteMs: day.byteMs,
    ingressBytes: day.ingressBytes,
    egressBytes: day.egressBytes,
    requests: Object.fromEntries(
      requestClasses.map((name, index) => [name, day.requests[index] ?? 0]),
    ) as UsageRow["requests"],
  };
}

/** `2026-01-02` for a day counted from 1970-01-01. */
export function dayText(day: number): string {
  return new Date(day * msPerDay).toISOString().slice(0, 10);
}

/** The day that `2026-01-02` names, counted from 1970-01-01; null when the text names none. */
export function parseDay(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const ms = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(ms) || ms < 0) return null;
  const day = utcDay(ms);
  // 30 February is parsed as 2 March.
  return dayText(day) === text ? day : null;
}

/** The days from one to another, both included, or what is wrong with them. */
export function parseDayRange(from: string, to: string): DayRange | string {
  const fromDay = parseDay(from);
  const toDay = parseDay(to);
  if (fromDay === null) return `from: ${JSON.stringify(from)} is no day; write it as 2026-01-02`;
  if (toDay === null) return `to: ${JSON.stringify(to)} is no day; write it as 2026-01-02`;
  if (toDay < fromDay) return "to: lies before from";
  const count = toDay - fromDay + 1;
  if (count > limits.usageDaysReadMax) return `from, to: ${count} days are more than ${limits.usageDaysReadMax}`;
  return { fromDay, toDay };
}

/** `byteMs` of a number of days as the average of bytes held: byte-hours / 24 / days, rounded down. */
export function averageBytes(byteMs: bigint, days: number): number {
  assert(days >= 1, "an average is of one day or more");
  return Number(byteMs / (BigInt(msPerDay) * BigInt(days)));
}
