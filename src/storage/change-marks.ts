/** Says to every thread, through shared memory, whether rows that all requests read may have changed. */

import { assert } from "../base/assert.ts";

/** The marks of a node: one Int32 each, of the control records and of every partition. */
export class ChangeMarks {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;

  private constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  static create(partitions: number): ChangeMarks {
    return new ChangeMarks(new SharedArrayBuffer((1 + partitions) * Int32Array.BYTES_PER_ELEMENT));
  }

  static attach(shared: SharedArrayBuffer): ChangeMarks {
    return new ChangeMarks(shared);
  }

  get control(): ChangeMark {
    return new ChangeMark(this.#words, 0);
  }

  partition(index: number): ChangeMark {
    return new ChangeMark(this.#words, 1 + index);
  }
}

/**
 * A number that is even as long as what it marks stays, and odd from the first write of a commit until the commit can be
 * read and before it is acknowledged. One writer; readers in any thread.
 */
export class ChangeMark {
  readonly #words: Int32Array;
  readonly #index: number;

  constructor(words: Int32Array, index: number) {
    assert(index >= 0 && index < words.length, "a mark of this node");
    this.#words = words;
    this.#index = index;
  }

  /** Before each write. */
  begin(): void {
    if (Atomics.load(this.#words, this.#index) % 2 === 0) Atomics.add(this.#words, this.#index, 1);
  }

  /** When what was written can be read; at the start of a writer, too, since one that ended in between has marked nothing. */
  end(): void {
    if (Atomics.load(this.#words, this.#index) % 2 !== 0) Atomics.add(this.#words, this.#index, 1);
  }

  /**
   * Taken before a read: what is read stays the newest for as long as this gives the same number.
   * @returns null while a commit is under way: what is read holds for this read alone
   */
  get standing(): number | null {
    const word = Atomics.load(this.#words, this.#index);
    return word % 2 === 0 ? word : null;
  }
}
