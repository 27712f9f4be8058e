/** Object lock of a bucket that is being made. */

import type { BucketRecord } from "../control/records.ts";
import { S3Error } from "../s3/errors.ts";
import { finishDeletion } from "./bucket-deletion.ts";
import type { Services } from "./context.ts";

/**
 * Enables versioning and object lock in a bucket that was made just now. When that fails the bucket goes again: whoever asked
 * for the lock must not find one without.
 * @param created false: the bucket was there, of the same owner; it may be what a crash has left of the first try
 * @throws S3Error BucketAlreadyOwnedByYou when it was there without object lock, and what the bucket's actor answers
 */
export const lockNewBucket = async (
  services: Pick<Services, "askBucket" | "askControl" | "configurationOf">,
  bucket: BucketRecord,
  created: boolean,
): Promise<void> => {
  if (!created) {
    if (services.configurationOf(bucket).get("objectLock") !== null) return;
    throw new S3Error("BucketAlreadyOwnedByYou", {
      Message: "Your bucket of this name was created without Object Lock.",
      BucketName: bucket.name,
    });
  }
  try {
    await services.askBucket(bucket, "bucket.setVersioning", { versioning: "Enabled" });
    const value = { defaultRetention: null };
    await services.askBucket(bucket, "bucket.configure", { field: "objectLock", value });
  } catch (error) {
    await services.askControl("bucket.markDeleting", { name: bucket.name, jobId: null });
    await finishDeletion(services, bucket);
    throw error;
  }
};
