/**
 * When lifecycle passes run: one bucket of a thread at a time, in slices that give way to what clients ask for. A bucket is
 * passed once a day, since rules count in whole days; after its configuration changed; and after a start. It finds its
 * buckets in the rows of the partitions, so that nothing about passes is stored: one that was cut off begins again.
 */

import type { Clock, Timer } from "../base/clock.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import { errorOf } from "../s3/errors.ts";
import { decodeBucketRow } from "../storage/bucket-row.ts";
import { bucketIdBytes, bucketOf } from "../storage/keys.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import type { Metadata } from "../storage/trees.ts";
import { isConfigured } from "./configuration.ts";
import { type LifecycleProgress, type LifecycleRemovals, lifecycleActions, nothingRemoved } from "./lifecycle-turns.ts";
import type { LifecyclePlace } from "./lifecycle-walk.ts";
import type { BucketAddress } from "./messages.ts";
import { behind } from "./version-walk.ts";

export interface LifecycleScheduleOptions {
  /** Those that the thread owns. */
  readonly partitions: readonly {
    readonly partition: number;
    readonly metadata: Pick<Metadata, "trees" | "refresh">;
  }[];
  readonly clock: Clock;
  /** Length of a day. */
  readonly dayMs: number;
  /** True while nobody waits for the thread. */
  readonly isQuiet: () => boolean;
  /** One slice of a pass; null: not now. */
  readonly expireSome: (address: BucketAddress, place: LifecyclePlace | null) => Promise<Outcome<unknown>> | null;
  /** For the log; the bucket is passed again later. */
  readonly onError: (error: unknown, bucket: BucketId | null) => void;
}

/** Plain data: it goes to another thread. */
export interface LifecycleSnapshot {
  /** Since the thread's start. */
  readonly removed: LifecycleRemovals;
  /** That came to their end. */
  readonly passes: number;
  /** Rows looked at. */
  readonly rows: number;
  /** When the last one came to its end, Unix ms; null: none has. */
  readonly lastPassMs: number | null;
  readonly bucketsWaiting: number;
}

/** What a bucket was passed for. */
interface Passed {
  readonly day: number;
  readonly configuredSeq: number;
}

/**
 * Ms that belong to others after a slice. Writers wait for a commit that is under way, and a disk may take far longer over it
 * than the thread was busy; a commit that had to wait itself says that others are at work.
 */
function pauseAfter({ busyMs, commitMs }: LifecycleProgress): number {
  const thread = busyMs * (1 / limits.lifecycleThreadShare - 1);
  const commit = commitMs * (1 / limits.lifecycleCommitShare - 1);
  return Math.max(thread, commit);
}

/** Rows of `buckets` per slice of a search. */
const searchRows = 200;

export class LifecycleSchedule {
  readonly #options: LifecycleScheduleOptions;
  readonly #waiting = new Map<BucketId, BucketAddress>();
  readonly #passed = new Map<BucketId, Passed>();
  #removed: LifecycleRemovals = nothingRemoved;
  #passes = 0;
  #rows = 0;
  #lastPassMs: number | null = null;
  #check: Timer | null = null;
  readonly #pauses = new Set<{ readonly timer: Timer; readonly end: () => void }>();
  /** Pauses that are still to be made, also from the end of one pass to the next. */
  #owedMs = 0;
  /** Whose pass is under way. */
  #current: BucketId | null = null;
  #isStopped = false;
  #working: Promise<void> | null = null;
  #searching: Promise<void> | null = null;

  constructor(options: LifecycleScheduleOptions) {
    this.#options = options;
  }

  /** Looks for buckets now, and from time to time. */
  start(): void {
    const { clock, dayMs } = this.#options;
    const intervalMs = Math.min(limits.lifecycleCheckMs, Math.max(limits.lifecycleCheckMsMin, dayMs / 4));
    this.#check = clock.every(intervalMs, () => this.#search());
    this.#search();
  }

  /** The bucket's rules have changed: it is passed soon. */
  wake(address: BucketAddress): void {
    this.#passed.delete(address.bucket);
    this.#enqueue(address);
  }

  /** Resolves when the slice under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#check?.cancel();
    this.#waiting.clear();
    for (const { timer, end } of [...this.#pauses]) {
      timer.cancel();
      end();
    }
    await this.#searching;
    await this.#working;
  }

  snapshot(): LifecycleSnapshot {
    return {
      removed: this.#removed,
      passes: this.#passes,
      rows: this.#rows,
      lastPassMs: this.#lastPassMs,
      bucketsWaiting: this.#waiting.size,
    };
  }

  #search(): void {
    if (this.#isStopped || this.#searching !== null) return;
    this.#searching = this.#searchAll()
      .catch((error: unknown) => this.#options.onError(error, null))
      .finally(() => {
        this.#searching = null;
      });
  }

  async #searchAll(): Promise<void> {
    for (const { partition, metadata } of this.#options.partitions) {
      for (let from: Buffer | null = Buffer.alloc(0); from !== null; ) {
        metadata.refresh();
        from = this.#searchSome(partition, metadata, from);
        if (from !== null) await this.#wait(0);
        if (this.#isStopped) return;
      }
    }
  }

  /** @returns where to go on; null at the end */
  #searchSome(partition: number, { trees }: Pick<Metadata, "trees">, from: Buffer): Buffer | null {
    const seen: { rows: number; last: Buffer | null } = { rows: 0, last: null };
    const due: BucketId[] = [];
    trees.buckets.visit({ start: from, limit: searchRows }, (key, value) => {
      seen.rows += 1;
      seen.last = key;
      // Other rows hold pieces of configurations.
      if (key.length === bucketIdBytes && this.#isDue(key, value)) due.push(bucketOf(key));
      return true;
    });
    for (const bucket of due) if (bucket !== this.#current) this.#enqueue({ bucket, partition });
    return seen.rows < searchRows || seen.last === null ? null : behind(seen.last);
  }

  #isDue(key: Buffer, value: Buffer): boolean {
    const { clock, dayMs, onError } = this.#options;
    try {
      const { fields, state, configuredSeq } = decodeBucketRow(key, value);
      if (state !== "open" || !isConfigured(fields, "lifecycle")) return false;
      const passed = this.#passed.get(bucketOf(key));
      return passed?.day !== Math.floor(clock.nowMs() / dayMs) || passed.configuredSeq !== configuredSeq;
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error;
      onError(error, bucketOf(key));
      return false;
    }
  }

  /** A bucket for which there is no room is found again by a later search. */
  #enqueue(address: BucketAddress): void {
    if (this.#isStopped || this.#waiting.size >= limits.lifecycleBucketsMax) return;
    this.#waiting.set(address.bucket, address);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    for (;;) {
      const [address] = this.#waiting.values();
      if (address === undefined || this.#isStopped) break;
      this.#waiting.delete(address.bucket);
      this.#current = address.bucket;
      try {
        await this.#pass(address);
      } catch (error) {
        this.#options.onError(error, address.bucket);
      }
      this.#current = null;
      await this.#rest();
    }
    // At once: what is enqueued from here on begins anew.
    this.#working = null;
  }

  async #pass(address: BucketAddress): Promise<void> {
    const { clock, dayMs } = this.#options;
    const day = Math.floor(clock.nowMs() / dayMs);
    let configuredSeq: number | null = null;
    for (let place: LifecyclePlace | null = null; ; ) {
      const progress = await this.#slice(address, place);
      // The bucket was closed, or the thread ends.
      if (progress === null) return;
      this.#count(progress);
      configuredSeq ??= progress.configuredSeq;
      this.#owedMs += pauseAfter(progress);
      if (progress.next === null) break;
      place = progress.next;
      await this.#rest();
    }
    this.#passes += 1;
    this.#lastPassMs = clock.nowMs();
    this.#keep(address.bucket, { day, configuredSeq });
  }

  /** Many small buckets take no more of the thread than a large one. */
  async #rest(): Promise<void> {
    const owedMs = this.#owedMs;
    if (owedMs < 1) return;
    this.#owedMs = 0;
    await this.#wait(owedMs);
  }

  /** Waits until nobody waits for the thread, but not for ever. @returns null when the pass cannot go on */
  async #slice(address: BucketAddress, place: LifecyclePlace | null): Promise<LifecycleProgress | null> {
    const { clock, isQuiet, expireSome } = this.#options;
    const sinceMs = clock.monotonicMs();
    while (!this.#isStopped) {
      if (isQuiet() || clock.monotonicMs() - sinceMs > limits.lifecycleQuietWaitMs) {
        const asked = expireSome(address, place);
        if (asked !== null) {
          const outcome = await asked;
          if (outcome.ok) return outcome.value as LifecycleProgress;
          if (outcome.code !== "OperationAborted") this.#options.onError(errorOf(outcome), address.bucket);
          return null;
        }
      }
      await this.#wait(limits.lifecycleQuietPollMs);
    }
    return null;
  }

  #count({ rows, removed }: LifecycleProgress): void {
    this.#rows += rows;
    const sum = { ...this.#removed } as { -readonly [A in keyof LifecycleRemovals]: number };
    for (const action of lifecycleActions) sum[action] += removed[action];
    this.#removed = sum;
  }

  #keep(bucket: BucketId, passed: Passed): void {
    this.#passed.delete(bucket);
    const [oldest] = this.#passed.size < limits.lifecycleBucketsMax ? [] : this.#passed.keys();
    if (oldest !== undefined) this.#passed.delete(oldest);
    this.#passed.set(bucket, passed);
  }

  /** Ends early when the schedule stops, and at once when it has. */
  #wait(ms: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        this.#pauses.delete(pause);
        resolve();
      };
      const pause = { timer: this.#options.clock.after(ms, end), end };
      this.#pauses.add(pause);
    });
  }
}
