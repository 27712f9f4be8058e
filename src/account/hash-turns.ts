/** Who may use libuv's threads for a slow hash: the file system and the commits use the same ones. */

import { BoundedQueue } from "../base/bounded-queue.ts";

/** So many hashes wait already that another would only wait in vain; the answer is "try again". */
export class HashesBusyError extends Error {
  override readonly name = "HashesBusyError";

  constructor() {
    super("too many passwords are being checked at once");
  }
}

/** Lets a fixed number run at once and a fixed number wait, in order. */
export class HashTurns {
  #free: number;
  readonly #waiting: BoundedQueue<() => void>;

  /** @param atOnce at least 1 @param waitingMax at least 1 */
  constructor(atOnce: number, waitingMax: number) {
    this.#free = atOnce;
    this.#waiting = new BoundedQueue(waitingMax);
  }

  /** What `work` gives. Rejects with HashesBusyError, before `work` is called, when no place to wait is left. */
  async run<R>(work: () => Promise<R>): Promise<R> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#waiting.push(resolve)) reject(new HashesBusyError());
    });
  }
}
