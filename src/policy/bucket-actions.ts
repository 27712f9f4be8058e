/**
 * Which actions a bucket policy can speak of, and of what. Pure.
 * Source: service authorization reference, "Actions defined by Amazon S3", resource types bucket and object.
 */

import type { PolicyDocument, PolicyStatement } from "./document.ts";
import { compileGlob, globMatches, parseAtoms } from "./glob.ts";
import { PolicyError } from "./policy-error.ts";

type ResourceKind = "bucket" | "object";

const bucketActions = `CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket DeleteBucketMetadataTableConfiguration
  DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl
  GetBucketCORS GetBucketLocation GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification
  GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
  GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
  GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration
  GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions
  ListTagsForResource PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac PutBucketAcl PutBucketCORS
  PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
  PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite
  PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration
  PutMetricsConfiguration PutReplicationConfiguration TagResource UntagResource
  UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration
  UpdateBucketMetadataJournalTableConfiguration`;

const objectActions = `AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectAnnotation DeleteObjectTagging
  DeleteObjectVersion DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAnnotation GetObjectAttributes
  GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl
  GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent
  InitiateReplication ListMultipartUploadParts ListObjectAnnotations ObjectOwnerOverrideToBucketOwner PutObject
  PutObjectAcl PutObjectAnnotation PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl
  PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags RestoreObject UpdateObjectEncryption`;

const named = (names: string, kind: ResourceKind): [action: string, kind: ResourceKind][] =>
  names.split(/\s+/).map((name) => [`s3:${name.toLowerCase()}`, kind]);

/** By its name in lower case, what an action is asked of. */
const kinds: ReadonlyMap<string, ResourceKind> = new Map([
  ...named(bucketActions, "bucket"),
  ...named(objectActions, "object"),
]);

/**
 * Checks a bucket policy's actions: each is one that a bucket or an object can be asked for, and where a statement names
 * resources, at least one of them can. A statement that could never meet a request is a mistake of its author.
 * @param document as `parseBucketPolicy` read it
 * @throws PolicyError in the words of S3
 */
export function checkBucketActions({ statements }: PolicyDocument): void {
  statements.forEach((statement, index) => {
    const pointer = `/Statement/${index}`;
    for (const pattern of statement.actions.patterns) {
      const meant = kindsOf(pattern);
      if (meant.size === 0) {
        throw new PolicyError(`Policy has invalid action: ${JSON.stringify(pattern)}`, pointer, statement.sid);
      }
      if (statement.actions.negated || appliesTo(statement, meant)) continue;
      const reason = `Action does not apply to any resource(s) in statement: ${JSON.stringify(pattern)}`;
      throw new PolicyError(reason, pointer, statement.sid);
    }
  });
}

function kindsOf(pattern: string): ReadonlySet<ResourceKind> {
  const glob = compileGlob(parseAtoms(pattern.toLowerCase()));
  return new Set([...kinds].filter(([action]) => globMatches(glob, action)).map(([, kind]) => kind));
}

function appliesTo({ resources }: PolicyStatement, meant: ReadonlySet<ResourceKind>): boolean {
  if (resources === null || resources.negated) return true;
  return resources.patterns.some((pattern) => {
    if (pattern.includes("/")) return meant.has("object");
    // A star reaches over the slash behind the bucket's name.
    return meant.has("bucket") || pattern.includes("*");
  });
}
