/** Where an object's bytes are. A record names content (`Location`); `refs` says in which place its chunks lie (`ChunkPlace`). */

/** Sizes of the binary identifiers in bytes. */
export const addressBytes = 32;
export const manifestIdBytes = 16;
export const nonceBytes = 8;
/** Of a chunk that is encrypted. */
export const cipherNonceBytes = 16;
/** Of what binds an encrypted chunk to its address. */
export const bindingBytes = 16;
export const storedDigestBytes = 16;

/**
 * Tagged union held by every record.
 * - inline: the bytes stand in the record itself.
 * - chunk: one chunk, found through `refs[bucket, address]`.
 * - manifest: a list of chunks or a part table, found through `manifests[bucket, id, …]`.
 */
export type Location =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "chunk"; readonly address: Uint8Array }
  | { readonly kind: "manifest"; readonly id: Uint8Array };

/** A place on disk. It is never written twice: files by unique names, segment extents until the segment is recycled. */
export type ChunkPlace =
  | { readonly kind: "segment"; readonly segment: number; readonly offset: number }
  | { readonly kind: "file"; readonly epoch: number; readonly unique: string };

/** A chunk as `refs` knows it. */
export interface StoredChunk {
  /** Keyed BLAKE3 of the plain bytes; 32 bytes. */
  readonly address: Uint8Array;
  /** Plain bytes. */
  readonly sizeBytes: number;
  /** Bytes on disk: header, frames and tags. */
  readonly storedBytes: number;
  /** BLAKE3 of the stored bytes, first 16 bytes. */
  readonly storedDigest: Uint8Array;
  /** Random per stored chunk, 8 bytes, or 16 when it is encrypted; the first 8 seed each frame's checksum. */
  readonly nonce: Uint8Array;
  /** 16 bytes by `bindingOf` of an encrypted chunk; null of one that is not, or that was written before there were bindings. */
  readonly binding: Uint8Array | null;
  readonly place: ChunkPlace;
}
