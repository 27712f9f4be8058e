/** The parts of a node while it runs: closed in reverse, or left alone when nothing can be trusted any more. */

/** What has been opened, in order, and how each is let go of. */
export class Opened {
  readonly #closing: (() => Promise<void> | void)[] = [];
  readonly #abandoning: (() => Promise<void> | void)[] = [];

  /** @param abandon after a fault that leaves nothing to trust; absent: it stays as it is */
  add(close: () => Promise<void> | void, abandon?: () => Promise<void> | void): void {
    this.#closing.push(close);
    if (abandon !== undefined) this.#abandoning.push(abandon);
  }

  /** In reverse; one that fails does not keep the others. @throws what the first one that failed threw */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closing.pop(); close !== undefined; close = this.#closing.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async abandon(): Promise<void> {
    this.#closing.length = 0;
    for (let abandon = this.#abandoning.pop(); abandon !== undefined; abandon = this.#abandoning.pop()) await abandon();
  }
}
