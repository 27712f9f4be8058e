/** Every message a bucket actor takes, and what it answers. Plain data only. Times: Unix ms; sizes: bytes. */

import type { BodySource } from "../actor/body-source.ts";
import type { ListedObject } from "../actor/listed-objects.ts";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../s3/checksum-algorithms.ts";
import type { ObjectMetadata } from "../storage/record-tail.ts";

export type { BodySource } from "../actor/body-source.ts";
export type { ActorAddress as BucketAddress } from "../actor/envelope.ts";
export type { ListedObject } from "../actor/listed-objects.ts";
export type { ObjectMetadata } from "../storage/record-tail.ts";

/** Judged inside the turn. ETags without quotes; "*" as S3 means it. */
export interface WritePreconditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

export interface ObjectWritten {
  /** ETag without quotes. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly checksum: Checksum | null;
  /** null in a bucket that was never versioned. */
  readonly versionId: string | null;
}

export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedMs: number;
  readonly storageClass: string;
}

export interface ListedPart {
  readonly partNumber: number;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly checksum: Checksum | null;
}

/** Message name → [request, reply]. Errors are S3 codes in an `Outcome`. */
export interface BucketProtocol {
  /** Records the current object. Errors: NoSuchBucket, PreconditionFailed, NoSuchKey (If-Match on a missing key), and all of the body's: BadDigest, InvalidDigest, XAmzContentSHA256Mismatch, SignatureDoesNotMatch, IncompleteBody, EntityTooLarge, MalformedTrailerError. */
  "object.put": [
    { key: string; source: BodySource; metadata: ObjectMetadata; preconditions: WritePreconditions },
    ObjectWritten,
  ];
  /** Deletes the current object; deleting what is not there succeeds. */
  "object.delete": [{ key: string; preconditions: WritePreconditions }, { existed: boolean }];
  /** Deletes up to `limits.deleteObjectsMax` keys; one outcome per key, in order. */
  "object.deleteMany": [{ keys: readonly string[] }, { existed: readonly boolean[] }];
  /** One page, walked in slices of `limits.listSliceRows`. `after` is exclusive: a key, or a common prefix that is skipped whole. */
  "object.list": [
    { prefix: string; delimiter: string; after: string; keysMax: number },
    {
      objects: readonly ListedObject[];
      commonPrefixes: readonly string[];
      isTruncated: boolean /** Last key or prefix returned. */;
      last: string;
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
    { key: string; uploadId: string; partNumber: number; source: BodySource },
    { etag: string; modifiedMs: number; checksum: Checksum | null },
  ];
  /** Errors: NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, PreconditionFailed, InvalidRequest. Repeating a completed upload's call answers as the first time. */
  "upload.complete": [
    {
      key: string;
      uploadId: string;
      parts: readonly { partNumber: number; etag: string; checksum: string | null }[];
      preconditions: WritePreconditions;
      objectBytes: number | null;
    },
    ObjectWritten,
  ];
  "upload.abort": [{ key: string; uploadId: string }, Record<string, never>];
  "upload.listParts": [
    { key: string; uploadId: string; afterPartNumber: number; partsMax: number },
    {
      parts: readonly ListedPart[];
      isTruncated: boolean;
      storageClass: string;
      checksumAlgorithm: ChecksumAlgorithm | null;
    },
  ];
  "upload.list": [
    { prefix: string; delimiter: string; afterKey: string; afterUploadId: string; uploadsMax: number },
    { uploads: readonly ListedUpload[]; commonPrefixes: readonly string[]; isTruncated: boolean },
  ];
  /** Closes the bucket to writes and counts: `empty` true when it holds no object, version or open upload (open uploads do not count as content on AWS and are aborted). */
  "bucket.close": [Record<string, never>, { empty: boolean }];
  /**
   * Closes the bucket to writes for good and removes all that it holds (objects, versions, open uploads) in bounded turns.
   * What it took is collected afterwards.
   */
  "bucket.empty": [Record<string, never>, Record<string, never>];
  /** Opens a closed bucket again. */
  "bucket.reopen": [Record<string, never>, Record<string, never>];
  /** Exact counters, after every committed turn. */
  "bucket.usage": [
    Record<string, never>,
    { storedBytes: number; objects: number; versions: number; openUploadBytes: number },
  ];
}

export type BucketMessageType = keyof BucketProtocol;
export type BucketRequest<T extends BucketMessageType> = BucketProtocol[T][0];
export type BucketReply<T extends BucketMessageType> = BucketProtocol[T][1];
