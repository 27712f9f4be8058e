/** A request body from wire to plain bytes: framing, lengths and every digest, verified. It stores nothing. */

import { algorithmOfHeader, checksumHeader, isChecksumValue } from "../s3/checksum.ts";
import type { Checksum, ChecksumAlgorithm } from "../s3/checksum-algorithms.ts";
import { S3Error } from "../s3/errors.ts";
import { AwsChunkedDecoder } from "./aws-chunked.ts";
import { BodyDigests, type Digests } from "./body-digests.ts";
import type { BodyPlan } from "./body-plan.ts";

/** The part of a plan that judges a body; bodies that are not stored (XML) have no more than this. */
export type BodyExpectation = Pick<
  BodyPlan,
  "framing" | "wireBytes" | "decodedBytes" | "bytesMax" | "sha256" | "md5" | "checksum"
>;

/** A body that is whole and as announced. */
export interface DecodedBody {
  readonly sizeBytes: number;
  /** 16 bytes. */
  readonly md5: Uint8Array;
  readonly checksum: Checksum | null;
}

/** The checksum to compute, and what it must be: known from a header, or not before the trailer. */
interface ChecksumExpectation {
  readonly algorithm: ChecksumAlgorithm;
  readonly expected: string | null;
}

/**
 * Decodes one body. Emitted bytes are the client's until `finish` has returned: whoever stores them drops them when
 * `push` or `finish` throws. After a throw every further call throws the same.
 */
export class BodyDecoder {
  readonly #plan: BodyExpectation;
  readonly #checksum: ChecksumExpectation | null;
  readonly #digests: BodyDigests;
  readonly #chunked: AwsChunkedDecoder | null;
  #wireBytes = 0;
  #sizeBytes = 0;
  /** Plain bytes that the chunk headers so far add up to. */
  #announcedBytes = 0;
  #failure: unknown = null;

  /** Never throws: a plan that contradicts itself fails the first `push` or `finish`. */
  constructor(plan: BodyExpectation) {
    this.#plan = plan;
    const { framing, decodedBytes, wireBytes } = plan;
    const trailer = framing.kind === "aws-chunked" ? framing.trailers[0] : undefined;
    const trailerAlgorithm = trailer === undefined ? null : algorithmOfHeader(trailer);
    this.#checksum = trailerAlgorithm === null ? plan.checksum : { algorithm: trailerAlgorithm, expected: null };
    this.#failure = contradictionIn(plan, trailerAlgorithm);
    this.#chunked =
      framing.kind !== "aws-chunked"
        ? null
        : new AwsChunkedDecoder(framing, (chunkBytes) => this.#announce(chunkBytes));
    this.#digests = new BodyDigests({
      totalBytes: decodedBytes ?? (framing.kind === "plain" ? wireBytes : null),
      wantsSha256: plan.sha256 !== null,
      algorithm: this.#checksum?.algorithm ?? null,
    });
  }

  /**
   * Takes the next bytes of the body, after HTTP's own framing.
   * @param emit gets plain bytes as views of `wire`, valid during the call; may throw, which fails the body
   * @throws S3Error IncompleteBody, EntityTooLarge, SignatureDoesNotMatch, MalformedTrailerError, InvalidRequest
   */
  push(wire: Uint8Array, emit: (plain: Uint8Array) => void): void {
    if (this.#failure !== null) throw this.#failure;
    try {
      this.#wireBytes += wire.length;
      const { wireBytes } = this.#plan;
      if (wireBytes !== null && this.#wireBytes > wireBytes) throw wrongLength(wireBytes, this.#wireBytes);
      if (this.#chunked === null) this.#take(wire, emit);
      else this.#chunked.push(wire, (plain) => this.#take(plain, emit));
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /**
   * Says that the body has ended, and judges it. Call once.
   * @throws S3Error IncompleteBody, EntityTooSmall, SignatureDoesNotMatch, MalformedTrailerError,
   * XAmzContentSHA256Mismatch, BadDigest, InvalidRequest (a checksum that is none)
   */
  finish(): DecodedBody {
    if (this.#failure !== null) throw this.#failure;
    try {
      return this.#judge();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  #announce(chunkBytes: number): void {
    this.#announcedBytes += chunkBytes;
    this.#checkSize(this.#announcedBytes);
  }

  #take(plain: Uint8Array, emit: (plain: Uint8Array) => void): void {
    if (plain.length === 0) return;
    this.#sizeBytes += plain.length;
    this.#checkSize(this.#sizeBytes);
    this.#digests.update(plain);
    emit(plain);
  }

  #checkSize(sizeBytes: number): void {
    const { bytesMax, decodedBytes } = this.#plan;
    if (sizeBytes > bytesMax) {
      throw new S3Error("EntityTooLarge", { ProposedSize: String(sizeBytes), MaxSizeAllowed: String(bytesMax) });
    }
    if (decodedBytes !== null && sizeBytes > decodedBytes) throw wrongLength(decodedBytes, sizeBytes);
  }

  #judge(): DecodedBody {
    const { framing, wireBytes, decodedBytes } = this.#plan;
    if (wireBytes !== null && this.#wireBytes !== wireBytes) throw wrongLength(wireBytes, this.#wireBytes);
    const trailers = this.#chunked?.finish() ?? null;
    if (decodedBytes !== null && this.#sizeBytes !== decodedBytes) throw wrongLength(decodedBytes, this.#sizeBytes);
    if (framing.kind === "form" && this.#sizeBytes < framing.bytesMin) {
      throw new S3Error("EntityTooSmall", {
        ProposedSize: String(this.#sizeBytes),
        MinSizeAllowed: String(framing.bytesMin),
      });
    }
    const digests = this.#digests.finish();
    this.#judgeDigests(digests);
    return {
      sizeBytes: this.#sizeBytes,
      md5: digests.md5,
      checksum: this.#judgeChecksum(digests.checksum, trailers),
    };
  }

  #judgeDigests({ sha256, md5 }: Digests): void {
    const plan = this.#plan;
    if (plan.sha256 !== null && sha256 !== plan.sha256) {
      throw new S3Error("XAmzContentSHA256Mismatch", {
        ClientComputedContentSHA256: plan.sha256,
        S3ComputedContentSHA256: sha256 ?? "",
      });
    }
    if (plan.md5 !== null && Buffer.compare(plan.md5, md5) !== 0) {
      throw new S3Error("BadDigest", {
        ExpectedDigest: Buffer.from(plan.md5).toString("base64"),
        CalculatedDigest: Buffer.from(md5).toString("base64"),
      });
    }
  }

  #judgeChecksum(value: string | null, trailers: ReadonlyMap<string, string> | null): Checksum | null {
    if (this.#checksum === null || value === null) return null;
    const { algorithm } = this.#checksum;
    const inTrailer = trailers?.get(checksumHeader(algorithm));
    if (inTrailer !== undefined && !isChecksumValue(algorithm, inTrailer)) {
      throw invalidValue(algorithm, "trailing header");
    }
    const expected = inTrailer ?? this.#checksum.expected;
    if (expected !== null && expected !== value) {
      throw new S3Error("BadDigest", {
        Message: `The ${algorithm} you specified did not match the calculated checksum.`,
      });
    }
    return { algorithm, value };
  }
}

function contradictionIn({ checksum, bytesMax, decodedBytes }: BodyExpectation, trailer: ChecksumAlgorithm | null) {
  if (decodedBytes !== null && decodedBytes > bytesMax) {
    return new S3Error("EntityTooLarge", { ProposedSize: String(decodedBytes), MaxSizeAllowed: String(bytesMax) });
  }
  if (checksum === null) return null;
  if (trailer !== null && (trailer !== checksum.algorithm || checksum.expected !== null)) {
    return new S3Error("InvalidRequest", {
      Message: "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    });
  }
  const isValid = checksum.expected === null || isChecksumValue(checksum.algorithm, checksum.expected);
  return isValid ? null : invalidValue(checksum.algorithm, "header");
}

function invalidValue(algorithm: ChecksumAlgorithm, place: "header" | "trailing header"): S3Error {
  return new S3Error("InvalidRequest", { Message: `Value for ${checksumHeader(algorithm)} ${place} is invalid.` });
}

/** S3 has one code for too few and too many bytes. */
function wrongLength(expected: number, provided: number): S3Error {
  return new S3Error("IncompleteBody", {
    NumberBytesExpected: String(expected),
    NumberBytesProvided: String(provided),
  });
}
