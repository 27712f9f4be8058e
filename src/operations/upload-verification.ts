/** The checksum of the whole object that CompleteMultipartUpload may claim, verified before the upload is completed. */

import { limits } from "../base/limits.ts";
import type { ListedPart } from "../bucket/messages.ts";
import type { BucketRecord } from "../control/records.ts";
import { type CrcAlgorithm, compositeChecksum, crcCombine } from "../s3/checksum.ts";
import { type Checksum, type ChecksumAlgorithm, checksumAlgorithms } from "../s3/checksum-algorithms.ts";
import { S3Error } from "../s3/errors.ts";
import type { Services } from "./context.ts";

/** Members of a structure that may carry a checksum. */
export type ChecksumClaims = { readonly [A in ChecksumAlgorithm as `Checksum${A}`]?: string | undefined };

/** The claimed checksum of the object, or null. @throws S3Error InvalidRequest for several */
export const expectedChecksum = (claims: ChecksumClaims): Checksum | null => {
  const found: Checksum[] = [];
  for (const algorithm of checksumAlgorithms) {
    const value = claims[`Checksum${algorithm}`];
    if (value !== undefined) found.push({ algorithm, value });
  }
  if (found.length > 1) {
    throw new S3Error("InvalidRequest", {
      Message: "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    });
  }
  return found[0] ?? null;
};

const isCrc = (algorithm: ChecksumAlgorithm): algorithm is CrcAlgorithm => algorithm.startsWith("CRC");

interface Part {
  readonly sizeBytes: number;
  readonly checksum: string;
}

/** Value over the parts: composite when the claim is (`value-N`), else of the full object. Null when it cannot be known. */
const checksumOfParts = ({ algorithm, value }: Checksum, parts: readonly Part[]): string | null => {
  if (/-\d+$/.test(value)) {
    return compositeChecksum(
      algorithm,
      parts.map(({ checksum }) => checksum),
    );
  }
  const [first, ...rest] = parts;
  if (!isCrc(algorithm) || first === undefined) return null;
  return rest.reduce((whole, part) => crcCombine(algorithm, whole, part.checksum, part.sizeBytes), first.checksum);
};

/** All parts of an upload by number; at most `limits.partNumberMax`, in pages. */
const storedParts = async (
  services: Services,
  bucket: BucketRecord,
  upload: { key: string; uploadId: string },
): Promise<Map<number, ListedPart>> => {
  const parts = new Map<number, ListedPart>();
  let afterPartNumber = 0;
  for (let page = 0; page * limits.listKeysMax <= limits.partNumberMax; page++) {
    const listed = await services.askBucket(bucket, "upload.listParts", {
      ...upload,
      afterPartNumber,
      partsMax: limits.listKeysMax,
    });
    for (const part of listed.parts) parts.set(part.partNumber, part);
    if (!listed.isTruncated) break;
    afterPartNumber = listed.parts.at(-1)?.partNumber ?? limits.partNumberMax;
  }
  return parts;
};

interface Claim {
  readonly key: string;
  readonly uploadId: string;
  readonly parts: readonly { readonly partNumber: number; readonly etag: string }[];
  readonly expected: Checksum;
}

/**
 * Compares the claimed checksum with that of the named parts. Parts that are replaced meanwhile are told by their ETags
 * when the upload is completed. Claims that the parts' checksums cannot prove are left to the completion's own rules.
 * @throws S3Error BadDigest; NoSuchUpload only when the upload is neither open nor completed
 */
export const verifyUploadChecksum = async (services: Services, bucket: BucketRecord, claim: Claim): Promise<void> => {
  const { key, uploadId, expected } = claim;
  const stored = await storedParts(services, bucket, { key, uploadId }).catch((error: unknown) => {
    // A repeated completion finds no open upload: the bucket answers it as the first time, or refuses.
    if (error instanceof S3Error && error.code === "NoSuchUpload") return null;
    throw error;
  });
  if (stored === null) return;
  const parts: Part[] = [];
  for (const { partNumber, etag } of claim.parts) {
    const part = stored.get(partNumber);
    if (part === undefined || part.etag !== etag || part.checksum?.algorithm !== expected.algorithm) return;
    parts.push({ sizeBytes: part.sizeBytes, checksum: part.checksum.value });
  }
  const actual = checksumOfParts(expected, parts);
  if (actual !== null && actual !== expected.value) {
    throw new S3Error("BadDigest", {
      Message: `The ${expected.algorithm} you specified did not match the calculated checksum.`,
    });
  }
};
