import test from "ava";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { argon2Hash, argon2SaltBytes } from "./argon2.ts";
import { HashesBusyError } from "./hash-turns.ts";
import { passwordHasher } from "./password.ts";

const passwords = passwordHasher(systemRandom);

test("a password matches its hash and no other", async (t) => {
  const hash = await passwords.hash("correct horse");
  t.regex(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  t.true(await passwords.matches("correct horse", hash));
  t.false(await passwords.matches("correct horsf", hash));
  t.false(await passwords.matches("", hash));
  t.not(await passwords.hash("correct horse"), hash);
  t.false(passwords.needsRehash(hash));
});

test("the same letters in another Unicode form match", async (t) => {
  const hash = await passwords.hash("caf\u00e9");
  t.true(await passwords.matches("cafe\u0301", hash));
});

// Made by the release before: password "correct horse", ln=15, r=8, p=1.
const scryptHash = "$scrypt$ln=15,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$puHF8wsl4P5tR3JANsCleZiOQes+05KY2PoHbUEpMGQ";

test("an scrypt hash of an earlier release still matches, and is to be replaced", async (t) => {
  t.true(await passwords.matches("correct horse", scryptHash));
  t.false(await passwords.matches("correct horsf", scryptHash));
  t.true(passwords.needsRehash(scryptHash));
});

test("a hash made elsewhere, with other costs, is understood: RFC 7914, section 12", async (t) => {
  const hash = Buffer.from(
    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
    "hex",
  );
  const text = `$scrypt$ln=10,r=8,p=16$${Buffer.from("NaCl").toString("base64").replace(/=+$/, "")}$${hash.toString("base64").replace(/=+$/, "")}`;
  t.true(await passwords.matches("password", text));
  t.false(await passwords.matches("Password", text));
  // A vector of the reference implementation of argon2 (test.c): m=65536, t=2, p=1, salt "somesalt".
  const argon2 = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  t.true(await passwords.matches("password", argon2));
  t.false(await passwords.matches("Password", argon2));
  t.true(passwords.needsRehash(argon2));
});

test("what is not a hash, or would cost too much, matches nothing", async (t) => {
  const hash = await passwords.hash("x");
  const texts = [
    "",
    "x",
    hash.slice(0, -30),
    hash.replace("argon2id", "argon2i"),
    hash.replace("m=19456", "m=9999999"),
    hash.replace("m=19456", "m=7"),
    hash.replace("t=2", "t=99"),
    hash.replace("t=2", "t=0"),
    hash.replace("p=1", "p=17"),
    scryptHash.slice(0, -30),
    scryptHash.replace("ln=15", "ln=30"),
    scryptHash.replace("r=8", "r=99"),
    scryptHash.replace("p=1", "p=0"),
  ];
  for (const text of texts) {
    t.false(await passwords.matches("x", text), text);
    t.false(await passwords.matches("correct horse", text), text);
  }
});

test("a password beyond the bound is refused", async (t) => {
  const long = "x".repeat(limits.passwordBytesMax + 1);
  await t.throwsAsync(passwords.hash(long), { instanceOf: RangeError });
  t.false(await passwords.matches(long, await argon2Hash(long, systemRandom.bytes(argon2SaltBytes))));
  await t.notThrowsAsync(passwords.burn(long));
  const longest = "x".repeat(limits.passwordBytesMax);
  t.true(await passwords.matches(longest, await passwords.hash(longest)));
});

test("a check for nobody does the work of a hash", async (t) => {
  let salts = 0;
  const counting = passwordHasher({
    bytes: (count) => {
      salts += 1;
      return systemRandom.bytes(count);
    },
  });
  t.is(await counting.burn("correct horse"), undefined);
  t.is(salts, 1);
});

test("more hashes than may run at once wait, and more than may wait are refused", async (t) => {
  const own = passwordHasher(systemRandom);
  const count = limits.passwordHashesAtOnce + limits.passwordHashesWaitingMax;
  const running = Array.from({ length: count }, (_, index) => own.hash(`password ${index}`));
  await t.throwsAsync(own.hash("one more"), { instanceOf: HashesBusyError });
  await t.throwsAsync(own.burn("one more"), { instanceOf: HashesBusyError });
  await t.throwsAsync(own.matches("correct horse", scryptHash), { instanceOf: HashesBusyError });
  t.is(new Set(await Promise.all(running)).size, count);
  await t.notThrowsAsync(own.hash("one more"));
});
