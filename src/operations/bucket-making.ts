/**
 * Making a bucket, for S3 and the admin API alike: it is live when it has all that it was asked for, and not before. What a
 * crash leaves of it nobody sees; the next start, or who asks for the name again, brings it to its end.
 */

import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { ControlReply, ControlRequest } from "../control/messages.ts";
import type { BucketMaking, BucketRecord, BucketSetup } from "../control/records.ts";
import { fromOutcome, S3Error } from "../s3/errors.ts";

type ControlMessage = "bucket.create" | "bucket.made";

/** What S3's operations are given can do all of it. */
export interface MakingPorts {
  askControl<T extends ControlMessage>(type: T, request: ControlRequest<T>): Promise<ControlReply<T>>;
  askBucket(bucket: BucketRecord, type: "bucket.open", setup: BucketSetup): Promise<unknown>;
}

/** Where no request of S3 asks. */
export const makingPorts = (
  askControl: <T extends ControlMessage>(type: T, request: ControlRequest<T>) => Promise<Outcome<ControlReply<T>>>,
  askBucket: MakingPorts["askBucket"],
): MakingPorts => ({
  askControl: async (type, request) => fromOutcome(await askControl(type, request)),
  askBucket,
});

/** What the control actor is to be asked; null: a name is all that the bucket has, and one commit makes it. */
export const setupOf = (setup: BucketSetup): BucketSetup | null =>
  setup.hasObjectLock || setup.ownership !== null || setup.acl !== null ? setup : null;

/**
 * The bucket of this name, live. `created`: it was made by this request; else the account had it, and nothing has changed.
 * @throws S3Error those of "bucket.create" and "bucket.made", and of an actor that is away: then the bucket is still being made
 */
export async function makeBucket(
  ports: MakingPorts,
  wanted: ControlRequest<"bucket.create">,
): Promise<{ readonly record: BucketRecord; readonly created: boolean }> {
  for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
    const { record, created, setup } = await ports.askControl("bucket.create", wanted);
    if (setup !== null) await finishMaking(ports, { record, setup });
    if (setup === null || created) return { record, created };
  }
  throw new S3Error("ServiceUnavailable");
}

/** Repeatable, also by several at once: each step is. @throws as `makeBucket` */
export async function finishMaking(ports: MakingPorts, { record, setup }: BucketMaking): Promise<void> {
  await ports.askBucket(record, "bucket.open", setup);
  await ports.askControl("bucket.made", { name: record.name, id: record.id });
}
