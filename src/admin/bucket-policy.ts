/** What a bucket's own policy denies holds at the admin API too. */

import type { BucketRecord } from "../control/records.ts";
import { compileBucketPolicy } from "../policy/bucket-policy.ts";
import type { StoredPolicy } from "../policy/stored-policy.ts";
import { bucketArn } from "./arns.ts";
import type { AdminContext } from "./context.ts";
import { AdminError } from "./problem.ts";

/**
 * The caller's own policies have allowed the action already.
 * @returns the bucket's policy; null: it has none
 * @throws AdminError AccessDenied, OperationAborted, ServiceUnavailable
 */
export async function demandAt(
  context: AdminContext,
  bucket: BucketRecord,
  action: string,
): Promise<StoredPolicy | null> {
  const policy = await context.services.bucketConfiguration(bucket, "policy");
  if (policy === null) return null;
  if (context.isDeniedBy(compileBucketPolicy(policy).whole, action, bucketArn(bucket.name))) {
    throw new AdminError("AccessDenied", `The bucket's policy denies you ${action}.`);
  }
  return policy;
}
