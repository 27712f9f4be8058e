/** Says to every thread which segments may still be appended to, through shared memory. */

import { assert } from "../base/assert.ts";
import { laneOf, numberOf } from "./partition-layout.ts";

const headerWords = 2;

/**
 * One Int32 per (partition, lane): the lowest number the lane may still append to. What is below it is sealed. A lane
 * whose store was not opened yet holds 0: none of its segments counts as sealed.
 */
export class SegmentMarks {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #lanes: number;

  private constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
    this.#lanes = Atomics.load(this.#words, 1);
  }

  static create(partitions: number, lanes: number): SegmentMarks {
    const shared = new SharedArrayBuffer((headerWords + partitions * lanes) * Int32Array.BYTES_PER_ELEMENT);
    new Int32Array(shared).set([partitions, lanes]);
    return new SegmentMarks(shared);
  }

  static attach(shared: SharedArrayBuffer): SegmentMarks {
    return new SegmentMarks(shared);
  }

  publish(partition: number, lane: number, number: number): void {
    Atomics.store(this.#words, this.#index(partition, lane), number);
  }

  /** Lanes beyond those that this process runs are left from a larger configuration: all their segments are sealed. */
  isSealed(partition: number, segment: number): boolean {
    const lane = laneOf(segment);
    return lane >= this.#lanes || numberOf(segment) < Atomics.load(this.#words, this.#index(partition, lane));
  }

  #index(partition: number, lane: number): number {
    const index = headerWords + partition * this.#lanes + lane;
    assert(lane < this.#lanes && index < this.#words.length, "a mark of a partition and lane of this process");
    return index;
  }
}
