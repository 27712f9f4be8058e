import { createHmac } from "node:crypto";
import test from "ava";
import { systemRandom } from "../base/random.ts";
import { newTotpSecret, totpUri, verifyTotp } from "./totp.ts";

/** "12345678901234567890" of RFC 6238, appendix B, in base32. */
const rfcSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/** Time in seconds and the last six of the eight digits of the appendix (SHA1). */
const vectors: readonly (readonly [number, string])[] = [
  [59, "287082"],
  [1_111_111_109, "081804"],
  [1_111_111_111, "050471"],
  [1_234_567_890, "005924"],
  [2_000_000_000, "279037"],
  [20_000_000_000, "353130"],
];

test("the codes of RFC 6238, appendix B, are taken at their times and tell their steps", (t) => {
  for (const [seconds, code] of vectors) {
    t.deepEqual(verifyTotp(rfcSecret, code, seconds * 1000, -1), { step: Math.floor(seconds / 30) }, code);
  }
});

test("a code is taken one step early and one step late, and not beyond", (t) => {
  const [seconds, code] = vectors[3] ?? [0, ""];
  const step = Math.floor(seconds / 30);
  const startMs = step * 30_000;
  t.deepEqual(verifyTotp(rfcSecret, code, startMs - 30_000, -1), { step });
  t.is(verifyTotp(rfcSecret, code, startMs - 30_001, -1), null);
  t.deepEqual(verifyTotp(rfcSecret, code, startMs + 59_999, -1), { step });
  t.is(verifyTotp(rfcSecret, code, startMs + 60_000, -1), null);
});

test("a code counts once: none of the last step or an earlier one is taken again", (t) => {
  const [seconds, code] = vectors[3] ?? [0, ""];
  const step = Math.floor(seconds / 30);
  const nowMs = seconds * 1000;
  t.deepEqual(verifyTotp(rfcSecret, code, nowMs, step - 1), { step });
  t.is(verifyTotp(rfcSecret, code, nowMs, step), null);
  t.is(verifyTotp(rfcSecret, code, nowMs, step + 1), null);
  // The code of the step before is still in the window, but older than the one that was taken.
  const before = codeAt(rfcSecret, step - 1);
  t.deepEqual(verifyTotp(rfcSecret, before, nowMs, step - 2), { step: step - 1 });
  t.is(verifyTotp(rfcSecret, before, nowMs, step), null);
});

test("blanks are ignored, anything else but six digits is no code", (t) => {
  const [seconds, code] = vectors[0] ?? [0, ""];
  const nowMs = seconds * 1000;
  t.not(verifyTotp(rfcSecret, "287 082", nowMs, -1), null);
  t.not(verifyTotp(rfcSecret, " 287082 ", nowMs, -1), null);
  for (const text of [
    "",
    "28708",
    "2870820",
    "94287082",
    "28708a",
    "٢٨٧٠٨٢",
    "-87082",
    "287083",
    "287082\n1",
    `${code}'`,
  ]) {
    t.is(verifyTotp(rfcSecret, text, nowMs, -1), null, text);
  }
});

test("a new secret has 160 bits in base32 and makes the codes that the algorithm says", (t) => {
  const secret = newTotpSecret(systemRandom);
  t.regex(secret, /^[A-Z2-7]{32}$/);
  t.not(newTotpSecret(systemRandom), secret);
  for (const step of [0, 1, 59_000_000]) {
    t.deepEqual(verifyTotp(secret, codeAt(secret, step), step * 30_000, -1), { step });
  }
});

test("the URI has what authenticator apps read", (t) => {
  const uri = new URL(totpUri(rfcSecret, "Troupe: example.com", "ann+x@example.com"));
  t.is(uri.protocol, "otpauth:");
  t.is(uri.host, "totp");
  t.is(decodeURIComponent(uri.pathname), "/Troupe  example.com:ann+x@example.com");
  t.deepEqual(Object.fromEntries(uri.searchParams), {
    issuer: "Troupe  example.com",
    secret: rfcSecret,
    algorithm: "SHA1",
    digits: "6",
    period: "30",
  });
});

/** RFC 4226, section 5.3, written down again without the library. */
function codeAt(secret: string, step: number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = (mac[19] ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
