/** Random texts of identities: access keys' ids and secrets, and ids of any alphabet. */

import type { Random } from "../base/random.ts";

export const digits = "0123456789";
export const capitalsAndDigits = `ABCDEFGHIJKLMNOPQRSTUVWXYZ${digits}`;
export const lettersAndDigits = `abcdefghijklmnopqrstuvwxyz${capitalsAndDigits}`;

/** What the ids of access keys that are stored begin with. */
export const storedKeyPrefix = "TRPA";
/** What the ids of temporary access keys begin with (temporary-credentials.ts). */
export const temporaryKeyPrefix = "TRPT";

export interface KeyPair {
  /** `TRPA` and 16 capitals and digits (82 random bits). */
  readonly accessKeyId: string;
  /** 40 of A-Z a-z 0-9 + / (240 bits), beginning with a letter or digit: a spreadsheet would take a sign for a formula. */
  readonly secretAccessKey: string;
}

/** A new key pair. The id is not looked up: the caller's transaction demands that it is new. */
export function newKeyPair(random: Random): KeyPair {
  return {
    accessKeyId: storedKeyPrefix + randomText(random, 16, capitalsAndDigits),
    secretAccessKey: randomText(random, 1, lettersAndDigits) + randomText(random, 39, `${lettersAndDigits}+/`),
  };
}

/** `length` characters of `alphabet` (at most 256), each equally likely. */
export function randomText(random: Random, length: number, alphabet: string): string {
  const usable = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < usable && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}
