/** What CompleteMultipartUpload asks of a list of parts, and what the object made of them is called. Pure. */

import { createHash } from "node:crypto";
import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { type CrcAlgorithm, compositeChecksum, crcCombine } from "../s3/checksum.ts";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../s3/checksum-algorithms.ts";
import { S3Error } from "../s3/errors.ts";
import { checksumMismatch, checksumTypeOf } from "../s3/upload-checksum.ts";
import type { BucketRequest, ChecksumClaim } from "./messages.ts";
import { bareEtag } from "./preconditions.ts";

/** What the rules need of a stored part. */
export interface CompletablePart {
  readonly partNumber: number;
  readonly sizeBytes: number;
  /** 16 bytes. */
  readonly md5: Uint8Array;
  readonly checksum: Checksum | null;
}

/** What was said when the upload was created. */
export interface UploadChecksum {
  readonly algorithm: ChecksumAlgorithm | null;
  readonly type: ChecksumType | null;
}

export interface CompletedObject<P> {
  /** In the order of the object's bytes. */
  readonly parts: readonly P[];
  readonly sizeBytes: number;
  /** MD5 of the parts' MD5s, 16 bytes. */
  readonly md5: Buffer;
  /** As clients see it: `<32 hex>-<number of parts>`. */
  readonly etag: string;
  readonly checksum: Checksum | null;
  readonly checksumType: ChecksumType | null;
}

interface ChecksumPiece {
  readonly value: string;
  readonly sizeBytes: number;
}

type CompleteRequest = Pick<BucketRequest<"upload.complete">, "uploadId" | "parts" | "objectBytes" | "claim">;

/**
 * @param partOf the stored part of a number
 * @throws S3Error InvalidRequest, InvalidPartOrder, InvalidPart, EntityTooSmall, EntityTooLarge, BadDigest
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
export function judgeParts<P extends CompletablePart>(
  request: CompleteRequest,
  declared: UploadChecksum,
  partOf: (partNumber: number) => P | undefined,
): CompletedObject<P> {
  judgeOrder(request.parts);
  const parts = request.parts.map((asked) => matchPart(request.uploadId, asked, declared, partOf(asked.partNumber)));
  const sizeBytes = judgeSizes(parts, request.objectBytes);
  const md5 = createHash("md5");
  for (const part of parts) md5.update(part.md5);
  const digest = md5.digest();
  const etag = `${digest.toString("hex")}-${parts.length}`;
  const whole = wholeChecksum(parts, declared);
  if (request.claim !== undefined) judgeClaim(request.claim, declared, whole);
  return { parts, sizeBytes, md5: digest, etag, ...whole };
}

function judgeOrder(parts: CompleteRequest["parts"]): void {
  if (parts.length === 0) throw new S3Error("InvalidRequest", { Message: "You must specify at least one part" });
  let last = 0;
  for (const { partNumber } of parts) {
    if (partNumber <= last) throw new S3Error("InvalidPartOrder", { PartNumber: String(partNumber) });
    last = partNumber;
  }
}

function matchPart<P extends CompletablePart>(
  uploadId: string,
  asked: CompleteRequest["parts"][number],
  declared: UploadChecksum,
  part: P | undefined,
): P {
  const etag = bareEtag(asked.etag);
  const isSame =
    part !== undefined &&
    hex(part.md5) === etag.toLowerCase() &&
    (asked.checksum === null || part.checksum?.value === asked.checksum);
  if (!isSame) {
    throw new S3Error("InvalidPart", { UploadId: uploadId, PartNumber: String(asked.partNumber), ETag: etag });
  }
  const { algorithm, type } = declared;
  if (algorithm !== null && checksumTypeOf(algorithm, type) === "COMPOSITE" && asked.checksum === null) {
    const Message = `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${asked.partNumber} in the request.`;
    throw new S3Error("InvalidRequest", { Message });
  }
  return part;
}

/** @returns the object's size in bytes */
function judgeSizes(parts: readonly CompletablePart[], objectBytes: number | null): number {
  let sizeBytes = 0;
  for (const [index, part] of parts.entries()) {
    if (index < parts.length - 1 && part.sizeBytes < limits.partBytesMin) {
      throw new S3Error("EntityTooSmall", {
        PartNumber: String(part.partNumber),
        ETag: hex(part.md5),
        ProposedSize: String(part.sizeBytes),
        MinSizeAllowed: String(limits.partBytesMin),
      });
    }
    sizeBytes += part.sizeBytes;
  }
  if (sizeBytes > limits.objectBytesMax) {
    throw new S3Error("EntityTooLarge", {
      ProposedSize: String(sizeBytes),
      MaxSizeAllowed: String(limits.objectBytesMax),
    });
  }
  if (objectBytes !== null && objectBytes !== sizeBytes) {
    const Message = `The provided 'x-amz-mp-object-size' header value ${objectBytes} does not match what was computed: ${sizeBytes}`;
    throw new S3Error("InvalidRequest", { Message });
  }
  return sizeBytes;
}

/** Judges what the client says of the whole object: a claim that nothing can prove is refused like a wrong one. */
function judgeClaim(
  claim: ChecksumClaim,
  declared: UploadChecksum,
  { checksum, checksumType }: { checksum: Checksum | null; checksumType: ChecksumType | null },
): void {
  if (claim.checksumType !== null && claim.checksumType !== (checksumType ?? declared.type)) {
    throw new S3Error("InvalidRequest", {
      Message: `The upload was created using the ${checksumType ?? declared.type ?? "null"} checksum mode. The complete request must use the same checksum mode.`,
    });
  }
  const claimed = claim.checksum;
  if (claimed === null) return;
  if (checksum?.algorithm !== claimed.algorithm) {
    throw checksumMismatch(checksum?.algorithm ?? declared.algorithm, claimed.algorithm);
  }
  // A composite value is claimed with the number of parts or without.
  if (checksum.value === claimed.value || bareValue(checksum.value) === claimed.value) return;
  throw new S3Error("BadDigest", {
    Message: `The ${claimed.algorithm.toLowerCase()} you specified did not match the calculated checksum.`,
  });
}

function bareValue(value: string): string {
  return value.replace(/-\d+$/, "");
}

/** Derived from the parts' own; none when a part lacks it, or when the algorithm cannot give the declared type. */
function wholeChecksum(
  parts: readonly CompletablePart[],
  declared: UploadChecksum,
): { checksum: Checksum | null; checksumType: ChecksumType | null } {
  const none = { checksum: null, checksumType: null };
  const algorithm = declared.algorithm ?? parts[0]?.checksum?.algorithm ?? null;
  if (algorithm === null) return none;
  const pieces: ChecksumPiece[] = [];
  for (const { checksum, sizeBytes } of parts) {
    if (checksum === null || checksum.algorithm !== algorithm) return none;
    pieces.push({ value: checksum.value, sizeBytes });
  }
  const checksumType = checksumTypeOf(algorithm, declared.type);
  const value = checksumType === "COMPOSITE" ? composite(algorithm, pieces) : fullObject(algorithm, pieces);
  return value === null ? none : { checksum: { algorithm, value }, checksumType };
}

function composite(algorithm: ChecksumAlgorithm, pieces: readonly ChecksumPiece[]): string {
  return compositeChecksum(
    algorithm,
    pieces.map(({ value }) => value),
  );
}

/** null for hashes: a whole's hash cannot be derived from those of its pieces. */
function fullObject(algorithm: ChecksumAlgorithm, pieces: readonly ChecksumPiece[]): string | null {
  if (!isCrc(algorithm)) return null;
  const [first, ...rest] = pieces;
  assert(first !== undefined, "an object has at least one part");
  return rest.reduce((whole, piece) => crcCombine(algorithm, whole, piece.value, piece.sizeBytes), first.value);
}

function isCrc(algorithm: ChecksumAlgorithm): algorithm is CrcAlgorithm {
  return algorithm.startsWith("CRC");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
