import test from "ava";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { findRecoveryCode, looksLikeRecoveryCode, newRecoveryCodes } from "./recovery-codes.ts";

test("ten different codes of 80 bits, and hashes that do not show them", async (t) => {
  const { codes, hashes } = await newRecoveryCodes(systemRandom);
  t.is(codes.length, 10);
  t.is(limits.recoveryCodes, 10);
  t.is(new Set(codes).size, 10);
  t.is(new Set(hashes).size, 10);
  for (const code of codes) {
    // Sixteen characters of five bits.
    t.regex(code, /^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    t.false(hashes.join().includes(code));
  }
  for (const hash of hashes) t.regex(hash, /^\$scrypt\$ln=10,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  t.notDeepEqual((await newRecoveryCodes(systemRandom)).codes, codes);
});

test("each code is found at its place, as shown and as people type it", async (t) => {
  const { codes, hashes } = await newRecoveryCodes(systemRandom);
  for (const [index, code] of codes.entries()) {
    t.is(await findRecoveryCode(code, hashes), index);
    t.is(await findRecoveryCode(` ${code.toLowerCase().replaceAll("-", " ")}\n`, hashes), index);
    const misread = code.replaceAll("0", "o").replaceAll("1", index % 2 === 0 ? "l" : "I");
    t.is(await findRecoveryCode(misread, hashes), index);
  }
});

test("a code that is used, of other hashes, or no code at all is not found", async (t) => {
  const { codes, hashes } = await newRecoveryCodes(systemRandom);
  const [first = "", second = ""] = codes;
  const left = hashes.slice(1);
  t.is(await findRecoveryCode(first, left), null);
  t.is(await findRecoveryCode(second, left), 0);
  t.is(await findRecoveryCode(first, (await newRecoveryCodes(systemRandom)).hashes), null);
  t.is(await findRecoveryCode(first, []), null);
  const wrong = first.slice(0, -1) + (first.endsWith("2") ? "3" : "2");
  for (const text of ["", "123456", first.slice(1), `${first}2`, `${first.slice(0, -1)}U`, wrong, "-".repeat(1e6)]) {
    t.is(await findRecoveryCode(text, hashes), null);
  }
});

test("hashes of several salts are searched, and what is no hash is passed over", async (t) => {
  const one = await newRecoveryCodes(systemRandom);
  const other = await newRecoveryCodes(systemRandom);
  const hashes = ["", "$scrypt$broken", ...one.hashes, ...other.hashes];
  t.is(await findRecoveryCode(one.codes[9] ?? "", hashes), 11);
  t.is(await findRecoveryCode(other.codes[0] ?? "", hashes), 12);
});

test("a recovery code is told from a TOTP code by its shape", async (t) => {
  const { codes } = await newRecoveryCodes(systemRandom);
  for (const code of codes) t.true(looksLikeRecoveryCode(code));
  for (const text of ["123456", "287 082", "", "password"]) t.false(looksLikeRecoveryCode(text));
});
