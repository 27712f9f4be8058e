/** The clock port. Only this file and `storage/` may read the machine's time or set timers. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Unix time in ms, may be set back by the machine's owner. */
  nowMs(): number;
  /** Monotonic time in ms with fractions. */
  monotonicMs(): number;
  /** Runs once; does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
  /** Runs repeatedly until cancelled; does not keep the process alive. */
  every(intervalMs: number, run: () => void): Timer;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every: (intervalMs, run) => {
    const timer = setInterval(run, intervalMs);
    timer.unref();
    return { cancel: () => clearInterval(timer) };
  },
};
