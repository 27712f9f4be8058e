/** ListParts and ListMultipartUploads: pages of what is under way. Reads only. */

import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import {
  decodeUploadKey,
  partKey,
  partNumberOf,
  partPrefix,
  successor,
  uploadIdBytes,
  uploadPrefix,
} from "../storage/keys.ts";
import type { ReadTrees, Row } from "../storage/trees.ts";
import { decodePart, decodeUpload } from "../storage/uploads.ts";
import { liesInGroup, walkKeys } from "./key-walk.ts";
import { firstRowAfter, storageClassOf } from "./listing.ts";
import type { BucketReply, BucketRequest, ListedPart, ListedUpload, ObjectMetadata } from "./messages.ts";
import { parseUploadId, uploadIdText } from "./upload-id.ts";
import { requireUpload } from "./upload-turns.ts";

/** @throws S3Error NoSuchUpload; CorruptRecordError */
export function listParts(
  trees: ReadTrees,
  bucket: BucketId,
  { key, uploadId, afterPartNumber, ...asked }: BucketRequest<"upload.listParts">,
): BucketReply<"upload.listParts"> {
  const { id, upload } = requireUpload(trees, { bucket }, key, uploadId);
  const partsMax = Math.min(asked.partsMax, limits.listKeysMax);
  const parts: ListedPart[] = [];
  let isTruncated = false;
  if (partsMax > 0 && afterPartNumber < limits.partNumberMax) {
    const start = partKey(bucket, id, Math.max(0, afterPartNumber) + 1);
    const end = successor(partPrefix(bucket, id));
    const rows = trees.uploads.range({ start, limit: partsMax + 1, ...(end === undefined ? {} : { end }) });
    isTruncated = rows.length > partsMax;
    parts.push(...rows.slice(0, partsMax).map(listedPart));
  }
  const { checksumAlgorithm, checksumType, metadata } = upload;
  return {
    parts,
    isTruncated,
    ...whose(metadata),
    storageClass: storageClassOf(metadata),
    checksumAlgorithm,
    checksumType,
  };
}

/**
 * Uploads by key, then by initiation. With `afterKey` alone, uploads of greater keys; with `afterUploadId` also those of
 * `afterKey` that were initiated later.
 * @throws CorruptRecordError
 */
export async function listUploads(
  trees: ReadTrees,
  bucket: BucketId,
  request: BucketRequest<"upload.list">,
  yieldTurn: () => Promise<void>,
): Promise<BucketReply<"upload.list">> {
  const lead = uploadPrefix(bucket, "");
  const prefix = Buffer.from(request.prefix);
  const delimiter = Buffer.from(request.delimiter);
  const uploads: ListedUpload[] = [];
  const page = await walkKeys(
    {
      tree: trees.uploads,
      lead,
      suffixBytes: 1 + uploadIdBytes,
      take: (rowKey, value) => uploads.push(listedUpload(rowKey, value)),
    },
    {
      prefix,
      delimiter,
      from: firstUploadAfter(lead, request, prefix, delimiter),
      max: Math.min(request.uploadsMax, limits.listKeysMax),
    },
    yieldTurn,
  );
  return { uploads, commonPrefixes: page.commonPrefixes, isTruncated: page.isTruncated };
}

function firstUploadAfter(
  lead: Buffer,
  { afterKey, afterUploadId }: BucketRequest<"upload.list">,
  prefix: Buffer,
  delimiter: Buffer,
): Buffer {
  const id = afterKey === "" ? undefined : parseUploadId(afterUploadId);
  const key = Buffer.from(afterKey);
  const isGrouped = liesInGroup(key, prefix, delimiter);
  if (id === undefined || isGrouped || key.length > limits.keyBytesMax)
    return firstRowAfter(lead, afterKey, prefix, delimiter);
  return Buffer.concat([lead, key, Buffer.of(0), id, Buffer.of(0)]);
}

function listedUpload(rowKey: Buffer, value: Buffer): ListedUpload {
  const { initiatedMs, metadata, checksumAlgorithm, checksumType } = decodeUpload(rowKey, value);
  const { key, uploadId } = decodeUploadKey(rowKey);
  return {
    key,
    uploadId: uploadIdText(uploadId),
    initiatedMs,
    ...whose(metadata),
    storageClass: storageClassOf(metadata),
    checksumAlgorithm,
    checksumType,
  };
}

function whose({ acl, initiator }: ObjectMetadata): Pick<ListedUpload, "ownerId" | "initiator"> {
  return { ownerId: acl?.ownerId ?? null, initiator: initiator ?? null };
}

function listedPart({ key, value }: Row): ListedPart {
  const { sizeBytes, md5, modifiedMs, checksum } = decodePart(key, value);
  const etag = Buffer.from(md5).toString("hex");
  return { partNumber: partNumberOf(key), sizeBytes, etag, modifiedMs, checksum };
}
