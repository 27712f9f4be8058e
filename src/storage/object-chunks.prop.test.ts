import test from "ava";
import fc from "fast-check";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { StoredBody } from "./body.ts";
import { endOfSegment, liveBytesOfSegment } from "./extents.ts";
import type { Location, StoredChunk } from "./location.ts";
import { createMemoryMetadata } from "./memory-trees.ts";
import { chunksFrom, findChunk, partsAfter } from "./object-chunks.ts";
import { addBody, writePartTable } from "./references.ts";
import { CorruptRecordError } from "./sealed-row.ts";

const bucket = bucketId("ef".repeat(16));
const id = (number: number): Buffer => Buffer.alloc(16, number);

/** Chunks with addresses of their own, one after the other in a segment. */
function chunksOf(sizes: readonly number[], first: number, segment = 1): StoredChunk[] {
  return sizes.map((sizeBytes, index) => {
    const address = Buffer.alloc(32);
    address.writeUInt32BE(first + index);
    return {
      address,
      sizeBytes,
      storedBytes: 100,
      storedDigest: Buffer.alloc(16),
      nonce: Buffer.alloc(8),
      binding: null,
      place: { kind: "segment", segment, offset: (first + index) * 100 },
    };
  });
}

function bodyOf(chunks: readonly StoredChunk[]): StoredBody {
  const sizeBytes = chunks.reduce((total, chunk) => total + chunk.sizeBytes, 0);
  return { sizeBytes, md5: Buffer.alloc(16), checksum: null, inline: null, chunks };
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
const manySizes = fc.oneof(
  { weight: 4, arbitrary: sizes },
  { weight: 1, arbitrary: fc.integer({ min: 199, max: 403 }).map((count) => new Array<number>(count).fill(2)) },
);

test("a walk from any offset, in pages of any size, covers the rest of the object exactly", async (t) => {
  const parts = fc.array(manySizes, { minLength: 1, maxLength: 100 });
  await fc.assert(
    fc.asyncProperty(
      parts,
      fc.boolean(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      async (lists, isMultipart, where, chunksMax) => {
        const metadata = createMemoryMetadata();
        let next = 0;
        const all: { start: number; address: Buffer }[] = [];
        const used = isMultipart ? lists : lists.slice(0, 1);
        let total = 0;
        const locations: Location[] = [];
        for (const list of used) {
          const chunks = chunksOf(list, next);
          next += list.length;
          for (const chunk of chunks) {
            all.push({ start: total, address: Buffer.from(chunk.address) });
            total += chunk.sizeBytes;
          }
          await metadata.transact((trees) =>
            locations.push(addBody(trees, bucket, bodyOf(chunks), () => id(locations.length)).location),
          );
        }
        let location = locations[0];
        if (isMultipart) {
          location = { kind: "manifest", id: id(255) };
          const entries = used.map((list, index) => {
            const at = locations[index];
            if (at === undefined || at.kind === "inline") throw new Error("parts are never inline");
            const sizeBytes = list.reduce((sum, size) => sum + size, 0);
            return { partNumber: index * 3 + 1, sizeBytes, md5: id(0), checksum: null, location: at };
          });
          await metadata.transact((trees) => writePartTable(trees, bucket, id(255), entries));
        }
        if (location === undefined) return t.fail();
        const from = Math.floor(where * (total + 3));
        const found: { start: number; address: Buffer }[] = [];
        for (let offset = from; ; ) {
          const page = chunksFrom(metadata.trees, bucket, location, offset, chunksMax);
          if (page.length === 0) break;
          t.true(page.length <= chunksMax);
          for (const { start, address, sizeBytes } of page) {
            found.push({ start, address: Buffer.from(address) });
            offset = start + sizeBytes;
          }
        }
        const covering = all.filter(({ start }, index) => (all[index + 1]?.start ?? total) > from && start < total);
        t.deepEqual(found, covering);
      },
    ),
    { numRuns: 60 },
  );
});

test("parts come after any part number, with their offsets", async (t) => {
  const metadata = createMemoryMetadata();
  const parts = Array.from({ length: 500 }, (_, index) => ({
    partNumber: index * 2 + 1,
    sizeBytes: index === 499 ? 0 : 10,
    md5: id(1),
    checksum: null,
    location: null,
  }));
  await metadata.transact((trees) => writePartTable(trees, bucket, id(9), parts));
  const placed = partsAfter(metadata.trees, bucket, id(9), 400, 3);
  t.deepEqual(
    placed.map(({ partNumber, start }) => [partNumber, start]),
    [
      [401, 2000],
      [403, 2010],
      [405, 2020],
    ],
  );
  t.is(partsAfter(metadata.trees, bucket, id(9), 0, 10_000).length, 500);
  t.deepEqual(partsAfter(metadata.trees, bucket, id(9), 999, 10), []);
  t.deepEqual(partsAfter(metadata.trees, bucket, id(8), 0, 10), []);
  await t.throwsAsync(
    metadata.transact((trees) => writePartTable(trees, bucket, id(7), [...parts, ...parts])),
    { message: /only the last part is empty/ },
  );
});

test("what is missing or damaged is an error, never an end", async (t) => {
  const metadata = createMemoryMetadata();
  const chunks = chunksOf([5, 5, 5], 1);
  const { location } = await metadata.transact((trees) => addBody(trees, bucket, bodyOf(chunks), () => id(1)));
  t.throws(() => findChunk(metadata.trees, bucket, Buffer.alloc(32, 0xee)), { instanceOf: CorruptRecordError });
  t.throws(() => chunksFrom(metadata.trees, bucket, { kind: "manifest", id: id(2) }, 0, 1), { message: /missing/ });
  await metadata.transact((trees) => {
    const [row] = trees.refs.range({ start: Buffer.alloc(0), limit: 1 });
    if (row !== undefined) trees.refs.remove(row.key);
  });
  t.throws(() => chunksFrom(metadata.trees, bucket, location, 0, 9), { instanceOf: CorruptRecordError });
});

test("the largest single PUT fits one turn, an empty body needs none, and what cannot fit is refused before it writes", async (t) => {
  const metadata = createMemoryMetadata();
  const count = Math.ceil(limits.singlePutBytesMax / storageLimits.chunkBytesMax);
  const files = (length: number) =>
    chunksOf(new Array<number>(length).fill(storageLimits.chunkBytesMax), 1).map((chunk) => ({
      ...chunk,
      place: { kind: "file", epoch: 1, unique: "00".repeat(8) } as const,
    }));
  const large = await metadata.transact((trees) => addBody(trees, bucket, bodyOf(files(count)), () => id(1)));
  t.is(large.location.kind, "manifest");
  t.is(large.dropped.length, 0);
  const again = await metadata.transact((trees) => addBody(trees, bucket, bodyOf(files(3)), () => id(2)));
  t.is(again.dropped.length, 3);
  const empty = await metadata.transact((trees) => addBody(trees, bucket, bodyOf([]), () => id(3)));
  t.deepEqual(empty, { location: { kind: "inline", bytes: Buffer.alloc(0) }, dropped: [] });
  const tooMany = metadata.transact((trees) => addBody(trees, bucket, bodyOf(files(limits.turnRowsMax)), () => id(4)));
  await t.throwsAsync(tooMany, { message: /fits one turn/ });
});

test("a segment ends at its last extent, whatever the neighbours hold", async (t) => {
  const metadata = createMemoryMetadata();
  for (const [segment, first] of [
    [0, 5],
    [1, 20],
    [2, 40],
    [0xffff_ffff, 60],
  ] as const) {
    await metadata.transact((trees) =>
      addBody(trees, bucket, bodyOf(chunksOf([1, 1, 1], first, segment)), () => id(segment & 0xff)),
    );
  }
  const { extents } = metadata.trees;
  t.deepEqual(
    [0, 1, 2, 3, 0xffff_ffff].map((segment) => endOfSegment(extents, segment)),
    [800, 2300, 4300, 0, 6300],
  );
  t.deepEqual(
    [0, 1, 3, 0xffff_ffff].map((segment) => liveBytesOfSegment(extents, segment, 2)),
    [300, 300, 0, 300],
  );
});
