/** A bound on waiting for others. */

import type { Clock } from "../base/clock.ts";

/** As `work`, or a rejection when that takes longer. The work itself is not stopped. */
export function within<T>(clock: Clock, waitMs: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(waitMs, () => reject(new Error(`${what} took longer than ${waitMs} ms`)));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
