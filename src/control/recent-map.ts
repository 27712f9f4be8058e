/** A map of bounded size that forgets what has not been used for long. */

import { assert } from "../base/assert.ts";

/**
 * Get and set cost O(1). In two generations: what is not used while the younger half fills is forgotten. To keep the exact
 * order of use would cost a deletion and an insertion with each look-up.
 */
export class RecentMap<K, V> {
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  readonly #generationMax: number;

  /** @param sizeMax most entries held, at least 2 */
  constructor(sizeMax: number) {
    assert(Number.isInteger(sizeMax) && sizeMax >= 2, "a map holds at least two entries");
    this.#generationMax = Math.floor(sizeMax / 2);
  }

  /** The value, which thereby counts as used. */
  get(key: K): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    this.#old.delete(key);
    if (this.#young.size >= this.#generationMax && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
