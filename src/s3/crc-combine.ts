/**
 * Joins the CRCs of two byte strings into the CRC of their concatenation without the bytes: S3's full-object checksum of a
 * multipart upload. Polynomials over GF(2), reflected (the highest coefficient of x^0), as in zlib's crc32_combine.
 */

import { assert } from "../base/assert.ts";

/** A polynomial of degree < 64 as unsigned-agnostic 32-bit halves; a 32-bit CRC uses `high` alone, `low` stays 0. */
export interface Polynomial {
  readonly high: number;
  readonly low: number;
}

/** Lengths are safe integers, so x^(8 * length) needs x^(2^k) for k < 3 + 53. */
const powersCount = 56;

/**
 * @param modulus the reflected CRC polynomial without its top term, aligned to the top of 64 bits
 * @returns `(a, b, lengthB)` → CRC of A followed by B, where `lengthB` is B's size in bytes. O(log lengthB), O(1) when
 * the length is the same as the last time: parts of an upload mostly share one size.
 * Source: zlib 1.2.12, crc32.c, multmodp and x2nmodp.
 */
export function createCombiner(modulus: Polynomial): (a: Polynomial, b: Polynomial, lengthB: number) => Polynomial {
  const powers: Polynomial[] = [{ high: 1 << 30, low: 0 }];
  for (let last = 0; last + 1 < powersCount; last++) {
    const power = powers[last] as Polynomial;
    powers.push(multiply(power, power, modulus));
  }
  let cachedLength = 0;
  let cachedShift: Polynomial = { high: 1 << 31, low: 0 };
  return (a, b, lengthB) => {
    assert(Number.isSafeInteger(lengthB) && lengthB >= 0, `not a length: ${lengthB}`);
    if (lengthB !== cachedLength) {
      cachedShift = shiftBy(lengthB, powers, modulus);
      cachedLength = lengthB;
    }
    const shifted = multiply(cachedShift, a, modulus);
    return { high: (shifted.high ^ b.high) >>> 0, low: (shifted.low ^ b.low) >>> 0 };
  };
}

/** @returns x^(8 * lengthBytes) modulo the polynomial. */
function shiftBy(lengthBytes: number, powers: readonly Polynomial[], modulus: Polynomial): Polynomial {
  let result: Polynomial = { high: 1 << 31, low: 0 };
  let rest = lengthBytes;
  for (let power = 3; rest > 0; power++) {
    if (rest % 2 === 1) result = multiply(powers[power] as Polynomial, result, modulus);
    rest = Math.floor(rest / 2);
  }
  return result;
}

/** @returns a * b modulo the polynomial; walks the coefficients of `a` from x^0 on, while `b` is multiplied by x. */
function multiply(a: Polynomial, b: Polynomial, modulus: Polynomial): Polynomial {
  const terms = modulus.low === 0 ? 32 : 64;
  let productHigh = 0;
  let productLow = 0;
  let bHigh = b.high;
  let bLow = b.low;
  for (let term = 0; term < terms; term++) {
    const isSet = term < 32 ? (a.high >>> (31 - term)) & 1 : (a.low >>> (63 - term)) & 1;
    if (isSet === 1) {
      productHigh ^= bHigh;
      productLow ^= bLow;
    }
    const carry = modulus.low === 0 ? bHigh & 1 : bLow & 1;
    bLow = modulus.low === 0 ? 0 : (bLow >>> 1) | (bHigh << 31);
    bHigh >>>= 1;
    if (carry === 1) {
      bHigh ^= modulus.high;
      bLow ^= modulus.low;
    }
  }
  return { high: productHigh, low: productLow };
}
