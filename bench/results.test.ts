/** The figures of a run: medians of rounds, paired ratios, what is judged, and what is told. */

import test from "ava";
import { addUp, shareOut } from "./load.ts";
import { deletionsFor, type Round, summary } from "./measure.ts";
import { report } from "./report.ts";
import { type CaseResult, casesOutside, errorCount, ratiosOf } from "./results.ts";
import type { DriverTask } from "./scripts.ts";
import { Histogram } from "./statistics.ts";
import { closing, figure, ratioText, remarks, tableHead, tableLine } from "./table.ts";
import { chooseCases } from "./workload.ts";

const round = (figures: Partial<Round>): Round => ({
  requests: 1000,
  errors: {},
  seconds: 1,
  busyShare: 0.5,
  reconnects: 0,
  perSecond: 1000,
  cpuMicros: 100,
  memoryBytes: 1e8,
  p50Ms: 1,
  p99Ms: 4,
  ...figures,
});
const put = { operation: "PUT", sizeBytes: 65_536 } as const;

test("a row is the medians of its rounds, and all of its errors", (t) => {
  const measured = summary(put, [
    round({ perSecond: 900, cpuMicros: 90, errors: { "503 SlowDown": 2 } }),
    round({ perSecond: 1000, cpuMicros: 120, busyShare: 0.95 }),
    round({ perSecond: 5000, cpuMicros: 100, errors: { "503 SlowDown": 1, "connection closed": 1 } }),
  ]);
  t.like(measured, { perSecond: 1000, cpuMicros: 100, p50Ms: 1, busyShare: 0.95 });
  t.deepEqual(measured.errors, { "503 SlowDown": 3, "connection closed": 1 });
  t.is(errorCount(measured), 4);
  t.is(measured.megabytesPerSecond, 65.536);
  t.is(summary({ operation: "HEAD", sizeBytes: 4096 }, [round({})]).megabytesPerSecond, 0);
  t.is(summary({ operation: "MIX", sizeBytes: 1e6 }, [round({})]).megabytesPerSecond, 600);
  t.is(summary(put, [round({ cpuMicros: null })]).cpuMicros, null);
});

test("load processes add up: requests and errors are sums, latencies one distribution, time and load the largest", (t) => {
  const of = (values: readonly number[], seconds: number, busyShare: number, errors: Record<string, number>) => {
    const latencies = new Histogram();
    for (const value of values) latencies.record(value);
    return { requests: values.length, errors, seconds, latencies: latencies.pack(), busyShare, reconnects: 1 };
  };
  const sum = addUp([of([1, 1, 1], 1, 0.2, { "500": 1 }), of([100], 1.5, 0.9, { "500": 2, reset: 1 })]);
  t.like(sum, { requests: 4, seconds: 1.5, busyShare: 0.9, reconnects: 2, errors: { "500": 3, reset: 1 } });
  t.true(Math.abs(sum.p50Ms - 1) < 0.02 && Math.abs(sum.p99Ms - 100) < 2);
});

test("connections are shared out over load processes", (t) => {
  const task: Omit<DriverTask, "share"> = {
    target: { host: "h", port: 1, accessKeyId: "a", secretAccessKey: "b" },
    operation: "GET",
    folder: "f",
    buckets: ["b"],
    prefix: "p/",
    sizeBytes: 4096,
    keyCount: 10,
    connections: 8,
    seconds: 1,
    requestsMin: 32,
    signsPayload: true,
  };
  const shares = shareOut(task, 3);
  t.deepEqual(
    shares.map(({ connections }) => connections),
    [3, 3, 2],
  );
  t.deepEqual(
    shares.map(({ share }) => share),
    [0, 1, 2].map((index) => ({ index, count: 3 })),
  );
  t.is(shareOut({ ...task, connections: 1 }, 3).length, 1);
});

test("a round of DELETE has keys enough for its time, within bounds", (t) => {
  t.is(deletionsFor([1000, 2000], 1), 2600);
  t.is(deletionsFor([1], 1), 200);
  t.is(deletionsFor([1e6], 10), 50_000);
});

function compared(base: readonly Partial<Round>[], other: readonly Partial<Round>[]): CaseResult {
  const [each] = chooseCases({ only: ["put-64k"], connections: [8], isLong: false, withCeilings: false });
  if (each === undefined || typeof each === "string") throw new Error("no such case");
  const [a, b] = [summary(put, base.map(round)), summary(put, other.map(round))];
  return { ...each, base: a, other: b, ratios: ratiosOf(a, b) };
}

test("what is judged is the ratio of CPU time, or of rates where that is not known", (t) => {
  const slower = compared([{ cpuMicros: 100 }, { cpuMicros: 200 }], [{ cpuMicros: 120 }, { cpuMicros: 240 }]);
  const busier = compared([{ perSecond: 1000 }], [{ perSecond: 500 }]);
  const unknown = compared([{ cpuMicros: null, perSecond: 1000 }], [{ cpuMicros: null, perSecond: 500 }]);
  const broken = compared([{ perSecond: 0, cpuMicros: null }], [{ perSecond: 0, cpuMicros: null }]);
  t.true(Math.abs((slower.ratios?.cpu?.median ?? 0) - 1.2) < 1e-9);
  t.deepEqual(casesOutside([slower, busier, unknown, broken], 1.1), [slower, unknown, broken]);
  t.deepEqual(casesOutside([slower, busier], 1.25), []);
  const faster = compared([{ cpuMicros: 100 }], [{ cpuMicros: 80 }]);
  t.deepEqual(casesOutside([faster], 1.1), [faster]);
});

test("errors, a saturated load process and connections that do not last are told beside the row", (t) => {
  const result = compared([{ errors: { "503 SlowDown": 3 } }], [{ busyShare: 0.97, reconnects: 500 }]);
  const told = remarks(result).join("\n");
  t.regex(told, /A: 3 × 503 SlowDown/);
  t.regex(told, /B: a load process was 97 % busy/);
  t.regex(told, /B: the server closes connections: 500/);
  t.deepEqual(remarks(compared([{}], [{}])), []);
});

test("tables are aligned, and name what they cannot know", (t) => {
  const both = compared([{}, {}], [{ cpuMicros: 110 }, { cpuMicros: 110 }]);
  const alone: CaseResult = {
    ...both,
    base: summary(put, [round({ cpuMicros: null, memoryBytes: null })]),
    other: null,
  };
  t.is(tableHead(true).length, tableLine(both).length);
  t.is(tableHead(false).length, tableLine(alone).length);
  t.regex(tableLine(both), /1\.100 \[1\.10 1\.10\]/);
  t.regex(tableLine(alone), / - +- +0$/);
  t.is(ratioText(null), "-");
  t.deepEqual([1.234, 12.34, 123.4, null].map(figure), ["1.23", "12.3", "123", "-"]);
});

test("the page has every row, its errors and the parts", (t) => {
  const { ratios: _, ...each } = compared([{ errors: { "503 SlowDown": 3 } }], [{}]);
  const results = {
    formatVersion: 1,
    command: "--long --write",
    date: "2026-01-02T03:04:05Z",
    machine: "2 × CPU",
    nodeVersion: "v20",
    servers: ["node A"],
    roundSeconds: 1,
    rounds: 5,
    idleBytes: 75e6,
    cases: [{ ...each, other: null, ratios: null }],
    parts: [{ name: "MD5 of 4 KiB", cpuMicros: 8, wallMicros: 9 }],
  } as const;
  const page = report(results);
  t.true(page.includes("| PUT 64 KiB | 8 | 1000 | 65.5 | 1.00 | 4.00 | 100 | 100 | 3 |"));
  t.true(page.includes("- PUT 64 KiB, 8 connections: 3 × 503 SlowDown"));
  t.true(page.includes("| MD5 of 4 KiB | 8.00 | 9.00 |"));
  t.true(page.includes("`npm run bench -- --long --write`, 2026-01-02, 2 × CPU"));
  t.regex(closing(results), /MD5 of 4 KiB[\s\S]*75 MB/);
});
