/** A partition on disk with one bucket, its actor, its collector and a reader, for tests of what fronts read. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { HybridClock } from "../base/hlc.ts";
import { systemRandom } from "../base/random.ts";
import type { ResponseBody } from "../model/http.ts";
import type { StoredBody } from "../storage/body.ts";
import type { ChunkReader } from "../storage/chunk-reader.ts";
import { Collector } from "../storage/collector.ts";
import { GarbageSequence } from "../storage/gc.ts";
import { openMetadata, openSnapshot } from "../storage/lmdb.ts";
import { createPartitionFixture, fixtureBucket, fixtureKey } from "../storage/partition-fixture.ts";
import { ReadEpochs } from "../storage/read-epochs.ts";
import { BucketActor } from "./actor.ts";
import { stored } from "./bucket-stand.testing.ts";
import type { BucketPorts } from "./ports.ts";
import { type DeleteMarkerView, ObjectReader, type ObjectView } from "./read.ts";

export const KiB = 1024;

/** A partition on disk with one bucket, its actor, its collector and one reader. */
export async function openPartition(t: ExecutionContext) {
  const fixture = await createPartitionFixture();
  const directory = join(fixture.directory, "meta");
  mkdirSync(directory, { recursive: true });
  const onFatal = (error: unknown) => {
    t.fail(String(error));
  };
  const metadata = openMetadata({ directory, clock: systemClock, onFatal });
  const snapshot = openSnapshot({ directory });
  const chunks = fixture.store();
  const chunkReader = fixture.reader();
  const epochs = ReadEpochs.create(1, 1);
  const garbage = new GarbageSequence(metadata.trees.gc);
  const ports: BucketPorts = {
    address: { bucket: fixtureBucket, partition: 0 },
    metadata,
    chunks,
    garbage,
    clock: systemClock,
    hlc: new HybridClock(systemClock, 1),
    random: systemRandom,
    decodeSlot: () => {
      throw new Error("no slots here");
    },
    yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
  };
  const collector = new Collector({
    metadata,
    sequence: garbage,
    epochs,
    partition: 0,
    chunks,
    clock: systemClock,
    onError: onFatal,
  });
  t.teardown(async () => {
    await chunks.close();
    chunkReader.close();
    await snapshot.close();
    await metadata.close();
    fixture.remove();
  });
  const store = async (bytes: Buffer): Promise<StoredBody> => {
    const writer = chunks.write({ bucket: fixtureBucket, addressKey: fixtureKey, expectedBytes: bytes.length });
    writer.write(bytes);
    return {
      sizeBytes: bytes.length,
      md5: Buffer.alloc(16, 1),
      checksum: null,
      inline: null,
      chunks: await writer.finish(),
    };
  };
  const actor = new BucketActor(ports);
  const put = async (key: string, bytes: Buffer) =>
    actor.ask("object.put", { key, source: stored(await store(bytes)), metadata: {}, preconditions: {} });
  const readerOf = (from: Pick<ChunkReader, "read">) =>
    new ObjectReader({ snapshots: [snapshot], chunks: [from], epochs: epochs.reader(0) });
  return {
    fixture,
    actor,
    store,
    put,
    collector,
    chunkReader,
    readerOf,
    reader: readerOf(chunkReader),
    garbage,
    metadata,
    snapshot,
  };
}

export type Partition = Awaited<ReturnType<typeof openPartition>>;

export const at = (key: string) => ({ bucket: fixtureBucket, partition: 0, key });

export function open(
  { reader }: Pick<Partition, "reader">,
  key: string,
  start: number,
  length: number,
): Uint8Array | ResponseBody {
  return reader.read(at(key), (object, openObject) => {
    if (object === null) throw new Error(`${key} is not there`);
    return openObject(start, length);
  });
}

/** What was found, which is no delete marker. */
export function objectOf(found: ObjectView | DeleteMarkerView | null): ObjectView | null {
  if (found?.isDeleteMarker === true) throw new Error("a delete marker was found");
  return found;
}

export async function bytesOf(opened: Uint8Array | ResponseBody, bytesMax = 512 * KiB): Promise<Buffer> {
  if (opened instanceof Uint8Array) return Buffer.from(opened);
  const pieces: Buffer[] = [];
  try {
    for (let due = opened.length; due > 0; ) {
      const piece = Buffer.from(await opened.read(Math.min(bytesMax, due)));
      if (piece.length === 0 || piece.length > Math.min(bytesMax, due))
        throw new Error(`a piece of ${piece.length} bytes`);
      pieces.push(piece);
      due -= piece.length;
    }
  } finally {
    opened.close();
  }
  return Buffer.concat(pieces);
}

/** Bytes that differ everywhere, so that a wrong offset shows. */
export function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index + 4 <= length; index += 4) bytes.writeUInt32LE((index * 2654435761 + seed) >>> 0, index);
  return bytes;
}
