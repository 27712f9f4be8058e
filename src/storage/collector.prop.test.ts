import test from "ava";
import fc from "fast-check";
import { systemClock } from "../base/clock.ts";
import { bucketId } from "../base/ids.ts";
import type { ChunkCopy } from "./chunk-store.ts";
import { Collector } from "./collector.ts";
import { GarbageSequence } from "./gc.ts";
import { currentKey, partKey, uploadKey } from "./keys.ts";
import type { Location, StoredChunk } from "./location.ts";
import { createMemoryMetadata } from "./memory-trees.ts";
import { chunksFrom } from "./object-chunks.ts";
import { ReadEpochs } from "./read-epochs.ts";
import { decodeHead, encodeRecord } from "./record.ts";
import { recount } from "./recount.ts";
import { addBody, addReference, enqueueGarbage, enqueueUploadGarbage, writePartTable } from "./references.ts";
import { type Metadata, type TreeName, type Trees, treeNames } from "./trees.ts";
import { decodePart, encodePart, encodeUpload } from "./uploads.ts";

const bucket = bucketId("cd".repeat(16));
const unitBytes = 1000;

/** A partition in memory, the copies that are on its disk, and what a client may do to it. */
class Partition {
  readonly metadata: Metadata = createMemoryMetadata();
  readonly disk = new Set<string>();
  readonly sequence = new GarbageSequence(this.metadata.trees.gc);
  readonly epochs = ReadEpochs.create(1, 2);
  readonly errors: unknown[] = [];
  #serial = 0;

  collector(
    chunks: { unlink(copies: readonly ChunkCopy[]): Promise<void> } = this,
    metadata = this.metadata,
  ): Collector {
    const { sequence, epochs } = this;
    const onError = (error: unknown) => void this.errors.push(error);
    return new Collector({
      metadata,
      sequence,
      epochs,
      partition: 0,
      chunks,
      clock: systemClock,
      onError,
      sliceRowsMax: 404,
    });
  }

  async unlink(copies: readonly ChunkCopy[]): Promise<void> {
    for (const { place, address } of copies) this.disk.delete(nameOf(place, address));
  }

  /** Stores contents as chunks, every third in a file; each content always has the same address. */
  #chunks(contents: readonly number[]): StoredChunk[] {
    return contents.map((content) => {
      this.#serial += 1;
      const unique = this.#serial.toString(16).padStart(16, "0");
      const place =
        content % 3 === 0
          ? ({ kind: "file", epoch: 0, unique } as const)
          : ({ kind: "segment", segment: 1, offset: this.#serial * 10_000 } as const);
      const address = Buffer.alloc(32, content);
      if (place.kind === "file") this.disk.add(nameOf(place, address));
      return {
        address,
        sizeBytes: unitBytes,
        storedBytes: unitBytes + 72,
        storedDigest: Buffer.alloc(16),
        nonce: Buffer.alloc(8),
        binding: null,
        place,
      };
    });
  }

  #addBody(trees: Trees, contents: readonly number[]): { location: Location; dropped: readonly StoredChunk[] } {
    const body = { sizeBytes: contents.length * unitBytes, md5: Buffer.alloc(16), checksum: null, inline: null };
    return addBody(trees, bucket, { ...body, chunks: this.#chunks(contents) }, () => this.#id());
  }

  #id(): Buffer {
    this.#serial += 1;
    const id = Buffer.alloc(16);
    id.writeUInt32BE(this.#serial);
    return id;
  }

  async put(key: string, contents: readonly number[]): Promise<void> {
    const dropped = await this.metadata.transact((trees) => {
      const added = this.#addBody(trees, contents);
      this.#record(trees, key, added.location);
      return added.dropped;
    });
    for (const { place, address } of dropped) this.disk.delete(nameOf(place, address));
  }

  copy(from: string, to: string): Promise<void> {
    return this.metadata.transact((trees) => {
      const location = this.location(from, trees);
      if (location === null) return;
      addReference(trees, bucket, location);
      this.#record(trees, to, location);
    });
  }

  remove(key: string): Promise<void> {
    return this.metadata.transact((trees) => {
      enqueueGarbage(trees, this.sequence, bucket, this.location(key, trees));
      trees.current.remove(currentKey(bucket, key));
    });
  }

  /** A multipart upload: every part is uploaded, then all but the `unused` last ones complete, or none. */
  async upload(key: string, parts: readonly (readonly number[])[], unused: number | "abort"): Promise<void> {
    const uploadId = Buffer.concat([Buffer.alloc(6), this.#id()]);
    const uploadRow = uploadKey(bucket, key, uploadId);
    await this.metadata.transact((trees) => {
      const upload = {
        initiatedMs: 1,
        storedBytes: 0,
        checksumAlgorithm: null,
        checksumType: null,
        metadata: {},
        hasAttributeRows: false,
      };
      trees.uploads.put(uploadRow, encodeUpload(uploadRow, upload));
    });
    for (const [index, contents] of parts.entries()) {
      const dropped = await this.metadata.transact((trees) => {
        const added = this.#addBody(trees, contents);
        const location = added.location.kind === "inline" ? null : added.location;
        const row = partKey(bucket, uploadId, index + 1);
        const sizeBytes = contents.length * unitBytes;
        trees.uploads.put(
          row,
          encodePart(row, { sizeBytes, modifiedMs: 1, md5: Buffer.alloc(16), checksum: null, location }),
        );
        return added.dropped;
      });
      for (const { place, address } of dropped) this.disk.delete(nameOf(place, address));
    }
    await this.metadata.transact((trees) => {
      trees.uploads.remove(uploadRow);
      const used = unused === "abort" ? [] : parts.slice(0, Math.max(1, parts.length - unused));
      const id = used.length === 0 ? null : this.#id();
      if (id !== null) {
        const entries = used.map((_, index) => {
          const row = partKey(bucket, uploadId, index + 1);
          const part = decodePart(row, trees.uploads.get(row) ?? Buffer.alloc(0));
          return {
            partNumber: index + 1,
            sizeBytes: part.sizeBytes,
            md5: part.md5,
            checksum: null,
            location: part.location,
          };
        });
        writePartTable(trees, bucket, id, entries);
        this.#record(trees, key, { kind: "manifest", id });
      }
      enqueueUploadGarbage(trees, this.sequence, bucket, uploadId, id);
    });
  }

  location(key: string, trees: Pick<Trees, "current"> | Metadata["trees"]): Location | null {
    const row = currentKey(bucket, key);
    const value = trees.current.get(row);
    return value === undefined ? null : decodeHead("current", row, value).location;
  }

  /** The contents of an object, read through its chunks. */
  contents(key: string): number[] {
    const location = this.location(key, this.metadata.trees);
    if (location === null || location.kind === "inline") return [];
    const contents: number[] = [];
    for (let offset = 0; ; offset = contents.length * unitBytes) {
      const chunks = chunksFrom(this.metadata.trees, bucket, location, offset, 7);
      if (chunks.length === 0) return contents;
      for (const { address } of chunks) contents.push(address[0] ?? -1);
    }
  }

  rows(tree: TreeName): number {
    return this.metadata.trees[tree].keys({ start: Buffer.alloc(0), limit: 100_000 }).length;
  }

  /** What is left of an empty bucket after collection: trees with rows, and files. */
  leftovers(): string[] {
    return [...treeNames.filter((name) => this.rows(name) > 0), ...this.disk];
  }

  #record(trees: Trees, key: string, location: Location): void {
    enqueueGarbage(trees, this.sequence, bucket, this.location(key, trees));
    const row = currentKey(bucket, key);
    const record = {
      isDeleteMarker: false,
      isNullVersion: true,
      stamp: Buffer.alloc(12),
      salt: Buffer.alloc(4),
      seq: 1,
      sizeBytes: 0,
      modifiedMs: 1,
      md5: Buffer.alloc(16),
      partCount: 0,
      nullStamp: null,
      checksumAlgorithm: null,
      checksumType: "FULL_OBJECT",
      hasStorageClass: false,
      hasAttributeRows: false,
      hasLock: false,
      location,
      tail: Buffer.alloc(0),
    } as const;
    trees.current.put(row, encodeRecord(row, record));
  }
}

function nameOf(place: ChunkCopy["place"], address: Uint8Array): string {
  return place.kind === "file" ? `${Buffer.from(address).toString("hex")}.${place.unique}` : "";
}

const key = fc.constantFrom("a", "b", "c");
const contents = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 201, max: 450 }).map((count) => Array.from({ length: count }, (_, i) => i % 200)),
  },
);
const parts = fc.array(contents, { minLength: 1, maxLength: 4 });
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name: fc.constant("put" as const), key, contents }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant("remove" as const), key }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant("copy" as const), key, to: key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      name: fc.constant("upload" as const),
      key,
      parts,
      unused: fc.constantFrom<number | "abort">(0, 1, "abort"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ name: fc.constant("collect" as const) }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant("crash" as const), turns: fc.integer({ min: 1, max: 6 }) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

/** Runs a round that ends, as by a crash, before its n-th turn or while it unlinks. */
async function collectAndCrash(partition: Partition, turns: number): Promise<void> {
  let left = turns;
  const { metadata } = partition;
  const crashing: Metadata = {
    ...metadata,
    trees: metadata.trees,
    transact: (turn) => {
      left -= 1;
      return left < 0 ? Promise.reject(new Error("crash")) : metadata.transact(turn);
    },
  };
  const unlink = async (copies: readonly ChunkCopy[]) => {
    await partition.unlink(left > 0 ? copies : copies.slice(1));
    if (left <= 0) throw new Error("crash");
  };
  await partition
    .collector({ unlink }, crashing)
    .round()
    .catch(() => undefined);
}

async function apply(partition: Partition, model: Map<string, number[]>, step: Command): Promise<void> {
  switch (step.name) {
    case "put":
      model.set(step.key, [...step.contents]);
      return partition.put(step.key, step.contents);
    case "remove":
      model.delete(step.key);
      return partition.remove(step.key);
    case "copy":
      if (model.has(step.key)) model.set(step.to, model.get(step.key) ?? []);
      return partition.copy(step.key, step.to);
    case "upload":
      if (step.unused !== "abort") {
        model.set(step.key, step.parts.slice(0, Math.max(1, step.parts.length - step.unused)).flat());
      }
      return partition.upload(step.key, step.parts, step.unused);
    case "collect":
      await partition.collector().round();
      return undefined;
    case "crash":
      return collectAndCrash(partition, step.turns);
  }
}

async function collectAll(partition: Partition): Promise<void> {
  for (let round = 0; partition.rows("gc") > 0 && round < 20; round++) await partition.collector().round();
}

test("whatever is put, copied, removed, uploaded and collected, with crashes: counts are right, bodies whole, no garbage stays", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (steps) => {
      const partition = new Partition();
      const model = new Map<string, number[]>();
      for (const step of steps) {
        await apply(partition, model, step);
        t.deepEqual(recount(partition.metadata.trees), []);
      }
      for (const name of ["a", "b", "c"]) t.deepEqual(partition.contents(name), model.get(name) ?? []);
      for (const name of model.keys()) await partition.remove(name);
      await collectAll(partition);
      t.deepEqual(partition.leftovers(), []);
    }),
    { numRuns: 60 },
  );
});

test("nothing is taken while a reader of an older epoch is there, nor what became garbage after the round began", async (t) => {
  const partition = new Partition();
  const reader = partition.epochs.reader(0);
  await partition.put("a", [3]);
  await partition.put("b", [6]);
  const epoch = reader.enter(0);
  await partition.remove("a");
  const collector = partition.collector();
  t.true((await collector.round()).isWaiting);
  await partition.remove("b");
  t.true((await collector.round()).isWaiting);
  t.is(partition.disk.size, 2);
  reader.leave(0, epoch);
  t.deepEqual(await collector.round(), { doneRows: 1, unlinkedCount: 1, isWaiting: false });
  t.is(partition.disk.size, 1);
  const later = reader.enter(0);
  t.true((await collector.round()).isWaiting);
  reader.leave(0, later);
  await collector.round();
  t.is(partition.disk.size, 0);
  t.is(partition.rows("gc"), 0);
});

test("a file that cannot be unlinked is tried again, and holds nothing else up", async (t) => {
  const partition = new Partition();
  await partition.put("a", [3, 1]);
  await partition.remove("a");
  const broken = { unlink: () => Promise.reject(new Error("EIO")) };
  await partition.collector(broken).round();
  t.is(partition.errors.length, 1);
  t.is(partition.rows("refs"), 0);
  t.is(partition.rows("gc"), 1);
  await partition.put("b", [4]);
  await partition.remove("b");
  await partition.collector().round();
  t.is(partition.rows("gc"), 0);
  t.is(partition.disk.size, 0);
});

test("a damaged row is reported once, costs space but no data, and the rest is collected", async (t) => {
  const partition = new Partition();
  await partition.put("a", [1]);
  await partition.put("b", [2]);
  await partition.put(
    "c",
    Array.from({ length: 250 }, (_, index) => 3 + (index % 6)),
  );
  await partition.metadata.transact((trees) => {
    const [row] = trees.refs.range({ start: Buffer.alloc(0), limit: 1 });
    const [run] = trees.manifests.range({ start: Buffer.alloc(0), limit: 1 });
    if (row !== undefined) trees.refs.put(row.key, Buffer.alloc(row.value.length));
    if (run !== undefined) trees.manifests.put(run.key, Buffer.alloc(run.value.length));
  });
  for (const name of ["a", "b", "c"]) await partition.remove(name);
  const collector = partition.collector();
  await collector.round();
  t.is(partition.errors.length, 2);
  await collector.round();
  t.is(partition.errors.length, 2);
  t.is(partition.rows("gc"), 1, "the row of the damaged manifest stays");
});

test("an upload of 10,000 parts is let go in bounded turns", async (t) => {
  const partition = new Partition();
  const many = Array.from({ length: 10_000 }, (_, index) => [index % 100]);
  await partition.upload("a", many, 1);
  t.deepEqual(partition.contents("a"), many.slice(0, -1).flat());
  t.deepEqual(recount(partition.metadata.trees), []);
  await partition.remove("a");
  await collectAll(partition);
  t.deepEqual(partition.leftovers(), []);
  t.deepEqual(partition.errors, []);
});
