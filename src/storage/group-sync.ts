/** Joins callers that wait for the same flush, so that one `fdatasync` or directory `fsync` serves a whole group. */

/**
 * One flush at a time. Who joins while one runs is served by the next, because the running one may have begun before
 * their bytes were written. An idle group starts once the current tick's work is done, so that the bodies of one batch share it.
 *
 * After a failure the group is poisoned: the kernel may have marked the lost pages clean, so a later flush that
 * succeeds proves nothing. Every later join rejects with the first error and nothing is flushed again.
 */
export class GroupSync {
  readonly #flush: () => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  #isRunning = false;
  #isPoisoned = false;
  #failure: unknown;

  /** @param onFailure told once, with the first error */
  constructor(flush: () => Promise<void>, onFailure: (error: unknown) => void) {
    this.#flush = flush;
    this.#onFailure = onFailure;
  }

  /** Resolves when a flush that began after this call has succeeded; rejects with the first failure of the group. */
  join(): Promise<void> {
    if (this.#isPoisoned) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#isRunning) return;
      this.#isRunning = true;
      setImmediate(() => this.#run());
    });
  }

  get isPoisoned(): boolean {
    return this.#isPoisoned;
  }

  /** Fails everyone who waits, and every later join: the file took an error on another way. */
  poison(error: unknown): void {
    if (this.#isPoisoned) return;
    this.#isPoisoned = true;
    this.#failure = error;
    this.#onFailure(error);
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isPoisoned) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#flush();
      } catch (error) {
        this.poison(error);
      }
      for (const waiter of group) {
        if (this.#isPoisoned) waiter.reject(this.#failure);
        else waiter.resolve();
      }
    }
    this.#isRunning = false;
  }
}
