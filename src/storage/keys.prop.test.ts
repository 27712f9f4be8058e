import test from "ava";
import fc from "fast-check";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import {
  afterObject,
  afterUploadsOf,
  bucketOf,
  chunkRunKey,
  currentKey,
  dayKey,
  decodeExtentKey,
  decodeManifestRowKey,
  decodeUploadKey,
  decodeVersionKey,
  extentKey,
  garbageKey,
  garbageSequenceOf,
  isPartKey,
  objectKeyOf,
  objectPrefix,
  partKey,
  partNumberOf,
  partPrefix,
  partTableKey,
  prefixRange,
  successor,
  totalsKey,
  uploadIdOfPart,
  uploadKey,
  uploadPrefix,
  versionKey,
  versionsOf,
} from "./keys.ts";

const bucket = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => bucketId(Buffer.from(bytes).toString("hex")));
const unit = fc.oneof(
  fc.constantFrom("a", "b", "/", "\u0001", "\u007f", "é", "Ａ", "\ud83d\ude00", "~"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
);
const objectKey = fc
  .array(unit, { minLength: 1, maxLength: 12 })
  .map((units) => units.join(""))
  .filter((key) => !key.includes("\0"));
const stamp = fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => Buffer.from(bytes));
const uploadId = fc.uint8Array({ minLength: 22, maxLength: 22 }).map((bytes) => Buffer.from(bytes));
const one = bucketId(`${"0".repeat(31)}1`);

/** S3 orders keys by the bytes of their UTF-8 form. */
function s3Order(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

test("keys have the documented bytes", (t) => {
  t.is(currentKey(one, "a").toString("hex"), `${one}6100`);
  t.is(versionKey(one, "a", Buffer.alloc(12, 0x0f)).toString("hex"), `${one}6100${"f0".repeat(12)}`);
  t.is(uploadKey(one, "a", Buffer.alloc(22, 9)).toString("hex"), `${one}006100${"09".repeat(22)}`);
  t.is(partKey(one, Buffer.alloc(22, 9), 258).toString("hex"), `${one}01${"09".repeat(22)}0102`);
  t.is(extentKey(3, 2 ** 33).toString("hex"), "000000030000000200000000");
  t.is(totalsKey(one).toString("hex"), `${one}00`);
  t.is(dayKey(one, 20_000).toString("hex"), `${one}0100004e20`);
});

test("the order of rows is S3's order of keys, and keys come back", (t) => {
  fc.assert(
    fc.property(bucket, objectKey, objectKey, (id, a, b) => {
      const [rowA, rowB] = [currentKey(id, a), currentKey(id, b)];
      t.is(Math.sign(Buffer.compare(rowA, rowB)), Math.sign(s3Order(a, b)));
      t.is(objectKeyOf(rowA), a);
      t.is(bucketOf(rowA), id);
    }),
  );
  t.pass();
});

test("versions of a key are together, newest first, and come back", (t) => {
  fc.assert(
    fc.property(bucket, objectKey, objectKey, stamp, stamp, (id, a, b, older, newer) => {
      const [rowA, rowB] = [versionKey(id, a, older), versionKey(id, b, newer)];
      const expected = s3Order(a, b) || Buffer.compare(newer, older);
      t.is(Math.sign(Buffer.compare(rowA, rowB)), Math.sign(expected));
      t.deepEqual(decodeVersionKey(rowA), { key: a, stamp: older });
      t.true(isInside(rowA, versionsOf(id, a)));
      t.is(isInside(rowB, versionsOf(id, a)), a === b);
      t.is(Buffer.compare(afterObject(id, a), rowB) <= 0, s3Order(b, a) > 0);
      t.is(Buffer.compare(afterObject(id, a), currentKey(id, b)) <= 0, s3Order(b, a) > 0);
    }),
  );
  t.pass();
});

test("a prefix range holds exactly the keys that begin with it", (t) => {
  fc.assert(
    fc.property(bucket, objectKey, objectKey, fc.nat(12), (id, key, other, length) => {
      const prefix = Array.from(key).slice(0, length).join("");
      const range = prefixRange(objectPrefix(id, prefix));
      for (const candidate of [key, other]) {
        t.is(isInside(currentKey(id, candidate), range), candidate.startsWith(prefix));
      }
    }),
  );
  t.pass();
});

test("uploads sort by key, then by id; parts by number; neither meets the other", (t) => {
  const parts = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(bucket, objectKey, objectKey, uploadId, uploadId, parts, parts, (id, a, b, idA, idB, m, n) => {
      const [rowA, rowB] = [uploadKey(id, a, idA), uploadKey(id, b, idB)];
      t.is(Math.sign(Buffer.compare(rowA, rowB)), Math.sign(s3Order(a, b) || Buffer.compare(idA, idB)));
      t.deepEqual(decodeUploadKey(rowA), { key: a, uploadId: idA });
      t.true(isInside(rowA, prefixRange(uploadPrefix(id, ""))));
      t.is(Buffer.compare(afterUploadsOf(id, a), rowB) <= 0, s3Order(b, a) > 0);
      const part = partKey(id, idA, m);
      t.is(Math.sign(Buffer.compare(part, partKey(id, idA, n))), Math.sign(m - n));
      t.is(isInside(partKey(id, idB, n), prefixRange(partPrefix(id, idA))), idA.equals(idB));
      t.true(partNumberOf(part) === m && uploadIdOfPart(part).equals(idA) && isPartKey(part) && !isPartKey(rowA));
      t.false(isInside(part, prefixRange(uploadPrefix(id, ""))));
    }),
  );
  t.pass();
});

test("offsets and numbers up to 2^53 keep their order and come back", (t) => {
  const number = fc.oneof(fc.maxSafeNat(), fc.integer({ min: 2 ** 32 - 3, max: 2 ** 32 + 3 }));
  const id = Buffer.alloc(16, 7);
  fc.assert(
    fc.property(number, number, fc.nat(0xffff_ffff), (a, b, segment) => {
      t.is(Math.sign(Buffer.compare(chunkRunKey(one, id, a), chunkRunKey(one, id, b))), Math.sign(a - b));
      t.is(Math.sign(Buffer.compare(garbageKey(a), garbageKey(b))), Math.sign(a - b));
      t.is(garbageSequenceOf(garbageKey(a)), a);
      t.deepEqual(decodeExtentKey(extentKey(segment, a)), { segment, offset: a });
      t.deepEqual(decodeManifestRowKey(partTableKey(one, id, a)), { isPartTable: true, offset: a });
      t.deepEqual(decodeManifestRowKey(chunkRunKey(one, id, a)), { isPartTable: false, offset: a });
    }),
  );
  t.pass();
});

test("the successor of a prefix is the least key above all that begin with it", (t) => {
  const bytes = fc.array(fc.constantFrom(0, 1, 0xfe, 0xff), { maxLength: 4 }).map((list) => Buffer.from(list));
  fc.assert(
    fc.property(bytes, bytes, (prefix, other) => {
      const next = successor(prefix);
      const isAbove = Buffer.compare(other, prefix) > 0 && !other.subarray(0, prefix.length).equals(prefix);
      t.is(next !== undefined && Buffer.compare(other, next) >= 0, isAbove);
    }),
  );
  t.is(successor(Buffer.from([0xff, 0xff])), undefined);
  t.pass();
});

test("keys that S3 does not allow are refused", (t) => {
  t.throws(() => currentKey(one, ""));
  t.throws(() => currentKey(one, "a\0b"));
  t.throws(() => currentKey(one, "a".repeat(limits.keyBytesMax + 1)));
  t.is(currentKey(one, "é".repeat(limits.keyBytesMax / 2)).length, 16 + 1024 + 1);
  t.true(uploadKey(one, "a".repeat(1024), Buffer.alloc(22)).length <= storageLimits.storageKeyBytesMax);
});

function isInside(key: Buffer, range: { readonly start: Buffer; readonly end?: Buffer }): boolean {
  return Buffer.compare(key, range.start) >= 0 && (range.end === undefined || Buffer.compare(key, range.end) < 0);
}
