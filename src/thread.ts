/** A bucket thread: its partitions' metadata, chunk stores, collectors and compactors, and the host of their actors. */

import { BodyLane } from "./actor/body-lane.ts";
import { BucketHost } from "./actor/host.ts";
import { Slabs } from "./actor/slabs.ts";
import { serveThread, type ThreadHooks, type ThreadParts, type ThreadTask } from "./actor/thread-task.ts";
import { assert } from "./base/assert.ts";
import { type Clock, systemClock, type Timer } from "./base/clock.ts";
import { HybridClock } from "./base/hlc.ts";
import { limits } from "./base/limits.ts";
import { createThreadLog, type Log, type LogSettings } from "./base/log.ts";
import { systemRandom } from "./base/random.ts";
import { storageLimits } from "./base/storage-limits.ts";
import { BucketActor } from "./bucket/actor.ts";
import { LifecycleSchedule } from "./bucket/lifecycle-schedule.ts";
import { ChangeMarks } from "./storage/change-marks.ts";
import { ChunkStore } from "./storage/chunk-store.ts";
import { Collector } from "./storage/collector.ts";
import { Compactor } from "./storage/compaction.ts";
import { applyMoves, liveExtents } from "./storage/compaction-rows.ts";
import { type Disk, systemDisk } from "./storage/disk.ts";
import { endOfSegment } from "./storage/extents.ts";
import { FreeSpace } from "./storage/free-space.ts";
import { GarbageSequence } from "./storage/gc.ts";
import { referenceKey } from "./storage/keys.ts";
import { openMetadata, openSnapshot, type ReusableSpace } from "./storage/lmdb.ts";
import { sweepOrphans } from "./storage/orphans.ts";
import { ReadEpochs } from "./storage/read-epochs.ts";
import { decodeReference } from "./storage/refs.ts";
import { RowRoom } from "./storage/row-room.ts";
import { SegmentMarks } from "./storage/segment-marks.ts";
import type { Metadata, ReadTrees, Snapshot } from "./storage/trees.ts";
import { sweepUsage } from "./storage/usage-sweep.ts";
import { type UnsafeName, unsafeDisk, unsafeLmdb } from "./unsafe.ts";

/** What every bucket thread of a node is given. */
export interface BucketThreadData {
  /** By partition number. */
  readonly partitions: readonly { readonly directory: string; readonly metadata: string; readonly owner: number }[];
  readonly readEpochs: SharedArrayBuffer;
  readonly uploadEpochs: SharedArrayBuffer;
  readonly segmentMarks: SharedArrayBuffer;
  readonly changeMarks: SharedArrayBuffer;
  readonly nodeId: number;
  /** Length of a day of lifecycle rules. */
  readonly dayMs: number;
  readonly log: LogSettings;
  readonly unsafe: readonly UnsafeName[];
}

/** A partition as this thread sees it: every thread stores chunks for it, one owns its metadata. */
interface Partition {
  readonly chunks: ChunkStore;
  readonly owned: OwnedPartition | null;
  readonly snapshot: Snapshot | null;
  readonly freeSpace: FreeSpace;
}

interface OwnedPartition {
  readonly metadata: Metadata;
  readonly garbage: GarbageSequence;
  readonly room: RowRoom;
  readonly collector: Collector;
  readonly upkeep: Timer[];
}

/** What all parts of the thread share. */
interface Surroundings {
  readonly task: ThreadTask;
  readonly data: BucketThreadData;
  readonly hooks: ThreadHooks;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
}

/** Piscina's task: serves until the node stops. */
export default function serve(task: ThreadTask): Promise<void> {
  return serveThread(task, systemClock, build);
}

async function build(task: ThreadTask, hooks: ThreadHooks): Promise<ThreadParts> {
  // The composition root made it: see node.ts.
  const data = task.data as BucketThreadData;
  const clock = systemClock;
  const log = createThreadLog(data.log, hooks.onLine).child({ thread: task.index });
  const disk = unsafeDisk(systemDisk, data.unsafe);
  const surroundings: Surroundings = { task, data, hooks, clock, disk, log };
  const partitions: Partition[] = [];
  for (const index of data.partitions.keys()) partitions.push(await openPartition(surroundings, index));
  const partition = (index: number): Partition => {
    const found = partitions[index];
    assert(found !== undefined, "a partition of this node");
    return found;
  };
  const slabs = Slabs.attach(task.slabs, null);
  const lane = new BodyLane({ slabs, chunks: (index) => partition(index).chunks, log });
  const hlc = new HybridClock(clock, data.nodeId);
  const host = new BucketHost({
    clock,
    log,
    lane,
    owns: (index) => partitions[index]?.owned !== null && partitions[index] !== undefined,
    onCrash: hooks.onCrash,
    activate: (address) => {
      const { owned, chunks } = partition(address.partition);
      assert(owned !== null, "an actor lives where its partition is owned");
      const { metadata, garbage, room } = owned;
      return new BucketActor({
        address,
        metadata,
        chunks,
        garbage,
        freeSpace: room,
        clock,
        hlc,
        random: systemRandom,
        decodeSlot: (slot, length, plan) => lane.decodeSlot(slot, length, plan),
        dayMs: data.dayMs,
        onLifecycle: () => lifecycle.wake(address),
        onDamage: (error) => log.error({ error, bucketId: address.bucket }, "a stored row is damaged"),
        yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
      });
    },
  });
  const lifecycle = new LifecycleSchedule({
    partitions: partitions.flatMap(({ owned }, index) =>
      owned === null ? [] : [{ partition: index, metadata: owned.metadata }],
    ),
    clock,
    dayMs: data.dayMs,
    isQuiet: () => host.isQuiet,
    expireSome: (address, place) => host.runInside(address, "bucket.expireSome", { place }),
    onError: (error, bucketId) => log.error({ error, bucketId }, "a lifecycle pass met an error; it is tried again"),
  });
  lifecycle.start();
  return {
    host,
    close: async () => {
      await lifecycle.stop();
      await closePartitions(partitions);
    },
    snapshot: () => ({ ...host.snapshot(), lifecycle: lifecycle.snapshot() }),
  };
}

async function openPartition(surroundings: Surroundings, index: number): Promise<Partition> {
  const { task, data, hooks, clock, disk, log } = surroundings;
  const place = data.partitions[index];
  assert(place !== undefined, "a partition of this node");
  const isOwner = place.owner === task.index;
  const lmdb = { directory: place.metadata, ...unsafeLmdb(data.unsafe) };
  const onFatal = (error: Error): void => hooks.onFatal(`${error.message}: ${String(error.cause ?? "")}`);
  const changes = { mark: ChangeMarks.attach(data.changeMarks).partition(index), trees: ["buckets"] } as const;
  const metadata = isOwner ? openMetadata({ ...lmdb, clock, onFatal, mustExist: true, changes }) : null;
  const snapshot = isOwner ? null : openSnapshot(lmdb);
  const trees: ReadTrees | undefined = metadata?.trees ?? snapshot?.trees;
  assert(trees !== undefined, "a partition is opened by its owner or for reading");
  const freeSpace = await FreeSpace.open({ directory: place.directory, disk, clock, ballastPath: null });
  const marks = SegmentMarks.attach(data.segmentMarks);
  const chunks = ChunkStore.open({
    directory: place.directory,
    partition: index,
    lane: task.index,
    disk,
    random: systemRandom,
    clock,
    marks,
    freeSpace,
    resume: !task.isRestart,
    endOfSegment: (segment) => {
      snapshot?.refresh();
      return endOfSegment(trees.extents, segment);
    },
    onVolumeError: (error, isReadOnly) => log.error({ error, partition: index, isReadOnly }, "a disk error"),
  });
  const owned = metadata === null ? null : own(surroundings, index, { metadata, chunks, freeSpace });
  return { chunks, owned, snapshot, freeSpace };
}

/** Starts what only the owner does: collection, compaction, the search for orphans. */
function own(
  surroundings: Surroundings,
  index: number,
  {
    metadata,
    chunks,
    freeSpace,
  }: { readonly metadata: Metadata & ReusableSpace; readonly chunks: ChunkStore; readonly freeSpace: FreeSpace },
): OwnedPartition {
  const { data, clock, disk, log } = surroundings;
  const directory = data.partitions[index]?.directory ?? "";
  const readers = ReadEpochs.attach(data.readEpochs);
  const marks = SegmentMarks.attach(data.segmentMarks);
  const garbage = new GarbageSequence(metadata.trees.gc);
  const note = (error: unknown): void =>
    log.error({ error, partition: index }, "upkeep met an error; it is tried again");
  const collector = new Collector({
    metadata,
    sequence: garbage,
    epochs: readers,
    partition: index,
    chunks,
    clock,
    onError: note,
  });
  const compactor = new Compactor({
    directory,
    partition: index,
    disk,
    chunks,
    readers,
    uploads: ReadEpochs.attach(data.uploadEpochs),
    // Most of what is kept back for commits may lie in copies until the originals are gone.
    hasRoom: (bytes) => freeSpace.freeBytes - bytes > freeSpace.watermarkBytes / 4,
    ports: {
      extents: (segment, from, countMax) => liveExtents(metadata.trees, segment, from, countMax),
      apply: (moves) => applyMoves(metadata, moves),
      isSealed: (segment) => marks.isSealed(index, segment),
      onDamaged: (extent, segment) =>
        log.error({ partition: index, segment, offset: extent.offset }, "a stored chunk is damaged"),
    },
  });
  let isCompacting = false;
  const compact = async (): Promise<void> => {
    if (isCompacting) return;
    isCompacting = true;
    try {
      const looksMax = freeSpace.isLow ? storageLimits.compactLooksWhenLowMax : storageLimits.compactLooksMax;
      for (const seen = new Set<number>(); seen.size < looksMax; ) {
        const step = await compactor.step();
        if (step.kind === "idle" || step.kind === "moved" || seen.has(step.segment)) break;
        seen.add(step.segment);
      }
    } catch (error) {
      note(error);
    } finally {
      isCompacting = false;
    }
  };
  const placeOf = (bucket: Parameters<typeof referenceKey>[0], address: Uint8Array) => {
    const key = referenceKey(bucket, address);
    const row = metadata.trees.refs.get(key);
    return row === undefined ? null : decodeReference(key, row).chunk.place;
  };
  const sweep = (): void => {
    sweepOrphans({ directory, disk, clock, placeOf, unlink: (copies) => chunks.unlink(copies) }).catch(note);
  };
  collector.start();
  const upkeep = [
    clock.every(storageLimits.compactIntervalMs, () => void compact()),
    clock.every(storageLimits.orphanSweepMs, sweep),
    clock.every(limits.usageSweepMs, () => void sweepUsage(metadata, clock.nowMs()).catch(note)),
  ];
  const room = new RowRoom({ volume: freeSpace, reusableBytes: () => metadata.reusableBytes() });
  return { metadata, garbage, room, collector, upkeep };
}

async function closePartitions(partitions: readonly Partition[]): Promise<void> {
  for (const { chunks, owned, snapshot, freeSpace } of partitions) {
    for (const timer of owned?.upkeep ?? []) timer.cancel();
    await owned?.collector.stop();
    await chunks.close();
    await freeSpace.close();
    await owned?.metadata.close();
    await snapshot?.close();
  }
}
