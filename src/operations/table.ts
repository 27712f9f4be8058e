/** The table of S3 operations: every row that this folder declares, in the order of its files. */

import * as bucket from "./bucket.ts";
import * as bucketAbac from "./bucket-abac.ts";
import * as bucketAccelerate from "./bucket-accelerate.ts";
import * as bucketAcl from "./bucket-acl.ts";
import * as bucketAnalytics from "./bucket-analytics.ts";
import * as bucketCors from "./bucket-cors.ts";
import * as bucketEncryption from "./bucket-encryption.ts";
import * as bucketIntelligentTiering from "./bucket-intelligent-tiering.ts";
import * as bucketInventory from "./bucket-inventory.ts";
import * as bucketLifecycle from "./bucket-lifecycle.ts";
import * as bucketLocation from "./bucket-location.ts";
import * as bucketLogging from "./bucket-logging.ts";
import * as bucketMetadata from "./bucket-metadata.ts";
import * as bucketMetrics from "./bucket-metrics.ts";
import * as bucketNotification from "./bucket-notification.ts";
import * as bucketObjectLock from "./bucket-object-lock.ts";
import * as bucketOwnershipControls from "./bucket-ownership-controls.ts";
import * as bucketPolicy from "./bucket-policy.ts";
import * as bucketPublicAccessBlock from "./bucket-public-access-block.ts";
import * as bucketReplication from "./bucket-replication.ts";
import * as bucketRequestPayment from "./bucket-request-payment.ts";
import * as bucketSession from "./bucket-session.ts";
import * as bucketTagging from "./bucket-tagging.ts";
import * as bucketVersioning from "./bucket-versioning.ts";
import * as bucketWebsite from "./bucket-website.ts";
import * as buckets from "./buckets.ts";
import type { Operation } from "./context.ts";
import * as objectAcl from "./object-acl.ts";
import * as objectAnnotation from "./object-annotation.ts";
import * as objectAttributes from "./object-attributes.ts";
import * as objectCopy from "./object-copy.ts";
import * as objectDelete from "./object-delete.ts";
import * as objectEncryption from "./object-encryption.ts";
import * as objectGet from "./object-get.ts";
import * as objectHead from "./object-head.ts";
import * as objectLambda from "./object-lambda.ts";
import * as objectLegalHold from "./object-legal-hold.ts";
import * as objectPut from "./object-put.ts";
import * as objectRename from "./object-rename.ts";
import * as objectRestore from "./object-restore.ts";
import * as objectRetention from "./object-retention.ts";
import * as objectSelect from "./object-select.ts";
import * as objectTagging from "./object-tagging.ts";
import * as objectTorrent from "./object-torrent.ts";
import * as objectVersions from "./object-versions.ts";
import * as objectsDelete from "./objects-delete.ts";
import * as objectsList from "./objects-list.ts";
import * as upload from "./upload.ts";
import * as uploadComplete from "./upload-complete.ts";
import * as uploadPart from "./upload-part.ts";
import * as uploadPartCopy from "./upload-part-copy.ts";
import * as uploadParts from "./upload-parts.ts";
import * as uploads from "./uploads.ts";

const isOperation = (value: unknown): value is Operation =>
  typeof value === "object" && value !== null && "http" in value && "action" in value;

/** Every operation of the S3 model, served or only declared. */
export const operations: readonly Operation[] = [
  bucket,
  bucketAbac,
  bucketAccelerate,
  bucketAcl,
  bucketAnalytics,
  bucketCors,
  bucketEncryption,
  bucketIntelligentTiering,
  bucketInventory,
  bucketLifecycle,
  bucketLocation,
  bucketLogging,
  bucketMetadata,
  bucketMetrics,
  bucketNotification,
  bucketObjectLock,
  bucketOwnershipControls,
  bucketPolicy,
  bucketPublicAccessBlock,
  bucketReplication,
  bucketRequestPayment,
  bucketSession,
  bucketTagging,
  bucketVersioning,
  bucketWebsite,
  buckets,
  objectAcl,
  objectAnnotation,
  objectAttributes,
  objectCopy,
  objectDelete,
  objectEncryption,
  objectGet,
  objectHead,
  objectLambda,
  objectLegalHold,
  objectPut,
  objectRename,
  objectRestore,
  objectRetention,
  objectSelect,
  objectTagging,
  objectTorrent,
  objectVersions,
  objectsDelete,
  objectsList,
  upload,
  uploadComplete,
  uploadPart,
  uploadPartCopy,
  uploadParts,
  uploads,
].flatMap((subresource) => Object.values<unknown>(subresource).filter(isOperation));
