/**
 * Object ownership of a bucket: who owns what is written into it, and whether ACLs count. Pure.
 * Source: AWS S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
 */

/** A bucket for which none was chosen works as ObjectWriter. */
export type ObjectOwnership = "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter";

/** Whether the bucket's ACL and those of its objects have a say. @param ownership null: none was chosen */
export function countsAcls(ownership: ObjectOwnership | null): boolean {
  return ownership !== "BucketOwnerEnforced";
}
