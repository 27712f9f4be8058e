/** CompleteMultipartUpload: one turn that makes an object of parts by naming them; no byte and no part row moves. */

import { limits } from "../base/limits.ts";
import type { ChecksumAlgorithm } from "../s3/checksum-algorithms.ts";
import type { ObjectEncryption, ToldEncryption } from "../s3/encryption.ts";
import { layTail, readAttributes } from "../storage/attributes.ts";
import { partKey } from "../storage/keys.ts";
import type { PartEntry } from "../storage/manifest.ts";
import { tailRoom } from "../storage/record.ts";
import { encodeTail, withAttributes } from "../storage/record-tail.ts";
import { writePartTable } from "../storage/references.ts";
import type { Part, Upload } from "../storage/uploads.ts";
import { judgeTail } from "./bodies.ts";
import { type CompletedObject, judgeParts } from "./complete-rules.ts";
import { findCompleted, keepCompleted } from "./completed-uploads.ts";
import { withRetention } from "./locks.ts";
import type { BucketReply, BucketRequest, ObjectMetadata, UploadCompleted } from "./messages.ts";
import { judgePlace, makeCurrent, tailOf } from "./object-turns.ts";
import type { BucketMemory, Turn } from "./turn.ts";
import { parseUploadId } from "./upload-id.ts";
import { findUpload, noSuchUpload, type OpenUpload, readPart } from "./upload-turns.ts";

type Request = BucketRequest<"upload.complete">;
type NumberedPart = Part & { readonly partNumber: number };

/**
 * A repeat of a completed upload's call answers as the first time while its answer is kept.
 * Errors: OperationAborted, NoSuchUpload, NoSuchKey, PreconditionFailed, QuotaExceeded, and those of `judgeParts`.
 * Cost: one read per part named; 114 rows for 10,000 parts, and at most 19 more.
 */
export function completeUpload(memory: BucketMemory, request: Request): Promise<BucketReply<"upload.complete">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    const open = findUpload(turn.trees, turn, request.key, request.uploadId);
    return open === undefined ? repeatedAnswer(turn, request) : completeTurn(turn, request, open);
  });
}

function repeatedAnswer(turn: Turn, { key, uploadId }: Request): UploadCompleted {
  const id = parseUploadId(uploadId);
  const completed = id === undefined ? undefined : findCompleted(turn.trees, turn.bucket, id);
  if (completed === undefined || completed.key !== key) throw noSuchUpload(uploadId);
  return completed.answer;
}

function completeTurn(turn: Turn, request: Request, { id, rowKey, upload }: OpenUpload): UploadCompleted {
  turn.requireRoom();
  const { key } = request;
  const place = judgePlace(turn, key, request.preconditions);
  const declared = { algorithm: upload.checksumAlgorithm, type: upload.checksumType };
  const completed = judgeParts(request, declared, (partNumber) => partOf(turn, id, partNumber));
  const { initiator: _initiator, ...asked } = metadataOf(turn, rowKey, upload);
  const metadata = withRetention(turn, asked);
  const tail = tailOf(metadata, completed.checksum);
  const encoded = encodeTail(tail);
  judgeTail(tail, encoded);
  const { freedBytes, addedObjects } = place.plan;
  turn.requireQuota(completed.sizeBytes - upload.storedBytes - freedBytes, addedObjects);
  const keptCount = turn.memory.completedCount(turn.trees);
  const { seq } = turn;

  const manifest = turn.newManifestId();
  writePartTable(turn.trees, turn.bucket, manifest, entriesOf(completed));
  turn.trees.uploads.remove(rowKey);
  if (upload.hasAttributeRows) turn.removeAttributes(rowKey);
  turn.releaseUpload(id, manifest);
  const written = makeCurrent(turn, {
    object: {
      key,
      sizeBytes: completed.sizeBytes,
      md5: completed.md5,
      partCount: completed.parts.length,
      checksum: completed.checksum,
      checksumType: completed.checksumType ?? "FULL_OBJECT",
      location: { kind: "manifest", id: manifest },
      metadata,
      laid: layTail(tail, tailRoom(null), encoded),
    },
    place,
    change: { openUploadBytes: -upload.storedBytes },
    event: { name: "ObjectCreated:CompleteMultipartUpload", cause: request.cause },
  });
  const answer: UploadCompleted = {
    etag: written.etag,
    sizeBytes: written.sizeBytes,
    modifiedMs: written.modifiedMs,
    checksum: written.checksum,
    versionId: written.versionId,
    encryption: toldOf(metadata.encryption),
  };
  const kept = { key, completedMs: turn.nowMs, answer };
  const count = keepCompleted(turn.trees, turn.bucket, { uploadId: id, seq, completed: kept, keptCount });
  turn.memory.setCompletedCount(count);
  return answer;
}

/** No key, and not the context, which may be longer than a row has room for. */
function toldOf(encryption: ObjectEncryption | undefined): ToldEncryption | null {
  if (encryption === undefined || encryption.kind === "customer") return null;
  if (encryption.kind === "AES256") return { kind: encryption.kind };
  const { kind, keyId, isBucketKey } = encryption;
  return { kind, keyId, context: null, isBucketKey };
}

/** What CreateMultipartUpload was told, with its attributes. @throws CorruptRecordError */
function metadataOf(turn: Turn, rowKey: Buffer, { metadata, hasAttributeRows }: Upload): ObjectMetadata {
  if (!hasAttributeRows) return metadata;
  return withAttributes(tailOf(metadata, null), readAttributes(turn.trees.attributes, rowKey)).metadata;
}

function partOf(turn: Turn, id: Buffer, partNumber: number): NumberedPart | undefined {
  if (partNumber > limits.partNumberMax) return undefined;
  const part = readPart(turn.trees, partKey(turn.bucket, id, partNumber));
  return part === undefined ? undefined : { ...part, partNumber };
}

function entriesOf({ parts, checksum }: CompletedObject<NumberedPart>): PartEntry[] {
  return parts.map((part) => ({
    partNumber: part.partNumber,
    sizeBytes: part.sizeBytes,
    md5: part.md5,
    checksum: rawChecksum(part, checksum?.algorithm ?? null),
    location: part.location,
  }));
}

function rawChecksum({ checksum }: Part, algorithm: ChecksumAlgorithm | null): Buffer | null {
  return checksum === null || checksum.algorithm !== algorithm ? null : Buffer.from(checksum.value, "base64");
}
