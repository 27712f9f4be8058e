/** Decides whether a partition's files are read synchronously (cached pages: cheapest) or through libuv's pool (cold pages, slow disks). */

import type { Clock } from "../base/clock.ts";
import { storageLimits } from "../base/storage-limits.ts";

/** Copying cached pages takes up to this many µs per KiB; what is slower came from the device. */
const copyMicrosPerKiB = 1;

export class ReadPace {
  readonly #clock: Clock;
  #slowReads = 0;
  #isAsync = false;
  #probeWaitMs: number = storageLimits.readProbeMs;
  #probeAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True when the next read should be synchronous: reads are quick, or it is time to probe whether they are again. */
  isSync(): boolean {
    return !this.#isAsync || this.#clock.monotonicMs() >= this.#probeAtMs;
  }

  /** Takes note of a synchronous read that began at `startMs` of the monotonic clock. */
  record(startMs: number, bytes: number): void {
    const nowMs = this.#clock.monotonicMs();
    const isSlow = (nowMs - startMs) * 1000 > storageLimits.slowReadMicros + (bytes / 1024) * copyMicrosPerKiB;
    if (this.#isAsync) {
      this.#recordProbe(nowMs, isSlow);
      return;
    }
    this.#slowReads = isSlow ? this.#slowReads + 1 : Math.max(0, this.#slowReads - 1);
    if (this.#slowReads < storageLimits.slowReadsMax) return;
    this.#isAsync = true;
    this.#probeWaitMs = storageLimits.readProbeMs;
    this.#probeAtMs = nowMs + this.#probeWaitMs;
  }

  #recordProbe(nowMs: number, isSlow: boolean): void {
    if (isSlow) {
      this.#probeWaitMs = Math.min(storageLimits.readProbeMsMax, this.#probeWaitMs * 2);
      this.#probeAtMs = nowMs + this.#probeWaitMs;
    } else {
      this.#isAsync = false;
      this.#slowReads = 0;
    }
  }
}
