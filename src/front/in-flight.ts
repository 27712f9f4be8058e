/** Owns the count of requests that are not yet answered in full, which is what a graceful stop waits for. */

import type { Clock } from "../base/clock.ts";

export class InFlight {
  #count = 0;
  #isDraining = false;
  #onIdle: (() => void) | null = null;

  /** True once the server is stopping: answers then close their connections. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#onIdle?.();
  }

  /** Resolves when nothing is in flight, in a turn after the one that ended the last request, or after `drainMs`. */
  drain(drainMs: number, clock: Clock): Promise<void> {
    this.#isDraining = true;
    return new Promise((resolve) => {
      const deadline = clock.after(drainMs, () => this.#onIdle?.());
      this.#onIdle = () => {
        this.#onIdle = null;
        deadline.cancel();
        // The last answer may still be in the library's buffer of this turn.
        setImmediate(resolve);
      };
      if (this.#count === 0) this.#onIdle();
    });
  }
}
