/** Rows of buckets. */

import { z } from "zod";
import { limits } from "../base/limits.ts";
import type { BucketChanges, BucketRecord } from "../control/records.ts";
import { setupOf } from "../operations/bucket-making.ts";
import { bucketNameFault } from "../s3/names.ts";
import { bucketArn } from "./arns.ts";
import { demandAt } from "./bucket-policy.ts";
import type { AdminContext } from "./context.ts";
import { byPolicy, declareAdmin } from "./declaration.ts";
import { pageOf, pageQuery, rangeOf, replyPage } from "./page.ts";
import { AdminError } from "./problem.ts";
import { withoutUndefined } from "./rows-users.ts";
import { anyName, bucketAddresses, bucketQuota, nothing } from "./schemas.ts";
import { bucketForm, showBucket } from "./show.ts";

const group = "Buckets";
const ofBucket = z.strictObject({ name: anyName });
const named = ({ params }: { readonly params: { readonly name: string } }) => bucketArn(params.name);

/** Buckets of other accounts are as unknown as none. @throws AdminError NoSuchBucket */
export function bucketOf({ caller, reader }: AdminContext, name: string): BucketRecord {
  const found = reader.bucket(name);
  if (found === undefined || found.accountId !== caller.account.accountId) throw new AdminError("NoSuchBucket");
  return found;
}

export const ListBuckets = declareAdmin({
  name: "ListBuckets",
  method: "GET",
  path: "/buckets",
  group,
  summary: "The buckets of the account, in the order of their names.",
  admits: byPolicy("s3:ListAllMyBuckets"),
  params: nothing,
  query: pageQuery,
  body: null,
  reply: pageOf(bucketForm),
  status: 200,
  errors: [],
}).handledBy(async ({ query }, { caller, reader, services }) =>
  replyPage(reader.buckets(caller.account.accountId, rangeOf(query)), (bucket) => showBucket(bucket, services.region)),
);

export const CreateBucket = declareAdmin({
  name: "CreateBucket",
  method: "POST",
  path: "/buckets",
  group,
  summary: "Makes a bucket, which is private.",
  admits: byPolicy("s3:CreateBucket"),
  params: nothing,
  query: nothing,
  body: z.strictObject({
    name: z.string().max(64),
    region: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 -")
      .nullable()
      .default(null)
      .describe("LocationConstraint; null = the default region."),
    sites: z
      .array(z.string().regex(/^[a-z0-9-]{1,63}$/, "must be the name of a site"))
      .min(1)
      .max(64)
      .optional()
      .describe("Sites that hold the bucket; absent = the default."),
  }),
  reply: bucketForm,
  status: 201,
  errors: [
    "InvalidBucketName",
    "BucketAlreadyExists",
    "BucketAlreadyOwnedByYou",
    "OperationAborted",
    "TooManyBuckets",
    "InsufficientStorage",
    "ServiceUnavailable",
  ],
})
  .on(
    ({ body }) => bucketArn(body.name),
    ({ body }) => (body.region === null ? {} : { "s3:locationconstraint": [body.region] }),
  )
  .handledBy(async ({ body }, context) => {
    const { caller, reader, services } = context;
    const { accountId } = caller.account;
    const fault = bucketNameFault(body.name);
    if (fault !== null)
      throw new AdminError("InvalidBucketName", fault, { faults: [{ pointer: "/name", detail: fault }] });
    judgeSites(context, body.sites);
    const location = body.region === services.region ? null : body.region;
    const setup = setupOf({ hasObjectLock: false, ownership: services.defaultOwnership, acl: null });
    const { record } = await services.makeBucket({ name: body.name, accountId, location, setup });
    return showBucket(reader.bucket(record.name) ?? record, services.region);
  });

/** @throws AdminError AccessDenied when an account above has disabled the choice; InvalidInput for a site that there is not */
function judgeSites({ caller, reader, services }: AdminContext, sites: readonly string[] | undefined): void {
  if (sites === undefined) return;
  if (!reader.mayChooseSites(caller.account.accountId)) {
    throw new AdminError("AccessDenied", "An administrator has disabled the choice of sites.");
  }
  const unknown = sites.filter((site) => !services.sites.includes(site));
  if (unknown.length === 0) return;
  const faults = unknown.map((site) => ({ pointer: `/sites/${sites.indexOf(site)}`, detail: "is not a site" }));
  throw new AdminError("InvalidInput", "", { faults });
}

export const GetBucket = declareAdmin({
  name: "GetBucket",
  method: "GET",
  path: "/buckets/{name}",
  group,
  summary: "One bucket.",
  admits: byPolicy("s3:GetBucketLocation"),
  params: ofBucket,
  query: nothing,
  body: null,
  reply: bucketForm,
  status: 200,
  errors: ["NoSuchBucket"],
})
  .on(named)
  .handledBy(async ({ params }, context) => showBucket(bucketOf(context, params.name), context.services.region));

export const UpdateBucket = declareAdmin({
  name: "UpdateBucket",
  method: "PATCH",
  path: "/buckets/{name}",
  group,
  summary:
    "Sets what the bucket may hold (s3:PutBucketQuota), and where S3 requests to it must come from (s3:PutBucketAllowedAddresses). Less than it holds: nothing is added, and nothing removed.",
  admits: byPolicy("s3:GetBucketLocation"),
  params: ofBucket,
  query: nothing,
  body: z.strictObject({
    quota: bucketQuota.optional(),
    allowedAddresses: bucketAddresses
      .optional()
      .describe("For everybody, the public and the account's own users alike; empty = from anywhere."),
  }),
  reply: bucketForm,
  status: 200,
  errors: ["NoSuchBucket", "OperationAborted", "ServiceUnavailable"],
})
  .on(named)
  .handledBy(async ({ params, body }, context) => {
    const { name } = bucketOf(context, params.name);
    const changes = withoutUndefined(body);
    for (const [member, action] of changeActions) {
      if (changes[member] !== undefined) context.demand(action, bucketArn(name));
    }
    const { record } = await context.ask("bucket.update", { name, changes });
    const shown = changes.quota === undefined ? record : await tellQuota(context, record);
    await context.ask("audit.write", {
      by: context.caller.actor,
      action: "UpdateBucket",
      outcome: "done",
      accountId: context.caller.account.accountId,
      target: `bucket/${name}`,
      detail: detailOf(changes),
    });
    return showBucket(shown, context.services.region);
  });

/** What each change takes. */
const changeActions = [
  ["quota", "s3:PutBucketQuota"],
  ["allowedAddresses", "s3:PutBucketAllowedAddresses"],
] as const;

function detailOf({ quota, allowedAddresses }: BucketChanges): Record<string, string> {
  return {
    ...(quota === undefined ? {} : { bytes: String(quota.bytes), objects: String(quota.objects) }),
    ...(allowedAddresses === undefined ? {} : { allowedAddresses: allowedAddresses.join(" ") }),
  };
}

/** Of two changes at once the bucket's turns must have been told the record's last. */
async function tellQuota({ reader, services }: AdminContext, changed: BucketRecord): Promise<BucketRecord> {
  let record = changed;
  for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
    await services.setBucketQuota(record, record.quota ?? noQuota);
    reader.refresh();
    const now = reader.bucket(record.name);
    if (now === undefined || isSameQuota(now, record)) return record;
    record = now;
  }
  return record;
}

const noQuota = { bytes: null, objects: null };

function isSameQuota({ quota: one }: BucketRecord, { quota: other }: BucketRecord): boolean {
  return one?.bytes === other?.bytes && one?.objects === other?.objects;
}

const nothingCounted = { objects: 0, versions: 0 };

export const DeleteBucket = declareAdmin({
  name: "DeleteBucket",
  method: "DELETE",
  path: "/buckets/{name}",
  group,
  summary: "Deletes an empty bucket.",
  admits: byPolicy("s3:DeleteBucket"),
  params: ofBucket,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchBucket", "BucketNotEmpty", "OperationAborted", "ServiceUnavailable"],
})
  .on(named)
  .handledBy(async ({ params }, context) => {
    const bucket = bucketOf(context, params.name);
    const { name, partition } = bucket;
    // A bucket whose deletion was begun has no policy to ask any more.
    if (bucket.state === "live") await demandAt(context, bucket, "s3:DeleteBucket");
    const { record } = await context.ask("bucket.markDeleting", { name, jobId: null });
    if (await context.services.finishDeletion(record)) return null;
    const { objects, versions } =
      context.services.usage.reader.counted({ bucket: record.id, partition }) ?? nothingCounted;
    throw new AdminError(
      "BucketNotEmpty",
      `It holds ${objects} objects and ${versions} other versions and delete markers. Delete them first, or super-delete the bucket with everything in it.`,
    );
  });
