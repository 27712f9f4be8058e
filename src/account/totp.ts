/**
 * Time-based one-time passwords: six digits of HMAC-SHA1, a new one each 30 seconds. Owns the one import of otpauth.
 * Source: RFC 6238, RFC 4226; the otpauth URI as authenticator apps read it.
 */

import { timingSafeEqual } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import type { Random } from "../base/random.ts";

const secretBytes = 20;
const periodSeconds = 30;
const digitCount = 6;
/** Steps before and after the present one whose codes are taken: clocks differ, and people type slowly. */
const stepWindow = 1;

/** 160 random bits in base32 without padding: 32 of A-Z 2-7. */
export function newTotpSecret(random: Random): string {
  const bytes = random.bytes(secretBytes);
  return new Secret({ buffer: Uint8Array.from(bytes).buffer }).base32;
}

/**
 * What the QR code says: `otpauth://totp/<issuer>:<account>?issuer=<issuer>&secret=<secret>&algorithm=SHA1&digits=6&period=30`.
 * A colon would end the issuer early: it becomes a space.
 */
export function totpUri(secret: string, issuer: string, account: string): string {
  return totp(secret, issuer.replaceAll(":", " "), account.replaceAll(":", " ")).toString();
}

/**
 * The time step whose code `code` is, within one step of `nowMs`; null when there is none. The caller stores the step before
 * it answers, in one transaction with the comparison, so that a code counts once.
 * @param secret base32 of `newTotpSecret`
 * @param code as typed: blanks between the digits are ignored
 * @param lastStep the newest step whose code was taken, -1 when none was: no code of it or an earlier one is taken
 */
export function verifyTotp(secret: string, code: string, nowMs: number, lastStep: number): { step: number } | null {
  const digits = code.replaceAll(" ", "");
  if (!/^\d{6}$/.test(digits)) return null;
  const given = Buffer.from(digits);
  const generator = totp(secret, "", "");
  const present = Math.floor(nowMs / 1000 / periodSeconds);
  let found: number | null = null;
  for (let step = present - stepWindow; step <= present + stepWindow; step++) {
    const wanted = Buffer.from(generator.generate({ timestamp: step * periodSeconds * 1000 }));
    // Every step is looked at: the time says nothing about which one it was.
    if (timingSafeEqual(given, wanted) && step > lastStep) found ??= step;
  }
  return found === null ? null : { step: found };
}

function totp(secret: string, issuer: string, label: string): TOTP {
  return new TOTP({
    issuer,
    label,
    issuerInLabel: issuer !== "",
    secret: Secret.fromBase32(secret),
    algorithm: "SHA1",
    digits: digitCount,
    period: periodSeconds,
  });
}
