/** What the front tells a body lane about the body that follows: its framing, lengths, digests and where it goes. Plain data. */

import type { BucketId } from "../base/ids.ts";
import type { ChecksumAlgorithm } from "../s3/checksum-algorithms.ts";

/** How aws-chunked framing is verified. Source: AWS "Signature calculations for the Authorization header: multiple chunks". */
export interface ChunkSigning {
  /** Derived SigV4 signing key, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** Signature of the request's headers, 64 hex digits: the seed of the chain. */
  readonly seedSignature: string;
  /** `x-amz-date`, YYYYMMDDTHHMMSSZ. */
  readonly timestamp: string;
  /** `<date>/<region>/s3/aws4_request`. */
  readonly scope: string;
}

export type BodyFraming =
  | { readonly kind: "plain" }
  /** The file of a POST form: plain, of a size that only its end tells, within what the form's policy allows. */
  | { readonly kind: "form"; readonly bytesMin: number; readonly bytesMax: number }
  | {
      readonly kind: "aws-chunked";
      /** null = STREAMING-UNSIGNED-PAYLOAD-TRAILER. */
      readonly signing: ChunkSigning | null;
      /** Names announced by x-amz-trailer, lower case; empty when none. */
      readonly trailers: readonly string[];
    };

/** How what is stored of a body is encrypted. */
export interface BodyEncryption {
  /** 32 bytes; secret. */
  readonly dataKey: Uint8Array;
  /** True when the ETag must not be the MD5 of the body (SSE-C, SSE-KMS). */
  readonly hidesMd5: boolean;
}

export interface BodyPlan {
  readonly bucket: BucketId;
  readonly partition: number;
  /** The bucket's address key, or the data key's, 32 bytes. */
  readonly addressKey: Uint8Array;
  readonly framing: BodyFraming;
  /** Content-Length, null when HTTP-chunked. */
  readonly wireBytes: number | null;
  /** Plain length the client announced: Content-Length, or x-amz-decoded-content-length when aws-chunked; null when unknown. */
  readonly decodedBytes: number | null;
  /** Most plain bytes accepted; more is EntityTooLarge. */
  readonly bytesMax: number;
  /** Signed payload hash, 64 lower-case hex digits; null when the payload is not signed as a whole. */
  readonly sha256: string | null;
  /** Content-MD5, 16 bytes. */
  readonly md5: Uint8Array | null;
  /** Checksum to compute and, when `expected` is set, to verify. From a header: expected; from a trailer: the decoder supplies it. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly expected: string | null } | null;
  /** Up to this many plain bytes are returned as `inline` and not written; 0 = never inline. */
  readonly inlineBytesMax: number;
  /** null = stored as it is. */
  readonly encryption: BodyEncryption | null;
}
