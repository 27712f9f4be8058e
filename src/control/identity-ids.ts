/** Ids of users, groups, roles and policies: never used again, so that a later one of the same name is another. */

import type { Random } from "../base/random.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const randomLength = 16;

export type IdentityIdPrefix = "TRPU" | "TRPG" | "TRPR" | "TRPP";

/** @returns the prefix and 16 capitals and digits (80 random bits) */
export function newIdentityId(prefix: IdentityIdPrefix, random: Random): string {
  let id: string = prefix;
  // 256 is a multiple of 32, so that each character is equally likely.
  for (const byte of random.bytes(randomLength)) id += alphabet[byte % alphabet.length];
  return id;
}

/** ARN of a policy that the product brings along. */
export function builtInPolicyArn(name: string): string {
  return `arn:aws:iam::aws:policy/${name}`;
}
