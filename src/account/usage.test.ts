import test from "ava";
import fc from "fast-check";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { UsageDay } from "../bucket/usage-reader.ts";
import type { BucketRecord } from "../control/records.ts";
import { msPerDay } from "../storage/counters.ts";
import {
  averageBytes,
  dayText,
  parseDay,
  parseDayRange,
  type UsageParts,
  type UsageQuery,
  type UsageRow,
  usageOfAccounts,
} from "./usage.ts";
import { csvCell, usageCsvHeader, usageCsvLines } from "./usage-csv.ts";

const idOf = (number: number) => bucketId(number.toString(16).padStart(32, "0"));
const nameOf = (number: number) => `b${String(number).padStart(4, "0")}`;
const fromDay = 20_000;
const toDay = 20_003;

interface World {
  /** By bucket number: its days. Even ones are living, odd ones deleted; a note of each living one is left too. */
  readonly buckets: readonly (readonly UsageDay[])[];
}

function partsOf({ buckets }: World): UsageParts & { yields: number } {
  const isDeleted = (index: number): boolean => index % 2 === 1;
  const parts = {
    yields: 0,
    control: {
      refresh: () => undefined,
      bucketsOf: (accountId: string, _prefix: string, after: string, limit: number) =>
        buckets
          .map((_, index) => ({ name: nameOf(index), id: idOf(index), partition: index % 3, accountId }))
          .filter(({ name }, index) => !isDeleted(index) && name > after)
          .slice(0, limit) as unknown as BucketRecord[],
    },
    reader: {
      partitions: 3,
      closed: (partition: number, accountId: string, after: string | null, limit: number) =>
        buckets
          .map((_, index) => ({ bucket: idOf(index), name: nameOf(index), accountId, closedMs: 0, index }))
          .filter(({ bucket, index }) => index % 3 === partition && (after === null || bucket > after))
          .slice(0, limit),
      days: (at: { bucket: string }, range: { fromDay: number; toDay: number }) => {
        const days = buckets[Number.parseInt(at.bucket, 16)] ?? [];
        return days.filter(({ day }) => day >= range.fromDay && day <= range.toDay);
      },
    },
    clock: { nowMs: () => (toDay + 1) * msPerDay },
    yieldTurn: async () => {
      parts.yields += 1;
    },
  };
  return parts;
}

async function all(parts: UsageParts, query: Pick<UsageQuery, "group" | "by">): Promise<UsageRow[]> {
  const rows: UsageRow[] = [];
  for await (const page of usageOfAccounts(parts, ["1"], { fromDay, toDay, ...query })) rows.push(...page);
  return rows;
}

const dayArbitrary = fc.integer({ min: fromDay - 1, max: toDay + 1 }).chain((day) =>
  fc.record({
    day: fc.constant(day),
    storedBytes: fc.nat(1e12),
    objects: fc.nat(1e6),
    versions: fc.nat(1e6),
    byteMs: fc.bigInt({ min: 0n, max: 2n ** 80n }),
    ingressBytes: fc.nat(1e12),
    egressBytes: fc.nat(1e12),
    requests: fc.array(fc.nat(1e6), { minLength: 5, maxLength: 5 }),
  }),
);
const daysArbitrary = fc
  .uniqueArray(dayArbitrary, { selector: ({ day }) => day, maxLength: 5 })
  .map((days) => days.sort((one, other) => one.day - other.day));

interface Sums {
  readonly byteMs: bigint;
  readonly ingressBytes: number;
  readonly egressBytes: number;
  readonly reads: number;
}

function sumsOf(rows: readonly UsageRow[]): Sums {
  return {
    byteMs: rows.reduce((sum, { byteMs }) => sum + byteMs, 0n),
    ingressBytes: rows.reduce((sum, { ingressBytes }) => sum + ingressBytes, 0),
    egressBytes: rows.reduce((sum, { egressBytes }) => sum + egressBytes, 0),
    reads: rows.reduce((sum, { requests }) => sum + requests.read, 0),
  };
}

/** The same from the text of a CSV. */
function sumsOfCsv(text: string): Sums {
  const [head = "", ...lines] = text.trimEnd().split("\r\n");
  const cells = lines.map((line) => line.split(","));
  const column = (name: string): string[] => cells.map((row) => row[head.split(",").indexOf(name)] ?? "?");
  const sum = (name: string): number => column(name).reduce((total, cell) => total + Number(cell), 0);
  return {
    byteMs: column("byte_milliseconds").reduce((total, cell) => total + BigInt(cell), 0n),
    ingressBytes: sum("ingress_bytes"),
    egressBytes: sum("egress_bytes"),
    reads: sum("requests_read"),
  };
}

test("totals are the sums of days, accounts those of buckets, and CSV says the same", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(daysArbitrary, { maxLength: 12 }), async (buckets) => {
      const parts = partsOf({ buckets });
      const days = await all(parts, { group: "day", by: "bucket" });
      const within = buckets.flat().filter(({ day }) => day >= fromDay && day <= toDay);
      t.is(days.length, within.length, "each bucket's day once, living or deleted");
      const expected = sumsOf(days);
      t.is(
        expected.ingressBytes,
        within.reduce((sum, { ingressBytes }) => sum + ingressBytes, 0),
      );
      for (const group of ["day", "total"] as const) {
        for (const by of ["bucket", "account"] as const) {
          const rows = await all(parts, { group, by });
          t.deepEqual(sumsOf(rows), expected);
          t.deepEqual(sumsOfCsv(usageCsvHeader + usageCsvLines(rows)), expected);
        }
      }
      const accountDays = await all(parts, { group: "day", by: "account" });
      t.deepEqual(
        accountDays.map(({ fromDay: day }) => day),
        [...new Set(days.map(({ fromDay: day }) => day))].sort(),
      );
      for (const row of accountDays) {
        const same = days.filter(({ fromDay: day }) => day === row.fromDay);
        t.is(
          row.storedBytes,
          same.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
        );
      }
      const [total] = await all(parts, { group: "total", by: "account" });
      t.is(total?.storedBytes, accountDays.at(-1)?.storedBytes);
    }),
    { numRuns: 60 },
  );
});

test("an account of many buckets is read in pages that give way", async (t) => {
  const day = { storedBytes: 1, objects: 1, versions: 0, byteMs: 1n, ingressBytes: 1, egressBytes: 0 };
  const count = 2 * limits.usageBucketsPage + 6;
  const buckets = Array.from({ length: count }, () => [{ ...day, day: fromDay, requests: [0, 0, 0, 0, 0] }]);
  const parts = partsOf({ buckets });
  const sizes: number[] = [];
  const query = { fromDay, toDay, group: "day", by: "bucket" } as const;
  for await (const page of usageOfAccounts(parts, ["1"], query)) sizes.push(page.length);
  t.is(
    sizes.reduce((sum, size) => sum + size, 0),
    count,
  );
  t.true(sizes.every((size) => size <= limits.usageBucketsPage));
  t.true(parts.yields >= Math.floor((2 * count) / limits.usageDaysPerSlice));
});

test("days are written and read as ISO dates in UTC", (t) => {
  t.is(dayText(20_455), "2026-01-02");
  t.is(parseDay("2026-01-02"), 20_455);
  for (const text of ["2026-1-2", "2026-02-30", "2026-13-01", "1969-12-31", "2026-01-02T00:00:00Z", "", "today"]) {
    t.is(parseDay(text), null, text);
  }
  t.deepEqual(parseDayRange("2026-01-02", "2026-01-02"), { fromDay: 20_455, toDay: 20_455 });
  t.deepEqual(parseDayRange("2024-01-01", "2024-12-31"), { fromDay: 19_723, toDay: 20_088 });
  t.regex(String(parseDayRange("2024-01-01", "2025-01-01")), /367 days/);
  t.regex(String(parseDayRange("2026-01-02", "2026-01-01")), /before/);
  t.regex(String(parseDayRange("x", "2026-01-01")), /^from: "x"/);
  t.is(averageBytes(BigInt(msPerDay) * 30n, 3), 10);
});

test("text that a spreadsheet would run is shown as text", (t) => {
  t.is(csvCell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
  for (const first of ["+", "-", "@", "\t", "\uFF1D"]) t.is(csvCell(`${first}1`), `'${first}1`);
  t.is(csvCell("\r1"), `"'\r1"`);
  t.is(csvCell('a "b", c'), '"a ""b"", c"');
  t.is(csvCell(-1), "-1");
  t.is(csvCell("plain"), "plain");
});

test("an account is shown by the name that is given", async (t) => {
  const day = { day: fromDay, storedBytes: 5, objects: 1, versions: 2, ingressBytes: 6, egressBytes: 7 };
  const byteMs = BigInt(msPerDay) * 4n;
  const parts = partsOf({ buckets: [[{ ...day, byteMs, requests: [1, 2, 3, 4, 5] }]] });
  const rows = await all(parts, { group: "total", by: "bucket" });
  t.is(
    usageCsvHeader + usageCsvLines(rows, () => "=cmd"),
    "from,to,account,bucket,stored_bytes,objects,versions,average_bytes,byte_milliseconds,ingress_bytes,egress_bytes," +
      "requests_read,requests_write,requests_list,requests_delete,requests_other\r\n" +
      "2024-10-04,2024-10-07,'=cmd,b0000,5,1,2,1,345600000,6,7,1,2,3,4,5\r\n",
  );
});
