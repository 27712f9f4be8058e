/** What a bucket is made with beside its name and place, and what asking for one's own bucket again changes. */

import type { BucketSetup } from "../control/records.ts";
import { type AccessControlList, isPublicAcl } from "../s3/acl.ts";
import { S3Error } from "../s3/errors.ts";
import { askedAcl, isPrivate, type ObjectOwnership } from "../s3/object-ownership.ts";
import { type AclInput, granteesOf, headerAcl, refuseBlockedAcl } from "./acl-headers.ts";
import { configure } from "./configured.ts";
import type { Context } from "./context.ts";

interface CreationInput extends AclInput {
  readonly ObjectOwnership?: ObjectOwnership | undefined;
}

/**
 * The ACL that the request asks for; null: the bucket is its owner's alone.
 * @throws S3Error InvalidBucketAclWithObjectOwnership, AccessDenied (the ACL is public, and the account blocks those), and
 * those of `headerAcl`
 * Source: AWS CreateBucket, "Access control lists (ACLs)".
 */
export const aclOfNewBucket = (
  input: CreationInput,
  { principal, services }: Pick<Context, "principal" | "services">,
): AccessControlList | null => {
  const asked = headerAcl(input, granteesOf(services.control));
  if (asked === null) return null;
  const { canonicalId: ownerId } = principal.account;
  const ownership = input.ObjectOwnership ?? services.defaultOwnership;
  const acl = askedAcl(asked, { ownerId, bucketOwnerId: ownerId });
  if (ownership === "BucketOwnerEnforced" && !isPrivate(acl, ownerId)) {
    throw new S3Error("InvalidBucketAclWithObjectOwnership");
  }
  const { blockPublicAcls } = services.publicAccessBlockOf(null, principal.account.accountId);
  if (blockPublicAcls && isPublicAcl(acl)) throw new S3Error("AccessDenied");
  return isPrivate(acl, ownerId) ? null : acl;
};

/**
 * The account has asked for a bucket that it had: the ACL is set anew, as in us-east-1, and all else stays.
 * @throws S3Error BucketAlreadyOwnedByYou (object lock was asked for, and the bucket has none), InvalidBucketAclWithObjectOwnership,
 * AccessDenied (as PutBucketAcl)
 */
export const resetBucket = async (
  at: Pick<Context, "bucket" | "services">,
  { acl, hasObjectLock }: Pick<BucketSetup, "acl" | "hasObjectLock">,
): Promise<void> => {
  const held = at.services.configurationOf(at.bucket);
  if (hasObjectLock && held.get("objectLock") === null) {
    throw new S3Error("BucketAlreadyOwnedByYou", {
      Message: "Your bucket of this name was created without Object Lock.",
      BucketName: at.bucket.name,
    });
  }
  if (acl !== null) {
    if (held.get("ownershipControls") === "BucketOwnerEnforced") {
      throw new S3Error("InvalidBucketAclWithObjectOwnership");
    }
    refuseBlockedAcl(acl, at);
  }
  if (acl !== null || held.get("acl") !== null) await configure(at, { field: "acl", value: acl });
};
