import test from "ava";
import fc from "fast-check";
import { S3Error } from "./errors.ts";
import { decodeListToken, encodeListToken } from "./list-token.ts";

test("a token gives its position back, to its own listing only", (t) => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (position) => {
      const token = encodeListToken("bucket-1", position);
      t.regex(token, /^[A-Za-z0-9_-]+$/);
      t.is(decodeListToken("bucket-1", token), position);
      t.throws(() => decodeListToken("bucket-2", token), { instanceOf: S3Error });
    }),
  );
});

test("garbage is InvalidArgument", (t) => {
  const good = encodeListToken("b", "key");
  fc.assert(
    fc.property(fc.string(), (garbage) => {
      if (garbage === good) return;
      t.is(t.throws(() => decodeListToken("b", garbage), { instanceOf: S3Error }).code, "InvalidArgument");
    }),
  );
  for (const near of [`${good}=`, `${good}A`, good.slice(0, -1), good.toUpperCase(), encodeListToken("b", "")]) {
    t.throws(() => decodeListToken("b", near), { instanceOf: S3Error });
  }
});
