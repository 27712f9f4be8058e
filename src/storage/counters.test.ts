import test from "ava";
import { bucketId } from "../base/ids.ts";
import { countersAt, decodeDay, emptyCounters, readCounters, utcDay, writeCounters } from "./counters.ts";
import { dayKey } from "./keys.ts";
import { createMemoryMetadata } from "./memory-trees.ts";

const bucket = bucketId("ab".repeat(16));
const noon = Date.UTC(2026, 0, 2, 12);

test("totals come back, and a day that ended keeps a row of its own", async (t) => {
  const metadata = createMemoryMetadata();
  const first = { ...emptyCounters(Buffer.alloc(8, 1), noon), seq: 1, storedBytes: 10, objects: 1, ingressBytes: 10 };
  await metadata.transact(({ counters }) => writeCounters(counters, bucket, undefined, first));
  t.deepEqual(readCounters(metadata.trees.counters, bucket), first);

  const nextDay = noon + 86_400_000;
  await metadata.transact(({ counters }) => {
    const previous = readCounters(counters, bucket);
    if (previous === undefined) return t.fail();
    const now = countersAt(previous, nextDay);
    t.is(now.ingressBytes, 0);
    writeCounters(counters, bucket, previous, { ...now, seq: 2, storedBytes: 15, ingressBytes: 5 });
  });
  const key = dayKey(bucket, utcDay(noon));
  const row = metadata.trees.counters.get(key);
  t.deepEqual(row && decodeDay(key, row), { ingressBytes: 10, storedBytes: 10, objects: 1 });
  t.is(readCounters(metadata.trees.counters, bucket)?.ingressBytes, 5);
});

test("a clock that is set back stays on its day and loses no ingress", (t) => {
  const counters = { ...emptyCounters(Buffer.alloc(8), noon), ingressBytes: 7 };
  t.is(countersAt(counters, noon - 86_400_000), counters);
  t.is(countersAt(counters, noon + 1), counters);
});
