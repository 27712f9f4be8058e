import { existsSync } from "node:fs";
import test from "ava";
import { systemClock } from "../base/clock.ts";
import { Collector } from "./collector.ts";
import { Compactor } from "./compaction.ts";
import { applyMoves, liveExtents } from "./compaction-rows.ts";
import { systemDisk } from "./disk.ts";
import { encodeExtent } from "./extents.ts";
import { GarbageSequence } from "./gc.ts";
import { extentKey, referenceKey } from "./keys.ts";
import type { StoredChunk } from "./location.ts";
import { createMemoryMetadata } from "./memory-trees.ts";
import { createPartitionFixture, fixtureBucket, readBody, storeBody } from "./partition-fixture.ts";
import { segmentPath } from "./partition-layout.ts";
import { ReadEpochs } from "./read-epochs.ts";
import { addChunk, enqueueGarbage } from "./references.ts";
import { decodeReference } from "./refs.ts";
import { SegmentMarks } from "./segment-marks.ts";

const KiB = 1024;

function chunkAt(number: number, offset: number): StoredChunk {
  return {
    address: Buffer.alloc(32, number),
    sizeBytes: 100,
    storedBytes: 172,
    storedDigest: Buffer.alloc(16, number),
    nonce: Buffer.alloc(8, number),
    binding: null,
    place: { kind: "segment", segment: 3, offset },
  };
}

test("stale extents are passed over, page after page, and do not end the walk", async (t) => {
  const metadata = createMemoryMetadata();
  await metadata.transact((trees) => {
    // Extents whose chunk has gone or lies elsewhere by now.
    for (let number = 0; number < 10; number++) {
      const key = extentKey(3, number * 512);
      trees.extents.put(
        key,
        encodeExtent(key, { bucket: fixtureBucket, address: Buffer.alloc(32, 99), storedBytes: 172 }),
      );
    }
    addChunk(trees, fixtureBucket, chunkAt(1, 10 * 512));
    addChunk(trees, fixtureBucket, chunkAt(2, 11 * 512));
  });
  t.deepEqual(
    liveExtents(metadata.trees, 3, 0, 4).map(({ offset }) => offset),
    [10 * 512, 11 * 512],
  );
  t.deepEqual(
    liveExtents(metadata.trees, 3, 11 * 512, 4).map(({ offset }) => offset),
    [11 * 512],
  );
  t.deepEqual(liveExtents(metadata.trees, 3, 12 * 512, 4), []);
  t.deepEqual(liveExtents(metadata.trees, 4, 0, 4), []);
});

test("a move changes the rows of a chunk that is still where it was, and no others", async (t) => {
  const metadata = createMemoryMetadata();
  const [stays, moves] = [chunkAt(1, 0), chunkAt(2, 512)];
  await metadata.transact((trees) => {
    addChunk(trees, fixtureBucket, stays);
    addChunk(trees, fixtureBucket, moves);
    addChunk(trees, fixtureBucket, moves);
  });
  const to = (offset: number) => ({ kind: "segment", segment: 9, offset }) as const;
  const move = (chunk: StoredChunk, fromOffset: number, target: number) => ({
    bucket: fixtureBucket,
    address: chunk.address,
    storedBytes: chunk.storedBytes,
    from: { kind: "segment", segment: 3, offset: fromOffset } as const,
    to: to(target),
  });
  const gone = { ...move(chunkAt(7, 0), 0, 2048) };
  await applyMoves(metadata, [move(moves, 512, 0), move(stays, 4096, 512), gone]);
  const reference = (chunk: StoredChunk) => {
    const key = referenceKey(fixtureBucket, chunk.address);
    return decodeReference(key, metadata.trees.refs.get(key) ?? Buffer.alloc(0));
  };
  t.deepEqual(reference(moves).chunk.place, to(0));
  t.is(reference(moves).count, 2);
  t.deepEqual(reference(stays).chunk.place, stays.place);
  t.is(metadata.trees.extents.get(extentKey(3, 512)), undefined);
  t.truthy(metadata.trees.extents.get(extentKey(9, 0)));
  t.is(metadata.trees.extents.get(extentKey(9, 512)), undefined);
  t.is(metadata.trees.extents.get(extentKey(9, 2048)), undefined);
});

test("segments that are mostly garbage are emptied and removed, and what lives stays whole", async (t) => {
  const partition = await createPartitionFixture();
  const marks = SegmentMarks.create(1, 1);
  const chunks = partition.store({ marks, segmentBytes: 512 * KiB });
  const reader = partition.reader();
  const metadata = createMemoryMetadata();
  const epochs = ReadEpochs.create(1, 1);
  const sequence = new GarbageSequence(metadata.trees.gc);
  const kept = new Map<number, StoredChunk>();
  for (let number = 0; number < 80; number++) {
    const [chunk] = await storeBody(chunks, [Buffer.alloc(30 * KiB, number)], 30 * KiB);
    if (chunk === undefined) return t.fail("a body has a chunk");
    await metadata.transact((trees) => {
      addChunk(trees, fixtureBucket, chunk);
      if (number % 5 !== 0) enqueueGarbage(trees, sequence, fixtureBucket, { kind: "chunk", address: chunk.address });
    });
    if (number % 5 === 0) kept.set(number, chunk);
  }
  const collector = new Collector({
    metadata,
    sequence,
    epochs,
    partition: 0,
    chunks,
    clock: systemClock,
    onError: (error) => t.fail(String(error)),
  });
  await collector.round();
  const compactor = new Compactor({
    directory: partition.directory,
    partition: 0,
    disk: systemDisk,
    chunks,
    readers: epochs,
    uploads: ReadEpochs.create(1, 1),
    ports: {
      extents: (segment, from, countMax) => liveExtents(metadata.trees, segment, from, countMax),
      apply: (moves) => applyMoves(metadata, moves),
      isSealed: (segment) => marks.isSealed(0, segment),
      onDamaged: () => t.fail("nothing is damaged"),
    },
  });
  for (let step = 0; step < 40; step++) await compactor.step();
  t.false(existsSync(segmentPath(partition.directory, 0)), "the first segment is gone");
  for (const [number, { address }] of kept) {
    const key = referenceKey(fixtureBucket, address);
    const { chunk } = decodeReference(key, metadata.trees.refs.get(key) ?? Buffer.alloc(0));
    t.deepEqual(readBody(reader, [chunk]), Buffer.alloc(30 * KiB, number));
  }
  t.is(metadata.trees.extents.keys({ start: Buffer.alloc(0), limit: 1000 }).length, kept.size);
  reader.close();
  await chunks.close();
  partition.remove();
});
