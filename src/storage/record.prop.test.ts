import test from "ava";
import fc from "fast-check";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { Grant } from "../s3/acl.ts";
import { currentKey } from "./keys.ts";
import type { Location } from "./location.ts";
import {
  checkListed,
  decodeBrief,
  decodeHead,
  encodeRecord,
  etagOf,
  headBytes,
  inlineBytesMax,
  type ObjectRecord,
  readListed,
} from "./record.ts";
import {
  checksumOf,
  decodeTail,
  encodeTail,
  encodeTailWithoutAttributes,
  listedTail,
  type RecordTail,
  tailBytesMax,
} from "./record-tail.ts";
import { CorruptRecordError, seal } from "./sealed-row.ts";

const bucket = bucketId(`${"0".repeat(31)}1`);
const key = currentKey(bucket, "a");

function bytesOf(length: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
}

const location: fc.Arbitrary<Location> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ kind: "inline" as const, bytes: Buffer.from(bytes) })),
  bytesOf(32).map((address) => ({ kind: "chunk" as const, address })),
  bytesOf(16).map((id) => ({ kind: "manifest" as const, id })),
);
const text = fc.string({ unit: "binary", maxLength: 30 });
const aStamp = fc.option(bytesOf(12));
const grant: fc.Arbitrary<Grant> = fc.record({
  grantee: fc.oneof(
    text.map((id) => ({ kind: "user" as const, id })),
    fc.constantFrom("AllUsers", "AuthenticatedUsers", "LogDelivery").map((uri) => ({ kind: "group" as const, uri })),
  ),
  permission: fc.constantFrom("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"),
});
const tail: fc.Arbitrary<RecordTail> = fc.record({
  metadata: fc.record(
    {
      contentType: text,
      contentEncoding: text,
      contentLanguage: text,
      contentDisposition: text,
      cacheControl: text,
      expires: text,
      websiteRedirectLocation: text,
      storageClass: text,
      user: fc.array(fc.tuple(text, text), { maxLength: 4 }),
      tagging: text,
      acl: fc.record({ ownerId: text, grants: fc.array(grant, { maxLength: 4 }) }),
      lock: fc.record({
        retention: fc.option(
          fc.record({ mode: fc.constantFrom("GOVERNANCE", "COMPLIANCE"), untilMs: fc.maxSafeNat() }),
        ),
        legalHold: fc.option(fc.boolean()),
      }),
      initiator: fc.record({ id: text, name: text }),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
  checksumValue: fc.option(text),
  stamps: fc.option(fc.record({ tagging: aStamp, acl: aStamp, retention: aStamp, legalHold: aStamp })),
});
const record: fc.Arbitrary<ObjectRecord> = fc
  .record({
    isNullVersion: fc.boolean(),
    stamp: bytesOf(12),
    salt: bytesOf(4),
    seq: fc.maxSafeNat(),
    sizeBytes: fc.oneof(fc.nat(), fc.constant(limits.objectBytesMax), fc.maxSafeNat()),
    modifiedMs: fc.nat(2 ** 31).map((seconds) => seconds * 1000),
    md5: bytesOf(16),
    partCount: fc.integer({ min: 0, max: limits.partNumberMax }),
    nullStamp: fc.option(bytesOf(12)),
    checksumAlgorithm: fc.constantFrom(null, "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"),
    checksumType: fc.constantFrom("FULL_OBJECT", "COMPOSITE"),
    hasStorageClass: fc.boolean(),
    hasAttributeRows: fc.boolean(),
    hasLock: fc.boolean(),
    location: fc.option(location),
    tail: tail.map(encodeTail),
  })
  .map((members) => ({ ...members, isDeleteMarker: members.location === null }));

const example: ObjectRecord = {
  isDeleteMarker: false,
  isNullVersion: false,
  stamp: Buffer.from("018bcfe56800000000010002", "hex"),
  salt: Buffer.from("aabbccdd", "hex"),
  seq: 7,
  sizeBytes: 5,
  modifiedMs: 1_700_000_000_000,
  md5: Buffer.from("5d41402abc4b2a76b9719d911017c592", "hex"),
  partCount: 0,
  nullStamp: null,
  checksumAlgorithm: null,
  checksumType: "FULL_OBJECT",
  hasStorageClass: false,
  hasAttributeRows: false,
  hasLock: false,
  location: { kind: "inline", bytes: Buffer.from("hello") },
  tail: Buffer.alloc(0),
};

const exampleHead =
  "000000018bcfe56800000000010002aabbccdd0000000000000007000000000000000" +
  "50000018bcfe568005d41402abc4b2a76b9719d911017c592000000000000000000000000" +
  "01000000";

/** As releases of format 1 wrote a record. */
function encodeVersion1(rowKey: Buffer, whole: ObjectRecord): Buffer {
  const value = encodeRecord(rowKey, {
    ...whole,
    location: whole.location === null ? null : { kind: "inline", bytes: Buffer.alloc(0) },
  });
  const { location } = whole;
  const head = Buffer.from(value.subarray(0, headBytes));
  head[0] = 1;
  head[headBytes - 4] = location === null ? 0 : { inline: 1, chunk: 2, manifest: 3 }[location.kind];
  const payload =
    location === null
      ? Buffer.alloc(0)
      : location.kind === "inline"
        ? location.bytes
        : location.kind === "chunk"
          ? location.address
          : location.id;
  return seal(rowKey, Buffer.concat([head, payload, whole.tail, Buffer.alloc(8)]));
}

test("a record has the documented bytes", (t) => {
  const value = encodeRecord(key, example);
  t.is(value.toString("hex"), `02${exampleHead}55f1cc1e85130b4368656c6c6faa834baff7e5220e`);
  t.is(etagOf(decodeHead("current", key, value)), "5d41402abc4b2a76b9719d911017c592");
  t.is(etagOf({ ...example, partCount: 12 }), "5d41402abc4b2a76b9719d911017c592-12");
});

test("a record of version 1 has the bytes it always had, and is read", (t) => {
  const value = Buffer.from(`01${exampleHead}68656c6c6f2513976883251780`, "hex");
  t.deepEqual(encodeVersion1(key, example), value);
  t.deepEqual(decodeHead("current", key, value), example);
  fc.assert(
    fc.property(record, (whole) => {
      const old = encodeVersion1(key, whole);
      const now = encodeRecord(key, whole);
      t.deepEqual(decodeHead("current", key, old), whole);
      t.deepEqual(decodeBrief("current", key, old), decodeBrief("current", key, now));
      t.deepEqual(checkListed("current", key, old), checkListed("current", key, now));
      const hex = (value: Buffer): string => value.toString("hex");
      t.deepEqual(readListed(old, 0, hex(old)), readListed(now, 0, hex(now)));
      const flipped = Buffer.from(old);
      flipped[old.length >> 1] = (flipped[old.length >> 1] ?? 0) ^ 1;
      t.throws(() => checkListed("current", key, flipped), { instanceOf: CorruptRecordError });
    }),
  );
});

test("a listing and a turn verify the head and leave the body alone", (t) => {
  fc.assert(
    fc.property(record, tail, fc.nat(), (head, tailValue, position) => {
      const whole = { ...head, tail: encodeTail(tailValue) };
      const value = encodeRecord(key, whole);
      const isInline = whole.location?.kind === "inline";
      const bodyBytes = whole.location?.kind === "inline" ? whole.location.bytes.length + 8 : 0;
      const index = position % value.length;
      const flipped = Buffer.from(value);
      flipped[index] = (flipped[index] ?? 0) ^ 1;
      for (const read of [checkListed, decodeBrief]) {
        if (index >= value.length - bodyBytes) t.notThrows(() => read("current", key, flipped));
        else t.throws(() => read("current", key, flipped), { instanceOf: CorruptRecordError });
        t.throws(() => read("current", currentKey(bucket, "b"), value), { instanceOf: CorruptRecordError });
      }
      const brief = isInline ? { kind: "inline", bytes: Buffer.alloc(0) } : whole.location;
      t.deepEqual(decodeBrief("current", key, value), { ...whole, location: brief });
      const listed = readListed(value, 0, value.toString("hex"));
      t.like(listed, { etag: etagOf(whole), sizeBytes: whole.sizeBytes, checksumType: whole.checksumType });
      const classTail = checkListed("current", key, value);
      t.deepEqual(classTail, whole.hasStorageClass ? whole.tail : null);
    }),
  );
});

test("what is encoded is decoded equal, head and tail", (t) => {
  fc.assert(
    fc.property(record, tail, (head, tailValue) => {
      const whole = { ...head, tail: encodeTail(tailValue) };
      const decoded = decodeHead("current", key, encodeRecord(key, whole));
      t.deepEqual(decoded, whole);
      t.deepEqual(decodeTail(decoded.tail), tailValue);
    }),
  );
  t.pass();
});

test("a flip of any bit, a cut, and another key are detected", (t) => {
  fc.assert(
    fc.property(record, fc.nat(), fc.nat(7), (head, position, bit) => {
      const value = encodeRecord(key, head);
      const index = position % value.length;
      const flipped = Buffer.from(value);
      flipped[index] = (flipped[index] ?? 0) ^ (1 << bit);
      t.throws(() => decodeHead("current", key, flipped), { instanceOf: CorruptRecordError });
      t.throws(() => decodeHead("current", key, value.subarray(0, index)), { instanceOf: CorruptRecordError });
      t.throws(() => decodeHead("current", currentKey(bucket, "b"), value), { instanceOf: CorruptRecordError });
    }),
    { numRuns: 50 },
  );
  const value = encodeRecord(key, example);
  for (let index = 0; index < value.length; index++) {
    const flipped = Buffer.from(value);
    flipped[index] = (flipped[index] ?? 0) ^ 0x10;
    t.throws(() => decodeHead("current", key, flipped), { instanceOf: CorruptRecordError });
  }
});

test("the largest inline body fits one page, and one byte more is refused", (t) => {
  const encodedTail = encodeTail({
    metadata: { contentType: "text/plain" },
    checksumValue: "x".repeat(44),
    stamps: null,
  });
  const room = inlineBytesMax(encodedTail.length);
  const withBody = (length: number) => ({
    ...example,
    tail: encodedTail,
    location: { kind: "inline", bytes: Buffer.alloc(length) } as const,
  });
  t.is(encodeRecord(key, withBody(room)).length, storageLimits.valueBytesMax);
  t.throws(() => encodeRecord(key, withBody(room + 1)), { message: /fits one page/ });
});

test("the planned tail is never smaller than the tail with any single checksum", (t) => {
  fc.assert(
    fc.property(
      tail,
      fc.string({ maxLength: 44 }).filter((value) => Buffer.byteLength(value) <= 44),
      (value, checksumValue) => {
        t.true(
          encodeTail({ metadata: value.metadata, checksumValue, stamps: null }).length <= tailBytesMax(value.metadata),
        );
      },
    ),
  );
  t.is(tailBytesMax({}) - encodeTail({ metadata: {}, checksumValue: "x".repeat(44), stamps: null }).length >= 0, true);
});

test("a tail of a later version is read, its new members passed over", (t) => {
  t.is(
    encodeTail({ metadata: { contentType: "a/b" }, checksumValue: null, stamps: null }).toString("hex"),
    "91a3612f62",
  );
  t.deepEqual(decodeTail(Buffer.from(`dc0020${"c0".repeat(31)}a178`, "hex")), {
    metadata: {},
    checksumValue: null,
    stamps: null,
  });
  t.deepEqual(checksumOf("CRC32", { checksumValue: "AAAAAA==" }), {
    algorithm: "CRC32",
    value: "AAAAAA==",
  });
  t.is(checksumOf(null, { checksumValue: null }), null);
});

test("a record of an unknown version is refused, not guessed at", (t) => {
  const value = encodeRecord(key, example);
  const body = value.subarray(0, value.length - 8);
  t.throws(() => decodeHead("current", key, resealed(body, 9)), { message: /version 9/ });
});

function resealed(body: Buffer, version: number): Buffer {
  const value = Buffer.concat([body, Buffer.alloc(8)]);
  value[0] = version;
  return seal(key, value);
}

test("a listing finds class and owner in every tail, the attributes read or not", (t) => {
  fc.assert(
    fc.property(tail, (value) => {
      const { storageClass, acl } = value.metadata;
      const expected = { storageClass: storageClass ?? null, ownerId: acl?.ownerId ?? null };
      t.deepEqual(listedTail(encodeTail(value)), expected);
      t.deepEqual(listedTail(encodeTailWithoutAttributes(value)), expected);
      t.is(decodeTail(encodeTailWithoutAttributes(value)).metadata.acl?.ownerId, acl?.ownerId);
    }),
  );
});
