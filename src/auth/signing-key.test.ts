import { createHmac } from "node:crypto";
import test from "ava";
import { limits } from "../base/limits.ts";
import { parseCredential } from "./credential.ts";
import { scope, secretAccessKey, signingKeyOf } from "./signing-client-fixture.ts";
import { deriveSigningKey, isSameSignature, SigningKey, SigningKeyCache } from "./signing-key.ts";

const credentialOf = (region: string) =>
  parseCredential(`id/20130524/${region}/s3/aws4_request`, (fault) => new Error(fault));

test("a derived key is the chain of four HMACs", (t) => {
  const key = deriveSigningKey(secretAccessKey, credentialOf("us-east-1"));
  t.deepEqual(Buffer.from(key.bytes), signingKeyOf(scope));
  t.is(key.scope, scope);
});

test("secrets of every length and script are keys, one after the other", (t) => {
  for (const secret of [
    "",
    "s",
    "é".repeat(20),
    "x".repeat(59),
    "x".repeat(60),
    "x".repeat(61),
    "ü".repeat(100),
    "s",
  ]) {
    let expected = createHmac("sha256", `AWS4${secret}`).update("20130524").digest();
    for (const part of ["region", "s3", "aws4_request"]) {
      expected = createHmac("sha256", expected).update(part).digest();
    }
    t.deepEqual(Buffer.from(deriveSigningKey(secret, credentialOf("region")).bytes), expected, secret);
  }
});

test("a key has a buffer of its own, so that posting it copies 32 bytes", (t) => {
  t.is(deriveSigningKey("s", credentialOf("r")).bytes.buffer.byteLength, 32);
});

test("signing is HMAC-SHA256 for texts of every length, one after the other", (t) => {
  const bytes = Buffer.alloc(32, 0xa5);
  const key = new SigningKey(bytes);
  for (const length of [0, 1, 63, 64, 65, 300, 511, 512, 513, 2000, 3]) {
    const text = "x".repeat(length);
    t.is(key.sign(text), createHmac("sha256", bytes).update(text).digest("hex"), String(length));
  }
});

test("signatures are the same only when every digit is", (t) => {
  const signature = new SigningKey(Buffer.alloc(32)).sign("text");
  t.true(isSameSignature(signature, signature));
  for (let index = 0; index < 64; index++) {
    const digit = signature[index] === "0" ? "1" : "0";
    t.false(isSameSignature(signature.slice(0, index) + digit + signature.slice(index + 1), signature));
  }
  for (const text of [
    "",
    signature.slice(1),
    `${signature}0`,
    signature.toUpperCase(),
    `${signature.slice(1)}\u0161`,
  ]) {
    t.false(isSameSignature(text, signature));
  }
});

test("the cache is bounded and keeps what is used", (t) => {
  const cache = new SigningKeyCache();
  const key = new SigningKey(Buffer.alloc(32));
  const used = credentialOf("used");
  cache.add("secret", used, key);
  for (let index = 0; index < limits.signingKeysMax * 3; index++) {
    cache.add("secret", credentialOf(`r${index}`), new SigningKey(Buffer.alloc(32)));
    if (index % 100 === 0) t.is(cache.get("secret", used), key);
    if (cache.size > limits.signingKeysMax) t.fail(`holds ${cache.size} keys`);
  }
  t.is(cache.get("secret", credentialOf("r0")), undefined, "what is not used is dropped");
});

test("the cache tells secrets, days and regions apart", (t) => {
  const cache = new SigningKeyCache();
  cache.add("secret", credentialOf("a"), new SigningKey(Buffer.alloc(32)));
  t.is(cache.get("other", credentialOf("a")), undefined);
  t.is(cache.get("secret", credentialOf("b")), undefined);
  t.is(cache.get("secret", { ...credentialOf("a"), date: "20130525" }), undefined);
  t.not(cache.get("secret", credentialOf("a")), undefined);
});
