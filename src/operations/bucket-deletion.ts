/** Deleting a bucket: its actor decides whether it is empty, and the record follows. Repeatable after a crash at any point. */

import type { BucketOwner } from "../bucket/messages.ts";
import type { BucketRecord } from "../control/records.ts";
import type { Services } from "./context.ts";

/**
 * Goes on from a record that says `deleting`: to `deleted` when the bucket holds nothing, else back to `live`.
 * @returns whether the bucket is gone
 * @throws S3Error ServiceUnavailable: the record still says `deleting`, and the next start or DeleteBucket goes on
 */
export async function finishDeletion(
  services: Pick<Services, "askBucket" | "askControl">,
  bucket: BucketRecord,
): Promise<boolean> {
  const { name } = bucket;
  const { empty } = await services.askBucket(bucket, "bucket.close", { owner: ownerOf(bucket) });
  if (empty) {
    await services.askControl("bucket.deleted", { name });
    return true;
  }
  await services.askBucket(bucket, "bucket.reopen", {});
  await services.askControl("bucket.restore", { name });
  return false;
}

/**
 * Deletes a bucket with everything in it: no operation of S3, but what a node that is reset does. Its name is free at the end.
 * @throws S3Error ServiceUnavailable, AccessDenied (a version is under compliance or legal hold): the record still says
 * `deleting`, and the next start gives back what is left
 */
export async function deleteWithContents(
  services: Pick<Services, "askBucket" | "askControl">,
  bucket: BucketRecord,
): Promise<void> {
  await services.askControl("bucket.markDeleting", { name: bucket.name, jobId: null });
  const owner = ownerOf(bucket);
  const asked = { owner, bypassGovernance: true };
  for (let isEmpty = false; !isEmpty; ) ({ isEmpty } = await services.askBucket(bucket, "bucket.emptySome", asked));
  await services.askControl("bucket.deleted", { name: bucket.name });
}

function ownerOf({ name, accountId }: BucketRecord): BucketOwner {
  return { name, accountId };
}
