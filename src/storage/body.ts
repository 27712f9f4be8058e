/** What a body lane answers when a body is verified and durable. Plain data. */

import type { Checksum } from "../s3/checksum-algorithms.ts";
import type { StoredChunk } from "./location.ts";

/** A body that is verified and durable (or inline, then durable with its record). */
export interface StoredBody {
  readonly sizeBytes: number;
  /** 16 bytes; of a body whose ETag hides its MD5, what stands for it. */
  readonly md5: Uint8Array;
  /** Base64 value as S3 writes it. */
  readonly checksum: Checksum | null;
  /** The bytes themselves when they are at most `inlineBytesMax`; `chunks` is empty then. */
  readonly inline: Uint8Array | null;
  /** In order; each but the last is `storageLimits.chunkBytesMax` long. */
  readonly chunks: readonly StoredChunk[];
}
