/** What the operations share that change attributes of a version in place: tagging, ACL, retention, legal hold. */

import type { AttributesChange } from "../bucket/messages.ts";
import type { Context } from "./context.ts";
import { requireTarget } from "./found-version.ts";

interface Target {
  readonly Key: string;
  /** Absent: the newest version. */
  readonly VersionId?: string | undefined;
}

/**
 * Looks at the version, which settles what a policy says of its tags, and changes it.
 * @param bypassGovernance the client asks for it, and may
 * @returns the output's version id; none in a bucket whose versioning was never set
 * @throws S3Error NoSuchKey, NoSuchVersion, MethodNotAllowed, AccessDenied, and those of "object.setAttributes"
 */
export const setAttributes = async (
  input: Target,
  { bucket, request, services }: Pick<Context, "bucket" | "request" | "services">,
  change: AttributesChange,
  bypassGovernance = false,
): Promise<{ VersionId?: string }> => {
  const { Key: key, VersionId: named } = input;
  const address = { bucket: bucket.id, partition: bucket.partition, key, versionId: named };
  services.objects.read(address, (found) => requireTarget(found, input, request.method));
  const { versionId } = await services.askBucket(bucket, "object.setAttributes", {
    key,
    versionId: named ?? null,
    change,
    bypassGovernance,
  });
  return versionId === null ? {} : { VersionId: versionId };
};
