import test from "ava";
import fc from "fast-check";
import { pack, unpack } from "./msgpack.ts";

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: "binary" }),
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(
      fc.string({ maxLength: 20 }).filter((name) => name !== "__proto__"),
      tie("value"),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ),
})).value;

test("what is packed is unpacked equal", (t) => {
  fc.assert(
    fc.property(plain, (value) => {
      t.deepEqual(unpack(pack(value)), value);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test("undefined members are left out, and the map stays well formed", (t) => {
  t.deepEqual(unpack(pack({ a: 1, b: undefined, c: [2] })), { a: 1, c: [2] });
});

test("an earlier answer survives later calls, and binary members are copies", (t) => {
  const first = pack({ bytes: Buffer.from("first") });
  const kept = Buffer.from(first);
  for (let i = 0; i < 2000; i++) pack({ bytes: Buffer.alloc(i % 50, i) });
  t.deepEqual(first, kept);
  const value = unpack(first) as { bytes: Buffer };
  first.fill(0);
  t.is(value.bytes.toString(), "first");
});

test("a cut or lengthened value is refused", (t) => {
  const bytes = pack({ name: "value", list: [1, 2, 3] });
  t.throws(() => unpack(bytes.subarray(0, bytes.length - 1)));
  t.throws(() => unpack(Buffer.concat([bytes, bytes])));
});
