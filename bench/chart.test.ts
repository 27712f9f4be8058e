import test from "ava";
import fc from "fast-check";
import { chart } from "./chart.ts";
import { spreadLabels, ticks } from "./line-panel.ts";
import { summary } from "./measure.ts";
import type { CaseResult } from "./results.ts";
import { chooseCases } from "./workload.ts";

function made(): CaseResult[] {
  const cases = chooseCases({ only: null, connections: [1, 8, 64], isLong: true, withCeilings: true });
  if (typeof cases === "string") throw new Error(cases);
  return cases.map((each) => {
    const cost = (each.operation === "PUT" ? 180 : 60) + each.sizeBytes / 1500 + (each.operation === "BARE" ? -50 : 0);
    const busy = Math.min(each.connections, 4);
    const p50Ms = (cost * each.connections) / busy / 1000;
    const round = {
      requests: 1000,
      errors: {},
      seconds: 1,
      busyShare: 0.4,
      reconnects: 0,
      perSecond: (1e6 / cost) * busy,
      cpuMicros: cost,
      memoryBytes: 1e8,
      p50Ms,
      p99Ms: p50Ms * 3,
    };
    return { ...each, base: summary(each, [round]), other: null, ratios: null };
  });
}

const about = { machine: "2 × CPU <of a kind>", date: "2026-01-02T03:04:05Z" };

test("four panels, every line of them labelled", (t) => {
  const svg = chart({ cases: made(), ...about });
  for (const title of ["Throughput by size", "Latency by size", "Throughput by connections", "Latency by connections"])
    t.is(svg.split(title).length, 2, title);
  for (const name of ["PUT p50", "PUT p99", "GET p50", "GET p99", "HEAD", "DELETE", "MIX", "bare front", "16 MiB"])
    t.true(svg.includes(`>${name}</text>`), name);
  t.false(/NaN|undefined|Infinity/.test(svg));
  t.false(svg.includes("<of a kind>"));
});

test("whatever was measured can be drawn", (t) => {
  const cases = made();
  fc.assert(
    fc.property(fc.subarray(cases), (some) => {
      const svg = chart({ cases: some, ...about });
      t.false(/NaN|undefined|Infinity/.test(svg));
    }),
    { numRuns: 50 },
  );
  t.false(chart({ cases: [], ...about }).includes("Throughput by"));
});

test("ticks enclose the values", (t) => {
  t.deepEqual(ticks(3, 40).at, [2, 5, 10, 20, 50]);
  t.deepEqual(ticks(3, 4000).at, [1, 10, 100, 1000, 10_000]);
  const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(positive, positive, (a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const found = ticks(low, high);
      return found.low <= low * 1.001 && found.high >= high * 0.999 && found.at.length >= 1;
    }),
  );
});

test("labels keep their order and their distance", (t) => {
  t.deepEqual(spreadLabels([10, 12, 100], 15, 200), [10, 25, 100]);
  t.deepEqual(spreadLabels([195, 190], 15, 200), [200, 185]);
  fc.assert(
    fc.property(fc.array(fc.nat(200), { maxLength: 8 }), (wanted) => {
      const placed = spreadLabels(wanted, 15, 200).sort((a, b) => a - b);
      return placed.every((y, index) => index === 0 || y - (placed[index - 1] ?? 0) >= 15) && (placed.at(-1) ?? 0) <= 200;
    }),
  );
});
