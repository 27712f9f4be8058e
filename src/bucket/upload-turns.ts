/** Turns of open multipart uploads: create, put a part, abort. */

import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";
import { judgePartChecksum } from "../s3/upload-checksum.ts";
import { layTail } from "../storage/attributes.ts";
import type { StoredBody } from "../storage/body.ts";
import { partKey, uploadKey } from "../storage/keys.ts";
import type { StoredChunk } from "../storage/location.ts";
import { encodeTail } from "../storage/record-tail.ts";
import type { ReadTrees } from "../storage/trees.ts";
import {
  decodePart,
  decodeUpload,
  encodePart,
  encodeUpload,
  type Part,
  type Upload,
  uploadTailBytesMax,
} from "../storage/uploads.ts";
import { judgeTail, writeBody } from "./bodies.ts";
import { withRetention } from "./locks.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import { judgeKey } from "./object-key.ts";
import { tailOf } from "./object-turns.ts";
import type { BucketMemory, Turn } from "./turn.ts";
import { createUploadId, parseUploadId, uploadIdText } from "./upload-id.ts";

/** An open upload as a turn finds it. */
export interface OpenUpload {
  readonly id: Buffer;
  /** Of its row in `uploads`. */
  readonly rowKey: Buffer;
  readonly upload: Upload;
}

/** Errors: OperationAborted, MetadataTooLarge. */
export function createUpload(
  memory: BucketMemory,
  { key, metadata, checksumAlgorithm, checksumType }: BucketRequest<"upload.create">,
): Promise<BucketReply<"upload.create">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    turn.requireRoom();
    judgeKey(key);
    const tail = tailOf(metadata, null);
    const encoded = encodeTail(tail);
    judgeTail(tail, encoded);
    // What a lock lacks is known at once; a default is of the time of the completion.
    withRetention(turn, metadata);
    const id = createUploadId(turn.nowMs, memory.ports.random);
    const rowKey = uploadKey(turn.bucket, key, id);
    const { attributes } = layTail(tail, uploadTailBytesMax, encoded);
    const hasAttributeRows = attributes !== null;
    const upload = {
      initiatedMs: turn.nowMs,
      storedBytes: 0,
      checksumAlgorithm,
      checksumType,
      metadata,
      hasAttributeRows,
    };
    turn.trees.uploads.put(rowKey, encodeUpload(rowKey, upload));
    turn.writeAttributes(rowKey, attributes);
    turn.writeTotals({}, null);
    return { uploadId: uploadIdText(id) };
  });
}

/** Replaces an earlier part of the same number. Errors: those of the body, OperationAborted, NoSuchUpload, InvalidArgument, InvalidRequest, QuotaExceeded. */
export function putPart(
  memory: BucketMemory,
  request: BucketRequest<"upload.putPart">,
): Promise<BucketReply<"upload.putPart">> {
  return writeBody(memory, {
    source: request.source,
    room: () => 0,
    turn: (turn, body, unused) => putPartTurn(turn, request, body, unused),
  });
}

function putPartTurn(
  turn: Turn,
  { key, uploadId, partNumber, isCopied }: BucketRequest<"upload.putPart">,
  body: StoredBody,
  unused: StoredChunk[],
): BucketReply<"upload.putPart"> {
  turn.requireOpen();
  turn.requireRoom();
  if (partNumber < 1 || partNumber > limits.partNumberMax) {
    throw new S3Error("InvalidArgument", { ArgumentName: "partNumber", ArgumentValue: String(partNumber) });
  }
  const { id, rowKey, upload } = requireUpload(turn.trees, turn, key, uploadId);
  judgePartChecksum(upload, body.checksum?.algorithm ?? null);
  const partRowKey = partKey(turn.bucket, id, partNumber);
  const earlier = readPart(turn.trees, partRowKey);
  const { sizeBytes, md5, checksum } = body;
  const addedBytes = sizeBytes - (earlier?.sizeBytes ?? 0);
  turn.requireQuota(addedBytes, 0);
  const location = turn.addBody(body, unused);
  const part: Part = {
    sizeBytes,
    modifiedMs: turn.nowMs,
    md5,
    checksum,
    location: location.kind === "inline" ? null : location,
  };
  turn.trees.uploads.put(partRowKey, encodePart(partRowKey, part));
  if (earlier !== undefined) turn.release(earlier.location);
  const grown = { ...upload, storedBytes: upload.storedBytes + addedBytes };
  turn.trees.uploads.put(rowKey, encodeUpload(rowKey, grown));
  turn.writeTotals({ openUploadBytes: addedBytes, ingressBytes: isCopied ? 0 : sizeBytes }, null);
  return { etag: Buffer.from(md5).toString("hex"), modifiedMs: turn.nowMs, checksum };
}

/** The upload is gone with this turn; its parts are collected later. Errors: OperationAborted, NoSuchUpload, PreconditionFailed. */
export function abortUpload(
  memory: BucketMemory,
  { key, uploadId, initiatedMs }: BucketRequest<"upload.abort">,
): Promise<BucketReply<"upload.abort">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    const { id, rowKey, upload } = requireUpload(turn.trees, turn, key, uploadId);
    if (initiatedMs !== undefined && Math.floor(initiatedMs / 1000) !== Math.floor(upload.initiatedMs / 1000)) {
      throw new S3Error("PreconditionFailed", { Condition: "x-amz-if-match-initiated-time" });
    }
    removeUpload(turn, rowKey, id, upload);
    turn.writeTotals({ openUploadBytes: -upload.storedBytes }, null);
    return {};
  });
}

/** Removes an upload's row and its attributes, and leaves its parts to the collector: 2 rows, the attributes apart. */
export function removeUpload(
  turn: Turn,
  rowKey: Buffer,
  id: Uint8Array,
  { hasAttributeRows }: Pick<Upload, "hasAttributeRows">,
): void {
  turn.trees.uploads.remove(rowKey);
  if (hasAttributeRows) turn.removeAttributes(rowKey);
  turn.releaseUpload(id, null);
}

/** The open upload of this id under this key; undefined for an id that was never given, or is of another key. @throws CorruptRecordError */
export function findUpload(
  trees: ReadTrees,
  { bucket }: Pick<Turn, "bucket">,
  key: string,
  uploadId: string,
): OpenUpload | undefined {
  judgeKey(key);
  const id = parseUploadId(uploadId);
  if (id === undefined) return undefined;
  const rowKey = uploadKey(bucket, key, id);
  const value = trees.uploads.get(rowKey);
  return value === undefined ? undefined : { id, rowKey, upload: decodeUpload(rowKey, value) };
}

/** @throws S3Error NoSuchUpload; CorruptRecordError */
export function requireUpload(trees: ReadTrees, at: Pick<Turn, "bucket">, key: string, uploadId: string): OpenUpload {
  const found = findUpload(trees, at, key, uploadId);
  if (found === undefined) throw noSuchUpload(uploadId);
  return found;
}

export function noSuchUpload(uploadId: string): S3Error {
  return new S3Error("NoSuchUpload", { UploadId: uploadId });
}

/** The part in this row, if there is one. @throws CorruptRecordError */
export function readPart(trees: ReadTrees, rowKey: Buffer): Part | undefined {
  const value = trees.uploads.get(rowKey);
  return value === undefined ? undefined : decodePart(rowKey, value);
}
