/** What a bucket is made with beside its name and place: ACL and object ownership. */

import { type AccessControlList, isPublicAcl } from "../s3/acl.ts";
import { S3Error } from "../s3/errors.ts";
import { askedAcl, isOwnersAlone, isPrivate, type ObjectOwnership } from "../s3/object-ownership.ts";
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
  if (ownership === "BucketOwnerEnforced" && !isOwnersAlone(asked, ownerId)) {
    throw new S3Error("InvalidBucketAclWithObjectOwnership");
  }
  const acl = askedAcl(asked, { ownerId, bucketOwnerId: ownerId });
  const { blockPublicAcls } = services.publicAccessBlockOf(null, principal.account.accountId);
  if (blockPublicAcls && isPublicAcl(acl)) throw new S3Error("AccessDenied");
  return isPrivate(acl, ownerId) ? null : acl;
};

export interface NewBucket {
  readonly acl: AccessControlList | null;
  /** Null: none was asked for. */
  readonly ownership: ObjectOwnership | null;
  /** False: the account had the bucket, and has asked for it again. */
  readonly created: boolean;
}

/**
 * Sets what a new bucket was asked to have. Of a bucket that was there, the ACL is set anew, as in us-east-1, and the
 * ownership stays; so a request that is repeated after it failed here ends with what it asked for.
 * @throws S3Error InvalidBucketAclWithObjectOwnership, AccessDenied (of a bucket that was there, as PutBucketAcl)
 */
export const settleNewBucket = async (
  at: Pick<Context, "bucket" | "services">,
  { acl, ownership, created }: NewBucket,
): Promise<void> => {
  const held = created ? null : at.services.configurationOf(at.bucket);
  if (held !== null && acl !== null) {
    if (held.get("ownershipControls") === "BucketOwnerEnforced") {
      throw new S3Error("InvalidBucketAclWithObjectOwnership");
    }
    refuseBlockedAcl(acl, at);
  }
  if (ownership !== null && (held?.get("ownershipControls") ?? null) === null) {
    await configure(at, { field: "ownershipControls", value: ownership });
  }
  if (acl !== null || (held !== null && held.get("acl") !== null)) await configure(at, { field: "acl", value: acl });
};
