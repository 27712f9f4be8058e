/**
 * Passwords at rest. A hash says how it was made, so that the method can change while older hashes still work.
 * Form: `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`, salt (16 bytes) and hash (32 bytes) in base64 without padding.
 * Source: RFC 7914; PHC string format.
 */

import { type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import type { Passwords } from "../control/messages.ts";

const logCost = 15;
const blockSize = 8;
const parallel = 1;
const saltBytes = 16;
const hashBytes = 32;
/** Bounds on what a stored hash may ask of this machine. */
const logCostMax = 20;
const blockSizeMax = 32;
const parallelMax = 16;

/**
 * Hashes with scrypt in libuv's threads, at most `limits.passwordHashesAtOnce` at a time: the file system uses the same threads.
 * `hash` throws RangeError on a password longer than `limits.passwordBytesMax`; such a one matches nothing.
 */
export function scryptPasswords(random: Random): Passwords {
  const turns = new Turns(limits.passwordHashesAtOnce);
  return {
    hash: async (password) => {
      if (isTooLong(password)) throw new RangeError(`a password has at most ${limits.passwordBytesMax} bytes`);
      const salt = random.bytes(saltBytes);
      const cost = { N: 2 ** logCost, r: blockSize, p: parallel };
      const hash = await turns.run(() => derive(password, salt, hashBytes, cost));
      return `$scrypt$ln=${logCost},r=${blockSize},p=${parallel}$${base64(salt)}$${base64(hash)}`;
    },
    matches: async (password, text) => {
      const stored = parseHash(text);
      if (stored === undefined || isTooLong(password)) return false;
      const hash = await turns.run(() => derive(password, stored.salt, stored.hash.length, stored.cost));
      return timingSafeEqual(hash, stored.hash);
    },
  };
}

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

function parseHash(text: string): { cost: Cost; salt: Buffer; hash: Buffer } | undefined {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{1,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, ln, r, p, salt = "", hash = ""] = match;
  const cost = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
  if (Number(ln) < 1 || Number(ln) > logCostMax || cost.r < 1 || cost.r > blockSizeMax) return undefined;
  if (cost.p < 1 || cost.p > parallelMax) return undefined;
  return { cost, salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

function derive(password: string, salt: Buffer, length: number, cost: Cost): Promise<Buffer> {
  const options: ScryptOptions = { ...cost, maxmem: 128 * cost.r * (cost.N + cost.p) + 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, length, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function isTooLong(password: string): boolean {
  return Buffer.byteLength(password) > limits.passwordBytesMax;
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

/** Lets a fixed number run at once; the others wait in order. Callers bound how many wait. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async run<R>(work: () => Promise<R>): Promise<R> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
