/** What a node is built from: how many threads, which ports between them, how each part is opened. For node.ts alone. */

import { availableParallelism } from "node:os";
import { openIdentities } from "./account/behaviour.ts";
import { passwordHasher } from "./account/password.ts";
import { Slabs, slabClasses } from "./actor/slabs.ts";
import type { FrontConnections } from "./actor/supervisor.ts";
import { systemClock } from "./base/clock.ts";
import { limits } from "./base/limits.ts";
import type { Log } from "./base/log.ts";
import { connectionsWithin, openFilesMax } from "./base/open-files.ts";
import { systemRandom } from "./base/random.ts";
import type { BucketReply, BucketRequest } from "./bucket/messages.ts";
import type { Config } from "./config/schema.ts";
import { ControlActor } from "./control/actor.ts";
import { bucketsInMaking } from "./control/bucket-names.ts";
import { EmbeddedControlStore } from "./control/embedded-store.ts";
import { openControlEnvironment } from "./control/environment.ts";
import { upgradeIdentities } from "./control/identity-upgrade.ts";
import type { BucketRecord } from "./control/records.ts";
import { isSealed, openSecretBox } from "./control/secret-box.ts";
import type { ControlStore } from "./control/store.ts";
import type { AskControl } from "./front/request-services.ts";
import type { FrontData, InsideAsk } from "./front-data.ts";
import { Front } from "./front-host.ts";
import { type FrontReport, FrontThread, reportOf } from "./front-thread.ts";
import { KeyRing } from "./keyring/key-ring.ts";
import { openKeyRingFile } from "./keyring/key-ring-file.ts";
import { finishMaking, makingPorts } from "./operations/bucket-making.ts";
import { type ChangeMark, ChangeMarks } from "./storage/change-marks.ts";
import type { DataDirectory } from "./storage/data-directory.ts";
import type { Disk } from "./storage/disk.ts";
import { openMetadata } from "./storage/lmdb.ts";
import { ReadEpochs } from "./storage/read-epochs.ts";
import { SegmentMarks } from "./storage/segment-marks.ts";
import type { Metadata } from "./storage/trees.ts";
import { type UnsafeName, unsafeLmdb } from "./unsafe.ts";

/** A front in this thread, or the proxy of one in its own. */
export interface AnyFront extends FrontConnections {
  /** @param consoleUrl null: there is no console */
  listen(port: number, consoleUrl: string | null): Promise<number>;
  drain(): Promise<void>;
  close(): Promise<void>;
  abandon(): Promise<void>;
  report(): Promise<FrontReport>;
  /** @returns whether it is gone; else it is live again */
  finishDeletion(bucket: BucketRecord): Promise<boolean>;
  deleteBucket(bucket: BucketRecord): Promise<void>;
  askInside<T extends InsideAsk>(bucket: BucketRecord, type: T, request: BucketRequest<T>): Promise<BucketReply<T>>;
}

export interface ThreadCounts {
  readonly fronts: number;
  readonly buckets: number;
}

/** One front up to 4 cores, then a quarter of the cores; bucket threads: cores less one, within 1 to 8. */
export function threadCounts(config: Config): ThreadCounts {
  const cores = availableParallelism();
  return {
    fronts: config.front.threads === "auto" ? (cores <= 4 ? 1 : Math.floor(cores / 4)) : config.front.threads,
    buckets: config.threads.buckets === "auto" ? Math.min(8, Math.max(1, cores - 1)) : config.threads.buckets,
  };
}

/** As many as the process may have open beside its files; says so when that is much less than the product's own limit. */
export function connectionsPerFront(fronts: number, log: Log): number {
  const openFiles = openFilesMax();
  const connections = connectionsWithin(openFiles);
  if (connections < limits.connectionsMax / 2) {
    log.warn(
      { openFiles, connections, wanted: limits.connectionsMax * 2 + limits.openFilesReserved },
      "few files may be open at once (ulimit -n, LimitNOFILE): further connections are closed",
    );
  }
  return Math.max(1, Math.floor(connections / fronts));
}

export interface ControlParts {
  readonly directory: DataDirectory;
  /** The ring that the store's secrets are sealed by. @throws KeyringError */
  readonly openRing: (isSealed: boolean) => KeyRing;
  readonly log: Log;
  readonly unsafe: readonly UnsafeName[];
  readonly fatal: (reason: unknown) => void;
  /** Of the control records. */
  readonly mark: ChangeMark;
}

/** @throws DamagedEnvironmentError, KeyringError */
export async function openControl({ directory, openRing, log, unsafe, fatal, mark }: ControlParts) {
  const environment = openControlEnvironment({
    directory: directory.controlPath,
    clock: systemClock,
    onFatal: fatal,
    mark,
    ...unsafeLmdb(unsafe),
  });
  const store = new EmbeddedControlStore({ environment, clock: systemClock, random: systemRandom });
  try {
    const keyRing = openRing(await isSealed(store));
    const secrets = await openSecretBox(store, keyRing);
    await upgradeIdentities({ store, random: systemRandom, secrets });
    const ports = {
      store,
      clock: systemClock,
      random: systemRandom,
      passwords: passwordHasher(systemRandom),
      secrets,
    };
    const actor = await ControlActor.open({
      ...ports,
      partitions: directory.partitions,
      identities: await openIdentities(ports),
      log,
    });
    return { store, actor, secrets, keyRing };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The key ring of a data directory; of one in memory, one that ends with it. @throws KeyringError */
export function openRing(options: {
  readonly dataDirectory: string;
  readonly file: string | null;
  readonly isTemporary: boolean;
  readonly log: Log;
}): (isSealed: boolean) => KeyRing {
  const { dataDirectory, file, isTemporary, log } = options;
  if (isTemporary) return () => KeyRing.inMemory(systemRandom);
  return (isSealed) => {
    const opened = openKeyRingFile({ dataDirectory, file, isSealed, random: systemRandom, clock: systemClock });
    for (const warning of opened.warnings) log.warn({ file: opened.file }, warning);
    if (opened.isNew) log.info({ file: opened.file }, "a key ring was made: keep a copy of it apart from the data");
    return opened.ring;
  };
}

/**
 * Makes every partition's environment and keeps it open, unused, for life: all threads of a process share LMDB's one
 * handle, and it must have been opened for writing first, whatever the order in which the threads come and go.
 */
export function openEnvironments(
  directory: DataDirectory,
  unsafe: readonly UnsafeName[],
  onFatal: (error: Error) => void,
): Metadata[] {
  return Array.from({ length: directory.partitions }, (_, index) =>
    openMetadata({ directory: directory.metadataPath(index), clock: systemClock, onFatal, ...unsafeLmdb(unsafe) }),
  );
}

/** LMDB flushes its files, not the files' names. @throws DiskError */
export async function flushNames(directory: DataDirectory, disk: Disk): Promise<void> {
  const partitions = Array.from({ length: directory.partitions }, (_, index) => directory.metadataPath(index));
  for (const path of [directory.controlPath, ...partitions]) await disk.fsyncDirectory(path);
}

export function partitionsOf(directory: DataDirectory, bucketThreads: number) {
  return Array.from({ length: directory.partitions }, (_, index) => ({
    directory: directory.partitionPath(index),
    metadata: directory.metadataPath(index),
    owner: index % bucketThreads,
  }));
}

export function shareMemory(directory: DataDirectory, { fronts, buckets }: ThreadCounts, slabBytes: number) {
  const readEpochs = ReadEpochs.create(directory.partitions, fronts).shared;
  const uploadEpochs = ReadEpochs.create(directory.partitions, fronts).shared;
  const segmentMarks = SegmentMarks.create(directory.partitions, buckets).shared;
  const slabs = Slabs.create(fronts, slabClasses(slabBytes));
  const changeMarks = ChangeMarks.create(directory.partitions);
  return {
    changeMarks,
    front: { slabs, readEpochs, uploadEpochs, changeMarks: changeMarks.shared },
    threads: { readEpochs, uploadEpochs, segmentMarks, changeMarks: changeMarks.shared },
  };
}

export function startFronts(
  count: number,
  data: FrontData,
  askControl: AskControl,
  fatal: (reason: unknown) => void,
  onLine: (line: string) => void,
): AnyFront[] {
  // One of them is enough to read what all partitions hold.
  const dataOf = (index: number): FrontData => ({ ...data, metersUsage: data.metersUsage && index === 0 });
  if (count > 1) {
    return Array.from(
      { length: count },
      (_, index) => new FrontThread(index, dataOf(index), askControl, fatal, onLine),
    );
  }
  const front = new Front(0, data, askControl, onLine);
  return [
    {
      connect: (thread, port) => front.connect(thread, port),
      disconnect: (thread) => front.disconnect(thread),
      listen: (port, consoleUrl) => front.listen(port, consoleUrl),
      drain: () => front.drain(),
      close: () => front.close(),
      abandon: () => front.abandon(),
      finishDeletion: (bucket) => front.finishDeletion(bucket),
      deleteBucket: (bucket) => front.deleteBucket(bucket),
      askInside: (bucket, type, request) => front.askInside(bucket, type, request),
      report: () => reportOf(front),
    },
  ];
}

export interface InterruptedParts {
  readonly control: { readonly actor: ControlActor; readonly store: ControlStore };
  readonly askControl: AskControl;
  readonly log: Log;
}

/** Brings to its end what the last stop has interrupted. Rejects when a deletion cannot go on. */
export async function finishInterrupted(front: AnyFront, parts: InterruptedParts): Promise<void> {
  await finishMakings(front, parts);
  for (const bucket of parts.control.actor.pendingDeletions()) {
    parts.log.info({ bucket: bucket.name }, "finishing a deletion that was interrupted");
    await front.finishDeletion(bucket);
  }
}

/** Makes live the buckets that are not yet. One that cannot be stays unseen, until its account asks for it again. */
export async function finishMakings(front: AnyFront, { control, askControl, log }: InterruptedParts): Promise<void> {
  const ports = makingPorts(askControl, (bucket, type, setup) => front.askInside(bucket, type, setup));
  for (const making of await bucketsInMaking(control.store)) {
    const { name } = making.record;
    log.info({ bucket: name }, "finishing a bucket whose making was interrupted");
    await finishMaking(ports, making).catch((error: unknown) => {
      log.error({ error, bucket: name }, "the bucket could not be finished: asking for it again goes on with it");
    });
  }
}
