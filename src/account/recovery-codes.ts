/**
 * Recovery codes: the way in for a user who has lost the authenticator. Ten codes of 80 bits, shown once, stored as hashes; that
 * a code counts once is the caller's transaction.
 */

import { timingSafeEqual } from "node:crypto";
import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { parseScrypt, scryptBytes, scryptText } from "./scrypt.ts";

/** Crockford's base32: no I, L, O or U, so that nothing is misread or spells a word. Source: crockford.com/base32.html. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const codeChars = 16;
const groupChars = 4;

/**
 * Cheap on purpose, 1 MiB and a few milliseconds: a password is guessed from a list, a code of 80 random bits only by trying
 * half of 10^24, and at 10^12 tries a second even a plain hash would take 19,000 years. The hash is there so that who reads
 * the records cannot use them.
 */
const cost = { cost: 2 ** 10, blockSize: 8, parallel: 1 };
const saltBytes = 16;
const hashBytes = 32;

export interface RecoveryCodes {
  /** To be shown once: `7Q4M-0K2X-9WDB-A1TZ`. */
  readonly codes: readonly string[];
  /** To be stored; the hash at an index is of the code there. */
  readonly hashes: readonly string[];
}

/** `limits.recoveryCodes` new codes. They share a salt, so that one derivation is enough to look for a code. */
export async function newRecoveryCodes(random: Random): Promise<RecoveryCodes> {
  const parameters = { ...cost, salt: random.bytes(saltBytes) };
  const plain = Array.from({ length: limits.recoveryCodes }, () => newCode(random));
  const hashes: string[] = [];
  for (const code of plain) {
    hashes.push(scryptText({ ...parameters, hash: await scryptBytes(code, parameters, hashBytes) }));
  }
  return { codes: plain.map(grouped), hashes };
}

/**
 * The index in `hashes` of the code that `text` is, or null. Case, blanks and hyphens do not matter; I and L are read as 1, O
 * as 0. Compares in constant time, with every hash; one derivation for hashes of one salt.
 */
export async function findRecoveryCode(text: string, hashes: readonly string[]): Promise<number | null> {
  const code = plainCode(text);
  if (code === null) return null;
  const derived = new Map<string, Buffer>();
  let found: number | null = null;
  for (const [index, stored] of hashes.entries()) {
    const parsed = parseScrypt(stored);
    if (parsed === undefined) continue;
    const family = stored.slice(0, stored.lastIndexOf("$"));
    const bytes = derived.get(family) ?? (await scryptBytes(code, parsed, parsed.hash.length));
    derived.set(family, bytes);
    if (bytes.length === parsed.hash.length && timingSafeEqual(bytes, parsed.hash)) found ??= index;
  }
  return found;
}

/** True for a text of the shape of a recovery code, so that a form with one field for both can tell it from a TOTP code. */
export function looksLikeRecoveryCode(text: string): boolean {
  return plainCode(text) !== null;
}

function newCode(random: Random): string {
  return Array.from(random.bytes(codeChars), (byte) => alphabet[byte % alphabet.length]).join("");
}

function grouped(code: string): string {
  return Array.from({ length: codeChars / groupChars }, (_, index) =>
    code.slice(index * groupChars, (index + 1) * groupChars),
  ).join("-");
}

function plainCode(text: string): string | null {
  if (text.length > 4 * codeChars) return null;
  const code = text.toUpperCase().replace(/[\s-]/g, "").replace(/[IL]/g, "1").replaceAll("O", "0");
  return code.length === codeChars && [...code].every((character) => alphabet.includes(character)) ? code : null;
}
