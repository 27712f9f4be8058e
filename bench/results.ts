/** The outcome of a run: plain data, which the JSON file holds as it is. */

import type { Measured } from "./measure.ts";
import type { PartCost } from "./parts.ts";
import { ratioSpread, type Spread } from "./statistics.ts";
import type { Case } from "./workload.ts";

/** What two servers' rounds say about each other: other / base. Below 1 the other uses less. */
export interface Ratios {
  /** CPU time per request; null when a server's is not known. */
  readonly cpu: Spread | null;
  readonly rate: Spread;
  readonly p50: Spread;
  readonly p99: Spread;
}

export interface CaseResult extends Case {
  readonly base: Measured;
  readonly other: Measured | null;
  readonly ratios: Ratios | null;
}

export interface Results {
  readonly formatVersion: 1;
  /** The options that were given. */
  readonly command: string;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
  readonly nodeVersion: string;
  readonly servers: readonly string[];
  readonly roundSeconds: number;
  readonly rounds: number;
  /** RssAnon + RssShmem before the first request; null when the process is not known. */
  readonly idleBytes: number | null;
  readonly cases: readonly CaseResult[];
  /** Costs of the parts of a request in the same run. */
  readonly parts: readonly PartCost[];
}

/** A load process that waited less than this was what limited the rate. */
export const saturatedShare = 0.9;

/** Pairs the rounds of two servers. Pure. */
export function ratiosOf(base: Measured, other: Measured): Ratios {
  const of = (pick: (round: Measured["rounds"][number]) => number): Spread =>
    ratioSpread(base.rounds.map(pick), other.rounds.map(pick));
  return {
    cpu: base.cpuMicros === null || other.cpuMicros === null ? null : of((round) => round.cpuMicros ?? 0),
    rate: of((round) => round.perSecond),
    p50: of((round) => round.p50Ms),
    p99: of((round) => round.p99Ms),
  };
}

/**
 * @returns the cases whose ratio is not between 1/within and within: of CPU time, or of rates where that is not known.
 * A ratio that could not be made is outside as well. Pure.
 */
export function casesOutside(cases: readonly CaseResult[], within: number): CaseResult[] {
  return cases.filter(({ ratios }) => {
    if (ratios === null) return false;
    const { median } = ratios.cpu ?? ratios.rate;
    return !(median >= 1 / within && median <= within);
  });
}

export const errorCount = ({ errors }: Pick<Measured, "errors">): number =>
  Object.values(errors).reduce((sum, count) => sum + count, 0);
