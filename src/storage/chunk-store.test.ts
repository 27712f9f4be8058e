import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { storageLimits } from "../base/storage-limits.ts";
import { BodyLengthError } from "./body-writer.ts";
import type { ChunkStore, ChunkStoreOptions } from "./chunk-store.ts";
import { systemDisk } from "./disk.ts";
import { FaultyDisk } from "./faulty-disk.ts";
import { createPartitionFixture, fixtureBucket, fixtureKey, readBody, storeBody } from "./partition-fixture.ts";
import { segmentPath } from "./partition-layout.ts";

const MiB = 1024 * 1024;

async function setUp(overrides: Partial<ChunkStoreOptions> = {}) {
  const partition = await createPartitionFixture();
  const faulty = new FaultyDisk(systemDisk);
  const store = partition.store({ disk: faulty.disk, ...overrides });
  const reader = partition.reader();
  const tearDown = async () => {
    faulty.heal();
    reader.close();
    await store.close();
    partition.remove();
  };
  return { partition, faulty, store, reader, tearDown };
}

test("bodies that finish in one tick share one fdatasync of their segment", async (t) => {
  const { faulty, store, reader, tearDown } = await setUp();
  await storeBody(store, [Buffer.from("first")], 5);
  const before = faulty.count("fdatasync");
  const bodies = await Promise.all(
    Array.from({ length: 50 }, (_, n) => storeBody(store, [Buffer.alloc(3000, n)], 3000)),
  );
  t.is(faulty.count("fdatasync") - before, 1);
  for (const [n, chunks] of bodies.entries()) t.true(readBody(reader, chunks).equals(Buffer.alloc(3000, n)));
  await tearDown();
});

test("a body that finishes while a flush runs is served by the next one", async (t) => {
  const { faulty, store, tearDown } = await setUp();
  const release = faulty.hold("fdatasync");
  const first = storeBody(store, [Buffer.alloc(100)], 100);
  while (faulty.count("fdatasync") === 0) await new Promise((resolve) => setImmediate(resolve));
  const others = [storeBody(store, [Buffer.alloc(100)], 100), storeBody(store, [Buffer.alloc(100)], 100)];
  release();
  await first;
  await Promise.all(others);
  t.is(faulty.count("fdatasync"), 2);
  await tearDown();
});

test("chunk files of one body share one directory flush, after every fdatasync and rename", async (t) => {
  const { faulty, store, reader, tearDown } = await setUp();
  const body = Buffer.alloc(12 * MiB, 5);
  const chunks = await storeBody(store, [body], body.length);
  t.is(chunks.length, 3);
  t.is(faulty.count("fdatasync"), 3);
  // One for chunks/ with its new epoch directory, one for the epoch directory.
  t.is(faulty.count("fsyncDirectory"), 2);
  const { log } = faulty;
  t.true(log.lastIndexOf("fdatasync") < log.indexOf("rename"));
  t.true(log.lastIndexOf("rename") < log.lastIndexOf("fsyncDirectory"));
  t.true(readBody(reader, chunks).equals(body));
  await tearDown();
});

test("a new epoch directory begins when one is full, and an emptied one is removed", async (t) => {
  const { partition, store, tearDown } = await setUp({ filesPerEpochDirectory: 2 });
  const chunks = await storeBody(store, [Buffer.alloc(20 * MiB, 5)], 20 * MiB);
  t.deepEqual(
    chunks.map(({ place }) => (place.kind === "file" ? place.epoch : -1)),
    [0, 0, 1, 1, 2],
  );
  await store.unlink(chunks.slice(0, 2));
  t.deepEqual(readdirSync(join(partition.directory, "chunks")).sort(), ["00000001", "00000002"]);
  await store.unlink(chunks.slice(0, 2));
  t.is(readdirSync(join(partition.directory, "chunks", "00000001")).length, 2);
  await tearDown();
});

test("the last small piece of a large body lies in a segment, a larger one in a file", async (t) => {
  const { store, tearDown } = await setUp();
  const small = await storeBody(store, [Buffer.alloc(5 * MiB)], 5 * MiB);
  t.deepEqual(
    small.map(({ place, sizeBytes }) => [place.kind, sizeBytes]),
    [
      ["file", 4 * MiB],
      ["segment", MiB],
    ],
  );
  const large = await storeBody(store, [Buffer.alloc(5 * MiB + 1)], null);
  t.deepEqual(
    large.map(({ place, sizeBytes }) => [place.kind, sizeBytes]),
    [
      ["file", 4 * MiB],
      ["file", MiB + 1],
    ],
  );
  await tearDown();
});

test("an abandoned body leaves nothing, and its space is used again", async (t) => {
  const { partition, store, tearDown } = await setUp();
  const body = store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: 100_000 });
  body.write(Buffer.alloc(70_000));
  body.abort();
  body.abort();
  const [chunk] = await storeBody(store, [Buffer.alloc(10)], 10);
  t.deepEqual(chunk?.place, { kind: "segment", segment: 0, offset: 0 });
  const large = store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: null });
  large.write(Buffer.alloc(9 * MiB));
  large.abort();
  await store.settled();
  t.deepEqual(readdirSync(join(partition.directory, "tmp")), []);
  await tearDown();
});

test("a body that is longer or shorter than announced fails", async (t) => {
  const { store, tearDown } = await setUp();
  const options = { bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: 10 };
  t.throws(() => store.write(options).write(Buffer.alloc(11)), { instanceOf: BodyLengthError });
  const short = store.write(options);
  short.write(Buffer.alloc(9));
  await t.throwsAsync(short.finish(), { instanceOf: BodyLengthError });
  await tearDown();
});

test("EIO from a segment's fdatasync fails its bodies and poisons the segment for good", async (t) => {
  const told: boolean[] = [];
  const { faulty, store, reader, tearDown } = await setUp({
    onVolumeError: (_error, isReadOnly) => told.push(isReadOnly),
  });
  const [kept] = await storeBody(store, [Buffer.from("kept")], 4);
  faulty.fail("fdatasync", { code: "EIO", times: 1 });
  const open = store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: 200_000 });
  open.write(Buffer.alloc(100_000));
  const failed = [storeBody(store, [Buffer.from("a")], 1), storeBody(store, [Buffer.from("b")], 1)];
  for (const body of failed) await t.throwsAsync(body, { name: "DiskError", message: /EIO/ });
  const flushes = faulty.count("fdatasync");
  open.write(Buffer.alloc(100_000));
  await t.throwsAsync(open.finish(), { message: /EIO/ });
  t.is(faulty.count("fdatasync"), flushes, "a flush after a failed one would prove nothing");
  t.deepEqual(told, [false]);
  const [next] = await storeBody(store, [Buffer.from("next")], 4);
  t.deepEqual(next?.place, { kind: "segment", segment: 1, offset: 0 });
  t.is(Buffer.from(reader.readSync(kept ?? t.fail(), 0, 4)).toString(), "kept");
  await tearDown();
});

test("the volume refuses writes after three errors", async (t) => {
  const told: boolean[] = [];
  const { faulty, store, tearDown } = await setUp({ onVolumeError: (_error, isReadOnly) => told.push(isReadOnly) });
  faulty.fail("fdatasync", { code: "EIO" });
  for (let n = 0; n < storageLimits.volumeErrorsMax; n += 1)
    await t.throwsAsync(storeBody(store, [Buffer.from("x")], 1));
  t.deepEqual(told, [false, false, true]);
  t.true(store.isReadOnly);
  t.throws(() => store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: 1 }), {
    message: /EROFS/,
  });
  await tearDown();
});

test("EIO from a chunk file's fdatasync fails the body; no file is renamed and none is left", async (t) => {
  const { partition, faulty, store, tearDown } = await setUp();
  faulty.fail("fdatasync", { code: "EIO", skip: 1, times: 1 });
  await t.throwsAsync(storeBody(store, [Buffer.alloc(12 * MiB)], 12 * MiB), { message: /EIO/ });
  await store.settled();
  t.is(faulty.count("rename"), 0);
  t.deepEqual(readdirSync(join(partition.directory, "tmp")), []);
  await tearDown();
});

test("a failed flush of the epoch directory fails the body, and the next body gets another directory", async (t) => {
  const { partition, faulty, store, tearDown } = await setUp();
  faulty.fail("fsyncDirectory", { code: "EIO", times: 1, matches: (path) => String(path).endsWith("00000000") });
  await t.throwsAsync(storeBody(store, [Buffer.alloc(4 * MiB)], 4 * MiB), { message: /EIO/ });
  await store.settled();
  t.deepEqual(readdirSync(join(partition.directory, "chunks", "00000000")), []);
  const [chunk] = await storeBody(store, [Buffer.alloc(4 * MiB)], 4 * MiB);
  t.is(chunk?.place.kind === "file" && chunk.place.epoch, 1);
  await tearDown();
});

test("ENOSPC fails one body and neither poisons the segment nor counts as the volume's error", async (t) => {
  const { faulty, store, reader, tearDown } = await setUp({ onVolumeError: () => t.fail() });
  faulty.fail("pwriteSync", { code: "ENOSPC", times: 1 });
  await t.throwsAsync(storeBody(store, [Buffer.alloc(100)], 100), { message: /ENOSPC/ });
  const chunks = await storeBody(store, [Buffer.from("after")], 5);
  t.is(readBody(reader, chunks).toString(), "after");
  await tearDown();
});

test("low free space refuses a body before its first byte", async (t) => {
  const { store, tearDown } = await setUp({ freeSpace: { isLow: true, spend: () => undefined } });
  t.throws(() => store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: 1 }), {
    message: /ENOSPC/,
  });
  await tearDown();
});

/** Fills segment 0 and begins segment 1, then has segment 0 taken back: it is segment 2 from now on. */
async function recycle(store: ChunkStore): Promise<void> {
  for (let n = 0; n < 4; n += 1) await storeBody(store, [Buffer.alloc(MiB, 1)], MiB);
  await store.retireSegment(0);
  await store.settled();
}

test("a full segment is followed by one that was taken back", async (t) => {
  const { partition, faulty, store, tearDown } = await setUp();
  await recycle(store);
  t.deepEqual(readdirSync(join(partition.directory, "segments")), ["00000001.seg", "00000002.seg"]);
  const created = faulty.count("truncateSync");
  for (let n = 0; n < 2; n += 1) await storeBody(store, [Buffer.alloc(MiB, 1)], MiB);
  const [chunk] = await storeBody(store, [Buffer.alloc(MiB, 1)], MiB);
  t.deepEqual(chunk?.place, { kind: "segment", segment: 2, offset: 0 });
  t.is(faulty.count("truncateSync"), created, "no further segment was made");
  await tearDown();
});

test("a store that resumes continues at the end of the last committed extent; another begins a new segment", async (t) => {
  const { partition, store, tearDown } = await setUp();
  await storeBody(store, [Buffer.alloc(1000)], 1000);
  await store.close();
  const resumed = partition.store({ resume: true, endOfSegment: (segment) => (segment === 0 ? 1072 : 0) });
  const [chunk] = await storeBody(resumed, [Buffer.alloc(10)], 10);
  t.deepEqual(chunk?.place, { kind: "segment", segment: 0, offset: 1536 });
  await resumed.close();
  const restarted = partition.store();
  const [other] = await storeBody(restarted, [Buffer.alloc(10)], 10);
  t.deepEqual(other?.place, { kind: "segment", segment: 1, offset: 0 });
  await restarted.close();
  await tearDown();
});

test("a resumed store takes an empty last segment as its spare", async (t) => {
  const { partition, store, tearDown } = await setUp();
  await recycle(store);
  await store.close();
  const resumed = partition.store({ resume: true, endOfSegment: (segment) => (segment === 1 ? 3.5 * MiB : 0) });
  const body = Buffer.alloc(MiB / 2 - 1000);
  const [first] = await storeBody(resumed, [body], body.length);
  const [second] = await storeBody(resumed, [body], body.length);
  t.deepEqual(first?.place, { kind: "segment", segment: 1, offset: 3.5 * MiB });
  t.deepEqual(second?.place, { kind: "segment", segment: 2, offset: 0 });
  await resumed.close();
  await tearDown();
});

test("a segment cut short by a crash is not appended to", async (t) => {
  const { partition, store, tearDown } = await setUp();
  await storeBody(store, [Buffer.alloc(10)], 10);
  await store.close();
  truncateSync(segmentPath(partition.directory, 0), 100);
  const resumed = partition.store({ resume: true });
  const [chunk] = await storeBody(resumed, [Buffer.alloc(10)], 10);
  t.deepEqual(chunk?.place, { kind: "segment", segment: 1, offset: 0 });
  await resumed.close();
  await tearDown();
});

test("a dropped copy's file is removed, an extent needs nothing", async (t) => {
  const { partition, store, tearDown } = await setUp();
  const chunks = await storeBody(store, [Buffer.alloc(5 * MiB)], 5 * MiB);
  for (const { place, address } of chunks) store.drop(place, address);
  await store.settled();
  t.deepEqual(readdirSync(join(partition.directory, "chunks", "00000000")), []);
  await tearDown();
});

test("bodies of unknown length share a bounded buffer; beyond it they go to files at once", async (t) => {
  const { store, reader, tearDown } = await setUp();
  const count = storageLimits.unknownBodyBufferBytes / MiB + 2;
  const open = Array.from({ length: count }, () => {
    const body = store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: null });
    body.write(Buffer.alloc(MiB - 1, 3));
    return body;
  });
  const chunks = (await Promise.all(open.map((body) => body.finish()))).flat();
  const kinds = new Set(chunks.map(({ place }) => place.kind));
  t.deepEqual([...kinds].sort(), ["file", "segment"]);
  t.true(readBody(reader, chunks).every((byte) => byte === 3));
  const [again] = await storeBody(store, [Buffer.alloc(MiB)], null);
  t.is(again?.place.kind, "segment", "the buffer was given back");
  await tearDown();
});

test("backlog tells when chunk files wait for their flush", async (t) => {
  const { faulty, store, tearDown } = await setUp();
  const release = faulty.hold("fdatasync");
  const body = store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: null });
  for (let n = 0; n < storageLimits.unsyncedChunkFilesMax; n += 1) {
    t.is(body.backlog(), null);
    body.write(Buffer.alloc(4 * MiB));
  }
  const wait = body.backlog();
  t.not(wait, null);
  release();
  await wait;
  t.is(body.backlog(), null);
  await body.finish();
  await tearDown();
});

test("a volume that turned read-only refuses the next body at once", async (t) => {
  const { faulty, store, tearDown } = await setUp();
  faulty.fail("openSync", { code: "EROFS", times: 1 });
  const options = { bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: 1 };
  t.throws(() => store.write(options).write(Buffer.alloc(1)), { message: /EROFS/ });
  t.true(store.isReadOnly);
  t.throws(() => store.write(options), { message: /closed to writes/ });
  await tearDown();
});

test("too many open files fail the body only", async (t) => {
  const { faulty, store, tearDown } = await setUp({ onVolumeError: () => t.fail() });
  faulty.fail("openSync", { code: "EMFILE", times: 1 });
  await t.throwsAsync(storeBody(store, [Buffer.alloc(2 * MiB)], 2 * MiB), { name: "DiskError", message: /EMFILE/ });
  t.is((await storeBody(store, [Buffer.alloc(2 * MiB)], 2 * MiB)).length, 1);
  await tearDown();
});

test("a body given up while its end is awaited is not kept", async (t) => {
  const { partition, faulty, store, tearDown } = await setUp();
  const release = faulty.hold("fdatasync");
  const body = store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: 4 * MiB });
  body.write(Buffer.alloc(4 * MiB));
  const finished = body.finish();
  body.abort();
  release();
  await t.throwsAsync(finished);
  await store.settled();
  t.deepEqual(readdirSync(join(partition.directory, "tmp")), []);
  t.deepEqual(
    readdirSync(join(partition.directory, "chunks")).flatMap((epoch) =>
      readdirSync(join(partition.directory, "chunks", epoch)),
    ),
    [],
  );
  await tearDown();
});

test("lanes never share a segment or an epoch directory", async (t) => {
  const { partition, store, reader, tearDown } = await setUp();
  const other = partition.store({ lane: 255 });
  const size = 5 * MiB;
  const chunks = [
    ...(await storeBody(store, [Buffer.alloc(size, 1)], size)),
    ...(await storeBody(other, [Buffer.alloc(size, 2)], size)),
  ];
  t.is(new Set(chunks.map(({ place }) => (place.kind === "file" ? `f${place.epoch}` : `s${place.segment}`))).size, 4);
  t.is(readBody(reader, chunks).length, 2 * size);
  await other.close();
  await tearDown();
});

test("a body ends when space does, and the segment that was appended to can be compacted", async (t) => {
  const freeSpace = { isLow: false, spend: () => undefined };
  const { partition, store, tearDown } = await setUp({ freeSpace });
  await storeBody(store, [Buffer.alloc(1000, 1)], 1000);
  const long = store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: 12 * MiB });
  long.write(Buffer.alloc(MiB, 2));
  freeSpace.isLow = true;
  t.throws(
    () => {
      for (let n = 0; n < 11; n += 1) long.write(Buffer.alloc(MiB, 3));
    },
    { message: /ENOSPC/ },
  );
  long.abort();
  await store.settled();
  const [segment = ""] = readdirSync(join(partition.directory, "segments"));
  const sealedBytes = statSync(join(partition.directory, "segments", segment)).size;
  t.true(sealedBytes > 1000 && sealedBytes < MiB, "what was never used is cut off");
  t.throws(() => store.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: 1 }), {
    message: /ENOSPC/,
  });
  freeSpace.isLow = false;
  const [chunk] = await storeBody(store, [Buffer.from("again")], 5);
  t.is(chunk?.place.kind === "segment" && chunk.place.segment, 1, "the next segment");
  await tearDown();
});
