import { existsSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { assert } from "../base/assert.ts";
import { systemClock } from "../base/clock.ts";
import type { ChunkStore } from "./chunk-store.ts";
import { type CompactionPorts, Compactor, type LiveExtent, type SegmentMove } from "./compaction.ts";
import { systemDisk } from "./disk.ts";
import type { StoredChunk } from "./location.ts";
import { sweepOrphans } from "./orphans.ts";
import { createPartitionFixture, fixtureBucket, readBody, storeBody } from "./partition-fixture.ts";
import { segmentPath } from "./partition-layout.ts";
import { ReadEpochs } from "./read-epochs.ts";
import { SegmentMarks } from "./segment-marks.ts";

const KiB = 1024;

/** `refs` and `extents` in memory. */
class Rows implements CompactionPorts {
  readonly chunks = new Map<string, StoredChunk>();
  readonly damaged: LiveExtent[] = [];
  readonly #marks: SegmentMarks;

  constructor(marks: SegmentMarks) {
    this.#marks = marks;
  }

  add(chunk: StoredChunk): void {
    this.chunks.set(Buffer.from(chunk.address).toString("hex"), chunk);
  }

  remove(chunk: StoredChunk): void {
    this.chunks.delete(Buffer.from(chunk.address).toString("hex"));
  }

  extents(segment: number, fromOffset: number, countMax: number): LiveExtent[] {
    return [...this.chunks.values()]
      .flatMap(({ place, address, storedBytes, storedDigest }) =>
        place.kind === "segment" && place.segment === segment
          ? [{ offset: place.offset, bucket: fixtureBucket, address, storedBytes, storedDigest }]
          : [],
      )
      .filter(({ offset }) => offset >= fromOffset)
      .sort((a, b) => a.offset - b.offset)
      .slice(0, countMax);
  }

  apply(moves: readonly SegmentMove[]): Promise<void> {
    for (const { address, to } of moves) {
      const key = Buffer.from(address).toString("hex");
      const chunk = this.chunks.get(key);
      if (chunk !== undefined) this.chunks.set(key, { ...chunk, place: to });
    }
    return Promise.resolve();
  }

  isSealed(segment: number): boolean {
    return this.#marks.isSealed(0, segment);
  }

  onDamaged(extent: LiveExtent): void {
    this.damaged.push(extent);
  }
}

async function setUp() {
  const partition = await createPartitionFixture();
  const marks = SegmentMarks.create(1, 1);
  const store = partition.store({ marks, segmentBytes: 512 * KiB });
  const reader = partition.reader();
  const rows = new Rows(marks);
  const readers = ReadEpochs.create(1, 1);
  const uploads = ReadEpochs.create(1, 1);
  const ports: CompactionPorts = {
    extents: (segment, from, countMax) => rows.extents(segment, from, countMax),
    apply: (moves) => rows.apply(moves),
    isSealed: (segment) => rows.isSealed(segment),
    onDamaged: (extent) => rows.onDamaged(extent),
  };
  const options = {
    directory: partition.directory,
    partition: 0,
    disk: systemDisk,
    chunks: store,
    readers,
    uploads,
    ports,
  };
  const compactor = new Compactor(options);
  const tearDown = async () => {
    reader.close();
    await store.close();
    partition.remove();
  };
  return { partition, store, reader, rows, readers, uploads, compactor, tearDown };
}

/** Bodies of 100 KiB, each different. */
async function fill(store: ChunkStore, count: number): Promise<StoredChunk[]> {
  const chunks: StoredChunk[] = [];
  for (let n = 0; n < count; n += 1)
    chunks.push(...(await storeBody(store, [Buffer.alloc(100 * KiB, n + 1)], 100 * KiB)));
  return chunks;
}

test("what is live moves out of a mostly dead segment, which is recycled after readers have left", async (t) => {
  const { partition, store, reader, rows, readers, uploads, compactor, tearDown } = await setUp();
  const chunks = await fill(store, 7);
  for (const chunk of chunks.slice(2)) rows.add(chunk);
  for (const chunk of chunks.slice(2, 4)) rows.remove(chunk);
  const [, , , , live] = chunks;
  assert(live !== undefined, "a chunk is live");
  t.deepEqual(live.place, { kind: "segment", segment: 0, offset: 411_648 });
  const upload = uploads.reader(0);
  const uploadEpoch = upload.enter(0);
  t.deepEqual(await compactor.step(), { kind: "waiting", segment: 0 });
  upload.leave(0, uploadEpoch);
  t.deepEqual(await compactor.step(), { kind: "moved", segment: 0, moves: 1 });
  const moved = [...rows.chunks.values()][0];
  t.true(moved?.place.kind === "segment" && moved.place.segment > 0);
  t.true(
    readBody(reader, [...rows.chunks.values()])
      .subarray(0, 100 * KiB)
      .equals(Buffer.alloc(100 * KiB, 5)),
  );

  const read = readers.reader(0);
  const readEpoch = read.enter(0);
  t.deepEqual(await compactor.step(), { kind: "waiting", segment: 0 });
  t.deepEqual(await compactor.step(), { kind: "waiting", segment: 0 });
  t.true(readBody(reader, [live]).equals(Buffer.alloc(100 * KiB, 5)), "an earlier place is still readable");
  read.leave(0, readEpoch);
  await store.settled();
  t.deepEqual(await compactor.step(), { kind: "retired", segment: 0 });
  t.false(existsSync(segmentPath(partition.directory, 0)));
  t.deepEqual(await compactor.step(), { kind: "idle" });
  await tearDown();
});

test("a retired segment becomes the lane's next one under a new number", async (t) => {
  const { partition, store, compactor, tearDown } = await setUp();
  await fill(store, 6);
  await store.settled();
  const before = readdirSync(join(partition.directory, "segments")).length;
  let step = await compactor.step();
  while (step.kind === "waiting") step = await compactor.step();
  t.deepEqual(step, { kind: "retired", segment: 0 });
  const names = readdirSync(join(partition.directory, "segments"));
  t.false(names.includes("00000000.seg"));
  t.true(names.length <= before);
  await tearDown();
});

test("a mostly live segment is left alone", async (t) => {
  const { store, rows, compactor, tearDown } = await setUp();
  for (const chunk of await fill(store, 7)) rows.add(chunk);
  t.deepEqual(await compactor.step(), { kind: "none", segment: 0 });
  t.deepEqual(await compactor.step(), { kind: "none", segment: 0 });
  await tearDown();
});

test("a damaged extent is told, not moved, and its segment stays", async (t) => {
  const { partition, store, rows, compactor, tearDown } = await setUp();
  const chunks = await fill(store, 7);
  for (const chunk of chunks.slice(3, 5)) rows.add(chunk);
  writeSync(openSync(segmentPath(partition.directory, 0), "r+"), Buffer.from("x"), 0, 1, 350_000);
  t.deepEqual(await compactor.step(), { kind: "kept", segment: 0 });
  t.is(rows.damaged.length, 1);
  t.deepEqual(await compactor.step(), { kind: "idle" });
  t.true(existsSync(segmentPath(partition.directory, 0)));
  await tearDown();
});

test("an extent whose row is committed late by an upload keeps its segment", async (t) => {
  const { partition, store, reader, rows, uploads, compactor, tearDown } = await setUp();
  const upload = uploads.reader(0);
  const epoch = upload.enter(0);
  const chunks = await fill(store, 6);
  t.deepEqual(await compactor.step(), { kind: "waiting", segment: 0 });
  const [late] = chunks;
  assert(late !== undefined, "a body was stored");
  rows.add(late);
  upload.leave(0, epoch);
  t.deepEqual(await compactor.step(), { kind: "moved", segment: 0, moves: 1 });
  t.true(readBody(reader, [...rows.chunks.values()]).equals(Buffer.alloc(100 * KiB, 1)));
  t.true(existsSync(segmentPath(partition.directory, 0)));
  await tearDown();
});

test("chunk files without a row are removed once they are old, and others never", async (t) => {
  const { partition, store, tearDown } = await setUp();
  const size = 1024 * KiB + 1;
  const [live] = await storeBody(store, [Buffer.alloc(size, 1)], size);
  const [orphan] = await storeBody(store, [Buffer.alloc(size, 2)], size);
  const [superseded] = await storeBody(store, [Buffer.alloc(size, 1)], size);
  assert(live !== undefined && orphan !== undefined && superseded !== undefined, "three files");
  const options = {
    directory: partition.directory,
    disk: systemDisk,
    clock: systemClock,
    placeOf: (bucket: string, address: Uint8Array) =>
      bucket === fixtureBucket && Buffer.from(address).equals(live.address) ? live.place : null,
    unlink: (copies: Parameters<ChunkStore["unlink"]>[0]) => store.unlink(copies),
  };
  t.deepEqual(await sweepOrphans(options), { examined: 3, removed: 0, unreadable: 0 });
  t.deepEqual(await sweepOrphans({ ...options, ageMs: -1000 }), { examined: 3, removed: 2, unreadable: 0 });
  const reader = partition.reader();
  t.is(readBody(reader, [live]).length, size);
  reader.close();
  await tearDown();
});
