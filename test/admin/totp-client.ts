/** An authenticator app for tests, written from RFC 6238 and RFC 4648. */

import { createHmac } from "node:crypto";
import type { SignedIn, Stand } from "./stand.ts";
import { password } from "./world.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function base32Bytes(text: string): Buffer {
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** The six digits at a time. */
export function totpCode(secret: string, nowMs: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)));
  const digest = createHmac("sha1", base32Bytes(secret)).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Turns the second factor on. @returns its secret and the recovery codes */
export async function enableMfa(
  stand: Stand,
  as: SignedIn,
): Promise<{ readonly secret: string; readonly recoveryCodes: readonly string[] }> {
  const begun = await stand.send({ method: "POST", path: "/me/mfa", as, body: { password } });
  const secret = String(begun.json["secret"]);
  const body = { code: totpCode(secret, stand.clock.nowMs()) };
  const confirmed = await stand.send({ method: "POST", path: "/me/mfa/confirm", as, body });
  if (confirmed.status !== 200) throw new Error(`${confirmed.status} ${confirmed.text}`);
  return { secret, recoveryCodes: confirmed.json["recoveryCodes"] as string[] };
}
