import test from "ava";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { scryptPasswords } from "./password.ts";

const passwords = scryptPasswords(systemRandom);

test("a password matches its hash and no other", async (t) => {
  const hash = await passwords.hash("correct horse");
  t.regex(hash, /^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  t.true(await passwords.matches("correct horse", hash));
  t.false(await passwords.matches("correct horsf", hash));
  t.false(await passwords.matches("", hash));
  t.not(await passwords.hash("correct horse"), hash);
});

test("the same letters in another Unicode form match", async (t) => {
  const hash = await passwords.hash("caf\u00e9");
  t.true(await passwords.matches("cafe\u0301", hash));
});

test("a hash made elsewhere, with other costs, is understood: RFC 7914, section 12", async (t) => {
  const hash = Buffer.from(
    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
    "hex",
  );
  const text = `$scrypt$ln=10,r=8,p=16$${Buffer.from("NaCl").toString("base64").replace(/=+$/, "")}$${hash.toString("base64").replace(/=+$/, "")}`;
  t.true(await passwords.matches("password", text));
  t.false(await passwords.matches("Password", text));
});

test("what is not a hash, or would cost too much, matches nothing", async (t) => {
  const hash = await passwords.hash("x");
  for (const text of [
    "",
    "x",
    hash.slice(0, -30),
    hash.replace("ln=15", "ln=30"),
    hash.replace("r=8", "r=99"),
    hash.replace("p=1", "p=0"),
  ]) {
    t.false(await passwords.matches("x", text), text);
  }
});

test("a password beyond the bound is refused", async (t) => {
  const long = "x".repeat(limits.passwordBytesMax + 1);
  await t.throwsAsync(passwords.hash(long), { instanceOf: RangeError });
  t.false(await passwords.matches(long, await passwords.hash("x")));
});

test("more hashes than may run at once all come to an end", async (t) => {
  const hashes = await Promise.all(["a", "b", "c", "d", "e"].map((password) => passwords.hash(password)));
  t.is(new Set(hashes).size, 5);
});
