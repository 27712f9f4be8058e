/** Encrypted chunks and bodies on disk: whatever is changed, moved or cut off does not open, and every range that is whole does. */

import { closeSync, openSync, readSync, writeSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { bucketId } from "../base/ids.ts";
import { systemRandom } from "../base/random.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { addressKeyOf } from "../keyring/data-key.ts";
import { digestStored } from "./blake3.ts";
import { FrameCipher, inlineSealBytes, markSized, openInline, sealInline } from "./body-cipher.ts";
import { type ChunkKey, type ChunkReader, CorruptChunkError } from "./chunk-reader.ts";
import type { ChunkStore } from "./chunk-store.ts";
import { chunkHeaderBytes, frameSum, nonceSeed, storedBytesOf } from "./frames.ts";
import { referenceKey } from "./keys.ts";
import type { StoredChunk } from "./location.ts";
import { createPartitionFixture, fixtureBucket } from "./partition-fixture.ts";
import { chunkFilePath, segmentPath } from "./partition-layout.ts";
import { decodeReference, encodeReference } from "./refs.ts";

const dataKey = Buffer.alloc(32, 1);
const key: ChunkKey = { bucket: fixtureBucket, dataKey };
const otherKeys: readonly ChunkKey[] = [
  { bucket: fixtureBucket, dataKey: Buffer.alloc(32, 2) },
  { bucket: bucketId("f".repeat(32)), dataKey },
];

function bytesOf(size: number, seed = 0): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8) + seed) & 255));
}

async function stand(t: ExecutionContext) {
  const fixture = await createPartitionFixture();
  const store = fixture.store();
  const reader = fixture.reader();
  t.teardown(async () => {
    await store.close();
    reader.close();
    fixture.remove();
  });
  return { store, reader, directory: fixture.directory };
}

async function put(store: ChunkStore, body: Buffer, isSized = true): Promise<StoredChunk[]> {
  const expectedBytes = isSized ? body.length : null;
  const writer = store.write({ bucket: fixtureBucket, addressKey: addressKeyOf(dataKey), dataKey, expectedBytes });
  for (let at = 0; at < body.length; at += 50_000) writer.write(body.subarray(at, at + 50_000));
  return writer.finish();
}

async function putOne(store: ChunkStore, body: Buffer): Promise<StoredChunk> {
  const [chunk] = await put(store, body);
  if (chunk === undefined) throw new Error("a body has a chunk");
  return chunk;
}

/** Where a chunk's stored bytes begin. */
function placeOf(directory: string, { place, address }: StoredChunk): { readonly path: string; readonly at: number } {
  return place.kind === "segment"
    ? { path: segmentPath(directory, place.segment), at: place.offset }
    : { path: chunkFilePath(directory, place.epoch, address, place.unique), at: 0 };
}

function storedBytes(directory: string, chunk: StoredChunk): Buffer {
  const { path, at } = placeOf(directory, chunk);
  const file = openSync(path, "r");
  const bytes = Buffer.alloc(chunk.storedBytes);
  readSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
  return bytes;
}

/** The header. */
function readFirst(directory: string, chunk: StoredChunk): Buffer {
  return storedBytes(directory, chunk).subarray(0, chunkHeaderBytes);
}

function overwrite(directory: string, chunk: StoredChunk, bytes: Buffer): void {
  const { path, at } = placeOf(directory, chunk);
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

/** Why a chunk is refused; "" when it is not. */
function refusalOf(reader: ChunkReader, chunk: StoredChunk, by: ChunkKey | null): string {
  try {
    reader.readSync(chunk, 0, chunk.sizeBytes, by);
    return "";
  } catch (error) {
    if (error instanceof CorruptChunkError) return error.message;
    throw error;
  }
}

function isRefused(reader: ChunkReader, chunk: StoredChunk, by: ChunkKey | null): boolean {
  return refusalOf(reader, chunk, by) !== "";
}

test("every range of an encrypted chunk is read, by its key alone", async (t) => {
  const { store, reader, directory } = await stand(t);
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: 300_000 }),
    fc.constantFrom(1, storageLimits.frameBytes, storageLimits.frameBytes + 1, 2 * storageLimits.frameBytes, 1_500_000),
  );
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), fc.array(fc.tuple(fc.nat(), fc.nat())), async (size, isSized, ranges) => {
      const body = bytesOf(size, size);
      const [chunk] = await put(store, body, isSized);
      if (chunk === undefined) throw new Error("a body has a chunk");
      t.is(chunk.storedBytes, storedBytesOf(size, true));
      t.false(storedBytes(directory, chunk).includes(body.subarray(0, Math.min(size, 64))) && size >= 16);
      for (const [a, b] of [[0, size] as const, ...ranges]) {
        const start = a % size;
        const end = start + 1 + (b % (size - start));
        t.true(Buffer.from(reader.readSync(chunk, start, end, key)).equals(body.subarray(start, end)));
      }
      for (const other of [...otherKeys, null]) t.true(isRefused(reader, chunk, other));
    }),
    { numRuns: 40 },
  );
});

test("a changed byte anywhere is refused, also with checksums made anew", async (t) => {
  const { store, reader, directory } = await stand(t);
  const chunk = await putOne(store, bytesOf(700));
  const whole = Buffer.from(storedBytes(directory, chunk));
  t.is(whole.length, chunkHeaderBytes + 700 + 24);
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    overwrite(directory, chunk, changed);
    t.true(isRefused(reader, chunk, key), `byte ${at}`);
    const isSealed = at >= chunkHeaderBytes && at < whole.length - 8;
    if (!isSealed) continue;
    const tagAt = whole.length - 24;
    const [data, tag] = [changed.subarray(chunkHeaderBytes, tagAt), changed.subarray(tagAt, tagAt + 16)];
    changed.writeBigUInt64LE(frameSum(data, nonceSeed(chunk.nonce), 0, tag), whole.length - 8);
    overwrite(directory, chunk, changed);
    t.regex(refusalOf(reader, chunk, key), /not authentic/, `byte ${at}`);
  }
  overwrite(directory, chunk, whole);
  t.false(isRefused(reader, chunk, key));
});

test("a frame opens at its number, in its chunk and bucket, with its tag and the chunk's length, and nowhere else", (t) => {
  const nonce = markSized(systemRandom.bytes(16), true);
  const chunk = { bucket: fixtureBucket, nonce, plainBytes: 100_000, isBound: true };
  const plain = bytesOf(1000);
  const data = Buffer.from(plain);
  const tag = new FrameCipher(dataKey, chunk).seal(data, 3);
  const opens = (cipher: FrameCipher, index = 3, by: Buffer = tag, bytes: Buffer = data) => {
    const copy = Buffer.from(bytes);
    return cipher.open(copy, by, index) && copy.equals(plain);
  };
  t.true(opens(new FrameCipher(dataKey, chunk)));
  t.false(opens(new FrameCipher(dataKey, chunk), 2));
  t.false(opens(new FrameCipher(dataKey, chunk), 4));
  t.false(opens(new FrameCipher(dataKey, { ...chunk, plainBytes: 99_999 })));
  t.false(opens(new FrameCipher(dataKey, { ...chunk, bucket: bucketId("0".repeat(32)) })));
  t.false(opens(new FrameCipher(dataKey, { ...chunk, nonce: markSized(systemRandom.bytes(16), true) })));
  t.false(opens(new FrameCipher(dataKey, { ...chunk, nonce: markSized(Buffer.from(nonce), false) })));
  t.false(opens(new FrameCipher(dataKey, { ...chunk, isBound: false })));
  t.false(opens(new FrameCipher(Buffer.alloc(32, 9), chunk)));
  t.false(opens(new FrameCipher(dataKey, chunk), 3, tag, data.subarray(0, 999)));
  fc.assert(
    fc.property(fc.nat(tag.length + data.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const sealed = Buffer.concat([data, tag]);
      sealed[at] = (sealed[at] ?? 0) ^ by;
      const changedTag = sealed.subarray(data.length);
      return !opens(new FrameCipher(dataKey, chunk), 3, changedTag, sealed.subarray(0, data.length));
    }),
  );
});

test("swapped chunks, swapped frames and a chunk that is cut off are refused", async (t) => {
  const { store, reader, directory } = await stand(t);
  const size = 3 * storageLimits.frameBytes;
  const one = await putOne(store, bytesOf(size, 1));
  const two = await putOne(store, bytesOf(size, 2));
  const stored = [Buffer.from(storedBytes(directory, one)), Buffer.from(storedBytes(directory, two))] as const;
  overwrite(directory, one, stored[1]);
  overwrite(directory, two, stored[0]);
  t.true(isRefused(reader, one, key));
  t.true(isRefused(reader, two, key));

  const frameBytes = storageLimits.frameBytes + 24;
  const mixed = Buffer.from(stored[0]);
  stored[0].copy(mixed, chunkHeaderBytes, chunkHeaderBytes + frameBytes, chunkHeaderBytes + 2 * frameBytes);
  stored[0].copy(mixed, chunkHeaderBytes + frameBytes, chunkHeaderBytes, chunkHeaderBytes + frameBytes);
  overwrite(directory, one, mixed);
  t.true(isRefused(reader, one, key));

  overwrite(directory, one, stored[0]);
  t.false(isRefused(reader, one, key));
  // As if `refs` said that the chunk ended after its second frame.
  const shorter = {
    ...one,
    sizeBytes: 2 * storageLimits.frameBytes,
    storedBytes: storedBytesOf(2 * storageLimits.frameBytes, true),
  };
  t.true(isRefused(reader, shorter, key));
});

test("a chunk opens at its own address alone, whatever the rows of refs are made to say", async (t) => {
  const { store, reader, directory } = await stand(t);
  for (const isSized of [true, false]) {
    const size = 3 * storageLimits.frameBytes;
    const [one] = await put(store, bytesOf(size, 1), isSized);
    const [two] = await put(store, bytesOf(size, 2), isSized);
    if (one === undefined || two === undefined || one.place.kind !== "segment")
      throw new Error("each is one small chunk");
    const { address } = two;
    // Everything of one chunk, under the address of the other: with its binding, with the other's, and with none.
    for (const binding of [one.binding, two.binding, null]) {
      t.not(refusalOf(reader, { ...one, address, binding }, key), "", `sized ${isSized}, ${binding?.length}`);
    }
    t.not(refusalOf(reader, { ...one, binding: null }, key), "", "as if it were older than bindings");
    t.is(refusalOf(reader, one, key), "");
    const row = referenceKey(fixtureBucket, one.address);
    t.is(refusalOf(reader, decodeReference(row, encodeReference(row, { count: 1, chunk: one })).chunk, key), "");
  }
  // Of unknown length at its first frame, and in a file: nothing but the binding knows where it ends.
  const [long] = await put(store, bytesOf(40 * storageLimits.frameBytes, 3), false);
  if (long === undefined) throw new Error("a body has a chunk");
  const sizeBytes = long.sizeBytes - storageLimits.frameBytes;
  t.not(refusalOf(reader, { ...long, sizeBytes, storedBytes: storedBytesOf(sizeBytes, true) }, key), "");
  t.is(readFirst(directory, long).readUInt32LE(12), 0);
});

test("chunks from before there were bindings still open", async (t) => {
  const { store, reader, directory } = await stand(t);
  const body = bytesOf(700);
  const chunk = await putOne(store, body);
  const older: StoredChunk = { ...chunk, binding: null };
  const { nonce, sizeBytes: plainBytes } = chunk;
  const data = Buffer.from(body);
  const tag = new FrameCipher(dataKey, { bucket: fixtureBucket, nonce, plainBytes, isBound: false }).seal(data, 0);
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64LE(frameSum(data, nonceSeed(nonce), 0, tag));
  overwrite(directory, chunk, Buffer.concat([readFirst(directory, chunk), data, tag, sum]));
  t.deepEqual(Buffer.from(reader.readSync(older, 0, plainBytes, key)), body);
  const row = referenceKey(fixtureBucket, chunk.address);
  const stored = encodeReference(row, { count: 2, chunk: older });
  t.is(stored[0], 2);
  t.deepEqual(Buffer.from(reader.readSync(decodeReference(row, stored).chunk, 0, plainBytes, key)), body);
  t.not(refusalOf(reader, chunk, key), "");
});

test("what is sealed can be checked without a key, and equal bodies look different under every nonce", async (t) => {
  const { store, reader, directory } = await stand(t);
  const body = bytesOf(200_000);
  const chunks = await Promise.all(Array.from({ length: 64 }, () => putOne(store, body)));
  const nonces = new Set(chunks.map(({ nonce }) => Buffer.from(nonce).toString("hex")));
  t.is(nonces.size, chunks.length);
  const looks = new Set(
    chunks.map((chunk) => storedBytes(directory, chunk).subarray(chunkHeaderBytes).toString("hex")),
  );
  t.is(looks.size, chunks.length);
  t.is(new Set(chunks.map(({ address }) => Buffer.from(address).toString("hex"))).size, 1);
  for (const chunk of chunks) {
    t.false(isRefused(reader, chunk, key));
    t.deepEqual(digestStored(storedBytes(directory, chunk)), Buffer.from(chunk.storedDigest));
  }
});

test("a row of refs keeps a nonce of either length", async (t) => {
  const { store } = await stand(t);
  const encrypted = await putOne(store, bytesOf(1000));
  const plain = { ...encrypted, nonce: encrypted.nonce.subarray(0, 8), binding: null };
  for (const chunk of [encrypted, plain]) {
    const rowKey = referenceKey(fixtureBucket, chunk.address);
    const read = decodeReference(rowKey, encodeReference(rowKey, { count: 7, chunk }));
    t.is(read.count, 7);
    t.deepEqual(Buffer.from(read.chunk.nonce), Buffer.from(chunk.nonce));
    t.deepEqual(Buffer.from(read.chunk.storedDigest), Buffer.from(chunk.storedDigest));
    t.deepEqual(read.chunk.place, chunk.place);
    t.deepEqual(read.chunk.binding === null ? null : Buffer.from(read.chunk.binding), chunk.binding);
  }
});

test("a body in its record opens whole, under its key in its bucket, and nowhere else", (t) => {
  const place = { bucket: fixtureBucket, key: "a/b" };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (plain, at, by) => {
      const sealed = sealInline(dataKey, place, plain, systemRandom.bytes(16));
      t.is(sealed.length, plain.length + inlineSealBytes);
      t.deepEqual(openInline(dataKey, place, sealed), Buffer.from(plain));
      t.is(openInline(Buffer.alloc(32, 2), place, sealed), null);
      t.is(openInline(dataKey, { ...place, key: "a/c" }, sealed), null);
      t.is(openInline(dataKey, { ...place, bucket: bucketId("0".repeat(32)) }, sealed), null);
      t.is(openInline(dataKey, place, sealed.subarray(0, at % sealed.length)), null);
      const changed = Buffer.from(sealed);
      changed[at % sealed.length] = (changed[at % sealed.length] ?? 0) ^ by;
      t.is(openInline(dataKey, place, changed), null);
    }),
  );
});
