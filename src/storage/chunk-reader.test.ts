import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import test from "ava";
import { type Clock, systemClock } from "../base/clock.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { ChunkReader, CorruptChunkError, MissingChunkError } from "./chunk-reader.ts";
import { systemDisk } from "./disk.ts";
import { FaultyDisk } from "./faulty-disk.ts";
import type { StoredChunk } from "./location.ts";
import { createPartitionFixture, storeBody } from "./partition-fixture.ts";
import { chunkFilePath, segmentPath } from "./partition-layout.ts";

const MiB = 1024 * 1024;

/** A clock whose monotonic time the test sets. */
function createManualClock(): Clock & { advance(ms: number): void } {
  let nowMs = 0;
  return { ...systemClock, monotonicMs: () => nowMs, advance: (ms) => (nowMs += ms) };
}

async function setUp(fileCount: number, openFilesMax: number = storageLimits.openFilesMax) {
  const partition = await createPartitionFixture();
  const store = partition.store();
  const chunks: StoredChunk[] = [];
  for (let n = 0; n < fileCount; n += 1) {
    chunks.push(...(await storeBody(store, [Buffer.alloc(MiB + 1, n)], MiB + 1)));
  }
  await store.close();
  const faulty = new FaultyDisk(systemDisk);
  const clock = createManualClock();
  const reader = new ChunkReader({ directory: partition.directory, disk: faulty.disk, clock, openFilesMax });
  const pathOf = (chunk: StoredChunk) =>
    chunk.place.kind === "file"
      ? chunkFilePath(partition.directory, chunk.place.epoch, chunk.address, chunk.place.unique)
      : segmentPath(partition.directory, chunk.place.segment);
  const tearDown = () => {
    reader.close();
    partition.remove();
  };
  return { partition, chunks, faulty, clock, reader, pathOf, tearDown };
}

/** Makes the reader asynchronous: synchronous reads take longer than the limit. */
function slowDown(
  clock: { advance(ms: number): void },
  faulty: FaultyDisk,
  reader: ChunkReader,
  chunk: StoredChunk,
): void {
  const { preadSync } = faulty.disk;
  faulty.replace("preadSync", (file, buffers, position) => {
    clock.advance(5);
    return preadSync(file, buffers, position);
  });
  for (let n = 0; n < storageLimits.slowReadsMax; n += 1) reader.read(chunk, 0, 1);
}

test("only the frames of a range are read", async (t) => {
  const { chunks, faulty, reader, tearDown } = await setUp(1);
  const [chunk] = chunks;
  if (chunk === undefined) return t.fail();
  const sizes: number[] = [];
  const { preadSync } = faulty.disk;
  faulty.replace("preadSync", (file, buffers, position) => {
    const readBytes = preadSync(file, buffers, position);
    sizes.push(readBytes);
    return readBytes;
  });
  reader.readSync(chunk, 0, 1);
  reader.readSync(chunk, storageLimits.frameBytes, storageLimits.frameBytes + 1);
  reader.readSync(chunk, storageLimits.frameBytes - 1, storageLimits.frameBytes + 1);
  reader.readSync(chunk, MiB, MiB + 1);
  const frame = storageLimits.frameBytes + 8;
  t.deepEqual(sizes, [64 + frame, frame, 64 + 2 * frame, 9]);
  tearDown();
});

test("at most openFilesMax files stay open, the least recently used closed first", async (t) => {
  const { chunks, faulty, reader, tearDown } = await setUp(4, 2);
  const [a, b, c] = chunks;
  if (a === undefined || b === undefined || c === undefined) return t.fail();
  for (const chunk of [a, b, a, c]) reader.readSync(chunk, 0, 1);
  t.is(reader.openFiles, 2);
  t.is(faulty.count("openSync"), 3);
  reader.readSync(a, 0, 1);
  t.is(faulty.count("openSync"), 3, "a was used after b, so b was closed");
  reader.readSync(b, 0, 1);
  t.is(faulty.count("openSync"), 4);
  tearDown();
});

test("EMFILE closes half of the open files and tries again; it never means that the chunk is missing", async (t) => {
  const { chunks, faulty, reader, tearDown } = await setUp(5);
  for (const chunk of chunks.slice(0, 4)) reader.readSync(chunk, 0, 1);
  const [, , , , last] = chunks;
  if (last === undefined) return t.fail();
  faulty.fail("openSync", { code: "EMFILE", times: 1 });
  t.deepEqual([...reader.readSync(last, 0, 2)], [4, 4]);
  t.is(reader.openFiles, 3);
  faulty.fail("openSync", { code: "EMFILE" });
  t.throws(() => reader.readSync({ ...last, place: { kind: "segment", segment: 99, offset: 0 } }, 0, 1), {
    name: "DiskError",
    message: /EMFILE/,
  });
  tearDown();
});

test("a missing file is damage, a cut off one too", async (t) => {
  const { chunks, reader, pathOf, tearDown } = await setUp(2);
  const [missing, torn] = chunks;
  if (missing === undefined || torn === undefined) return t.fail();
  rmSync(pathOf(missing));
  t.throws(() => reader.readSync(missing, 0, 1), { instanceOf: MissingChunkError });
  truncateSync(pathOf(torn), 200_000);
  t.is(reader.readSync(torn, 0, 100).length, 100, "frames before the cut are whole");
  t.throws(() => reader.readSync(torn, 150_000, 250_000), { instanceOf: CorruptChunkError, message: /cut off/ });
  tearDown();
});

test("a read error of the device is neither damage nor absence", async (t) => {
  const { chunks, faulty, reader, tearDown } = await setUp(1);
  const [chunk] = chunks;
  if (chunk === undefined) return t.fail();
  faulty.fail("preadSync", { code: "EIO", times: 1 });
  t.throws(() => reader.readSync(chunk, 0, 1), { name: "DiskError", message: /EIO/ });
  t.is(reader.readSync(chunk, 0, 1).length, 1);
  tearDown();
});

test("a file whose name was given to another one is opened anew before its chunk counts as damaged", async (t) => {
  const { chunks, reader, pathOf, tearDown } = await setUp(1);
  const [chunk] = chunks;
  if (chunk === undefined) return t.fail();
  const whole = readFileSync(pathOf(chunk));
  writeFileSync(pathOf(chunk), Buffer.alloc(whole.length));
  t.throws(() => reader.readSync(chunk, 0, 1), { instanceOf: CorruptChunkError });
  rmSync(pathOf(chunk));
  writeFileSync(pathOf(chunk), whole);
  t.is(reader.readSync(chunk, 0, 10).length, 10);
  tearDown();
});

test("slow reads become asynchronous, and synchronous again when a probe is quick", async (t) => {
  const { chunks, faulty, clock, reader, tearDown } = await setUp(1);
  const [chunk] = chunks;
  if (chunk === undefined) return t.fail();
  t.true(reader.read(chunk, 0, 9) instanceof Uint8Array);
  slowDown(clock, faulty, reader, chunk);
  const promise = reader.read(chunk, MiB - 5, MiB + 1);
  t.true(promise instanceof Promise);
  t.deepEqual([...(await promise)], Array(6).fill(0));
  clock.advance(storageLimits.readProbeMs);
  t.true(reader.read(chunk, 0, 9) instanceof Uint8Array, "the probe is synchronous");
  t.true(reader.read(chunk, 0, 9) instanceof Promise, "it was slow");
  faulty.restore("preadSync");
  clock.advance(storageLimits.readProbeMs * 2);
  reader.read(chunk, 0, 9);
  t.true(reader.read(chunk, 0, 9) instanceof Uint8Array);
  tearDown();
});

test("a file that an asynchronous read uses is not closed under it", async (t) => {
  const { chunks, faulty, clock, reader, tearDown } = await setUp(3, 1);
  const [a, b, c] = chunks;
  if (a === undefined || b === undefined || c === undefined) return t.fail();
  slowDown(clock, faulty, reader, a);
  const release = faulty.hold("pread");
  const reads = [a, b, c].map((chunk) => reader.read(chunk, 0, MiB));
  while (faulty.count("pread") < 3) await new Promise((resolve) => setImmediate(resolve));
  release();
  const bytes = await Promise.all(reads);
  t.deepEqual(
    bytes.map((read) => [read[0], read[MiB - 1]]),
    [
      [0, 0],
      [1, 1],
      [2, 2],
    ],
  );
  tearDown();
});

test("concurrent asynchronous reads of one unopened file keep one file open", async (t) => {
  const { chunks, faulty, clock, reader, tearDown } = await setUp(2);
  const [a, b] = chunks;
  if (a === undefined || b === undefined) return t.fail();
  slowDown(clock, faulty, reader, a);
  const reads = await Promise.all(Array.from({ length: 5 }, () => reader.read(b, 0, 3)));
  for (const read of reads) t.deepEqual([...read], [1, 1, 1]);
  t.is(reader.openFiles, 2);
  tearDown();
});

test("files without a name are closed by the sweep", async (t) => {
  const { chunks, partition, pathOf, tearDown } = await setUp(2);
  const sweeps: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    every: (_intervalMs, run) => {
      sweeps.push(run);
      return { cancel: () => undefined };
    },
  };
  const reader = new ChunkReader({ directory: partition.directory, disk: systemDisk, clock });
  for (const chunk of chunks) reader.readSync(chunk, 0, 1);
  const [gone] = chunks;
  if (gone === undefined) return t.fail();
  rmSync(pathOf(gone));
  for (const sweep of sweeps) sweep();
  t.is(reader.openFiles, 1);
  reader.close();
  tearDown();
});
