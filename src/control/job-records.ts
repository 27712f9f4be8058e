/** Durable background jobs as control records, and the control actor's messages on them. */

import type { Actor } from "./identity-records.ts";

export type JobState = "running" | "cancelling" | "done" | "cancelled" | "failed";

/** `jobs/<jobId>`; listed by `account-jobs/<accountId>/<jobId>`, and by `open-jobs/<jobId>` until it has ended. */
export interface JobRecord {
  /** Unix ms in 14 digits, "-", 8 hex digits: in the order of their making. */
  readonly jobId: string;
  readonly kind: "super-delete";
  readonly accountId: string;
  readonly bucket: string;
  /** A later bucket of the same name is another. */
  readonly bucketId: string;
  readonly state: JobState;
  /** Objects, other versions and delete markers at its beginning. */
  readonly total: number;
  /** Of them, removed so far. */
  readonly removed: number;
  readonly by: Actor;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly endedMs: number | null;
  /** Why it failed; null otherwise. */
  readonly fault: string | null;
  /** Whether who began it may pass retentions in governance mode; absent in older records: no. */
  readonly bypassGovernance?: boolean;
}

export const jobKeys = {
  job: (jobId: string) => `jobs/${jobId}`,
  /** → `{}` */
  accountJob: (accountId: string, jobId: string) => `account-jobs/${accountId}/${jobId}`,
  /** → `{}` */
  openJob: (jobId: string) => `open-jobs/${jobId}`,
} as const;

type Nothing = Record<string, never>;

export interface JobMessages {
  /** Errors: NoSuchBucket, OperationAborted (its deletion is under way), TooManyJobs. */
  "job.superDelete": [
    { readonly by: Actor; readonly bucket: string; readonly total: number; readonly bypassGovernance?: boolean },
    { readonly job: JobRecord },
  ];
  /** Of a job that has ended already: without effect. Errors: NoSuchJob. */
  "job.cancel": [{ readonly by: Actor; readonly jobId: string }, { readonly job: JobRecord }];
  "job.progress": [{ readonly jobId: string; readonly removed: number }, Nothing];
  "job.end": [
    {
      readonly jobId: string;
      readonly state: "done" | "cancelled" | "failed";
      readonly removed: number;
      readonly fault: string | null;
    },
    Nothing,
  ];
}

export type JobErrorCode = "NoSuchJob" | "TooManyJobs";
