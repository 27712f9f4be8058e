/**
 * Sums what a front has sent and counted for each bucket, and hands the sums to the buckets' owner threads: every
 * `limits.usageFlushMs`, when the table is full, and at the end. Nothing is ever counted twice: what was sent and not
 * answered is not sent again. What its thread has certainly not taken is kept for the next time.
 */

import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { BucketOwner } from "../bucket/messages.ts";
import type { RequestClass } from "../storage/counters.ts";
import { requestClasses } from "../storage/counters.ts";

/** Where the sums of a bucket go. */
export interface TalliedBucket {
  readonly id: BucketId;
  readonly partition: number;
  /** Who pays in the place of a bucket's owner, and the bucket's name: `id` stands for his share of it alone. */
  readonly payer?: BucketOwner;
}

export interface BucketSum {
  readonly bucket: TalliedBucket;
  egressBytes: number;
  /** In the order of `requestClasses`. */
  readonly requests: number[];
}

/** What became of a sum: taken; perhaps taken, since its answer never came; or certainly not. */
export type HandedOver = "taken" | "unknown" | "refused";

/** Sends one sum to the thread that owns its bucket. Never rejects. */
export type HandOver = (sum: BucketSum) => Promise<HandedOver>;

export class UsageTally {
  readonly #handOver: HandOver;
  readonly #bucketsMax: number;
  #sums = new Map<BucketId, BucketSum>();
  readonly #underWay = new Set<Promise<void>>();
  #lostRequests = 0;

  /** @param bucketsMax a table of this many sums; a further bucket has all of them handed over early */
  constructor(handOver: HandOver, bucketsMax: number = limits.usagePendingMax) {
    this.#handOver = handOver;
    this.#bucketsMax = bucketsMax;
  }

  /** Requests that may never have been booked: no answer came, or their thread refused them while the table was full. */
  get lostRequests(): number {
    return this.#lostRequests;
  }

  record(bucket: TalliedBucket, requestClass: RequestClass, sentBytes: number): void {
    let sum = this.#sums.get(bucket.id);
    if (sum === undefined) {
      if (this.#sums.size >= this.#bucketsMax) this.flush();
      sum = { bucket, egressBytes: 0, requests: requestClasses.map(() => 0) };
      this.#sums.set(bucket.id, sum);
    }
    sum.egressBytes += sentBytes;
    const index = requestClasses.indexOf(requestClass);
    sum.requests[index] = (sum.requests[index] ?? 0) + 1;
  }

  /** Sends every sum on its way. */
  flush(): void {
    const sums = this.#sums;
    this.#sums = new Map();
    for (const sum of sums.values()) {
      const handed: Promise<void> = this.#handOver(sum).then((outcome) => {
        this.#underWay.delete(handed);
        if (outcome === "refused") this.#putBack(sum);
        else if (outcome === "unknown") this.#lose(sum);
      });
      this.#underWay.add(handed);
    }
  }

  /** Hands everything over; resolves when it has been taken, or could not be in several attempts with a pause between. */
  async drain(pause: () => Promise<void>): Promise<void> {
    for (let attempt = 0; attempt < limits.usageDrainAttemptsMax; attempt++) {
      if (attempt > 0) await pause();
      this.flush();
      await Promise.all(this.#underWay);
      if (this.#sums.size === 0) return;
    }
  }

  #putBack(sum: BucketSum): void {
    const known = this.#sums.get(sum.bucket.id);
    if (known !== undefined) {
      known.egressBytes += sum.egressBytes;
      for (const [index, count] of sum.requests.entries()) known.requests[index] = (known.requests[index] ?? 0) + count;
    } else if (this.#sums.size < this.#bucketsMax) {
      this.#sums.set(sum.bucket.id, sum);
    } else {
      this.#lose(sum);
    }
  }

  #lose({ requests }: BucketSum): void {
    this.#lostRequests += requests.reduce((total, count) => total + count, 0);
  }
}

/** The class that a request for an operation is counted in. @param operation its name; "" when it has none */
export function requestClassOf(operation: string, method: string): RequestClass {
  if (operation === "") return "other";
  if (operation.startsWith("List")) return "list";
  if (operation.startsWith("Delete") || method === "DELETE") return "delete";
  if (method === "GET" || method === "HEAD" || operation.startsWith("Select")) return "read";
  return method === "PUT" || method === "POST" ? "write" : "other";
}
