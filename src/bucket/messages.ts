/** Every message a bucket actor takes, and what it answers. Plain data only. Times: Unix ms; sizes: bytes. */

import type { BodySource } from "../actor/body-source.ts";
import type { PackedObjects } from "../actor/listed-objects.ts";
import type { Outcome } from "../base/outcome.ts";
import type { BucketSetup } from "../control/records.ts";
import type { AccessControlList } from "../s3/acl.ts";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../s3/checksum-algorithms.ts";
import type { BucketDataKey, ToldEncryption } from "../s3/encryption.ts";
import type { EventCause, ObjectEvent, TestEvent } from "../s3/notification.ts";
import type { ObjectLock, Retention } from "../s3/object-lock.ts";
import type { BucketQuota } from "../storage/bucket-row.ts";
import type { Initiator, ObjectMetadata } from "../storage/record-tail.ts";
import type { BucketConfiguration, ConfigurationChange, ConfigurationField } from "./configuration.ts";
import type { LifecycleProgress } from "./lifecycle-turns.ts";
import type { LifecyclePlace } from "./lifecycle-walk.ts";
import type { TransferChange } from "./turn.ts";
import type { Versioning, VersioningStatus } from "./versioning.ts";

export type { BodySource } from "../actor/body-source.ts";
export type { ActorAddress as BucketAddress } from "../actor/envelope.ts";
export type { Initiator, ObjectMetadata } from "../storage/record-tail.ts";

/** Judged inside the turn. ETags without quotes; "*" as S3 means it. */
export interface WritePreconditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

/** Judged inside the turn, against the current object. */
export interface DeletePreconditions {
  /** As in `WritePreconditions`. */
  readonly ifMatch?: string;
  /** Compared in whole seconds; without an object it holds. */
  readonly ifMatchModifiedMs?: number;
  /** Without an object it holds. */
  readonly ifMatchSizeBytes?: number;
}

export interface ObjectToDelete {
  readonly key: string;
  /** A version id, `null` included; null: no version is named, and what is done is the versioning's to say. */
  readonly versionId: string | null;
  readonly preconditions: DeletePreconditions;
  /** Of a version that is named: a retention in governance mode does not hold, for the client may pass it. */
  readonly bypassGovernance: boolean;
  /** Canonical id of who owns the delete marker that is made; null: the bucket's owner. */
  readonly markerOwnerId: string | null;
}

/** New values of a version's attributes; null removes, what is absent stays. */
export interface AttributesChange {
  /** As in `ObjectMetadata`. */
  readonly tagging?: string | null;
  readonly acl?: AccessControlList;
  /** With `acl`: whom the ACL that it replaces named as owner; null: there was none. Another one by now is OperationAborted; absent: it is not judged. */
  readonly ownerBefore?: string | null;
  readonly retention?: Retention | null;
  readonly legalHold?: boolean;
}

/** A version that may not be removed, and why. */
export interface LockedVersion {
  readonly key: string;
  readonly versionId: string;
  readonly lock: ObjectLock;
}

export interface ObjectDeleted {
  /** True when an object, or the version named, was there. */
  readonly existed: boolean;
  /** The version that was named, or the delete marker that was made; null when there is neither. */
  readonly versionId: string | null;
  /** True when a delete marker was made, or is what was removed. */
  readonly isDeleteMarker: boolean;
}

export interface ObjectWritten {
  /** ETag without quotes. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly checksum: Checksum | null;
  /** null for a null version, whose id a write does not show: versioning is off or suspended. */
  readonly versionId: string | null;
}

export interface UploadCompleted extends ObjectWritten {
  /** Of the object, but for its encryption context, of which a completion tells nothing. Null: none, or a customer's key. */
  readonly encryption: ToldEncryption | null;
}

export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedMs: number;
  /** Canonical id of who will own the object; null: the bucket's owner. */
  readonly ownerId: string | null;
  /** Null: the account that owns the bucket. */
  readonly initiator: Initiator | null;
  readonly storageClass: string;
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  readonly checksumType: ChecksumType | null;
}

export interface ListedPart {
  readonly partNumber: number;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly checksum: Checksum | null;
}

/** Who had a bucket, and under which name: what its usage is found by when its record is gone. */
export interface BucketOwner {
  readonly name: string;
  readonly accountId: string;
}

/** What a completion says of the whole object's checksum; null = nothing. */
export interface ChecksumClaim {
  /** A composite value with `-<number of parts>` or without. */
  readonly checksum: Checksum | null;
  readonly checksumType: ChecksumType | null;
}

/** An event that was not delivered in time. */
export interface DeadEvent {
  readonly id: string;
  readonly event: ObjectEvent | TestEvent;
  /** Names of the targets that were to have it. */
  readonly targets: readonly string[];
}

/** Message name → [request, reply]. Errors are S3 codes in an `Outcome`. */
export interface BucketProtocol {
  /** Records the current object. Errors: NoSuchBucket, PreconditionFailed, NoSuchKey (If-Match on a missing key), and all of the body's: BadDigest, InvalidDigest, XAmzContentSHA256Mismatch, SignatureDoesNotMatch, IncompleteBody, EntityTooLarge, MalformedTrailerError. */
  "object.put": [
    {
      key: string;
      source: BodySource;
      metadata: ObjectMetadata;
      preconditions: WritePreconditions;
      /** The bytes came from another object of this installation: no ingress. */
      isCopied?: true;
      cause?: EventCause;
    },
    ObjectWritten,
  ];
  /** Deletes a key as the bucket's versioning says, or removes the version named; deleting what is not there succeeds. Errors: OperationAborted, PreconditionFailed, NoSuchKey (If-Match without an object), InvalidArgument (no version id), AccessDenied (by the lock), InsufficientStorage (of a delete marker). */
  "object.delete": [ObjectToDelete & { readonly cause?: EventCause }, ObjectDeleted];
  /** Up to `limits.deleteObjectsMax` of them, one after another; one outcome for each, in order. Errors of all: OperationAborted. */
  "object.deleteMany": [
    { objects: readonly ObjectToDelete[]; cause?: EventCause },
    { outcomes: readonly Outcome<ObjectDeleted>[] },
  ];
  /**
   * Changes attributes of the newest version (null), or of the one named, in place: its ETag, its time and its stamp stay.
   * Answers the version's id as reads show it. Errors: OperationAborted, InsufficientStorage, NoSuchKey, NoSuchVersion,
   * InvalidArgument (no version id, a retention that has passed), MethodNotAllowed (a delete marker), AccessDenied (by the
   * lock), InvalidRequest (a lock in a bucket that has no object lock), MetadataTooLarge.
   */
  "object.setAttributes": [
    { key: string; versionId: string | null; change: AttributesChange; bypassGovernance: boolean; cause?: EventCause },
    { versionId: string | null },
  ];
  /** One page, walked in slices of `limits.listSliceRows`. `after` is exclusive: a key, or a common prefix that is skipped whole. */
  "object.list": [
    { prefix: string; delimiter: string; after: string; keysMax: number },
    {
      objects: PackedObjects;
      commonPrefixes: readonly string[];
      isTruncated: boolean /** Last key or prefix returned. */;
      last: string;
    },
  ];
  /**
   * As object.list, of all versions and delete markers: by key, then newest first. Begins behind `afterKey`, or with
   * `afterVersionId` ("" = none; an id or "null") behind that version of it.
   */
  "object.listVersions": [
    { prefix: string; delimiter: string; afterKey: string; afterVersionId: string; keysMax: number },
    {
      versions: PackedObjects;
      commonPrefixes: readonly string[];
      isTruncated: boolean /** Key or prefix that came last. */;
      lastKey: string /** What names the place behind the last version; null when a prefix came last. */;
      lastVersionId: string | null;
    },
  ];
  "upload.create": [
    {
      key: string;
      metadata: ObjectMetadata;
      checksumAlgorithm: ChecksumAlgorithm | null;
      checksumType: ChecksumType | null;
    },
    { uploadId: string },
  ];
  /** Errors: NoSuchUpload and those of object.put. */
  "upload.putPart": [
    { key: string; uploadId: string; partNumber: number; source: BodySource; isCopied?: true },
    { etag: string; modifiedMs: number; checksum: Checksum | null },
  ];
  /** Errors: NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, PreconditionFailed, InvalidRequest, BadDigest. Repeating a completed upload's call answers as the first time. */
  "upload.complete": [
    {
      key: string;
      uploadId: string;
      parts: readonly { partNumber: number; etag: string; checksum: string | null }[];
      preconditions: WritePreconditions;
      objectBytes: number | null;
      claim?: ChecksumClaim;
      cause?: EventCause;
    },
    UploadCompleted,
  ];
  /** Errors: NoSuchUpload, PreconditionFailed when the upload was initiated in another second than `initiatedMs`. */
  "upload.abort": [{ key: string; uploadId: string; initiatedMs?: number }, Record<string, never>];
  "upload.listParts": [
    { key: string; uploadId: string; afterPartNumber: number; partsMax: number },
    {
      parts: readonly ListedPart[];
      isTruncated: boolean /** As in `ListedUpload`. */;
      ownerId: string | null;
      initiator: Initiator | null;
      storageClass: string;
      checksumAlgorithm: ChecksumAlgorithm | null;
      checksumType: ChecksumType | null;
    },
  ];
  "upload.list": [
    { prefix: string; delimiter: string; afterKey: string; afterUploadId: string; uploadsMax: number },
    { uploads: readonly ListedUpload[]; commonPrefixes: readonly string[]; isTruncated: boolean },
  ];
  /** Closes the bucket to writes and counts: `empty` true when it holds no object, version or open upload (open uploads do not count as content on AWS and are aborted). `owner` keeps the usage of an empty one readable. */
  "bucket.close": [{ owner?: BucketOwner }, { empty: boolean }];
  /**
   * Closes the bucket to writes and removes some of what it holds (objects, versions, then open uploads): repeated until
   * `isEmpty`, all of it. `removed` counts objects, other versions and delete markers. What they took is collected afterwards.
   * `isLocked`: it has met a version that is locked (`bypassGovernance`: governance mode does not count), and removed nothing.
   */
  "bucket.emptySome": [
    { owner?: BucketOwner; bypassGovernance?: boolean },
    { removed: number; isEmpty: boolean; isLocked?: true },
  ];
  /**
   * Looks through some of the versions for those that are locked now: repeated with `next` until that is null, through all.
   * What is written meanwhile may be missed, unless the bucket is closed. `bypassGovernance`: governance mode does not count.
   */
  "bucket.locked": [
    { after: string | null; bypassGovernance: boolean },
    { locked: readonly LockedVersion[]; next: string | null },
  ];
  /**
   * A new bucket's first turn: gives it what it is made with, whole. Of a bucket that has had a turn it changes nothing, so
   * that it may be repeated, also late.
   */
  "bucket.open": [BucketSetup, Record<string, never>];
  /** Opens a closed bucket again. */
  "bucket.reopen": [Record<string, never>, Record<string, never>];
  "bucket.versioning": [Record<string, never>, { versioning: Versioning }];
  /** Errors: OperationAborted. */
  "bucket.setVersioning": [{ versioning: VersioningStatus }, Record<string, never>];
  /** Bounds what later turns may add; what is there stays. Errors: OperationAborted. */
  "bucket.setQuota": [{ quota: BucketQuota }, Record<string, never>];
  /** Takes events out of the outbox, by the hex of their rows' keys: what is dead is kept apart. */
  "events.settle": [{ delivered: readonly string[]; dead: readonly string[] }, Record<string, never>];
  /** Sends a test event to every target of the notification configuration. Errors: OperationAborted, InsufficientStorage. */
  "events.test": [{ requestId: string; hostId: string }, Record<string, never>];
  /** Dead letters by age, oldest first, behind the id `after` (null: from the first). `next`: the last id when there are more. */
  "events.dead": [{ after: string | null; limit: number }, { events: readonly DeadEvent[]; next: string | null }];
  /** Drops dead letters, or sends them again; null: all. Counts those that were there. Errors: OperationAborted, InsufficientStorage. */
  "events.redeem": [{ ids: readonly string[] | null; isSentAgain: boolean }, { count: number }];
  /** Sets or removes one field of the configuration. Errors: OperationAborted, InsufficientStorage, EntityTooLarge, and those of the field. */
  "bucket.configure": [ConfigurationChange, Record<string, never>];
  /**
   * Adds a data key behind that of the same named key (or of none) whose id is `after`; null: it is to be the first. When
   * another is the last by now, that one is answered and nothing changes. Errors: OperationAborted, InsufficientStorage.
   */
  "bucket.addDataKey": [{ dataKey: BucketDataKey; after: Uint8Array | null }, { dataKey: BucketDataKey }];
  /** The field's value; null when it is not set. */
  "bucket.configuration": [{ field: ConfigurationField }, { value: BucketConfiguration[ConfigurationField] | null }];
  /** A slice of a pass of the lifecycle rules, from `place` on (null: the beginning). Errors: OperationAborted. */
  "bucket.expireSome": [{ place: LifecyclePlace | null }, LifecycleProgress];
  /**
   * Adds what a front has sent and counted: body bytes, and requests in the order of `requestClasses`. Taken in every state,
   * since requests end after their bucket has. Not to be repeated: the second time counts too.
   * @param payer the id is no bucket's, but stands for what this account pays of the bucket of this name
   */
  "usage.add": [TransferChange & { readonly payer?: BucketOwner }, Record<string, never>];
  /** Exact counters, after every committed turn. */
  "bucket.usage": [
    Record<string, never>,
    { storedBytes: number; objects: number; versions: number; openUploadBytes: number },
  ];
}

export type BucketMessageType = keyof BucketProtocol;
export type BucketRequest<T extends BucketMessageType> = BucketProtocol[T][0];
export type BucketReply<T extends BucketMessageType> = BucketProtocol[T][1];
