/**
 * Passwords at rest: argon2id for new ones; a hash says how it was made, so that the scrypt hashes of earlier releases still
 * work until the next sign-in replaces them. Never logs, never stores.
 */

import { timingSafeEqual } from "node:crypto";
import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import type { Passwords } from "../control/messages.ts";
import { argon2Hash, argon2Matches, argon2Prefix, argon2SaltBytes, isArgon2 } from "./argon2.ts";
import { HashTurns } from "./hash-turns.ts";
import { parseScrypt, scryptBytes } from "./scrypt.ts";

/**
 * Hashes in libuv's threads, at most `limits.passwordHashesAtOnce` at a time, while at most `limits.passwordHashesWaitingMax`
 * wait: beyond that every method rejects with HashesBusyError. Unicode forms of one text are one password (NFC).
 */
export interface PasswordHasher extends Passwords {
  /** Rejects with RangeError for a password longer than `limits.passwordBytesMax`. */
  hash(password: string): Promise<string>;
  /** False for what is no hash, and for a password that is too long. */
  matches(password: string, hash: string): Promise<boolean>;
  /** Whether a hash that has just matched should be replaced by one of today's parameters. */
  needsRehash(hash: string): boolean;
  /** Does the work of `matches` for nobody, so that the time of an answer does not tell whether the user exists. */
  burn(password: string): Promise<void>;
}

export function passwordHasher(random: Random): PasswordHasher {
  const turns = new HashTurns(limits.passwordHashesAtOnce, limits.passwordHashesWaitingMax);
  const hash = (password: string) => {
    const salt = random.bytes(argon2SaltBytes);
    return turns.run(() => argon2Hash(normal(password), salt));
  };
  return {
    hash: async (password) => {
      if (isTooLong(password)) throw new RangeError(`a password has at most ${limits.passwordBytesMax} bytes`);
      return hash(password);
    },
    matches: async (password, stored) => {
      if (isTooLong(password)) return false;
      if (isArgon2(stored)) return turns.run(() => argon2Matches(normal(password), stored));
      const older = parseScrypt(stored);
      if (older === undefined) return false;
      const bytes = await turns.run(() => scryptBytes(normal(password), older, older.hash.length));
      return timingSafeEqual(bytes, older.hash);
    },
    needsRehash: (stored) => !stored.startsWith(argon2Prefix),
    burn: async (password) => {
      if (!isTooLong(password)) await hash(password);
    },
  };
}

function isTooLong(password: string): boolean {
  return Buffer.byteLength(password) > limits.passwordBytesMax;
}

function normal(password: string): string {
  return password.normalize("NFC");
}
