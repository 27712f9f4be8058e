/** A first-in first-out queue with a fixed capacity: what is full says so, and nothing grows without bound. */

import { assert } from "./assert.ts";

/** Push and shift cost O(1). Memory follows the longest length the queue has had, up to its capacity. */
export class BoundedQueue<T> {
  readonly capacity: number;
  #slots: (T | undefined)[];
  #head = 0;
  #length = 0;

  /** @param capacity most items held, at least 1 */
  constructor(capacity: number) {
    assert(Number.isSafeInteger(capacity) && capacity >= 1, "a queue holds at least one item");
    this.capacity = capacity;
    this.#slots = new Array<T | undefined>(Math.min(capacity, 16));
  }

  get length(): number {
    return this.#length;
  }

  get isFull(): boolean {
    return this.#length === this.capacity;
  }

  /** Appends `item`; false, and nothing changes, when the queue is full. */
  push(item: T): boolean {
    if (this.#length === this.capacity) return false;
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) % this.#slots.length] = item;
    this.#length += 1;
    return true;
  }

  /** Takes the oldest item; undefined when the queue is empty. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#length -= 1;
    return item;
  }

  /** The oldest item, which stays; undefined when the queue is empty. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head];
  }

  /** Takes every item, oldest first. */
  drain(): T[] {
    const items: T[] = [];
    while (this.#length > 0) items.push(this.shift() as T);
    return items;
  }

  #grow(): void {
    const slots = new Array<T | undefined>(Math.min(this.capacity, this.#slots.length * 2));
    for (let index = 0; index < this.#length; index++) {
      slots[index] = this.#slots[(this.#head + index) % this.#slots.length];
    }
    this.#slots = slots;
    this.#head = 0;
  }
}
