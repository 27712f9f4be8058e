/** Names of the checksum algorithms that objects carry. Source: AWS "Checking object integrity". */

export const checksumAlgorithms = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];
export type ChecksumType = "COMPOSITE" | "FULL_OBJECT";

/** A computed or verified checksum. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64, as S3 writes it. */
  readonly value: string;
}
