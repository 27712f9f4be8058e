/** Object lock of a bucket that is being made. */

import type { BucketRecord } from "../control/records.ts";
import { finishDeletion } from "./bucket-deletion.ts";
import type { Services } from "./context.ts";

/**
 * Enables versioning and object lock in a bucket that was made just now. When that fails the bucket goes again: whoever asked
 * for the lock must not find one without.
 * @throws what the bucket's actor answers
 */
export const lockNewBucket = async (
  services: Pick<Services, "askBucket" | "askControl">,
  bucket: BucketRecord,
): Promise<void> => {
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
