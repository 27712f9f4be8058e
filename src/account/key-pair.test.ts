import test from "ava";
import { systemRandom } from "../base/random.ts";
import { newKeyPair } from "./key-pair.ts";

test("a key pair has AWS's shape, and its secret never begins with a sign", (t) => {
  const pairs = Array.from({ length: 2000 }, () => newKeyPair(systemRandom));
  for (const { accessKeyId, secretAccessKey } of pairs) {
    t.regex(accessKeyId, /^TRPA[A-Z0-9]{16}$/);
    t.regex(secretAccessKey, /^[A-Za-z0-9][A-Za-z0-9+/]{39}$/);
  }
  t.is(new Set(pairs.map(({ accessKeyId }) => accessKeyId)).size, pairs.length);
  // All 64 characters occur behind the first one: 2,000 times 39 draws.
  t.is(new Set(pairs.flatMap(({ secretAccessKey }) => [...secretAccessKey.slice(1)])).size, 64);
});
