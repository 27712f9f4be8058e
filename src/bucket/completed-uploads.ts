/**
 * Answers of completed uploads, kept so that a repeated CompleteMultipartUpload (its client lost the answer) answers as the
 * first time. Two rows of `uploads` each: bucketId | 0x02 | uploadId → the answer, and bucketId | 0x03 | seq u64 → uploadId,
 * by age. Kept for `limits.completedUploadMs`, at most `limits.completedUploadsMax` in a bucket.
 */

import { assert } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { pack, unpack } from "../base/msgpack.ts";
import { xxh64Bytes } from "../base/xxhash.ts";
import { bucketIdBytes, bucketKey, prefixRange, uploadIdBytes } from "../storage/keys.ts";
import { checkVersion, seal, unseal, writeU64 } from "../storage/sealed-row.ts";
import type { ReadTrees, Trees } from "../storage/trees.ts";
import type { ObjectWritten, UploadCompleted } from "./messages.ts";

const version = 1;
const answerSpace = 2;
const ageSpace = 3;
/** Forgotten in one turn, at most: more than the one that is added, so that the rest drains. */
const forgottenPerTurn = 2;

/** What the first answer said, and for which key. */
export interface CompletedUpload {
  readonly key: string;
  readonly completedMs: number;
  readonly answer: UploadCompleted;
}

/** Rows of earlier releases do not say how the object is encrypted. */
type StoredAnswer = ObjectWritten & Partial<Pick<UploadCompleted, "encryption">>;

/** The answer given when this upload was completed, if it is still kept. @throws CorruptRecordError */
export function findCompleted(trees: ReadTrees, bucket: BucketId, uploadId: Buffer): CompletedUpload | undefined {
  const key = answerKey(bucket, uploadId);
  const value = trees.uploads.get(key);
  return value === undefined ? undefined : decode(key, value);
}

/** Answers kept, counted by a bounded walk; done once per activation. */
export function countCompleted(trees: ReadTrees, bucket: BucketId): number {
  const limit = limits.completedUploadsMax + forgottenPerTurn;
  return trees.uploads.keys({ ...prefixRange(spacePrefix(bucket, ageSpace)), limit }).length;
}

/**
 * Keeps an answer and forgets the oldest ones that are too many or too old. Inside a turn, after its checks; 6 rows at most.
 * @param seq of the turn: rises, so that the rows under 0x03 are in order of completion
 * @param keptCount answers kept before
 * @returns answers kept afterwards
 */
export function keepCompleted(
  trees: Trees,
  bucket: BucketId,
  {
    uploadId,
    seq,
    completed,
    keptCount,
  }: { uploadId: Buffer; seq: number; completed: CompletedUpload; keptCount: number },
): number {
  let count = keptCount + 1;
  for (const { key, value } of oldest(trees, bucket)) {
    const oldId = unseal("uploads", key, value, 1 + uploadIdBytes).subarray(1, 1 + uploadIdBytes);
    const isTooMany = count > limits.completedUploadsMax;
    const old = findCompleted(trees, bucket, oldId);
    if (!isTooMany && old !== undefined && old.completedMs > completed.completedMs - limits.completedUploadMs) break;
    trees.uploads.remove(key);
    trees.uploads.remove(answerKey(bucket, oldId));
    count -= 1;
  }
  const key = answerKey(bucket, uploadId);
  trees.uploads.put(key, encode(key, completed));
  const byAge = ageKey(bucket, seq);
  trees.uploads.put(byAge, sealed(byAge, uploadId));
  return count;
}

function oldest(trees: ReadTrees, bucket: BucketId) {
  return trees.uploads.range({ ...prefixRange(spacePrefix(bucket, ageSpace)), limit: forgottenPerTurn });
}

function spacePrefix(bucket: BucketId, space: number): Buffer {
  return Buffer.concat([bucketKey(bucket), Buffer.of(space)]);
}

function answerKey(bucket: BucketId, uploadId: Uint8Array): Buffer {
  assert(uploadId.length === uploadIdBytes, "an upload id has 22 bytes");
  return Buffer.concat([spacePrefix(bucket, answerSpace), uploadId]);
}

function ageKey(bucket: BucketId, seq: number): Buffer {
  const key = Buffer.alloc(bucketIdBytes + 1 + 8);
  spacePrefix(bucket, ageSpace).copy(key);
  writeU64(key, seq, bucketIdBytes + 1);
  return key;
}

/** version 1 | msgpack [key, completedMs, answer] | xxh64. */
function encode(key: Buffer, { key: objectKey, completedMs, answer }: CompletedUpload): Buffer {
  return sealed(key, pack([objectKey, completedMs, answer]));
}

function decode(key: Buffer, value: Buffer): CompletedUpload {
  const body = unseal("uploads", key, value, 1);
  checkVersion("uploads", key, body, version);
  // The checksum has vouched for the bytes, and only `encode` writes them.
  const [objectKey, completedMs, answer] = unpack(body.subarray(1)) as [string, number, StoredAnswer];
  return { key: objectKey, completedMs, answer: { ...answer, encryption: answer.encryption ?? null } };
}

function sealed(key: Buffer, body: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(1 + body.length + xxh64Bytes);
  value[0] = version;
  value.set(body, 1);
  return seal(key, value);
}
