/**
 * argon2id as text: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, salt (16 bytes) and hash (32 bytes) in base64 without
 * padding. Owns the one import of @node-rs/argon2. Source: RFC 9106; PHC string format.
 */

import { hash, type Options, verify } from "@node-rs/argon2";

/** OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
const memoryKiB = 19_456;
const passes = 2;
const lanes = 1;
const hashBytes = 32;
/** Bounds on what a stored hash may ask of this machine. */
const memoryKiBMax = 1024 * 1024;
const passesMax = 16;
const lanesMax = 16;

export const argon2SaltBytes = 16;
/** How each hash of today's parameters begins. */
export const argon2Prefix = `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$`;

const options = {
  // argon2id; the library's names for it are a const enum, which erasable TypeScript cannot read.
  algorithm: 2,
  version: 1,
  memoryCost: memoryKiB,
  timeCost: passes,
  parallelism: lanes,
  outputLen: hashBytes,
} as const satisfies Options;

/** A hash of today's parameters, made in libuv's threads. @param salt `argon2SaltBytes` random bytes */
export function argon2Hash(text: string, salt: Uint8Array): Promise<string> {
  return hash(text, { ...options, salt });
}

/** Whether `stored`, which `isArgon2` has accepted, was made from `text`. Compares in constant time. */
export function argon2Matches(text: string, stored: string): Promise<boolean> {
  return verify(stored, text);
}

/** True for an argon2id hash that this machine can afford to check. */
export function isArgon2(stored: string): boolean {
  const match =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/.exec(stored);
  if (match === null) return false;
  const [memory = 0, time = 0, parallel = 0] = match.slice(1).map(Number);
  if (parallel < 1 || parallel > lanesMax || time < 1 || time > passesMax) return false;
  return memory >= 8 * parallel && memory <= memoryKiBMax;
}
