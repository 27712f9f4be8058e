import test from "ava";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import {
  type BucketCounters,
  countersAt,
  decodeCounters,
  decodeDay,
  emptyCounters,
  msPerDay,
  noRequests,
  readCounters,
  utcDay,
  writeCounters,
} from "./counters.ts";
import { dayKey, totalsKey } from "./keys.ts";
import { createMemoryMetadata } from "./memory-trees.ts";
import { seal } from "./sealed-row.ts";

const bucket = bucketId("ab".repeat(16));
const noon = Date.UTC(2026, 0, 2, 12);
const epoch = Buffer.alloc(8, 1);

test("totals come back, and a day that ended keeps a row of its own", async (t) => {
  const metadata = createMemoryMetadata();
  const first: BucketCounters = {
    ...emptyCounters(epoch, noon),
    seq: 1,
    storedBytes: 10,
    openUploadBytes: 3,
    objects: 1,
    versions: 4,
    ingressBytes: 10,
    egressBytes: 6,
    requests: [1, 2, 3, 4, 5],
  };
  await metadata.transact(({ counters }) => writeCounters(counters, bucket, undefined, first));
  t.deepEqual(readCounters(metadata.trees.counters, bucket), first);

  await metadata.transact(({ counters }) => {
    const previous = readCounters(counters, bucket);
    if (previous === undefined) return t.fail();
    const now = countersAt(previous, noon + msPerDay);
    t.is(now.ingressBytes, 0);
    t.is(now.egressBytes, 0);
    t.deepEqual(now.requests, noRequests);
    t.is(now.byteMs, 13n * BigInt(msPerDay / 2));
    writeCounters(counters, bucket, previous, { ...now, seq: 2, storedBytes: 15, ingressBytes: 5 });
  });
  const key = dayKey(bucket, utcDay(noon));
  const row = metadata.trees.counters.get(key);
  t.deepEqual(row && decodeDay(key, row), {
    storedBytes: 13,
    objects: 1,
    versions: 4,
    byteMs: 13n * BigInt(msPerDay / 2),
    ingressBytes: 10,
    egressBytes: 6,
    requests: [1, 2, 3, 4, 5],
  });
  t.is(readCounters(metadata.trees.counters, bucket)?.ingressBytes, 5);
});

test("a clock that is set back stays on its day, loses no ingress and takes nothing from the integral", (t) => {
  const counters = { ...emptyCounters(epoch, noon), ingressBytes: 7, storedBytes: 9, byteMs: 4n };
  t.is(countersAt(counters, noon - msPerDay), counters);
  t.is(countersAt(counters, noon), counters);
  const later = countersAt(counters, noon + 2);
  t.is(later.byteMs, 22n);
  t.is(later.ingressBytes, 7);
  t.is(countersAt(later, noon + 1), later);
});

test("the integral is exact beyond 2^53", (t) => {
  const storedBytes = Number.MAX_SAFE_INTEGER;
  const start = utcDay(noon) * msPerDay;
  const counters = { ...emptyCounters(epoch, start), storedBytes };
  const end = countersAt(counters, start + msPerDay - 1);
  t.is(end.byteMs, BigInt(storedBytes) * BigInt(msPerDay - 1));
});

test("days that are too old go when a day ends, more of them than are added", async (t) => {
  const metadata = createMemoryMetadata();
  const { counters: tree } = metadata.trees;
  let now = emptyCounters(epoch, noon);
  await metadata.transact(({ counters }) => writeCounters(counters, bucket, undefined, now));
  const turn = async (day: number) => {
    const next = countersAt(now, noon + day * msPerDay);
    await metadata.transact(({ counters }) => writeCounters(counters, bucket, now, next));
    now = next;
  };
  for (const day of [1, 2, 3]) await turn(day);
  const daysKept = () => tree.keys({ start: dayKey(bucket, 0), end: dayKey(bucket, 0xffff_ffff), limit: 10 }).length;
  t.is(daysKept(), 3);
  await turn(limits.usageDaysKept);
  t.is(daysKept(), 4);
  await turn(limits.usageDaysKept + 10);
  t.is(daysKept(), 3);
  await turn(limits.usageDaysKept + 11);
  t.is(daysKept(), 2);
});

test("rows of version 1 are read: what they hold was held all their day", (t) => {
  const totals = Buffer.alloc(77);
  totals[0] = 1;
  totals.set(epoch, 1);
  for (const [index, value] of [7, 0, 100, 2, 3, 50].entries()) totals.writeBigUInt64BE(BigInt(value), 9 + index * 8);
  totals.writeUInt32BE(utcDay(noon), 57);
  totals.writeBigUInt64BE(11n, 61);
  const key = totalsKey(bucket);
  const counters = decodeCounters(key, seal(key, totals));
  t.deepEqual(
    { ...counters, epoch: null },
    {
      ...emptyCounters(epoch, noon),
      epoch: null,
      seq: 7,
      storedBytes: 100,
      objects: 2,
      versions: 3,
      openUploadBytes: 50,
      ingressBytes: 11,
      atMs: utcDay(noon) * msPerDay,
    },
  );
  t.is(countersAt(counters, noon).byteMs, 150n * BigInt(msPerDay / 2));

  const day = Buffer.alloc(33);
  day[0] = 1;
  for (const [index, value] of [11, 100, 2].entries()) day.writeBigUInt64BE(BigInt(value), 1 + index * 8);
  const past = dayKey(bucket, 20_000);
  t.deepEqual(decodeDay(past, seal(past, day)), {
    storedBytes: 100,
    objects: 2,
    versions: 0,
    byteMs: 100n * BigInt(msPerDay),
    ingressBytes: 11,
    egressBytes: 0,
    requests: noRequests,
  });
});

test("a row of a version to come, or one that is cut, is no data", (t) => {
  const key = dayKey(bucket, 20_000);
  for (const version of [2, 3]) {
    const row = Buffer.alloc(33);
    row[0] = version;
    t.throws(() => decodeDay(key, seal(key, row)), { name: "CorruptRecordError" });
  }
});
