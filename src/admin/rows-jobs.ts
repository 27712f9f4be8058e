/** Rows of jobs: the removal of a bucket with everything in it, and how far it is. */

import { z } from "zod";
import { lockedText } from "../bucket/locked-versions.ts";
import type { JobRecord } from "../control/job-records.ts";
import type { BucketRecord } from "../control/records.ts";
import { bucketArn } from "./arns.ts";
import { demandAt } from "./bucket-policy.ts";
import type { AdminContext } from "./context.ts";
import { byPolicy, declareAdmin } from "./declaration.ts";
import { pageOf, pageQuery, rangeOf, replyPage } from "./page.ts";
import { AdminError } from "./problem.ts";
import type { AdminRecords } from "./records.ts";
import { bucketOf } from "./rows-buckets.ts";
import { anyName, atTime, atTimeOrNull, nothing, password, time } from "./schemas.ts";

const group = "Jobs";
const ofJob = z.strictObject({ jobId: anyName });

const jobForm = z.strictObject({
  jobId: z.string(),
  kind: z.enum(["super-delete"]),
  bucket: z.string(),
  state: z.enum(["running", "cancelling", "done", "cancelled", "failed"]),
  total: z.int().describe("Objects, other versions and delete markers at its beginning."),
  removed: z.int().describe("Of them, removed so far."),
  progress: z.int().describe("Percent; 100 when it is done, and only then."),
  etaSeconds: z.int().nullable().describe("null = not known, or it has ended."),
  startedAt: time,
  endedAt: time.nullable(),
  by: z.strictObject({
    accountId: z.string(),
    name: z.string(),
    original: z.strictObject({ accountId: z.string(), name: z.string() }).nullable(),
  }),
  fault: z.string().nullable().describe("Why it failed."),
});

function showJob(job: JobRecord): z.input<typeof jobForm> {
  const { by } = job;
  return {
    jobId: job.jobId,
    kind: job.kind,
    bucket: job.bucket,
    state: job.state,
    total: job.total,
    removed: job.removed,
    progress: progressOf(job),
    etaSeconds: etaOf(job),
    startedAt: atTime(job.createdMs),
    endedAt: atTimeOrNull(job.endedMs),
    by: {
      accountId: by.accountId,
      name: by.name,
      original: by.original === null ? null : { accountId: by.original.accountId, name: by.original.name },
    },
    fault: job.fault,
  };
}

/** What was written after the job had counted is removed too, but is not part of its total. */
function progressOf({ state, removed, total }: JobRecord): number {
  if (state === "done") return 100;
  return total === 0 ? 0 : Math.min(99, Math.floor((100 * removed) / total));
}

/** At the pace so far. */
function etaOf({ state, removed, total, createdMs, updatedMs }: JobRecord): number | null {
  if (state !== "running" || removed === 0) return null;
  return Math.ceil((Math.max(0, total - removed) * (updatedMs - createdMs)) / removed / 1000);
}

/** Jobs of other accounts are as unknown as none. @throws AdminError NoSuchJob */
function jobOf({ caller, reader }: AdminContext, jobId: string): JobRecord {
  const job = reader.job(jobId);
  if (job === undefined || job.accountId !== caller.account.accountId) throw new AdminError("NoSuchJob");
  return job;
}

/** The bucket that a job of the account is about. */
function bucketOfJob(
  { params }: { readonly params: { readonly jobId: string } },
  accountId: string,
  reader: AdminRecords,
): string {
  const job = reader.job(params.jobId);
  return job?.accountId === accountId ? bucketArn(job.bucket) : "*";
}

/** A stolen session must not be enough. @throws AdminError InvalidInput, SignInFailed, Throttled */
async function confirmPerson(context: AdminContext, given: string | undefined): Promise<void> {
  const { caller } = context;
  if (caller.session === null) return;
  if (given === undefined) {
    const faults = [{ pointer: "/password", detail: "is needed again at the console" }];
    throw new AdminError("InvalidInput", "", { faults });
  }
  const { accountId, name: userName } = context.self;
  const by = { ...caller.actor, accountId, name: userName, original: null };
  await context.ask("password.confirm", { by, accountId, userName, password: given });
}

function auditOf({ caller }: AdminContext, action: string, { jobId, accountId, bucket, total }: JobRecord) {
  const detail = { jobId, total: String(total) };
  return { by: caller.actor, action, outcome: "done" as const, accountId, target: `bucket/${bucket}`, detail };
}

/** @throws AdminError BucketLocked, with the versions that must stay; then nothing was removed */
async function refuseLocked({ services }: AdminContext, bucket: BucketRecord, bypassGovernance: boolean) {
  const { listed, count } = await services.lockedIn(bucket, bypassGovernance);
  if (count === 0) return;
  const detail =
    count === listed.length
      ? `They are ${count}.`
      : `They are ${count}, of which the first ${listed.length} are listed.`;
  const faults = listed.map((version) => ({ pointer: "{name}", detail: `holds ${lockedText(version)}` }));
  throw new AdminError("BucketLocked", detail, { faults });
}

export const SuperDeleteBucket = declareAdmin({
  name: "SuperDeleteBucket",
  method: "POST",
  path: "/buckets/{name}/super-delete",
  group,
  summary:
    "Begins to remove a bucket with all objects, versions and uploads in it. It answers 404 from then on; its name stays reserved until the job has ended. While object lock protects a version, nothing is removed, and the answer says which.",
  admits: byPolicy("s3:DeleteBucket"),
  params: z.strictObject({ name: anyName }),
  query: nothing,
  body: z.strictObject({
    name: anyName.describe("The bucket's name again."),
    password: password.optional().describe("Of the person at the console; programs leave it out."),
  }),
  reply: jobForm,
  status: 202,
  errors: [
    "BucketLocked",
    "NoSuchBucket",
    "OperationAborted",
    "ServiceUnavailable",
    "SignInFailed",
    "Throttled",
    "TooManyJobs",
  ],
})
  .on(({ params }) => bucketArn(params.name))
  .handledBy(async ({ params, body }, context) => {
    const { services, caller } = context;
    const bucket = bucketOf(context, params.name);
    const { name, id, partition } = bucket;
    if (body.name !== name) {
      throw new AdminError("InvalidInput", "", { faults: [{ pointer: "/name", detail: "is not the bucket's name" }] });
    }
    await demandAt(context, bucket, "s3:DeleteBucket");
    await confirmPerson(context, body.password);
    const bypassGovernance = context.allows("s3:BypassGovernanceRetention", `${bucketArn(name)}/*`);
    await refuseLocked(context, bucketOf(context, name), bypassGovernance);
    const counted = services.usage.reader.counted({ bucket: id, partition });
    const total = counted === null ? 0 : counted.objects + counted.versions;
    const { job } = await context.ask("job.superDelete", { by: caller.actor, bucket: name, total, bypassGovernance });
    services.beginJob(job.jobId);
    await context.ask("audit.write", auditOf(context, "job.superDelete", job));
    return showJob(job);
  });

export const ListJobs = declareAdmin({
  name: "ListJobs",
  method: "GET",
  path: "/jobs",
  group,
  summary: "The account's jobs, the newest first.",
  admits: byPolicy("s3:ListJobs"),
  params: nothing,
  query: pageQuery,
  body: null,
  reply: pageOf(jobForm),
  status: 200,
  errors: [],
}).handledBy(async ({ query }, { caller, reader }) =>
  replyPage(reader.jobs(caller.account.accountId, rangeOf(query)), showJob),
);

export const GetJob = declareAdmin({
  name: "GetJob",
  method: "GET",
  path: "/jobs/{jobId}",
  group,
  summary: "One job.",
  admits: byPolicy("s3:DescribeJob"),
  params: ofJob,
  query: nothing,
  body: null,
  reply: jobForm,
  status: 200,
  errors: ["NoSuchJob"],
}).handledBy(async ({ params }, context) => showJob(jobOf(context, params.jobId)));

export const CancelJob = declareAdmin({
  name: "CancelJob",
  method: "POST",
  path: "/jobs/{jobId}/cancel",
  group,
  summary:
    "Ends a job after the step it is at: the bucket comes back with what is left. Of one that has ended: no effect.",
  admits: byPolicy("s3:DeleteBucket"),
  params: ofJob,
  query: nothing,
  body: nothing,
  reply: jobForm,
  status: 202,
  errors: ["NoSuchJob"],
})
  .on(bucketOfJob)
  .handledBy(async ({ params }, context) => {
    const { jobId, endedMs } = jobOf(context, params.jobId);
    const { job } = await context.ask("job.cancel", { by: context.caller.actor, jobId });
    if (endedMs === null) await context.ask("audit.write", auditOf(context, "job.cancel", job));
    return showJob(job);
  });
