/** The plan of an upload's body, from its headers and what its signature said: lengths, digests and framing. */

import type { BodyEncryption, BodyPlan } from "../auth/body-plan.ts";
import { decodedContentLength, type SignedPayload } from "../auth/payload.ts";
import type { BucketRecord } from "../control/records.ts";
import { addressKeyOf } from "../keyring/data-key.ts";
import type { Headers, HttpRequest } from "../model/http.ts";
import { algorithmOfHeader, isChecksumValue } from "../s3/checksum.ts";
import { type ChecksumAlgorithm, unservedChecksumAlgorithms } from "../s3/checksum-algorithms.ts";
import { S3Error } from "../s3/errors.ts";
import { severalChecksums, unservedAlgorithm } from "./checksum-claims.ts";

const checksumPrefix = "x-amz-checksum-";
/** Headers that begin like a checksum's and are none. */
const notChecksums: ReadonlySet<string> = new Set([
  "x-amz-checksum-algorithm",
  "x-amz-checksum-mode",
  "x-amz-checksum-type",
]);

export interface BodyLimits {
  /** More plain bytes are EntityTooLarge. */
  readonly bytesMax: number;
  /** Up to this many plain bytes stay in the record; 0 = never. */
  readonly inlineBytesMax: number;
  /** Absent or null = stored as it is. */
  readonly encryption?: BodyEncryption | null;
}

/** The 16 bytes of a Content-MD5. @throws S3Error InvalidDigest unless it is base64 of 16 bytes */
export const parseContentMd5 = (text: string): Uint8Array => {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 16 || bytes.toString("base64") !== text)
    throw new S3Error("InvalidDigest", { "Content-MD5": text });
  return bytes;
};

interface GivenChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** null: it follows in the trailer. */
  readonly expected: string | null;
}

const isUnservedChecksum = (name: string): boolean =>
  unservedChecksumAlgorithms.some((algorithm) => name === checksumPrefix + algorithm.toLowerCase());

const headerChecksum = (headers: Headers): GivenChecksum | null => {
  let found: readonly [name: string, value: string] | null = null;
  for (const line of headers.entries()) {
    if (!line[0].startsWith(checksumPrefix) || notChecksums.has(line[0])) continue;
    if (found !== null) throw severalChecksums();
    found = line;
  }
  if (found === null) return null;
  const [name, value] = found;
  const algorithm = algorithmOfHeader(name);
  if (algorithm === null && isUnservedChecksum(name)) throw unservedAlgorithm(name);
  if (algorithm === null) {
    throw new S3Error("InvalidRequest", {
      Message: "The algorithm type you specified in x-amz-checksum- header is invalid.",
    });
  }
  if (!isChecksumValue(algorithm, value)) {
    throw new S3Error("InvalidRequest", { Message: `Value for ${name} header is invalid.` });
  }
  return { algorithm, expected: value };
};

const trailerChecksum = ({ framing }: SignedPayload): GivenChecksum | null => {
  if (framing.kind !== "aws-chunked") return null;
  const [name] = framing.trailers;
  const algorithm = name === undefined ? null : algorithmOfHeader(name);
  return algorithm === null ? null : { algorithm, expected: null };
};

/**
 * The checksum that a request carries in a header, or announces as a trailer.
 * @throws S3Error InvalidRequest for two of them, a malformed one, or one that x-amz-sdk-checksum-algorithm contradicts;
 * NotImplemented for the algorithms that are not served
 */
export const requestChecksum = (headers: Headers, payload: SignedPayload): GivenChecksum | null => {
  const inHeader = headerChecksum(headers);
  const inTrailer = trailerChecksum(payload);
  if (inHeader !== null && inTrailer !== null) throw severalChecksums();
  const checksum = inHeader ?? inTrailer;
  const announced = headers.get("x-amz-sdk-checksum-algorithm")?.toUpperCase();
  if (announced !== undefined && checksum === null) {
    throw new S3Error("InvalidRequest", {
      Message:
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    });
  }
  if (announced !== undefined && checksum !== null && announced !== checksum.algorithm) {
    throw new S3Error("InvalidRequest", { Message: "Value for x-amz-sdk-checksum-algorithm header is invalid." });
  }
  return checksum;
};

/** Plain length of the body; null for a form's file. @throws S3Error MissingContentLength when nothing announces it */
const announcedBytes = ({ headers, body }: HttpRequest, { framing }: SignedPayload): number | null => {
  if (framing.kind === "form") return null;
  if (framing.kind === "aws-chunked") return decodedContentLength(headers);
  if (body.contentLength === null) throw new S3Error("MissingContentLength");
  return body.contentLength;
};

/** Chunks are shared inside one bucket and under one data key only. */
const addressKeyFor = ({ addressKey }: BucketRecord, encryption: BodyEncryption | null): Uint8Array =>
  encryption === null ? addressKey : addressKeyOf(encryption.dataKey);

/**
 * What a body lane has to know of a request's body.
 * @throws S3Error InvalidDigest, InvalidRequest, NotImplemented, MissingContentLength, EntityTooLarge
 */
export const planBody = (
  request: HttpRequest,
  payload: SignedPayload,
  bucket: BucketRecord,
  { bytesMax, inlineBytesMax, encryption = null }: BodyLimits,
): BodyPlan => {
  const md5 = request.headers.get("content-md5");
  const checksum = requestChecksum(request.headers, payload);
  const decodedBytes = announcedBytes(request, payload);
  if (decodedBytes !== null && decodedBytes > bytesMax) {
    throw new S3Error("EntityTooLarge", { ProposedSize: String(decodedBytes), MaxSizeAllowed: String(bytesMax) });
  }
  return {
    bucket: bucket.id,
    partition: bucket.partition,
    addressKey: addressKeyFor(bucket, encryption),
    framing: payload.framing,
    wireBytes: request.body.contentLength,
    decodedBytes,
    bytesMax: payload.framing.kind === "form" ? Math.min(bytesMax, payload.framing.bytesMax) : bytesMax,
    sha256: payload.sha256,
    md5: md5 === undefined ? null : parseContentMd5(md5),
    checksum,
    inlineBytesMax,
    encryption,
  };
};

/** The plan of bytes that come from a stored object instead of a request. */
export const planCopy = (
  bucket: BucketRecord,
  sizeBytes: number,
  checksum: ChecksumAlgorithm | null,
  { inlineBytesMax, encryption = null }: Omit<BodyLimits, "bytesMax">,
): BodyPlan => ({
  bucket: bucket.id,
  partition: bucket.partition,
  addressKey: addressKeyFor(bucket, encryption),
  framing: { kind: "plain" },
  wireBytes: sizeBytes,
  decodedBytes: sizeBytes,
  bytesMax: sizeBytes,
  sha256: null,
  md5: null,
  checksum: checksum === null ? null : { algorithm: checksum, expected: null },
  inlineBytesMax,
  encryption,
});
