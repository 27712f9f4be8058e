/** The arithmetic of the bench: latency histograms, medians, and the spread of paired ratios. Pure. */

/** Buckets per doubling: a value is known to within 1/64, about 1.6 %. */
const stepsPerDoubling = 64;

/** Histogram as it travels between processes: pairs of bucket and count. */
export type PackedHistogram = readonly (readonly [bucket: number, count: number])[];

/** Counts of positive values on a logarithmic scale. Merging two loses nothing; a quantile is exact to 1.6 %. */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param value positive; what is not counts as the smallest */
  record(value: number): void {
    this.#add(Math.floor(Math.log2(Math.max(value, Number.MIN_VALUE)) * stepsPerDoubling), 1);
  }

  merge(packed: PackedHistogram): void {
    for (const [bucket, count] of packed) this.#add(bucket, count);
  }

  pack(): PackedHistogram {
    return [...this.#counts].sort((a, b) => a[0] - b[0]);
  }

  /** @returns the value below which the share lies (nearest rank, middle of its bucket), or 0 when nothing was recorded */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (const [bucket, count] of this.pack()) {
      seen += count;
      if (seen >= rank) return 2 ** ((bucket + 0.5) / stepsPerDoubling);
    }
    return 0;
  }

  #add(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#count += count;
  }
}

/** @returns the middle value, the mean of the two middle ones when their number is even; NaN when there is none */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** A median and the interval that holds the true one. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** How many values it was made of. */
  readonly count: number;
}

/** The interval holds the true median with at least this probability, when there are six values or more. */
const confidence = 0.95;

/**
 * The median and its distribution-free interval: the r-th smallest and the r-th largest value with the largest r for which
 * 1 - 2 P(Binomial(n, 1/2) < r) is at least 95 %. With fewer than six values no such r exists: then smallest and largest.
 * Source: Conover, "Practical Nonparametric Statistics", confidence interval for a quantile.
 */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const count = sorted.length;
  let rank = 1;
  let term = 0.5 ** count;
  let below = term;
  // `below` is P(Binomial < rank); the next rank is allowed while both tails stay within what confidence leaves.
  while (rank < count / 2) {
    term = (term * (count - rank + 1)) / rank;
    if (2 * (below + term) > 1 - confidence) break;
    below += term;
    rank += 1;
  }
  return {
    median: median(sorted),
    low: sorted[rank - 1] ?? Number.NaN,
    high: sorted[count - rank] ?? Number.NaN,
    count,
  };
}

/**
 * Paired ratios other / base, round by round: what disturbs both rounds of a pair cancels out.
 * Pairs with a value that is not positive are left out.
 */
export function ratioSpread(base: readonly number[], other: readonly number[]): Spread {
  const ratios: number[] = [];
  for (let index = 0; index < Math.min(base.length, other.length); index++) {
    const [below, above] = [base[index] ?? 0, other[index] ?? 0];
    if (below > 0 && above > 0) ratios.push(above / below);
  }
  return spread(ratios);
}
