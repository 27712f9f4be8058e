/**
 * Hybrid logical clock: stamps that order the versions of a key, and the version ids made from them. A stamp is issued
 * once; it never goes back, whatever the machine's clock does.
 * Source: Kulkarni et al., "Logical Physical Clocks", 2014.
 */

import { assert } from "./assert.ts";
import type { Clock } from "./clock.ts";

/** Size of a stamp in bytes. */
export const stampBytes = 12;
/** Random bytes that a version id carries beside its stamp. */
export const versionSaltBytes = 4;

/**
 * 12 bytes: Unix ms (48 bits) | counter (16 bits) | node id (32 bits), all big-endian, so that byte order is stamp order.
 * Example: ms 1700000000000, counter 1, node 0x00010002 = `018bcfe56800 0001 00010002`.
 */
export type Stamp = Buffer;

const counterMax = 0xffff;
const msMax = 2 ** 48 - 1;

/** Time part of a stamp, Unix ms. */
export function stampMs(stamp: Uint8Array): number {
  return read48(stamp);
}

/** Time and counter of a stamp as one number; what `HybridClock` takes as its floor. Below 2^64. */
export function stampTime(stamp: Uint8Array): bigint {
  return (BigInt(read48(stamp)) << 16n) | BigInt(counterOf(stamp));
}

/** Issues the stamps of one node. Not shared between threads: each owner has its own, with a floor it has stored. */
export class HybridClock {
  readonly #clock: Clock;
  readonly #nodeId: number;
  #ms: number;
  #counter: number;

  /**
   * @param nodeId unsigned 32-bit: site (16) | node (16)
   * @param floor the highest `stampTime` that may have been issued before; every new stamp is above it
   */
  constructor(clock: Clock, nodeId: number, floor = 0n) {
    assert(Number.isInteger(nodeId) && nodeId >= 0 && nodeId <= 0xffff_ffff, "a node id has 32 bits");
    assert(floor >= 0n && floor < 1n << 64n, "a stamp's time has 64 bits");
    this.#clock = clock;
    this.#nodeId = nodeId;
    this.#ms = Number(floor >> 16n);
    this.#counter = Number(floor & 0xffffn);
  }

  /** The next stamp: above every one issued or observed, above `after`, and not below the wall clock. */
  next(after?: Uint8Array): Stamp {
    if (after !== undefined) this.observe(after);
    const wallMs = this.#clock.nowMs();
    if (wallMs > this.#ms) {
      this.#ms = wallMs;
      this.#counter = 0;
    } else if (this.#counter === counterMax) {
      this.#ms += 1;
      this.#counter = 0;
    } else {
      this.#counter += 1;
    }
    assert(this.#ms <= msMax, "a stamp's milliseconds have 48 bits");
    const stamp = Buffer.allocUnsafe(stampBytes);
    stamp.writeUIntBE(this.#ms, 0, 6);
    stamp.writeUInt16BE(this.#counter, 6);
    stamp.writeUInt32BE(this.#nodeId, 8);
    return stamp;
  }

  /** Moves the clock up to `stamp`, made here or elsewhere, so that later ones are above it. */
  observe(stamp: Uint8Array): void {
    assert(stamp.length === stampBytes, "a stamp has 12 bytes");
    const ms = read48(stamp);
    const counter = counterOf(stamp);
    if (ms > this.#ms || (ms === this.#ms && counter > this.#counter)) {
      this.#ms = ms;
      this.#counter = counter;
    }
  }

  /** The highest time issued or observed; store it and pass it as `floor` at the next start. */
  time(): bigint {
    return (BigInt(this.#ms) << 16n) | BigInt(this.#counter);
  }
}

const digits = "0123456789abcdefghijklmnopqrstuv";
const digitValues = new Map(Array.from(digits, (digit, value) => [digit, value]));
const versionIdBytes = stampBytes + versionSaltBytes;
/** Characters of a version id. */
export const versionIdLength = Math.ceil((versionIdBytes * 8) / 5);

/**
 * The version id a client sees: 26 base32hex digits (RFC 4648 section 7, lower case, no padding) of stamp | salt.
 * @param salt 4 random bytes that the record keeps: an id cannot be guessed from the time of a version
 */
export function encodeVersionId(stamp: Uint8Array, salt: Uint8Array): string {
  assert(stamp.length === stampBytes && salt.length === versionSaltBytes, "a version id is 12 + 4 bytes");
  let text = "";
  let bits = 0;
  let value = 0;
  for (let index = 0; index < versionIdBytes; index++) {
    value = (value << 8) | ((index < stampBytes ? stamp[index] : salt[index - stampBytes]) ?? 0);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += digits[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return text + digits[(value << (5 - bits)) & 31];
}

/** Reads a version id back; undefined for every text that `encodeVersionId` cannot have made. */
export function decodeVersionId(text: string): { readonly stamp: Stamp; readonly salt: Buffer } | undefined {
  if (text.length !== versionIdLength) return undefined;
  const bytes = Buffer.alloc(versionIdBytes);
  let bits = 0;
  let value = 0;
  let length = 0;
  for (const digit of text) {
    const digitValue = digitValues.get(digit);
    if (digitValue === undefined) return undefined;
    value = (value << 5) | digitValue;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = value >>> bits;
    value &= (1 << bits) - 1;
  }
  if (value !== 0) return undefined;
  return { stamp: bytes.subarray(0, stampBytes), salt: bytes.subarray(stampBytes) };
}

function read48(stamp: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = stamp;
  return (a * 256 + b) * 2 ** 32 + ((c << 24) >>> 0) + ((d << 16) | (e << 8) | f);
}

function counterOf(stamp: Uint8Array): number {
  return ((stamp[6] ?? 0) << 8) | (stamp[7] ?? 0);
}
