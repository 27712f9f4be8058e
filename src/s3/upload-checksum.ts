/** Which checksum a multipart upload has. Source: AWS "Checking object integrity", full object and composite checksums. */

import { type ChecksumAlgorithm, type ChecksumType, checksumAlgorithms } from "./checksum-algorithms.ts";
import { S3Error } from "./errors.ts";

export interface UploadChecksum {
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  readonly checksumType: ChecksumType | null;
}

/**
 * The checksum of an upload that is begun with these headers. CRC64NVME is always of the full object, SHA always
 * composite; CRC32 and CRC32C are composite unless asked otherwise.
 * @throws S3Error InvalidRequest for a pair that does not exist or a type without algorithm, NotImplemented for an
 * algorithm of the model that is not served
 */
export const uploadChecksum = (algorithm: string | undefined, type: ChecksumType | undefined): UploadChecksum => {
  if (algorithm === undefined) {
    if (type === undefined) return { checksumAlgorithm: null, checksumType: null };
    throw new S3Error("InvalidRequest", {
      Message: "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    });
  }
  const served = checksumAlgorithms.find((name) => name === algorithm);
  if (served === undefined) {
    throw new S3Error("NotImplemented", { Message: `The checksum algorithm ${algorithm} is not supported.` });
  }
  const only: ChecksumType | null =
    served === "CRC64NVME" ? "FULL_OBJECT" : served.startsWith("SHA") ? "COMPOSITE" : null;
  if (only !== null && type !== undefined && type !== only) {
    throw new S3Error("InvalidRequest", {
      Message: `The ${type} checksum type cannot be used with the ${served.toLowerCase()} checksum algorithm.`,
    });
  }
  return { checksumAlgorithm: served, checksumType: only ?? type ?? "COMPOSITE" };
};

/** The type an upload has when its client names none. Source: AWS "Checking object integrity", table of algorithms. */
export const checksumTypeOf = (algorithm: ChecksumAlgorithm, type: ChecksumType | null): ChecksumType =>
  type ?? (algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE");

/** Two algorithms where there should be one; null = none. */
export const checksumMismatch = (expected: ChecksumAlgorithm | null, actual: ChecksumAlgorithm | null): S3Error =>
  new S3Error("InvalidRequest", {
    Message: `Checksum Type mismatch occurred, expected checksum Type: ${nameOf(expected)}, actual checksum Type: ${nameOf(actual)}`,
  });

const nameOf = (algorithm: ChecksumAlgorithm | null): string => algorithm?.toLowerCase() ?? "null";

/**
 * Parts of an upload that was created with an algorithm carry its checksum; one of a FULL_OBJECT upload may come without,
 * and is then given it. An upload that was created without takes parts with any.
 * @param algorithm of the part's checksum
 * @throws S3Error InvalidRequest
 */
export const judgePartChecksum = (
  { checksumAlgorithm, checksumType }: UploadChecksum,
  algorithm: ChecksumAlgorithm | null,
): void => {
  if (checksumAlgorithm === null || algorithm === checksumAlgorithm) return;
  if (algorithm === null && checksumTypeOf(checksumAlgorithm, checksumType) === "FULL_OBJECT") return;
  throw checksumMismatch(checksumAlgorithm, algorithm);
};
