/** A map of bounded size that forgets what has not been used for the longest time. */

import { assert } from "../base/assert.ts";

/** Get and set cost O(1). */
export class RecentMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #sizeMax: number;

  /** @param sizeMax most entries held, at least 1 */
  constructor(sizeMax: number) {
    assert(Number.isInteger(sizeMax) && sizeMax >= 1, "a map holds at least one entry");
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, which thereby counts as just used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#sizeMax) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(key, value);
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }
}
