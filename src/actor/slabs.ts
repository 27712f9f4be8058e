/**
 * The process-wide pool of shared memory through which request bodies pass from fronts to bucket threads. A slot belongs
 * to the front that acquired it or to the thread it is lent to, and is free again only when that thread has returned it
 * or has ended: a slot reused earlier would store another client's bytes.
 */

import { assert } from "../base/assert.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";

/** Number of a slot in the whole pool, the same in every thread. */
export type SlotId = number;

/** One size of slots. */
export interface SlabClass {
  readonly bytes: number;
  /** Slots of this size in the process; each front gets an equal share, rounded down. */
  readonly count: number;
}

/** What every thread needs to attach to the pool; plain data. */
export interface SharedSlabs {
  readonly memory: SharedArrayBuffer;
  readonly fronts: number;
  /** By rising size. */
  readonly classes: readonly SlabClass[];
}

export const defaultSlabClasses: readonly SlabClass[] = [
  { bytes: limits.slabSmallBytes, count: limits.slabSmallCount },
  { bytes: limits.slabMediumBytes, count: limits.slabMediumCount },
  { bytes: limits.slabLargeBytes, count: limits.slabLargeCount },
];

/** The default mix of slot sizes, scaled to about `totalBytes`; at least one slot of each size. */
export function slabClasses(totalBytes: number): SlabClass[] {
  const defaultBytes = defaultSlabClasses.reduce((sum, { bytes, count }) => sum + bytes * count, 0);
  const scale = totalBytes / defaultBytes;
  return defaultSlabClasses.map(({ bytes, count }) => ({ bytes, count: Math.max(1, Math.round(count * scale)) }));
}

export interface SlabsSnapshot {
  readonly slots: readonly { readonly bytes: number; readonly free: number; readonly count: number }[];
  readonly waiting: number;
  readonly lent: number;
}

interface Waiter {
  readonly classIndex: number;
  readonly settle: (slot: SlotId | null) => void;
  readonly timer: Timer;
}

const free = -2;
const held = -1;

/** One thread's view of the pool. A front allocates from its own share; a bucket thread (`front` null) only looks at slots. */
export class Slabs {
  readonly shared: SharedSlabs;
  readonly #firstSlot: number[] = [];
  readonly #firstByte: number[] = [];
  readonly #bytes: Uint8Array;
  /** Free slots per class, last in first out: the memory most recently touched is in cache. */
  readonly #free: SlotId[][] = [];
  readonly #shares: number[] = [];
  /** `free`, `held` by this front, or the number of the thread it is lent to; by slot. */
  readonly #owner: Int32Array;
  readonly #onReturn = new Map<SlotId, () => void>();
  readonly #waiters = new Set<Waiter>();
  readonly #clock: Clock | null;

  /** Makes the pool; the caller hands `SharedSlabs` to every thread. */
  static create(fronts: number, classes: readonly SlabClass[] = defaultSlabClasses): SharedSlabs {
    assert(fronts >= 1 && classes.length >= 1, "a pool has a front and a size");
    for (const [index, { bytes, count }] of classes.entries()) {
      assert(count >= fronts, "each front has a slot of each size");
      assert(bytes % 64 === 0 && bytes > (classes[index - 1]?.bytes ?? 0), "sizes rise and keep cache lines apart");
    }
    const bytes = classes.reduce((sum, each) => sum + each.bytes * each.count, 0);
    return { memory: new SharedArrayBuffer(bytes), fronts, classes };
  }

  /** @param front number of the front that allocates here, or null for a thread that only looks; a front gives its clock */
  static attach(shared: SharedSlabs, front: number | null, clock: Clock | null = null): Slabs {
    assert(
      front === null || (front >= 0 && front < shared.fronts && clock !== null),
      "a front has a number and a clock",
    );
    return new Slabs(shared, front, clock);
  }

  private constructor(shared: SharedSlabs, front: number | null, clock: Clock | null) {
    this.shared = shared;
    this.#clock = clock;
    this.#bytes = new Uint8Array(shared.memory);
    let slot = 0;
    let byte = 0;
    for (const { bytes, count } of shared.classes) {
      this.#firstSlot.push(slot);
      this.#firstByte.push(byte);
      const share = front === null ? 0 : Math.floor(count / shared.fronts);
      this.#shares.push(share);
      const first = slot + share * (front ?? 0);
      this.#free.push(Array.from({ length: share }, (_, index) => first + share - 1 - index));
      slot += count;
      byte += bytes * count;
    }
    this.#owner = new Int32Array(slot).fill(free);
  }

  /** The largest slot in bytes. */
  get largestBytes(): number {
    return this.#classBytes(this.shared.classes.length - 1);
  }

  /** Number of callers of `acquireOrWait` that wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** A slot of at least `sizeBytes`, of the smallest size that has one free; null when none has. */
  acquire(sizeBytes: number): SlotId | null {
    // Those who wait come first.
    if (this.#waiters.size > 0) return null;
    return this.#take(this.#classFor(sizeBytes));
  }

  /** A slot of any size, the nearest to `wantedBytes`: first as large or larger, then smaller. */
  acquireNear(wantedBytes: number): SlotId | null {
    if (this.#waiters.size > 0) return null;
    const wanted = this.#classFor(Math.min(wantedBytes, this.largestBytes));
    const larger = this.#take(wanted);
    if (larger !== null) return larger;
    for (let index = wanted - 1; index >= 0; index--) {
      const slot = this.#free[index]?.pop();
      if (slot !== undefined) return this.#hold(slot);
    }
    return null;
  }

  /**
   * Waits for a slot of at least `sizeBytes`, in order of arrival.
   * @returns null at once when `limits.slabWaitersMax` wait already, and after `waitMs`
   */
  acquireOrWait(sizeBytes: number, waitMs: number = limits.slabWaitMs): Promise<SlotId | null> {
    const slot = this.acquire(sizeBytes);
    if (slot !== null) return Promise.resolve(slot);
    const clock = this.#clock;
    if (clock === null || this.#waiters.size >= limits.slabWaitersMax) return Promise.resolve(null);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        classIndex: this.#classFor(sizeBytes),
        timer: clock.after(waitMs, () => waiter.settle(null)),
        settle: (granted) => {
          waiter.timer.cancel();
          this.#waiters.delete(waiter);
          resolve(granted);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /** Size of a slot in bytes. */
  capacity(slot: SlotId): number {
    return this.#classBytes(this.#classOf(slot));
  }

  /** The first `length` bytes of a slot. The memory is shared: the view is good while the slot is not returned. */
  view(slot: SlotId, length: number): Uint8Array {
    const index = this.#classOf(slot);
    assert(length >= 0 && length <= this.#classBytes(index), "a view lies inside its slot");
    const start = (this.#firstByte[index] ?? 0) + (slot - (this.#firstSlot[index] ?? 0)) * this.#classBytes(index);
    return this.#bytes.subarray(start, start + length);
  }

  /** Hands a held slot to a thread. `onReturn` runs when it comes back, by `release` or by the thread's end. */
  lend(slot: SlotId, thread: number, onReturn?: () => void): void {
    assert(this.#owner[slot] === held, "only a held slot is lent");
    assert(thread >= 0, "a thread has a number");
    this.#owner[slot] = thread;
    if (onReturn !== undefined) this.#onReturn.set(slot, onReturn);
  }

  /** Frees a slot that this front holds, or that `thread` returns. */
  release(slot: SlotId, thread: number | null = null): void {
    assert(this.#owner[slot] === (thread ?? held), "a slot is freed once, by its owner");
    this.#owner[slot] = free;
    this.#free[this.#classOf(slot)]?.push(slot);
    const onReturn = this.#onReturn.get(slot);
    this.#onReturn.delete(slot);
    this.#grant();
    onReturn?.();
  }

  /** Takes back every slot lent to a thread that has ended. Must not be called while it runs. @returns how many */
  reclaim(thread: number): number {
    let count = 0;
    for (let slot = 0; slot < this.#owner.length; slot++) {
      if (this.#owner[slot] !== thread) continue;
      this.release(slot, thread);
      count++;
    }
    return count;
  }

  snapshot(): SlabsSnapshot {
    const lent = this.#owner.reduce((sum, owner) => sum + (owner >= 0 ? 1 : 0), 0);
    const slots = this.shared.classes.map(({ bytes }, index) => ({
      bytes,
      free: this.#free[index]?.length ?? 0,
      count: this.#shares[index] ?? 0,
    }));
    return { slots, waiting: this.#waiters.size, lent };
  }

  #grant(): void {
    for (const waiter of this.#waiters) {
      const slot = this.#take(waiter.classIndex);
      if (slot === null) continue;
      waiter.settle(slot);
      return;
    }
  }

  #take(classIndex: number): SlotId | null {
    for (let index = classIndex; index < this.#free.length; index++) {
      const slot = this.#free[index]?.pop();
      if (slot !== undefined) return this.#hold(slot);
    }
    return null;
  }

  #hold(slot: SlotId): SlotId {
    assert(this.#owner[slot] === free, "a free slot has no owner");
    this.#owner[slot] = held;
    return slot;
  }

  #classFor(sizeBytes: number): number {
    const index = this.shared.classes.findIndex(({ bytes }) => bytes >= sizeBytes);
    assert(index >= 0, "a slot holds at most the largest size");
    return index;
  }

  #classOf(slot: SlotId): number {
    assert(Number.isInteger(slot) && slot >= 0 && slot < this.#owner.length, "a slot has a number in the pool");
    let index = this.#firstSlot.length - 1;
    while (slot < (this.#firstSlot[index] ?? 0)) index--;
    return index;
  }

  #classBytes(index: number): number {
    return this.shared.classes[index]?.bytes ?? 0;
  }
}
