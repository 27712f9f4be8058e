/**
 * Opaque tokens of 256 random bits: who holds one is who it was made for. Stored as a hash only; the prefix tells people and
 * scanners of leaked secrets what they have found.
 */

import { createHash } from "node:crypto";
import type { Random } from "../base/random.ts";
import { lettersAndDigits, randomText } from "./key-pair.ts";

/** session: the console's cookie. csrf: the header beside it. api: for programs. invite, reset: links in mails. */
export type TokenKind = "session" | "csrf" | "api" | "invite" | "reset";

const prefixes: Readonly<Record<TokenKind, string>> = {
  session: "trp_session_",
  csrf: "trp_csrf_",
  api: "trp_api_",
  invite: "trp_invite_",
  reset: "trp_reset_",
};

/** Of 62 characters: 43 have 256 bits. */
const secretChars = 43;

export interface SecretToken {
  /** `trp_<kind>_` and 43 letters and digits: `trp_api_0Zk…`. Shown once. */
  readonly token: string;
  /** To be stored: see `hashToken`. */
  readonly hash: string;
}

export function newToken(kind: TokenKind, random: Random): SecretToken {
  const token = prefixes[kind] + randomText(random, secretChars, lettersAndDigits);
  return { token, hash: hashToken(token) };
}

/**
 * SHA-256 of the whole token, 64 hex digits. Not slow on purpose: 256 random bits are not guessed, and a look-up by the hash
 * compares nothing that an answer's time could tell of.
 */
export function hashToken(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}

/** The kind of a text that has a token's shape, else null: what is null was never issued. */
export function tokenKind(text: string): TokenKind | null {
  const match = /^trp_([a-z]+)_[A-Za-z0-9]{43}$/.exec(text);
  const kind = match?.[1];
  return kind !== undefined && isKind(kind) ? kind : null;
}

function isKind(text: string): text is TokenKind {
  return Object.hasOwn(prefixes, text);
}
