/** Decides at a write's headers, before its body is read, whether there is room for it. No room means SlowDown at once. */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";

/** What a write asks for. */
export interface TicketRequest {
  readonly accountId: string;
  readonly bucket: string;
  /** Number of the thread that owns the bucket. */
  readonly thread: number;
  /** Content-Length, or null: what the body will claim of the slabs, capped. */
  readonly wireBytes: number | null;
}

/** The right to read a body and to have a place in a commit. */
export interface Ticket {
  /** Gives the right back; to be called exactly once, whatever became of the write. */
  release(): void;
}

export interface AdmissionLimits {
  readonly perAccount: number;
  readonly perBucket: number;
  readonly perThread: number;
  /** Larger than the slabs themselves: a slot circulates while its body pauses. */
  readonly slabBytes: number;
}

const defaultLimits: AdmissionLimits = {
  perAccount: limits.ticketsPerAccountMax,
  perBucket: limits.ticketsPerBucketMax,
  perThread: limits.ticketsPerThreadMax,
  slabBytes: limits.ticketSlabBytesMax,
};

export interface AdmissionSnapshot {
  readonly tickets: number;
  readonly slabBytes: number;
  readonly refused: number;
  readonly ticketsByThread: ReadonlyMap<number, number>;
}

/** The tickets of one front. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #accounts = new Counts<string>();
  readonly #buckets = new Counts<string>();
  readonly #threads = new Counts<number>();
  #slabBytes = 0;
  #tickets = 0;
  #refused = 0;

  /** @param fronts number of fronts in the process: each admits its share */
  constructor(fronts: number, most: AdmissionLimits = defaultLimits) {
    assert(fronts >= 1, "there is a front");
    const share = (count: number) => Math.max(1, Math.floor(count / fronts));
    this.#limits = {
      perAccount: share(most.perAccount),
      perBucket: share(most.perBucket),
      perThread: share(most.perThread),
      slabBytes: share(most.slabBytes),
    };
  }

  /** @returns null when any of the four is used up: the answer is SlowDown */
  take({ accountId, bucket, thread, wireBytes }: TicketRequest): Ticket | null {
    const slabBytes = Math.min(wireBytes ?? limits.slabMediumBytes, limits.slabMediumBytes);
    const isFull =
      this.#accounts.of(accountId) >= this.#limits.perAccount ||
      this.#buckets.of(bucket) >= this.#limits.perBucket ||
      this.#threads.of(thread) >= this.#limits.perThread ||
      this.#slabBytes + slabBytes > this.#limits.slabBytes;
    if (isFull) {
      this.#refused++;
      return null;
    }
    const change = (by: 1 | -1) => {
      this.#accounts.add(accountId, by);
      this.#buckets.add(bucket, by);
      this.#threads.add(thread, by);
      this.#slabBytes += by * slabBytes;
      this.#tickets += by;
    };
    change(1);
    let isTaken = true;
    return {
      release: () => {
        assert(isTaken, "a ticket is released once");
        isTaken = false;
        change(-1);
      },
    };
  }

  snapshot(): AdmissionSnapshot {
    return {
      tickets: this.#tickets,
      slabBytes: this.#slabBytes,
      refused: this.#refused,
      ticketsByThread: this.#threads.entries(),
    };
  }
}

/** Counts by key; keys at 0 take no memory. */
class Counts<K> {
  readonly #counts = new Map<K, number>();

  of(key: K): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: K, by: number): void {
    const count = this.of(key) + by;
    assert(count >= 0, "a count does not fall below 0");
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }

  entries(): ReadonlyMap<K, number> {
    return new Map(this.#counts);
  }
}
