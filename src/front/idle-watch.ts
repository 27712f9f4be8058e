/**
 * Owns the deadlines of transfers in progress: one periodic sweep over all of them instead of a timer for each, so that
 * time is counted in sweeps and a busy server pays nothing per chunk.
 */

import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";

/** Something that is looked at every `limits.idleSweepMs`. It may leave the watch while it is swept. */
export interface Watched {
  sweep(): void;
}

export class IdleWatch {
  readonly #watched = new Set<Watched>();
  readonly #timer: Timer;

  constructor(clock: Clock) {
    this.#timer = clock.every(limits.idleSweepMs, () => {
      for (const watched of this.#watched) watched.sweep();
    });
  }

  add(watched: Watched): void {
    this.#watched.add(watched);
  }

  delete(watched: Watched): void {
    this.#watched.delete(watched);
  }

  close(): void {
    this.#timer.cancel();
    this.#watched.clear();
  }
}

/** Sweeps after which `ms` have passed. */
export function sweepsOf(ms: number): number {
  return Math.ceil(ms / limits.idleSweepMs);
}
