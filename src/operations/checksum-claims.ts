/** Checksums that a request claims of an object or of a part by a header or an XML element of the algorithm's name. */

import { isChecksumValue } from "../s3/checksum.ts";
import { type Checksum, checksumAlgorithms, unservedChecksumAlgorithms } from "../s3/checksum-algorithms.ts";
import { S3Error } from "../s3/errors.ts";

type Algorithm = (typeof checksumAlgorithms)[number] | (typeof unservedChecksumAlgorithms)[number];

/** Members of a structure that may carry a checksum. */
export type ChecksumClaims = { readonly [A in Algorithm as `Checksum${A}`]?: string | undefined };

export const severalChecksums = (): S3Error =>
  new S3Error("InvalidRequest", {
    Message: "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
  });

/** The answer to an algorithm of the model that is not served. */
export const unservedAlgorithm = (header: string): S3Error =>
  new S3Error("NotImplemented", { Message: "This checksum algorithm is not supported.", Header: header });

/**
 * The one checksum that is claimed, or null.
 * @throws S3Error InvalidRequest for several, NotImplemented for an algorithm that is not served
 */
export const claimedChecksum = (claims: ChecksumClaims): Checksum | null => {
  const found: Checksum[] = [];
  let unserved: string | null = null;
  for (const algorithm of checksumAlgorithms) {
    const value = claims[`Checksum${algorithm}`];
    if (value !== undefined) found.push({ algorithm, value });
  }
  for (const algorithm of unservedChecksumAlgorithms) {
    if (claims[`Checksum${algorithm}`] !== undefined) unserved = `x-amz-checksum-${algorithm.toLowerCase()}`;
  }
  if (found.length + (unserved === null ? 0 : 1) > 1) throw severalChecksums();
  if (unserved !== null) throw unservedAlgorithm(unserved);
  return found[0] ?? null;
};

/** @throws S3Error InvalidRequest unless the value has the form of the algorithm's, with the number of parts or without */
export const checkClaimedValue = ({ algorithm, value }: Checksum): void => {
  if (isChecksumValue(algorithm, value.replace(/-\d{1,5}$/, ""))) return;
  throw new S3Error("InvalidRequest", {
    Message: `Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`,
  });
};
