/** What the control actor does about jobs: it keeps their records. `jobs/job-runner.ts` does the work. */

import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { Random } from "../base/random.ts";
import { type JobMessages, type JobRecord, jobKeys } from "./job-records.ts";
import { accepted, type ControlBehaviour, type ControlReply, type ControlRequest, refused } from "./messages.ts";
import { type BucketRecord, controlKeys } from "./records.ts";
import type { ControlOperation, ControlStore } from "./store.ts";
import { decodeRecord, getTyped, putTyped } from "./typed-records.ts";

export interface JobsOptions {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** The handlers of the job messages. */
export function jobBehaviour(options: JobsOptions): Pick<ControlBehaviour, keyof JobMessages> {
  return {
    "job.superDelete": (request) => begin(options, request),
    "job.cancel": (request) =>
      change(options, request.jobId, (job) =>
        job.state === "running" ? { ...job, state: "cancelling", updatedMs: options.clock.nowMs() } : job,
      ),
    "job.progress": async ({ jobId, removed }) => {
      const outcome = await change(options, jobId, (job) =>
        isOpen(job) ? { ...job, removed, updatedMs: options.clock.nowMs() } : job,
      );
      return outcome.ok ? accepted({}) : outcome;
    },
    "job.end": (request) => end(options, request),
  };
}

/** True until a job has ended. */
export function isOpen(job: JobRecord): boolean {
  return job.state === "running" || job.state === "cancelling";
}

async function begin(
  { store, clock, random }: JobsOptions,
  { by, bucket: name, total, bypassGovernance = false }: ControlRequest<"job.superDelete">,
): Promise<Outcome<ControlReply<"job.superDelete">>> {
  const key = controlKeys.bucket(name);
  for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
    const { value: bucket, revision } = await getTyped<BucketRecord>(store, key);
    if (bucket === undefined) return refused("NoSuchBucket", { BucketName: name });
    if (bucket.state !== "live") return refused("OperationAborted", { BucketName: name });
    const open = await store.list(jobKeys.openJob(""), "", limits.jobsOpenMax);
    if (open.length >= limits.jobsOpenMax) return refused("TooManyJobs");
    const nowMs = clock.nowMs();
    const job: JobRecord = {
      jobId: `${String(nowMs).padStart(14, "0")}-${random.bytes(4).toString("hex")}`,
      kind: "super-delete",
      accountId: bucket.accountId,
      bucket: name,
      bucketId: bucket.id,
      state: "running",
      total,
      removed: 0,
      by,
      createdMs: nowMs,
      updatedMs: nowMs,
      endedMs: null,
      fault: null,
      bypassGovernance,
    };
    const operations = [
      putTyped(jobKeys.job(job.jobId), job),
      putTyped(jobKeys.openJob(job.jobId), {}),
      putTyped(jobKeys.accountJob(job.accountId, job.jobId), {}),
    ];
    // The comparison keeps a second job from beginning: the runner's first step changes the bucket's record.
    if (await store.txn([{ key, revision }], operations)) return accepted({ job });
  }
  return refused("ServiceUnavailable");
}

async function change(
  { store }: JobsOptions,
  jobId: string,
  make: (job: JobRecord) => JobRecord,
): Promise<Outcome<{ job: JobRecord }>> {
  const key = jobKeys.job(jobId);
  for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
    const { value, revision } = await getTyped<JobRecord>(store, key);
    if (value === undefined) return refused("NoSuchJob");
    const job = make(value);
    if (job === value || (await store.txn([{ key, revision }], [putTyped(key, job)]))) return accepted({ job });
  }
  return refused("ServiceUnavailable");
}

/** Repeating it succeeds. What ended long ago is forgotten: an account keeps `limits.jobsKeptPerAccount`. */
async function end(
  { store, clock }: JobsOptions,
  { jobId, state, removed, fault }: ControlRequest<"job.end">,
): Promise<Outcome<ControlReply<"job.end">>> {
  const key = jobKeys.job(jobId);
  for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
    const { value: job, revision } = await getTyped<JobRecord>(store, key);
    if (job === undefined || !isOpen(job)) return accepted({});
    const nowMs = clock.nowMs();
    const ended: JobRecord = { ...job, state, removed, fault, updatedMs: nowMs, endedMs: nowMs };
    const operations: ControlOperation[] = [
      putTyped(key, ended),
      { kind: "remove", key: jobKeys.openJob(jobId) },
      ...(await forgotten(store, job.accountId)),
    ];
    if (await store.txn([{ key, revision }], operations)) return accepted({});
  }
  return refused("ServiceUnavailable");
}

/** The account's oldest jobs beyond what is kept, at most ten at a time. Those still open stay. */
async function forgotten(store: ControlStore, accountId: string): Promise<ControlOperation[]> {
  const prefix = jobKeys.accountJob(accountId, "");
  const rows = await store.list(prefix, "", limits.controlListMax);
  const surplus = rows.slice(0, Math.min(10, Math.max(0, rows.length - limits.jobsKeptPerAccount)));
  const operations: ControlOperation[] = [];
  for (const { key: indexKey } of surplus) {
    const key = jobKeys.job(indexKey.slice(prefix.length));
    const row = await store.get(key);
    if (row !== undefined && isOpen(decodeRecord<JobRecord>(row.value))) continue;
    operations.push({ kind: "remove", key }, { kind: "remove", key: indexKey });
  }
  assert(operations.length <= 20, "a transaction forgets a bounded number of jobs");
  return operations;
}
