/** The digests of one body: MD5 always, SHA-256 and a checksum when they are wanted. */

import { createHash, type Hash, hash } from "node:crypto";
import { checksumOf, createChecksum, type RunningChecksum } from "../s3/checksum.ts";
import type { ChecksumAlgorithm } from "../s3/checksum-algorithms.ts";

export interface Digests {
  /** 16 bytes in a buffer of their own. */
  readonly md5: Uint8Array;
  /** 64 lower-case hex digits; null when it was not asked for. */
  readonly sha256: string | null;
  /** Base64; null when none was asked for. */
  readonly checksum: string | null;
}

export interface DigestOptions {
  /** Size of the whole body when it is known: a body that comes in one piece is then hashed in one call per digest. */
  readonly totalBytes: number | null;
  readonly wantsSha256: boolean;
  readonly algorithm: ChecksumAlgorithm | null;
}

interface RunningDigests {
  readonly md5: Hash;
  readonly sha256: Hash | null;
  readonly checksum: RunningChecksum | null;
}

/** Running digests; `update` reads the bytes at once and keeps none. */
export class BodyDigests {
  readonly #options: DigestOptions;
  #running: RunningDigests | null = null;
  #whole: Digests | null = null;

  constructor(options: DigestOptions) {
    this.#options = options;
  }

  update(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#running === null && bytes.length === this.#options.totalBytes) {
      this.#whole = digestWhole(bytes, this.#options);
      return;
    }
    this.#running ??= start(this.#options);
    this.#running.md5.update(bytes);
    this.#running.sha256?.update(bytes);
    this.#running.checksum?.update(bytes);
  }

  /** Call once, after the last update. */
  finish(): Digests {
    if (this.#whole !== null) return this.#whole;
    if (this.#running === null) return digestWhole(new Uint8Array(0), this.#options);
    const { md5, sha256, checksum } = this.#running;
    const sha256Hex = sha256?.digest("hex") ?? null;
    return {
      md5: bytesOfHex(md5.digest("hex")),
      sha256: sha256Hex,
      checksum: checksum?.digest() ?? checksumFromSha256(this.#options, sha256Hex),
    };
  }
}

function start({ wantsSha256, algorithm }: DigestOptions): RunningDigests {
  const sharesSha256 = wantsSha256 && algorithm === "SHA256";
  return {
    md5: createHash("md5"),
    sha256: wantsSha256 ? createHash("sha256") : null,
    checksum: algorithm === null || sharesSha256 ? null : createChecksum(algorithm),
  };
}

function digestWhole(bytes: Uint8Array, options: DigestOptions): Digests {
  const sha256 = options.wantsSha256 ? hash("sha256", bytes, "hex") : null;
  const shared = checksumFromSha256(options, sha256);
  return {
    md5: bytesOfHex(hash("md5", bytes, "hex")),
    sha256,
    checksum: shared ?? (options.algorithm === null ? null : checksumOf(options.algorithm, bytes)),
  };
}

/** One SHA-256 serves both the signature and the checksum. */
function checksumFromSha256({ algorithm }: DigestOptions, sha256: string | null): string | null {
  return algorithm === "SHA256" && sha256 !== null ? Buffer.from(sha256, "hex").toString("base64") : null;
}

/** Not a slice of Node's buffer pool: posting one to another thread would copy the whole pool. */
function bytesOfHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}
