/**
 * Works on the jobs of a node, a few at once, in steps that may each be repeated: a job goes on after a restart, wherever
 * the last one was cut off. The record of a job says how far it is; nothing but the record is needed to go on.
 */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Outcome } from "../base/outcome.ts";
import { findLocked, lockedText } from "../bucket/locked-versions.ts";
import type { BucketReply, BucketRequest } from "../bucket/messages.ts";
import { type JobRecord, jobKeys } from "../control/job-records.ts";
import type { ControlMessageType, ControlReply, ControlRequest } from "../control/messages.ts";
import { type BucketRecord, controlKeys } from "../control/records.ts";
import type { ControlStore } from "../control/store.ts";
import { decodeRecord, getTyped } from "../control/typed-records.ts";

/** What a job asks a bucket. */
export type JobAsk = "bucket.close" | "bucket.emptySome" | "bucket.locked" | "bucket.reopen";

export interface JobRunnerOptions {
  readonly store: ControlStore;
  readonly askControl: <T extends ControlMessageType>(
    type: T,
    request: ControlRequest<T>,
  ) => Promise<Outcome<ControlReply<T>>>;
  /** Rejects while the bucket's thread is away. */
  readonly askBucket: <T extends JobAsk>(
    bucket: BucketRecord,
    type: T,
    request: BucketRequest<T>,
  ) => Promise<BucketReply<T>>;
  readonly clock: Clock;
  readonly log: Log;
}

export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #waiting: string[] = [];
  readonly #running = new Map<string, Promise<void>>();
  #isStopped = false;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  /** Takes up what an earlier run has left. Call once, when the buckets can be asked. */
  async resume(): Promise<void> {
    const prefix = jobKeys.openJob("");
    const rows = await this.#options.store.list(prefix, "", limits.jobsOpenMax);
    for (const { key } of rows) this.begin(key.slice(prefix.length));
  }

  /** Works on a job whose record says that it is open, at once or when its turn comes. */
  begin(jobId: string): void {
    if (this.#isStopped || this.#running.has(jobId) || this.#waiting.includes(jobId)) return;
    this.#waiting.push(jobId);
    this.#next();
  }

  /** Lets every job end the step it is at; they go on at the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#waiting.length = 0;
    await Promise.all(this.#running.values());
  }

  #next(): void {
    while (this.#running.size < limits.jobsAtOnce) {
      const jobId = this.#waiting.shift();
      if (jobId === undefined) return;
      const work = this.#run(jobId).finally(() => {
        this.#running.delete(jobId);
        this.#next();
      });
      this.#running.set(jobId, work);
    }
  }

  async #run(jobId: string): Promise<void> {
    const { log, clock } = this.#options;
    for (let failures = 0; !this.#isStopped; ) {
      try {
        if (await this.#step(jobId)) return;
        failures = 0;
      } catch (error) {
        failures += 1;
        log.warn({ error, jobId, failures }, "a job's step has failed and is repeated");
        if (failures >= limits.jobRetriesMax) {
          await this.#end(jobId, "failed", String(error)).catch((fault: unknown) =>
            log.error({ error: fault, jobId }, "a job could not be ended"),
          );
          return;
        }
        await new Promise<void>((resolve) => void clock.after(limits.jobRetryMs * failures, resolve));
      }
    }
  }

  /** One bounded step. @returns whether the job has ended */
  async #step(jobId: string): Promise<boolean> {
    const job = await this.#job(jobId);
    if (job === undefined || job.endedMs !== null) return true;
    const { value: bucket } = await getTyped<BucketRecord>(this.#options.store, controlKeys.bucket(job.bucket));
    // Gone: the last step before a crash was the removal of its record.
    if (bucket === undefined || bucket.id !== job.bucketId) return this.#end(jobId, "done", null);
    if (job.state === "cancelling") return this.#giveBack(job, bucket);
    if (bucket.state === "live") await this.#ask("bucket.markDeleting", { name: job.bucket, jobId });
    // Before the first row goes: from here on the bucket is closed, and no lock can be added.
    if (job.removed === 0 && (await this.#endIfLocked(job, bucket))) return true;
    return this.#removeSome(job, bucket);
  }

  /** A bucket that holds a version which must stay keeps all of it. @returns whether the job has ended */
  async #endIfLocked(job: JobRecord, bucket: BucketRecord): Promise<boolean> {
    const { askBucket } = this.#options;
    await askBucket(bucket, "bucket.close", {});
    const found = await findLocked(
      (request) => askBucket(bucket, "bucket.locked", request),
      job.bypassGovernance ?? false,
    );
    if (found.count === 0) return false;
    const listed = found.listed.map(lockedText).join("; ").slice(0, limits.jobFaultCharsMax);
    await askBucket(bucket, "bucket.reopen", {});
    await this.#ask("bucket.restore", { name: job.bucket });
    return this.#end(job.jobId, "failed", `Nothing was removed, ${found.count} versions are locked: ${listed}`);
  }

  /** Until a second has passed, so that progress is written once a second. */
  async #removeSome(job: JobRecord, bucket: BucketRecord): Promise<boolean> {
    const { clock, askBucket } = this.#options;
    const endMs = clock.monotonicMs() + limits.jobProgressMs;
    const owner = { name: bucket.name, accountId: bucket.accountId };
    let { removed } = job;
    let isEmpty = false;
    while (!isEmpty && !this.#isStopped && clock.monotonicMs() < endMs) {
      const some = await askBucket(bucket, "bucket.emptySome", {
        owner,
        bypassGovernance: job.bypassGovernance ?? false,
      });
      removed += some.removed;
      isEmpty = some.isEmpty;
      // Who cancels wants to keep what is left: each turn counts.
      if ((await this.#job(job.jobId))?.state !== "running") break;
    }
    await this.#ask("job.progress", { jobId: job.jobId, removed });
    if (!isEmpty) return false;
    const now = await this.#job(job.jobId);
    if (now?.state === "cancelling") return false;
    await this.#ask("bucket.deleted", { name: job.bucket });
    return this.#end(job.jobId, "done", null);
  }

  async #giveBack(job: JobRecord, bucket: BucketRecord): Promise<boolean> {
    await this.#options.askBucket(bucket, "bucket.reopen", {});
    await this.#ask("bucket.restore", { name: job.bucket });
    return this.#end(job.jobId, "cancelled", null);
  }

  async #end(jobId: string, state: "done" | "cancelled" | "failed", fault: string | null): Promise<true> {
    const job = await this.#job(jobId);
    if (job === undefined || job.endedMs !== null) return true;
    // What was removed in the second before a crash is not in the record; of a bucket that is gone, everything is.
    const removed = state === "done" ? job.total : job.removed;
    const { by, accountId, bucket, total } = job;
    const outcome = state === "failed" ? "failed" : "done";
    const detail = { jobId, state, removed: String(removed), total: String(total) };
    await this.#ask("audit.write", { by, action: "job.end", outcome, accountId, target: `bucket/${bucket}`, detail });
    await this.#ask("job.end", { jobId, state, removed, fault });
    return true;
  }

  async #job(jobId: string): Promise<JobRecord | undefined> {
    const row = await this.#options.store.get(jobKeys.job(jobId));
    return row === undefined ? undefined : decodeRecord<JobRecord>(row.value);
  }

  async #ask<T extends ControlMessageType>(type: T, request: ControlRequest<T>): Promise<ControlReply<T>> {
    const outcome = await this.#options.askControl(type, request);
    if (!outcome.ok) throw new Error(`${type}: ${outcome.code}`);
    return outcome.value;
  }
}
