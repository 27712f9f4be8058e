/** Counts requests in one thread, and hands the sums over as plain data. */

import { limits } from "../base/limits.ts";

/** Upper bounds of the duration buckets, seconds; what is slower falls in one more bucket. */
export const durationBoundsSeconds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60,
] as const;

/** A finished request. */
export interface FinishedRequest {
  /** Name of the S3 operation, or of another kind of request. */
  readonly operation: string;
  /** HTTP status or S3 error code. */
  readonly code: string;
  readonly durationMs: number;
  /** Body bytes from and to the client. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface DurationSums {
  readonly operation: string;
  /** One more than `durationBoundsSeconds`; not cumulative. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
}

/** What was counted since the last hand-over. Plain data. */
export interface RequestSums {
  readonly requests: readonly { readonly operation: string; readonly code: string; readonly count: number }[];
  readonly durations: readonly DurationSums[];
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Operations and codes beyond the first `limits.metricSeriesMax` pairs count under this name. */
export const otherName = "other";

export class RequestCounters {
  #requests = new Map<string, { operation: string; code: string; count: number }>();
  #durations = new Map<string, { operation: string; counts: number[]; sumSeconds: number }>();
  #receivedBytes = 0;
  #sentBytes = 0;

  record(request: FinishedRequest): void {
    const { operation, code } = request;
    let entry = this.#requests.get(`${operation} ${code}`);
    if (entry === undefined) {
      const isFull = this.#requests.size >= limits.metricSeriesMax;
      entry = isFull ? this.#requestsOf(otherName, otherName) : this.#requestsOf(operation, code);
    }
    entry.count += 1;
    const duration = this.#durationsOf(entry.operation);
    const seconds = Math.max(0, request.durationMs) / 1000;
    const index = durationBoundsSeconds.findIndex((bound) => seconds <= bound);
    const bucket = index < 0 ? durationBoundsSeconds.length : index;
    duration.counts[bucket] = (duration.counts[bucket] ?? 0) + 1;
    duration.sumSeconds += seconds;
    this.#receivedBytes += request.receivedBytes;
    this.#sentBytes += request.sentBytes;
  }

  /** The sums since the last call, which start at zero again. */
  take(): RequestSums {
    const sums: RequestSums = {
      requests: [...this.#requests.values()],
      durations: [...this.#durations.values()],
      receivedBytes: this.#receivedBytes,
      sentBytes: this.#sentBytes,
    };
    this.#requests = new Map();
    this.#durations = new Map();
    this.#receivedBytes = 0;
    this.#sentBytes = 0;
    return sums;
  }

  #requestsOf(operation: string, code: string) {
    const key = `${operation} ${code}`;
    let entry = this.#requests.get(key);
    if (entry === undefined) {
      entry = { operation, code, count: 0 };
      this.#requests.set(key, entry);
    }
    return entry;
  }

  #durationsOf(operation: string) {
    let entry = this.#durations.get(operation);
    if (entry === undefined) {
      entry = { operation, counts: new Array<number>(durationBoundsSeconds.length + 1).fill(0), sumSeconds: 0 };
      this.#durations.set(operation, entry);
    }
    return entry;
  }
}
