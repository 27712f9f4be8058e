/** A map of bounded size that forgets what has not been used for long. */

import { assert } from "../base/assert.ts";

const one = (): number => 1;

/**
 * Get and set cost O(1). In two generations: what is not used while the younger half fills is forgotten. To keep the exact
 * order of use would cost a deletion and an insertion with each look-up.
 */
export class RecentMap<K, V> {
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  #youngWeight = 0;
  readonly #generationMax: number;
  readonly #weigh: (value: V) => number;

  /**
   * @param weightMax most that all entries held weigh together, at least 2; one that alone weighs more than half is held too
   * @param weigh what an entry weighs, always the same for one value; default 1, so that `weightMax` is their number
   */
  constructor(weightMax: number, weigh: (value: V) => number = one) {
    assert(Number.isInteger(weightMax) && weightMax >= 2, "a map holds at least two entries");
    this.#generationMax = Math.floor(weightMax / 2);
    this.#weigh = weigh;
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
    this.delete(key);
    const weight = this.#weigh(value);
    if (this.#young.size > 0 && this.#youngWeight + weight > this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    this.#young.set(key, value);
    this.#youngWeight += weight;
  }

  delete(key: K): void {
    const value = this.#young.get(key);
    if (value !== undefined) {
      this.#young.delete(key);
      this.#youngWeight -= this.#weigh(value);
    }
    this.#old.delete(key);
  }
}
