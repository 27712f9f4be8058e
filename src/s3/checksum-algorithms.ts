/** Names of the checksum algorithms that objects carry. Source: AWS "Checking object integrity". */

export const checksumAlgorithms = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
/** Algorithms of the published model that are refused by name: no client sends them by itself. */
export const unservedChecksumAlgorithms = ["SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];
export type ChecksumType = "COMPOSITE" | "FULL_OBJECT";

/** A computed or verified checksum. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64, as S3 writes it. */
  readonly value: string;
}
