/** Tells the collector which readers may still use what it wants to remove, through shared memory. */

import { assert } from "../base/assert.ts";

const headerWords = 2;

/** One thread's side. */
export interface EpochReader {
  /** Call before the snapshot is refreshed; returns the epoch for `leave`. */
  enter(partition: number): number;
  /** Call when the last byte was read, or the read was given up; exactly once per `enter`. */
  leave(partition: number, epoch: number): void;
}

/**
 * Per partition one Int32 "current" and per reader one Int32 "published": the oldest epoch it uses, 0 for none.
 *
 * The collector notes the highest committed row H to process, calls E = `advance`, and processes rows up to H once
 * `isPast(E)`. A reader publishes first and refreshes its snapshot after, so one that the check did not see has a
 * snapshot that contains the commits of all rows up to H, and finds no way to what they remove.
 * Atomics are sequentially consistent; numbers last 13 years at five rounds a second.
 */
export class ReadEpochs {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #partitions: number;
  readonly #readers: number;

  private constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
    this.#partitions = Atomics.load(this.#words, 0);
    this.#readers = Atomics.load(this.#words, 1);
  }

  /** @param readers number of threads that read */
  static create(partitions: number, readers: number): ReadEpochs {
    assert(partitions > 0 && readers > 0, "epochs serve some partitions and readers");
    const words = headerWords + partitions * (1 + readers);
    const shared = new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
    const view = new Int32Array(shared);
    view.set([partitions, readers]);
    for (let partition = 0; partition < partitions; partition += 1) view[headerWords + partition * (1 + readers)] = 1;
    return new ReadEpochs(shared);
  }

  /** The same epochs in another thread. */
  static attach(shared: SharedArrayBuffer): ReadEpochs {
    return new ReadEpochs(shared);
  }

  /** The side of one reading thread, 0-based. One per thread: it counts the thread's reads. */
  reader(readerIndex: number): EpochReader {
    assert(readerIndex >= 0 && readerIndex < this.#readers, "a reader of these epochs");
    const active: Active[][] = Array.from({ length: this.#partitions }, () => []);
    return {
      enter: (partition) => this.#enter(partition, readerIndex, active),
      leave: (partition, epoch) => this.#leave(partition, readerIndex, active, epoch),
    };
  }

  /** Begins a new epoch and returns it. */
  advance(partition: number): number {
    return Atomics.add(this.#words, this.#current(partition), 1) + 1;
  }

  /** True when no reader uses an epoch before `epoch`. */
  isPast(partition: number, epoch: number): boolean {
    const first = this.#current(partition) + 1;
    for (let index = first; index < first + this.#readers; index += 1) {
      const published = Atomics.load(this.#words, index);
      if (published !== 0 && published < epoch) return false;
    }
    return true;
  }

  /** Forgets the reads of a thread that has ended. */
  clear(readerIndex: number): void {
    for (let partition = 0; partition < this.#partitions; partition += 1) this.#publish(partition, readerIndex, 0);
  }

  #enter(partition: number, readerIndex: number, active: readonly Active[][]): number {
    const reads = active[partition];
    assert(reads !== undefined, "a partition of these epochs");
    const epoch = Atomics.load(this.#words, this.#current(partition));
    const last = reads.at(-1);
    if (last?.epoch === epoch) last.count += 1;
    else reads.push({ epoch, count: 1 });
    if (reads.length === 1) this.#publish(partition, readerIndex, epoch);
    return epoch;
  }

  #leave(partition: number, readerIndex: number, active: readonly Active[][], epoch: number): void {
    const reads = active[partition];
    const index = reads?.findIndex((read) => read.epoch === epoch) ?? -1;
    const read = reads?.[index];
    assert(reads !== undefined && read !== undefined, "a read that was entered leaves");
    read.count -= 1;
    if (read.count > 0) return;
    reads.splice(index, 1);
    if (index === 0) this.#publish(partition, readerIndex, reads[0]?.epoch ?? 0);
  }

  #publish(partition: number, readerIndex: number, epoch: number): void {
    Atomics.store(this.#words, this.#current(partition) + 1 + readerIndex, epoch);
  }

  #current(partition: number): number {
    assert(partition >= 0 && partition < this.#partitions, "a partition of these epochs");
    return headerWords + partition * (1 + this.#readers);
  }
}

/** Reads of one thread that began in the same epoch. Kept in rising order of epochs. */
interface Active {
  readonly epoch: number;
  count: number;
}
