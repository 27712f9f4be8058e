/**
 * Public access block: what a bucket and its owner's account refuse to make public, whatever policies and ACLs say. Pure.
 * Source: AWS S3 User Guide, "Blocking public access to your Amazon S3 storage".
 */

/** Of a bucket or of an account. */
export interface PublicAccessBlock {
  /** Public ACLs cannot be set. */
  readonly blockPublicAcls: boolean;
  /** What ACLs grant to everybody does not count. */
  readonly ignorePublicAcls: boolean;
  /** Public policies cannot be set. */
  readonly blockPublicPolicy: boolean;
  /** A policy that is public allows nothing to whoever is not of the bucket owner's account. */
  readonly restrictPublicBuckets: boolean;
}

export const noPublicAccessBlock: PublicAccessBlock = Object.freeze({
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
});

/** What holds for a bucket: the most restrictive of its own block and its owner's account's; null: none is set. */
export function effectiveBlock(bucket: PublicAccessBlock | null, account: PublicAccessBlock | null): PublicAccessBlock {
  if (bucket === null) return account ?? noPublicAccessBlock;
  if (account === null) return bucket;
  return {
    blockPublicAcls: bucket.blockPublicAcls || account.blockPublicAcls,
    ignorePublicAcls: bucket.ignorePublicAcls || account.ignorePublicAcls,
    blockPublicPolicy: bucket.blockPublicPolicy || account.blockPublicPolicy,
    restrictPublicBuckets: bucket.restrictPublicBuckets || account.restrictPublicBuckets,
  };
}
