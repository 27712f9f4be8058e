import test from "ava";
import fc from "fast-check";
import { Histogram, median, ratioSpread, spread } from "./statistics.ts";

test("a quantile of the histogram is the nearest rank, to 1.6 %", (t) => {
  const positive = fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(positive, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
      const histogram = new Histogram();
      for (const value of values) histogram.record(value);
      const sorted = [...values].sort((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0;
      return Math.abs(histogram.quantile(share) / exact - 1) < 0.016;
    }),
  );
  t.is(new Histogram().quantile(0.5), 0);
});

test("merged histograms are one histogram", (t) => {
  const values = fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), { maxLength: 50 });
  fc.assert(
    fc.property(values, values, (left, right) => {
      const [one, both] = [new Histogram(), new Histogram()];
      const two = new Histogram();
      for (const value of left) one.record(value);
      for (const value of right) two.record(value);
      for (const value of [...left, ...right]) both.record(value);
      one.merge(two.pack());
      t.deepEqual(one.pack(), both.pack());
      t.is(one.count, left.length + right.length);
    }),
  );
});

test("a value of zero is counted, as the smallest", (t) => {
  const histogram = new Histogram();
  for (const value of [0, 5, 5]) histogram.record(value);
  t.is(histogram.count, 3);
  t.true(histogram.quantile(0.01) < 1e-300);
});

test("medians", (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 3, 2]), 2.5);
  t.is(median([7]), 7);
  t.is(median([]), Number.NaN);
});

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

// Ranks of the 95 % interval of a median, as tables of the sign test have them.
for (const [count, low] of [
  [1, 1],
  [2, 1],
  [5, 1],
  [6, 1],
  [8, 1],
  [9, 2],
  [12, 3],
  [15, 4],
  [20, 6],
  [25, 8],
  [40, 14],
] as const) {
  test(`the interval of the median of ${count} values`, (t) => {
    t.like(spread(upTo(count)), { low, high: count + 1 - low, count, median: (count + 1) / 2 });
  });
}

test("the interval holds the true median in at least 95 of 100 draws", (t) => {
  // A generator of its own, so that the test says the same every time.
  let state = 12345;
  const random = (): number => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  let held = 0;
  for (let draw = 0; draw < 2000; draw++) {
    const { low, high } = spread(Array.from({ length: 12 }, () => random() ** 3));
    if (low <= 0.125 && high >= 0.125) held += 1;
  }
  t.true(held / 2000 > 0.95, String(held));
});

test("paired ratios cancel what both rounds of a pair have in common", (t) => {
  const base = [100, 300, 50, 80, 200, 170, 90];
  const other = base.map((value) => value * 1.1);
  const { median: middle, low, high, count } = ratioSpread(base, other);
  for (const value of [middle, low, high]) t.true(Math.abs(value - 1.1) < 1e-12);
  t.is(count, 7);
});

test("pairs without a figure on both sides are left out", (t) => {
  t.like(ratioSpread([0, 2, 4, 5], [1, 1, 2]), { median: 0.5, count: 2 });
  t.like(ratioSpread([], []), { median: Number.NaN, count: 0 });
});
