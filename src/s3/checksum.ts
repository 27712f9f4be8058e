/** Object checksums as S3 writes them: base64 of the big-endian digest, running, one-shot, combined and composite. */

import { createHash, hash } from "node:crypto";
import { unreachable } from "../base/assert.ts";
import { type ChecksumAlgorithm, checksumAlgorithms } from "./checksum-algorithms.ts";
import { crc32, crc32c } from "./crc.ts";
import { createCombiner, type Polynomial } from "./crc-combine.ts";
import { Crc64Nvme } from "./crc64nvme.ts";

/** A checksum over bytes that come in pieces. `digest` may be called once. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  /** Base64, as S3 writes it. */
  digest(): string;
}

/** The algorithms that have full-object checksums of multipart uploads. */
export type CrcAlgorithm = Extract<ChecksumAlgorithm, `CRC${string}`>;

const digestBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

const headerPrefix = "x-amz-checksum-";

/** @returns a running checksum over nothing yet. */
export function createChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case "CRC32":
      return runningCrc(crc32);
    case "CRC32C":
      return runningCrc(crc32c);
    case "CRC64NVME":
      return runningCrc64();
    case "SHA1":
    case "SHA256": {
      const running = createHash(algorithm);
      return { update: (bytes) => void running.update(bytes), digest: () => running.digest("base64") };
    }
    default:
      return unreachable(algorithm);
  }
}

/** @returns the checksum of `bytes`, base64; cheaper than a running one. */
export function checksumOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  switch (algorithm) {
    case "CRC32":
      return base64Of32(crc32(bytes, 0));
    case "CRC32C":
      return base64Of32(crc32c(bytes, 0));
    case "SHA1":
    case "SHA256":
      return hash(algorithm, bytes, "base64");
    case "CRC64NVME": {
      const running = runningCrc64();
      running.update(bytes);
      return running.digest();
    }
    default:
      return unreachable(algorithm);
  }
}

/** @returns whether `text` is base64, padded and canonical, of a digest of this algorithm's size. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, text: string): boolean {
  const size = digestBytes[algorithm];
  if (text.length !== 4 * Math.ceil(size / 3)) return false;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === size && bytes.toString("base64") === text;
}

/** @returns the lower-case header (and trailer) name that carries this checksum. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return headerPrefix + algorithm.toLowerCase();
}

/** @returns the algorithm whose header is `name` (lower case), or null when it is no checksum header that is served. */
export function algorithmOfHeader(name: string): ChecksumAlgorithm | null {
  return checksumAlgorithms.find((algorithm) => checksumHeader(algorithm) === name) ?? null;
}

/** Reflected generator polynomials, aligned to the top of 64 bits. */
const combiners: Readonly<Record<CrcAlgorithm, ReturnType<typeof createCombiner>>> = {
  CRC32: createCombiner({ high: 0xedb88320, low: 0 }),
  CRC32C: createCombiner({ high: 0x82f63b78, low: 0 }),
  CRC64NVME: createCombiner({ high: 0x9a6c9329, low: 0xac4bc9b5 }),
};

/**
 * @param a base64 CRC of the first bytes, valid by `isChecksumValue`
 * @param b base64 CRC of the bytes that follow
 * @param lengthB how many bytes `b` covers
 * @returns base64 CRC of the whole: what a single PUT of the same bytes would have
 */
export function crcCombine(algorithm: CrcAlgorithm, a: string, b: string, lengthB: number): string {
  const combined = combiners[algorithm](polynomialOf(a), polynomialOf(b), lengthB);
  return digestBytes[algorithm] === 4 ? base64Of32(combined.high) : base64Of64(combined);
}

/**
 * @param parts base64 checksums of the parts in order, at least one
 * @returns S3's COMPOSITE checksum: base64 of the checksum over the parts' raw digests, then "-" and the number of parts
 */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly string[]): string {
  const digests = Buffer.concat(parts.map((part) => Buffer.from(part, "base64")));
  return `${checksumOf(algorithm, digests)}-${parts.length}`;
}

function polynomialOf(base64: string): Polynomial {
  const bytes = Buffer.from(base64, "base64");
  return { high: bytes.readUInt32BE(0), low: bytes.length === 8 ? bytes.readUInt32BE(4) : 0 };
}

function runningCrc(advance: (bytes: Uint8Array, previous: number) => number): RunningChecksum {
  let value = 0;
  return {
    update: (bytes) => {
      value = advance(bytes, value);
    },
    digest: () => base64Of32(value),
  };
}

function runningCrc64(): RunningChecksum {
  const running = new Crc64Nvme();
  return { update: (bytes) => running.update(bytes), digest: () => base64Of64(running.value()) };
}

function base64Of32(value: number): string {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString("base64");
}

function base64Of64(value: Polynomial): string {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32BE(value.high >>> 0, 0);
  bytes.writeUInt32BE(value.low >>> 0, 4);
  return bytes.toString("base64");
}
