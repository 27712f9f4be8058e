import { closeSync, openSync, readSync, writeSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { assert } from "../base/assert.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { createKeyedHash, digestStored } from "./blake3.ts";
import { CorruptChunkError } from "./chunk-reader.ts";
import { storedBytesOf } from "./frames.ts";
import type { StoredChunk } from "./location.ts";
import { createPartitionFixture, fixtureKey, readBody, storeBody } from "./partition-fixture.ts";
import { chunkFilePath, segmentPath } from "./partition-layout.ts";

const source = Buffer.alloc(9 * 1024 * 1024);
for (let at = 0; at < source.length; at += 4) source.writeUInt32LE((at * 2_654_435_761) >>> 0, at);

/** Sizes around every boundary of frames, segment chunks and chunks. */
const boundaries = [
  0,
  1,
  storageLimits.frameBytes,
  storageLimits.segmentChunkBytesMax,
  storageLimits.chunkBytesMax,
  2 * storageLimits.chunkBytesMax,
];
const sizes = fc.oneof(
  fc.integer({ min: 0, max: 200_000 }),
  fc
    .tuple(fc.constantFrom(...boundaries), fc.integer({ min: -2, max: 2 }))
    .map(([boundary, delta]) => Math.max(0, boundary + delta)),
);

function cut(bytes: Buffer, pieceBytes: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return pieces;
}

function locate(directory: string, { place, address }: StoredChunk): { path: string; offset: number } {
  return place.kind === "segment"
    ? { path: segmentPath(directory, place.segment), offset: place.offset }
    : { path: chunkFilePath(directory, place.epoch, address, place.unique), offset: 0 };
}

function readStored(directory: string, chunk: StoredChunk): Buffer {
  const { path, offset } = locate(directory, chunk);
  const file = openSync(path, "r");
  const stored = Buffer.alloc(chunk.storedBytes);
  assert(readSync(file, stored, 0, stored.length, offset) === stored.length, "the chunk is whole");
  closeSync(file);
  return stored;
}

test("a body in pieces of any size, of known or unknown length, reads back, and its rows describe it", async (t) => {
  const partition = await createPartitionFixture();
  const store = partition.store();
  const reader = partition.reader();
  const property = fc.asyncProperty(
    sizes,
    fc.integer({ min: 1000, max: 700_000 }),
    fc.boolean(),
    async (sizeBytes, pieceBytes, isKnown) => {
      const body = source.subarray(0, sizeBytes);
      const chunks = await storeBody(store, cut(body, pieceBytes), isKnown ? sizeBytes : null);
      assert(readBody(reader, chunks).equals(body), "the body reads back");
      for (const [index, chunk] of chunks.entries()) {
        const isLast = index === chunks.length - 1;
        assert(isLast || chunk.sizeBytes === storageLimits.chunkBytesMax, "all chunks but the last are full");
        const isSmall = chunk.sizeBytes <= storageLimits.segmentChunkBytesMax;
        assert((chunk.place.kind === "segment") === isSmall, "small chunks lie in segments");
        assert(chunk.place.kind === "file" || chunk.place.offset % 512 === 0, "extents are aligned");
        const plain = body.subarray(
          index * storageLimits.chunkBytesMax,
          index * storageLimits.chunkBytesMax + chunk.sizeBytes,
        );
        const hash = createKeyedHash(fixtureKey);
        hash.update(plain);
        assert(hash.digest().equals(chunk.address), "the address is the keyed hash");
        assert(chunk.storedBytes === storedBytesOf(chunk.sizeBytes), "stored size");
        assert(digestStored(readStored(partition.directory, chunk)).equals(chunk.storedDigest), "stored digest");
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
  reader.close();
  await store.close();
  partition.remove();
  t.pass();
});

test("any range of a chunk equals the slice, synchronously and asynchronously", async (t) => {
  const partition = await createPartitionFixture();
  const store = partition.store();
  const reader = partition.reader();
  const [small] = await storeBody(store, [source.subarray(0, 900_001)], 900_001);
  const [large] = await storeBody(store, [source.subarray(0, 3_000_003)], 3_000_003);
  assert(small !== undefined && large !== undefined, "both are one chunk");
  const property = fc.asyncProperty(
    fc.constantFrom(small, large),
    fc.nat(3_000_003),
    fc.nat(400_000),
    async (chunk, from, length) => {
      const start = Math.min(from, chunk.sizeBytes);
      const end = Math.min(start + length, chunk.sizeBytes);
      assert(source.subarray(start, end).equals(reader.readSync(chunk, start, end)), "synchronous");
      const read = await reader.read(chunk, start, end);
      assert(source.subarray(start, end).equals(read), "as the pace says");
    },
  );
  await fc.assert(property, { numRuns: 60 });
  reader.close();
  await store.close();
  partition.remove();
  t.pass();
});

test("a flipped bit anywhere in a stored chunk is found by reading it", async (t) => {
  const partition = await createPartitionFixture();
  const store = partition.store();
  const reader = partition.reader();
  const body = source.subarray(0, 150_000);
  const [chunk] = await storeBody(store, [body], body.length);
  assert(chunk !== undefined, "the body is one chunk");
  const { path, offset } = locate(partition.directory, chunk);
  const file = openSync(path, "r+");
  const property = fc.property(fc.nat(chunk.storedBytes - 1), fc.nat(7), (at, bit) => {
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, offset + at);
    const original = byte.readUInt8();
    writeSync(file, Buffer.from([original ^ (1 << bit)]), 0, 1, offset + at);
    try {
      t.throws(() => reader.readSync(chunk, 0, chunk.sizeBytes), { instanceOf: CorruptChunkError });
    } finally {
      writeSync(file, Buffer.from([original]), 0, 1, offset + at);
    }
    assert(body.equals(reader.readSync(chunk, 0, chunk.sizeBytes)), "whole again");
  });
  fc.assert(property, {
    numRuns: 150,
    examples: [
      [0, 0],
      [5, 1],
      [12, 0],
      [60, 7],
      [chunk.storedBytes - 1, 7],
    ],
  });
  closeSync(file);
  reader.close();
  await store.close();
  partition.remove();
});

test("an extent of another chunk at the same place never verifies", async (t) => {
  const partition = await createPartitionFixture();
  const store = partition.store();
  const reader = partition.reader();
  const body = source.subarray(0, 300_000);
  const [first] = await storeBody(store, [body], body.length);
  const [second] = await storeBody(store, [body], body.length);
  assert(first !== undefined && second !== undefined, "each body is one chunk");
  const mistaken = { ...first, place: second.place };
  t.throws(() => reader.readSync(mistaken, 0, 10), { message: /another chunk lies here/ });
  t.throws(() => reader.readSync(mistaken, 200_000, 200_010), { message: /frame 3 is damaged/ });
  reader.close();
  await store.close();
  partition.remove();
});
