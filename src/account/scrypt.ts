/**
 * scrypt as text: `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`, salt and hash in base64 without padding. Passwords of earlier releases
 * are stored so, and recovery codes. Source: RFC 7914; PHC string format.
 */

import { type ScryptOptions, scrypt } from "node:crypto";

/** Bounds on what a stored hash may ask of this machine. */
const logCostMax = 20;
const blockSizeMax = 32;
const parallelMax = 16;

export interface ScryptHash {
  /** N, a power of two. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallel: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** undefined when `text` is no scrypt hash, or would cost too much to check. */
export function parseScrypt(text: string): ScryptHash | undefined {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{1,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, ln, r, p, salt = "", hash = ""] = match;
  const logCost = Number(ln);
  const blockSize = Number(r);
  const parallel = Number(p);
  if (logCost < 1 || logCost > logCostMax || blockSize < 1 || blockSize > blockSizeMax) return undefined;
  if (parallel < 1 || parallel > parallelMax) return undefined;
  return {
    cost: 2 ** logCost,
    blockSize,
    parallel,
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

export function scryptText({ cost, blockSize, parallel, salt, hash }: ScryptHash): string {
  return `$scrypt$ln=${Math.log2(cost)},r=${blockSize},p=${parallel}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** `length` bytes, made in libuv's threads. */
export function scryptBytes(text: string, parameters: Omit<ScryptHash, "hash">, length: number): Promise<Buffer> {
  const { cost, blockSize, parallel, salt } = parameters;
  const maxmem = 128 * blockSize * (cost + parallel) + 1024 * 1024;
  const options: ScryptOptions = { N: cost, r: blockSize, p: parallel, maxmem };
  return new Promise((resolve, reject) => {
    scrypt(text, salt, length, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
