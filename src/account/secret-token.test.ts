import { createHash } from "node:crypto";
import test from "ava";
import { systemRandom } from "../base/random.ts";
import { hashToken, newToken, type TokenKind, tokenKind } from "./secret-token.ts";

const kinds: readonly TokenKind[] = ["session", "csrf", "api", "invite", "reset"];

test("a token says its kind, has 43 random characters, and its hash is SHA-256", (t) => {
  for (const kind of kinds) {
    const { token, hash } = newToken(kind, systemRandom);
    t.regex(token, new RegExp(`^trp_${kind}_[A-Za-z0-9]{43}$`));
    t.is(hash, createHash("sha256").update(token).digest("hex"));
    t.is(hashToken(token), hash);
    t.is(tokenKind(token), kind);
    t.not(newToken(kind, systemRandom).token, token);
  }
});

test("the same random part under another prefix is another token", (t) => {
  const { token, hash } = newToken("invite", systemRandom);
  t.not(hashToken(token.replace("invite", "reset")), hash);
});

test("what has no token's shape has no kind", (t) => {
  const { token } = newToken("api", systemRandom);
  const texts = [
    "",
    token.slice(1),
    token.slice(0, -1),
    `${token}a`,
    `${token}\n`,
    token.replace("api", "constructor"),
    token.replace("api", "other"),
    token.toUpperCase(),
    token.replace(/.$/, "-"),
  ];
  for (const text of texts) t.is(tokenKind(text), null, text);
});
