/**
 * The mailbox of one bucket thread. Owns the order in which waiting messages get their turn: first in first out inside a
 * bucket, deficit round robin between buckets (Shreedhar and Varghese, 1995), so that a busy bucket delays the others by
 * one quantum and no more.
 */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";

interface Waiting<M> {
  readonly message: M;
  readonly cost: number;
}

interface Flow<M> {
  readonly key: string;
  readonly waiting: Waiting<M>[];
  head: number;
  deficit: number;
  /** Held back until `unblock`. */
  isBlocked: boolean;
  isInRing: boolean;
}

/** Fair between keys by cost. Each operation is O(1), except that a message of cost c may turn the ring c / quantum times. */
export class FairQueue<M> {
  readonly #quantum: number;
  readonly #flows = new Map<string, Flow<M>>();
  /** Flows with a message and not blocked; the first one is being served. */
  #ring: Flow<M>[] = [];
  #first = 0;
  #size = 0;

  constructor(quantum: number = limits.mailboxQuantumBytes) {
    this.#quantum = quantum;
  }

  /** Messages that wait, in blocked flows too. */
  get size(): number {
    return this.#size;
  }

  /** True while `take` would return a message. */
  get isReady(): boolean {
    return this.#first < this.#ring.length;
  }

  /** Messages that wait under a key. */
  sizeOf(key: string): number {
    const flow = this.#flows.get(key);
    return flow === undefined ? 0 : flow.waiting.length - flow.head;
  }

  isBlocked(key: string): boolean {
    return this.#flows.get(key)?.isBlocked === true;
  }

  push(key: string, cost: number, message: M): void {
    assert(cost > 0, "a message has a weight");
    const flow = this.#flow(key);
    flow.waiting.push({ message, cost });
    this.#size++;
    this.#enterRing(flow);
  }

  /** The next message, or undefined when none may have its turn. */
  take(): M | undefined {
    for (;;) {
      const flow = this.#ring[this.#first];
      if (flow === undefined) return undefined;
      const next = flow.waiting[flow.head];
      assert(next !== undefined && !flow.isBlocked, "a flow in the ring has a message");
      if (next.cost <= flow.deficit) return this.#serve(flow, next);
      this.#leaveFront();
      flow.deficit += this.#quantum;
      this.#ring.push(flow);
    }
  }

  /** Holds a key's messages back; they keep their order. */
  block(key: string): void {
    const flow = this.#flow(key);
    flow.isBlocked = true;
    if (!flow.isInRing) return;
    this.#ring = this.#ring.slice(this.#first).filter((each) => each !== flow);
    this.#first = 0;
    flow.isInRing = false;
  }

  unblock(key: string): void {
    const flow = this.#flows.get(key);
    if (flow === undefined) return;
    flow.isBlocked = false;
    if (flow.waiting.length > flow.head) this.#enterRing(flow);
    else this.#flows.delete(key);
  }

  #flow(key: string): Flow<M> {
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      flow = { key, waiting: [], head: 0, deficit: this.#quantum, isBlocked: false, isInRing: false };
      this.#flows.set(key, flow);
    }
    return flow;
  }

  #enterRing(flow: Flow<M>): void {
    if (flow.isInRing || flow.isBlocked) return;
    flow.isInRing = true;
    this.#ring.push(flow);
  }

  #leaveFront(): void {
    this.#first++;
    if (this.#first < 1024 && this.#first < this.#ring.length) return;
    this.#ring = this.#ring.slice(this.#first);
    this.#first = 0;
  }

  #serve(flow: Flow<M>, next: Waiting<M>): M {
    flow.deficit -= next.cost;
    flow.head++;
    this.#size--;
    if (flow.head === flow.waiting.length) {
      // An empty flow keeps no credit, or an idle bucket could save up for a burst.
      this.#leaveFront();
      this.#flows.delete(flow.key);
    } else if (flow.head >= 1024) {
      flow.waiting.splice(0, flow.head);
      flow.head = 0;
    }
    return next.message;
  }
}

/** A message that waits for its turn. */
export interface MailboxMessage {
  readonly bucket: string;
  /** Weight in bytes: what the message costs to handle, relative to others. */
  readonly cost: number;
  /** Unix ms. */
  readonly deadlineMs: number;
}

/** Bounded; drops what is past its deadline before its turn, with an outcome, and never after it began. */
export class Mailbox<M extends MailboxMessage> {
  readonly #queue = new FairQueue<M>();
  readonly #onExpired: (message: M) => void;
  #expired = 0;
  #refused = 0;

  constructor(onExpired: (message: M) => void) {
    this.#onExpired = onExpired;
  }

  get size(): number {
    return this.#queue.size;
  }

  get isReady(): boolean {
    return this.#queue.isReady;
  }

  /** @returns false when the mailbox, or the bucket's share of it, is full: the sender answers SlowDown */
  offer(message: M): boolean {
    const isFull =
      this.#queue.size >= limits.mailboxMessagesMax ||
      this.#queue.sizeOf(message.bucket) >= limits.mailboxMessagesPerBucketMax;
    if (isFull) this.#refused++;
    else this.#queue.push(message.bucket, message.cost, message);
    return !isFull;
  }

  /** The next message whose deadline is not past. */
  take(nowMs: number): M | undefined {
    for (;;) {
      const message = this.#queue.take();
      if (message === undefined || message.deadlineMs > nowMs) return message;
      this.#expired++;
      this.#onExpired(message);
    }
  }

  has(bucket: string): boolean {
    return this.#queue.sizeOf(bucket) > 0;
  }

  isBlocked(bucket: string): boolean {
    return this.#queue.isBlocked(bucket);
  }

  block(bucket: string): void {
    this.#queue.block(bucket);
  }

  unblock(bucket: string): void {
    this.#queue.unblock(bucket);
  }

  snapshot(): { readonly waiting: number; readonly expired: number; readonly refused: number } {
    return { waiting: this.#queue.size, expired: this.#expired, refused: this.#refused };
  }
}
