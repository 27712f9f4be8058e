/** Rows of events that no target has taken in time: a bucket's dead letters. */

import { z } from "zod";
import { limits } from "../base/limits.ts";
import type { DeadEvent } from "../bucket/messages.ts";
import { bucketArn } from "./arns.ts";
import { demandAt } from "./bucket-policy.ts";
import { byPolicy, declareAdmin } from "./declaration.ts";
import { pageOf, pageQuery, rangeOf, replyPage } from "./page.ts";
import { AdminError } from "./problem.ts";
import { bucketOf } from "./rows-buckets.ts";
import { anyName, nothing } from "./schemas.ts";

const group = "Buckets";
const ofBucket = z.strictObject({ name: anyName });
const named = ({ params }: { readonly params: { readonly name: string } }) => bucketArn(params.name);
const deadEventId = z.string().regex(/^[0-9a-f]{2,80}$/, "must be the id of a dead event");

const deadEventForm = z.strictObject({
  id: z.string(),
  event: z.string().describe("As notification configurations name it: s3:ObjectCreated:Put."),
  key: z.string(),
  versionId: z.string().nullable(),
  timeMs: z.int().describe("When it happened, Unix ms."),
  targets: z.array(z.string()).describe("The targets that were to have it."),
});

export const ListDeadEvents = declareAdmin({
  name: "ListDeadEvents",
  method: "GET",
  path: "/buckets/{name}/dead-events",
  group,
  summary: `Events of the bucket that no target has taken in time, oldest first; the last ${limits.deadEventsPerBucketMax} are kept.`,
  admits: byPolicy("s3:GetBucketNotification"),
  params: ofBucket,
  query: pageQuery,
  body: null,
  reply: pageOf(deadEventForm),
  status: 200,
  errors: ["NoSuchBucket", "OperationAborted", "ServiceUnavailable"],
})
  .on(named)
  .handledBy(async ({ params, query }, context) => {
    const bucket = bucketOf(context, params.name);
    await demandAt(context, bucket, "s3:GetBucketNotification");
    const { after, limit } = rangeOf(query);
    if (after !== "" && !deadEventId.safeParse(after).success) {
      throw new AdminError("InvalidInput", "", { faults: [{ pointer: "?after", detail: "is not a cursor" }] });
    }
    const asked = { after: after === "" ? null : after, limit };
    const { events, next } = await context.services.deadEvents(bucket, asked);
    return replyPage({ items: [...events], next }, showDead);
  });

function showDead({ id, event, targets }: DeadEvent): z.output<typeof deadEventForm> {
  const { name, timeMs } = event;
  const about = event.name === "s3:TestEvent" ? { key: "", versionId: null } : event;
  const shownName = name.startsWith("s3:") ? name : `s3:${name}`;
  return { id, event: shownName, key: about.key, versionId: about.versionId, timeMs, targets: [...targets] };
}

const choice = {
  ids: z
    .array(deadEventId)
    .min(1)
    .max(limits.deadEventsPerBucketMax)
    .optional()
    .describe("Which of them; absent = all."),
};

/** A row that takes dead events out of their place. */
const redemption = (name: "RetryDeadEvents" | "DropDeadEvents", verb: string, summary: string, isSentAgain: boolean) =>
  declareAdmin({
    name,
    method: "POST",
    path: `/buckets/{name}/dead-events/${verb}`,
    group,
    summary,
    admits: byPolicy("s3:PutBucketNotification"),
    params: ofBucket,
    query: nothing,
    body: z.strictObject(choice),
    reply: z.strictObject({ count: z.int().describe("How many there were.") }),
    status: 200,
    errors: ["NoSuchBucket", "InsufficientStorage", "OperationAborted", "ServiceUnavailable"],
  })
    .on(named)
    .handledBy(async ({ params, body }, context) => {
      const bucket = bucketOf(context, params.name);
      await demandAt(context, bucket, "s3:PutBucketNotification");
      const { count } = await context.services.redeemEvents(bucket, { ids: body.ids ?? null, isSentAgain });
      await context.ask("audit.write", {
        by: context.caller.actor,
        action: name,
        outcome: "done",
        accountId: context.caller.account.accountId,
        target: `bucket/${bucket.name}`,
        detail: { count: String(count) },
      });
      return { count };
    });

export const RetryDeadEvents = redemption(
  "RetryDeadEvents",
  "retry",
  "Sends dead events again, to all of their targets.",
  true,
);
export const DropDeadEvents = redemption("DropDeadEvents", "drop", "Forgets dead events for good.", false);
