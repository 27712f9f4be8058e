/** Time that passes when a test says so. */

import type { Clock, Timer } from "./clock.ts";

interface Alarm {
  atMs: number;
  readonly everyMs: number | null;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  readonly #alarms = new Set<Alarm>();

  constructor(startMs = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#now = startMs;
  }

  nowMs = (): number => this.#now;
  monotonicMs = (): number => this.#now;
  after = (delayMs: number, run: () => void): Timer => this.#add({ atMs: this.#now + delayMs, everyMs: null, run });
  every = (everyMs: number, run: () => void): Timer => this.#add({ atMs: this.#now + everyMs, everyMs, run });

  /** Timers that are set. */
  get alarms(): number {
    return this.#alarms.size;
  }

  /** Runs what falls due, in its order, and lets what it began go on. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#alarms].sort((one, other) => one.atMs - other.atMs)[0];
      if (next === undefined || next.atMs > end) break;
      this.#now = next.atMs;
      if (next.everyMs === null) this.#alarms.delete(next);
      else next.atMs += next.everyMs;
      next.run();
      await settled();
    }
    this.#now = end;
    await settled();
  }

  #add(alarm: Alarm): Timer {
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }
}

/** Lets what is ready run, and what it makes ready. */
export async function settled(): Promise<void> {
  for (let tick = 0; tick < 4; tick++) await new Promise((resolve) => setImmediate(resolve));
}
