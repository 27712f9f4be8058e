/** Reads of fronts on LMDB and chunk files: whole objects and ranges, through overwrites, collection and damage. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { listedObjects } from "../actor/listed-objects.ts";
import { storageLimits } from "../base/storage-limits.ts";
import type { ChunkReader } from "../storage/chunk-reader.ts";
import { inlineBody, MiB, plainDelete, stored } from "./bucket-stand.testing.ts";
import { at, bytesOf, KiB, objectOf, open, openPartition, pattern } from "./partition-stand.testing.ts";

for (const length of [1, 70_000, 600 * KiB, 2 * MiB + 5, 9 * MiB + 1]) {
  test.serial(`whole and in ranges: ${length} bytes`, async (t) => {
    const partition = await openPartition(t);
    const bytes = pattern(length, 7);
    await partition.put("k", bytes);
    t.true(bytes.equals(await bytesOf(open(partition, "k", 0, length))));
    const edges = [
      0,
      1,
      storageLimits.frameBytes - 1,
      storageLimits.frameBytes,
      4 * MiB - 1,
      4 * MiB,
      8 * MiB + 3,
      length - 1,
    ];
    for (const start of edges.filter((edge) => edge < length)) {
      for (const want of [1, 100_000, length]) {
        const part = Math.min(want, length - start);
        const read = await bytesOf(open(partition, "k", start, part), 100_001);
        t.true(bytes.subarray(start, start + part).equals(read), `${part} bytes from ${start}`);
      }
    }
  });
}

test.serial("inline and empty objects are at hand; what is not there is null", async (t) => {
  const partition = await openPartition(t);
  const put = (key: string, text: string) =>
    partition.actor.ask("object.put", {
      key,
      source: stored(inlineBody(text)),
      metadata: { contentType: "a/b" },
      preconditions: {},
    });
  await put("inline", "hello");
  await put("empty", "");
  t.deepEqual(open(partition, "inline", 1, 3), Buffer.from("ell"));
  t.is((await bytesOf(open(partition, "empty", 0, 0))).length, 0);
  t.is(
    partition.reader.read(at("none"), (object) => object),
    null,
  );
  partition.reader.read(at("inline"), (found) => {
    const object = objectOf(found);
    t.like(object, {
      sizeBytes: 5,
      etag: "5d41402abc4b2a76b9719d911017c592",
      partsCount: null,
      locationKind: "inline",
    });
    t.deepEqual(object?.metadata, { contentType: "a/b" });
    t.like(object?.part(1), { start: 0, end: 5 });
    t.is(object?.part(2), null);
  });
});

test.serial("a multipart object reads across its parts and by part number", async (t) => {
  const partition = await openPartition(t);
  const { actor } = partition;
  const upload = { key: "m", metadata: {}, checksumAlgorithm: "CRC32" as const, checksumType: "FULL_OBJECT" as const };
  const { uploadId } = await actor.ask("upload.create", upload);
  t.like(partition.reader.upload(at("m"), uploadId), { checksumAlgorithm: "CRC32", checksumType: "FULL_OBJECT" });
  const pieces = [pattern(9 * MiB + 17, 1), pattern(5 * MiB, 2), pattern(1000, 3)];
  const parts = [];
  for (const [index, piece] of pieces.entries()) {
    const partNumber = index * 10 + 1;
    const source = stored(await partition.store(piece));
    const { etag } = await actor.ask("upload.putPart", { key: "m", uploadId, partNumber, source });
    parts.push({ partNumber, etag, checksum: null });
  }
  await actor.ask("upload.complete", { key: "m", uploadId, parts, preconditions: {}, objectBytes: null });
  while ((await partition.collector.round()).doneRows > 0);
  t.is(partition.reader.upload(at("m"), uploadId), null);
  const whole = Buffer.concat(pieces);
  t.true(whole.equals(await bytesOf(open(partition, "m", 0, whole.length))));
  const border = (pieces[0]?.length ?? 0) - 5;
  t.true(whole.subarray(border, border + 10).equals(await bytesOf(open(partition, "m", border, 10))));
  partition.reader.read(at("m"), (found) => {
    const object = objectOf(found);
    t.is(object?.partsCount, 3);
    t.like(object?.part(11), { start: 9 * MiB + 17, end: 14 * MiB + 17 });
    t.is(object?.part(2), null);
    t.deepEqual(
      object?.parts(1, 10).map(({ partNumber }) => partNumber),
      [11, 21],
    );
  });
});

test.serial(
  "a read begun before an overwrite and a collection gives the old bytes; then they are collected",
  async (t) => {
    const partition = await openPartition(t);
    const old = pattern(9 * MiB, 1);
    await partition.put("k", old);
    const body = open(partition, "k", 0, old.length);
    if (body instanceof Uint8Array) return t.fail("a large object is streamed");
    const first = Buffer.from(await body.read(64 * KiB));
    await partition.put("k", pattern(3 * MiB, 2));
    t.true((await partition.collector.round()).isWaiting);
    const rest: Buffer[] = [first];
    for (let due = old.length - first.length; due > 0; ) {
      const piece = Buffer.from(await body.read(Math.min(due, 300_000)));
      rest.push(piece);
      due -= piece.length;
    }
    t.true(old.equals(Buffer.concat(rest)));
    body.close();
    body.close();
    let unlinkedCount = 0;
    for (let round = await partition.collector.round(); round.doneRows > 0; round = await partition.collector.round()) {
      unlinkedCount += round.unlinkedCount;
    }
    t.is(unlinkedCount, 2, "files of 4 MiB; the rest of 1 MiB lay in a segment");
    t.true(pattern(3 * MiB, 2).equals(await bytesOf(open(partition, "k", 0, 3 * MiB))));
  },
);

test.serial("many readers through many overwrites never see wrong, short or mixed bytes", async (t) => {
  const partition = await openPartition(t);
  const versions = Array.from({ length: 6 }, (_, seed) => pattern(1.5 * MiB + seed, seed));
  await partition.put("k", versions[0] ?? Buffer.alloc(0));
  let isOver = false;
  const collecting = (async () => {
    while (!isOver) {
      await partition.collector.round();
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const reading = Array.from({ length: 8 }, async () => {
    for (let count = 0; count < 25; count += 1) {
      const opened = partition.reader.read(at("k"), (object, openObject) =>
        openObject(0, objectOf(object)?.sizeBytes ?? 0),
      );
      await new Promise((resolve) => setImmediate(resolve));
      const bytes = await bytesOf(opened, 200_000);
      t.true(versions.some((version) => version.equals(bytes)));
    }
  });
  for (let count = 0; count < 30; count += 1)
    await partition.put("k", versions[count % versions.length] ?? Buffer.alloc(0));
  await Promise.all(reading);
  isOver = true;
  await collecting;
});

test.serial("a read after an answer sees what was answered", async (t) => {
  const partition = await openPartition(t);
  for (let count = 0; count < 200; count += 1) {
    const { etag } = await partition.actor.ask("object.put", {
      key: "k",
      source: stored(inlineBody(String(count))),
      metadata: {},
      preconditions: {},
    });
    t.is(
      partition.reader.read(at("k"), (found) => objectOf(found)?.etag),
      etag,
    );
    const page = await partition.actor.ask("object.list", { prefix: "", delimiter: "", after: "", keysMax: 1 });
    t.is(listedObjects(page.objects)[0]?.etag, etag);
  }
});

test.serial("asynchronous reads give the same bytes, and a body closed early leaves nothing behind", async (t) => {
  const partition = await openPartition(t);
  const bytes = pattern(6 * MiB + 1, 4);
  await partition.put("k", bytes);
  const slow: Pick<ChunkReader, "read"> = {
    read: async (chunk, start, end) => {
      await new Promise((resolve) => setImmediate(resolve));
      return Buffer.from(await partition.chunkReader.read(chunk, start, end));
    },
  };
  const reader = partition.readerOf(slow);
  t.true(bytes.equals(await bytesOf(open({ reader }, "k", 0, bytes.length), 77_777)));
  const abandoned = open({ reader }, "k", 0, bytes.length);
  if (!(abandoned instanceof Uint8Array)) abandoned.close();
  const failing = partition.readerOf({ read: () => Promise.reject(new Error("no disk")) });
  const broken = open({ reader: failing }, "k", 0, bytes.length);
  await t.throwsAsync(bytesOf(broken), { message: "no disk" });
  const unread = open({ reader: failing }, "k", 0, bytes.length);
  if (!(unread instanceof Uint8Array)) unread.close();
  await new Promise((resolve) => setImmediate(resolve));
});

test.serial(
  "damage in the first piece is known before an answer begins; later damage breaks the body off",
  async (t) => {
    const partition = await openPartition(t);
    const bytes = pattern(4 * MiB, 5);
    await partition.put("k", bytes);
    const directory = join(partition.fixture.directory, "chunks");
    const [file] = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("."));
    const path = join(directory, file ?? "");
    const good = readFileSync(path);
    const damage = (offset: number) => {
      const bad = Buffer.from(good);
      bad[offset] = (bad[offset] ?? 0) ^ 1;
      writeFileSync(path, bad);
    };
    damage(100);
    t.throws(() => open(partition, "k", 0, bytes.length), { name: "CorruptChunkError" });
    damage(good.length - 100);
    const body = open(partition, "k", 0, bytes.length);
    await t.throwsAsync(bytesOf(body), { name: "CorruptChunkError" });
    writeFileSync(path, good);
    t.true(bytes.equals(await bytesOf(open(partition, "k", 0, bytes.length))));
    await partition.actor.ask("object.delete", plainDelete("k"));
    t.is((await partition.collector.round()).isWaiting, false, "no epoch is held any more");
  },
);

test.serial("what `use` throws is thrown on, and the body it opened is closed", async (t) => {
  const partition = await openPartition(t);
  await partition.put("k", pattern(2 * MiB, 1));
  const read = () =>
    partition.reader.read(at("k"), (_object, openObject) => {
      openObject(0, 2 * MiB);
      throw new Error("changed my mind");
    });
  t.throws(read, { message: "changed my mind" });
  t.throws(() => partition.reader.read(at("x".repeat(1025)), () => null), { name: "S3Error" });
  await partition.actor.ask("object.delete", plainDelete("k"));
  t.is((await partition.collector.round()).isWaiting, false);
});
