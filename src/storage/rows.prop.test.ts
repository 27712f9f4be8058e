import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { decodeCounters, decodeDay, encodeCounters, encodeDay } from "./counters.ts";
import { decodeExtent, encodeExtent } from "./extents.ts";
import { decodeGarbage, encodeGarbage, type Garbage } from "./gc.ts";
import {
  dayKey,
  extentKey,
  garbageKey,
  manifestKey,
  partKey,
  partTableKey,
  referenceKey,
  totalsKey,
  uploadKey,
} from "./keys.ts";
import type { ChunkPlace } from "./location.ts";
import {
  chunksPerRow,
  decodeChunkRun,
  decodePartRow,
  encodeChunkRun,
  encodePartRow,
  type PartEntry,
  partsPerRow,
} from "./manifest.ts";
import { decodeManifestCount, decodeReference, encodeManifestCount, encodeReference } from "./refs.ts";
import { CorruptRecordError } from "./sealed-row.ts";
import { decodePart, decodeUpload, encodePart, encodeUpload, type Part, type PartLocation } from "./uploads.ts";

const bucket = bucketId(`${"0".repeat(31)}1`);

function bytesOf(length: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
}

const u32 = fc.nat(0xffff_ffff);
const place: fc.Arbitrary<ChunkPlace> = fc.oneof(
  fc.record({ kind: fc.constant("segment" as const), segment: u32, offset: fc.maxSafeNat() }),
  fc.record({
    kind: fc.constant("file" as const),
    epoch: u32,
    unique: bytesOf(8).map((bytes) => bytes.toString("hex")),
  }),
);
const partLocation: fc.Arbitrary<PartLocation> = fc.oneof(
  fc.constant(null),
  bytesOf(32).map((address) => ({ kind: "chunk" as const, address })),
  bytesOf(16).map((id) => ({ kind: "manifest" as const, id })),
);
const checksum = fc.option(
  fc.record({
    algorithm: fc.constantFrom("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"),
    value: fc.uint8Array({ minLength: 4, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  }),
);
const part: fc.Arbitrary<Part> = fc.record({
  sizeBytes: fc.maxSafeNat(),
  modifiedMs: fc.maxSafeNat(),
  md5: bytesOf(16),
  checksum,
  location: partLocation,
});
const partEntry: fc.Arbitrary<PartEntry> = fc.record({
  partNumber: fc.integer({ min: 1, max: limits.partNumberMax }),
  sizeBytes: fc.maxSafeNat(),
  md5: bytesOf(16),
  checksum: fc.option(fc.uint8Array({ minLength: 1, maxLength: 32 }).map((bytes) => Buffer.from(bytes))),
  location: partLocation,
});
const garbage: fc.Arbitrary<Garbage> = fc.oneof(
  bytesOf(32).map((address) => ({ kind: "chunk" as const, bucket, address })),
  bytesOf(16).map((id) => ({ kind: "manifest" as const, bucket, id })),
  bytesOf(16).map((id) => ({ kind: "rows" as const, bucket, id })),
  fc
    .tuple(bytesOf(22), fc.option(bytesOf(16)))
    .map(([uploadId, completed]) => ({ kind: "upload" as const, bucket, uploadId, completed })),
  fc.tuple(place, bytesOf(32)).map(([at, address]) => ({ kind: "place" as const, bucket, place: at, address })),
);
const bits = { position: fc.nat(), bit: fc.nat(7) };

/** Round trip, and one flipped bit, for one codec. */
function check<T>(
  t: ExecutionContext,
  key: Buffer,
  values: fc.Arbitrary<T>,
  encode: (key: Buffer, value: T) => Buffer,
  decode: (key: Buffer, value: Buffer) => unknown,
): void {
  fc.assert(
    fc.property(values, bits.position, bits.bit, (value, position, bit) => {
      const stored = encode(key, value);
      t.true(stored.length <= storageLimits.valueBytesMax);
      t.deepEqual(decode(key, stored), value);
      const index = position % stored.length;
      stored[index] = (stored[index] ?? 0) ^ (1 << bit);
      t.throws(() => decode(key, stored), { instanceOf: CorruptRecordError });
      t.throws(() => decode(key, stored.subarray(0, index)), { instanceOf: CorruptRecordError });
    }),
    { numRuns: 60 },
  );
}

test("rows of refs and manifestRefs", (t) => {
  const address = Buffer.alloc(32, 5);
  const chunk = fc.record({
    address: fc.constant(address),
    sizeBytes: u32,
    storedBytes: u32,
    storedDigest: bytesOf(16),
    nonce: bytesOf(8),
    binding: fc.constant(null),
    place,
  });
  const reference = fc.record({ count: fc.integer({ min: 1, max: 0xffff_ffff }), chunk });
  check(t, referenceKey(bucket, address), reference, encodeReference, decodeReference);
  const id = manifestKey(bucket, Buffer.alloc(16, 5));
  check(t, id, fc.integer({ min: 1, max: 0xffff_ffff }), encodeManifestCount, decodeManifestCount);
  t.throws(() => encodeManifestCount(id, 0));
});

test("a row of refs has the documented bytes", (t) => {
  const address = Buffer.alloc(32, 5);
  const chunk = {
    address,
    sizeBytes: 4096,
    storedBytes: 4168,
    nonce: Buffer.alloc(8, 0xaa),
    binding: null,
    storedDigest: Buffer.alloc(16, 0xbb),
    place: { kind: "segment", segment: 3, offset: 4096 },
  } as const;
  const value = encodeReference(referenceKey(bucket, address), { count: 2, chunk });
  const expected = `01000000020000100000001048${"aa".repeat(8)}${"bb".repeat(16)}01000000030000000000001000`;
  t.is(value.toString("hex", 0, value.length - 8), expected);
  t.is(value.length, 58);
});

test("rows of extents", (t) => {
  const extent = fc.record({
    segment: fc.constant(7),
    offset: fc.constant(4096),
    bucket: fc.constant(bucket),
    address: bytesOf(32),
    storedBytes: u32,
  });
  check(t, extentKey(7, 4096), extent, encodeExtent, decodeExtent);
});

test("rows of manifests", (t) => {
  const id = Buffer.alloc(16, 5);
  const entry = fc.record({ address: bytesOf(32), sizeBytes: u32 });
  const key = partTableKey(bucket, id, 0);
  check(t, key, fc.array(entry, { minLength: 1, maxLength: 5 }), encodeChunkRun, decodeChunkRun);
  check(t, key, fc.array(partEntry, { minLength: 1, maxLength: 5 }), encodePartRow, decodePartRow);
});

test("the fullest rows of manifests fit one page", (t) => {
  const key = partTableKey(bucket, Buffer.alloc(16), 0);
  const run = new Array(chunksPerRow).fill({ address: Buffer.alloc(32, 1), sizeBytes: 1 });
  t.is(decodeChunkRun(key, encodeChunkRun(key, run)).length, chunksPerRow);
  const parts: PartEntry[] = new Array(partsPerRow).fill({
    partNumber: 1,
    sizeBytes: 1,
    md5: Buffer.alloc(16),
    checksum: Buffer.alloc(32),
    location: null,
  });
  t.is(decodePartRow(key, encodePartRow(key, parts)).length, partsPerRow);
  t.throws(() => encodePartRow(key, [...parts, ...parts]));
  t.throws(() => encodeChunkRun(key, []));
});

test("rows of uploads", (t) => {
  const uploadId = Buffer.alloc(22, 5);
  const upload = fc.record({
    initiatedMs: fc.maxSafeNat(),
    storedBytes: fc.maxSafeNat(),
    checksumAlgorithm: fc.constantFrom(null, "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"),
    checksumType: fc.constantFrom(null, "FULL_OBJECT", "COMPOSITE"),
    metadata: fc.record(
      { contentType: fc.string(), tagging: fc.string() },
      { requiredKeys: [], noNullPrototype: true },
    ),
    hasAttributeRows: fc.constant(false),
  });
  check(t, uploadKey(bucket, "a", uploadId), upload, encodeUpload, decodeUpload);
  check(t, partKey(bucket, uploadId, 3), part, encodePart, decodePart);
});

test("rows of counters", (t) => {
  const requests = fc.array(fc.maxSafeNat(), { minLength: 5, maxLength: 5 });
  const counters = fc.record({
    epoch: bytesOf(8),
    seq: fc.maxSafeNat(),
    hlcTime: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    storedBytes: fc.maxSafeNat(),
    objects: fc.maxSafeNat(),
    versions: fc.maxSafeNat(),
    openUploadBytes: fc.maxSafeNat(),
    day: u32,
    ingressBytes: fc.maxSafeNat(),
    atMs: fc.maxSafeNat(),
    byteMs: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    egressBytes: fc.maxSafeNat(),
    requests,
  });
  check(t, totalsKey(bucket), counters, encodeCounters, decodeCounters);
  const day = fc.record({
    ingressBytes: fc.maxSafeNat(),
    storedBytes: fc.maxSafeNat(),
    objects: fc.maxSafeNat(),
    versions: fc.maxSafeNat(),
    byteMs: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    egressBytes: fc.maxSafeNat(),
    requests,
  });
  check(t, dayKey(bucket, 20_000), day, encodeDay, decodeDay);
});

test("rows of gc", (t) => {
  check(t, garbageKey(9), garbage, encodeGarbage, decodeGarbage);
  const id = Buffer.alloc(16, 0x22);
  const value = encodeGarbage(garbageKey(1), { kind: "manifest", bucket, id });
  t.is(value.toString("hex", 0, value.length - 8), `0102${bucket}${"22".repeat(16)}`);
});
