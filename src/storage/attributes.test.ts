import test from "ava";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import {
  attributeRowsMax,
  layTail,
  readAttributes,
  readTail,
  removeAttributes,
  writeAttributes,
} from "./attributes.ts";
import { attributeKey, versionKey } from "./keys.ts";
import { createMemoryMetadata } from "./memory-trees.ts";
import { encodeTail, encodeTailWithoutAttributes, type RecordTail } from "./record-tail.ts";
import { CorruptRecordError } from "./sealed-row.ts";

const bucket = bucketId("0123456789abcdef0123456789abcdef");
const owner = versionKey(bucket, "a", Buffer.alloc(12, 7));
const neighbours = [versionKey(bucket, "a", Buffer.alloc(12, 6)), versionKey(bucket, "a\u0001", Buffer.alloc(12, 7))];

const tailOf = (chars: number): RecordTail => ({
  metadata: { contentType: "a/b", tagging: "t".repeat(chars), lock: { retention: null, legalHold: true } },
  checksumValue: "AAAAAA==",
  stamps: { tagging: Buffer.alloc(12, 1), acl: null, retention: null, legalHold: Buffer.alloc(12, 2) },
});

test("a tail stands whole in the record up to its last byte of room, and without attributes from the next one on", (t) => {
  const tail = tailOf(100);
  const whole = encodeTail(tail);
  t.deepEqual(layTail(tail, whole.length), { tail: whole, attributes: null });
  const laid = layTail(tail, whole.length - 1);
  t.deepEqual(laid.tail, encodeTailWithoutAttributes(tail));
  t.not(laid.attributes, null);
});

test("attributes in rows are read back, of any size, and go without those of their neighbours", async (t) => {
  for (const chars of [0, 1, 8_000, 8_200, 20_000, limits.attributesBytesMax - 200]) {
    const { trees, transact } = createMemoryMetadata();
    const tail = tailOf(chars);
    const laid = layTail(tail, 0);
    const attributes = laid.attributes ?? Buffer.alloc(0);
    await transact(({ attributes: tree }) => {
      for (const each of [owner, ...neighbours]) t.true(writeAttributes(tree, each, attributes) <= attributeRowsMax);
    });
    const record = { tail: laid.tail, hasAttributeRows: true };
    t.deepEqual(
      readTail(trees.attributes, record, () => owner),
      tail,
    );
    await transact(({ attributes: tree }) => {
      t.is(removeAttributes(tree, owner), Math.ceil(attributes.length / 8158));
      t.is(removeAttributes(tree, owner), 0);
    });
    for (const each of neighbours) t.deepEqual(readAttributes(trees.attributes, each), attributes);
  }
});

test("a missing piece and a damaged one are told, never answered, and go all the same", async (t) => {
  const { attributes } = layTail(tailOf(20_000), 0);
  const damages = [
    (key: Buffer, _value: Buffer) => [key, null] as const,
    (key: Buffer, value: Buffer) => [key, value.map((byte, index) => (index === 99 ? byte ^ 1 : byte))] as const,
    (key: Buffer, value: Buffer) => [key, value.map((byte, index) => (index === 1 ? byte - 1 : byte))] as const,
  ];
  for (const damage of damages) {
    for (const piece of [0, 1, 2]) {
      const { trees, transact } = createMemoryMetadata();
      const key = attributeKey(owner, piece);
      await transact(({ attributes: tree }) => void writeAttributes(tree, owner, attributes ?? Buffer.alloc(0)));
      await transact(({ attributes: tree }) => {
        const [at, value] = damage(key, tree.get(key) ?? Buffer.alloc(0));
        if (value === null) tree.remove(at);
        else tree.put(at, value);
      });
      t.throws(() => readAttributes(trees.attributes, owner), { instanceOf: CorruptRecordError });
      await transact(({ attributes: tree }) => void removeAttributes(tree, owner));
      t.deepEqual(trees.attributes.keys({ start: Buffer.alloc(0), limit: 1 }), []);
    }
  }
});
