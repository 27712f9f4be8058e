/** The composition root: builds a node from its parts in order, and takes it apart in reverse. */

import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type FirstCredentials, seedAccounts } from "./account/first-account.ts";
import { scryptPasswords } from "./account/password.ts";
import { threadPool } from "./actor/pool.ts";
import { Slabs, slabClasses } from "./actor/slabs.ts";
import { type Escalation, type FrontConnections, Supervisor } from "./actor/supervisor.ts";
import { systemClock } from "./base/clock.ts";
import { limits } from "./base/limits.ts";
import { createLog, type Log } from "./base/log.ts";
import { connectionsWithin, openFilesMax } from "./base/open-files.ts";
import { systemRandom } from "./base/random.ts";
import type { ServeOptions } from "./cli/command.ts";
import { readIdentitiesFile } from "./cli/identities-file.ts";
import { productVersion } from "./cli/version.ts";
import type { Config } from "./config/schema.ts";
import { ControlActor } from "./control/actor.ts";
import { EmbeddedControlStore } from "./control/embedded-store.ts";
import { openControlEnvironment } from "./control/environment.ts";
import type { ControlRequest } from "./control/messages.ts";
import type { BucketRecord } from "./control/records.ts";
import { consolePort } from "./front/console-port.ts";
import { nodeGauges } from "./front/gauges.ts";
import { listen } from "./front/http-server.ts";
import { Metrics } from "./front/metrics.ts";
import type { AskControl } from "./front/request-services.ts";
import { Front, type FrontData } from "./front-host.ts";
import { type FrontReport, FrontThread } from "./front-thread.ts";
import type { HttpServer } from "./model/http.ts";
import { DataDirectory } from "./storage/data-directory.ts";
import { systemDisk } from "./storage/disk.ts";
import { FreeSpace } from "./storage/free-space.ts";
import { openMetadata } from "./storage/lmdb.ts";
import { ReadEpochs } from "./storage/read-epochs.ts";
import { SegmentMarks } from "./storage/segment-marks.ts";
import type { Metadata } from "./storage/trees.ts";
import type { BucketThreadData } from "./thread.ts";
import { parseUnsafe, type UnsafeName, unsafeLmdb } from "./unsafe.ts";

export interface NodeParts {
  readonly options: ServeOptions;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The node cannot go on: the process must end with this exit code, at once. */
  readonly onFatal: (exitCode: number) => void;
}

/** Exit code of a node that stopped itself: sysexits' EX_SOFTWARE. */
const failStopCode = 70;

interface AnyFront extends FrontConnections {
  listen(port: number): Promise<number>;
  drain(): Promise<void>;
  close(): Promise<void>;
  report(): Promise<FrontReport>;
  finishDeletion(bucket: BucketRecord): Promise<void>;
}

export class Node {
  readonly endpoint: string;
  readonly consoleUrl: string;
  readonly credentials: FirstCredentials | null;
  readonly #stop: () => Promise<void>;

  private constructor(
    endpoint: string,
    consoleUrl: string,
    credentials: FirstCredentials | null,
    stop: () => Promise<void>,
  ) {
    this.endpoint = endpoint;
    this.consoleUrl = consoleUrl;
    this.credentials = credentials;
    this.#stop = stop;
  }

  /**
   * Starts a node; resolves when it serves. What was opened is closed again when it cannot be started.
   * @throws DataDirectoryError, DirectoryLockedError, DamagedEnvironmentError, DocumentError, Error of the operating system
   */
  static async start(parts: NodeParts): Promise<Node> {
    const closing: (() => Promise<void> | void)[] = [];
    const closeAll = async (): Promise<void> => {
      for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
    };
    try {
      return await build(parts, closing, (...made) => new Node(...made, closeAll));
    } catch (error) {
      await closeAll();
      throw error;
    }
  }

  /** Stops accepting, finishes what is under way, closes everything in reverse. */
  stop(): Promise<void> {
    return this.#stop();
  }
}

type Finish = (endpoint: string, consoleUrl: string, credentials: FirstCredentials | null) => Node;

async function build(parts: NodeParts, closing: (() => Promise<void> | void)[], finish: Finish): Promise<Node> {
  const { options, environment, onFatal } = parts;
  const { config } = options.loaded;
  const clock = systemClock;
  const log = createLog({ level: config.log.level });
  const unsafe = parseUnsafe(environment["TROUPE_UNSAFE_FOR_TESTS"]);
  if (unsafe.length > 0) log.warn({ unsafe }, "safeties are switched off for a test: data will be lost");
  const threads = threadCounts(config);
  const fatal = (reason: unknown): void => {
    log.fatal({ error: reason }, "the node stops itself");
    onFatal(failStopCode);
  };

  const directory = await DataDirectory.open({
    path: resolve(options.dataDirectory),
    partitions: config.storage.partitions === "auto" ? threads.buckets : config.storage.partitions,
    volumes: config.storage.directories.map((volume) => resolve(volume)),
    disk: systemDisk,
    random: systemRandom,
    clock,
  });
  closing.push(() => directory.close());
  const freeSpace = await FreeSpace.open({
    directory: directory.path,
    disk: systemDisk,
    clock,
    ballastPath: directory.ballastPath,
    ballastBytes: config.storage.ballastBytes,
    onEvent: (event) => log.warn({ ...event }, "free space"),
  });
  closing.push(() => freeSpace.close());

  const control = await openControl(directory, log, fatal);
  closing.push(() => control.store.close());
  const identities = options.identitiesFile === null ? null : readIdentitiesFile(options.identitiesFile);
  const credentials = await seedAccounts({
    control: control.actor,
    store: control.store,
    random: systemRandom,
    environment,
    identities,
  });
  const askControl: AskControl = (type, message) => {
    if (type === "bucket.create" && freeSpace.isLow) {
      return Promise.resolve({ ok: false, code: "InsufficientStorage", detail: {} });
    }
    return control.actor.handle(type, message as ControlRequest<typeof type>).catch((error: unknown) => {
      log.error({ error, type }, "the control actor failed");
      return { ok: false, code: "InternalError", detail: {} };
    });
  };

  const environments = openEnvironments(directory, unsafe, fatal);
  // LMDB flushes its file, not the file's name.
  const named = Array.from({ length: directory.partitions }, (_, index) => directory.metadataPath(index));
  for (const path of [directory.controlPath, ...named]) await systemDisk.fsyncDirectory(path);
  closing.push(async () => {
    for (const environment of environments) await environment.close();
  });
  const shared = shareMemory(directory, threads, config.slabs.bytes);
  const partitions = partitionsOf(directory, threads.buckets);
  const consoleUrl = config.console.publicUrl ?? `http://${urlHost(options.console.host)}:${options.console.port}`;
  const frontData: FrontData = {
    ...shared.front,
    partitions,
    controlDirectory: directory.controlPath,
    fronts: threads.fronts,
    bucketThreads: threads.buckets,
    listen: {
      host: options.s3.host,
      port: options.s3.port,
      tls: options.tls,
      implementation: config.front.implementation,
      connectionsMax: connectionsPerFront(threads.fronts, log),
    },
    region: config.region,
    takesVersion2: config.signatures.version2,
    endpoints: config.domain.map((domain) => `s3.${domain}`),
    hostId: Buffer.from(directory.format.nodeEpoch, "hex").toString("base64"),
    consoleUrl,
    tokenKey: Uint8Array.from(systemRandom.bytes(32)),
    logLevel: config.log.level,
    accessLog: config.log.access,
    unsafe,
  };
  const fronts = startFronts(threads.fronts, frontData, askControl, fatal);
  closing.push(async () => {
    for (const front of fronts) await front.close();
  });

  const threadData: BucketThreadData = { ...shared.threads, partitions, nodeId: 0, logLevel: config.log.level, unsafe };
  const supervisor = new Supervisor({
    threads: threads.buckets,
    fronts,
    start: threadPool({
      entry: new URL("./thread.js", import.meta.url),
      slabs: shared.front.slabs,
      data: threadData,
      clock,
    }),
    clock,
    log,
    escalate: (escalation: Escalation) => fatal(escalation.kind === "fatal" ? escalation.reason : escalation.error),
  });
  await supervisor.start();
  closing.push(() => supervisor.stop());
  for (const bucket of control.actor.pendingDeletions()) {
    log.info({ bucket: bucket.name }, "finishing a deletion that was interrupted");
    await fronts[0]?.finishDeletion(bucket);
  }

  let reports: readonly FrontReport[] = [];
  const gauges = nodeGauges({
    fronts: () => reports.map(({ snapshot }) => snapshot),
    supervisor: () => supervisor.snapshot(),
    freeSpace,
  });
  const metrics = new Metrics({ version: productVersion(), gauges });
  const gather = async (): Promise<void> => {
    reports = await Promise.all(fronts.map((front) => front.report()));
    for (const { sums } of reports) metrics.add(sums);
  };
  const first = fronts[0];
  const s3Port = first === undefined ? 0 : await first.listen(options.s3.port);
  for (const front of fronts.slice(1)) await front.listen(s3Port);
  closing.push(async () => {
    await Promise.all(fronts.map((front) => front.drain()));
  });
  const endpoint = `${options.tls === null ? "http" : "https"}://${urlHost(options.s3.host)}:${s3Port}`;
  const { host, port } = options.console;
  const handler = consolePort({
    metrics,
    gather,
    isOpen: config.metrics.open,
    bearerToken: config.metrics.bearerToken,
    isReady: () => supervisor.snapshot().isUp.every((isUp) => isUp),
    endpoint,
    onError: (error) => log.error({ error }, "metrics could not be gathered"),
  });
  const consoleServer: HttpServer = await listen(
    { host, port, implementation: config.front.implementation, connectionsMax: limits.consoleConnectionsMax },
    handler,
    log,
  );
  closing.push(() => consoleServer.close(limits.drainMs));
  const boundConsole = config.console.publicUrl ?? `http://${urlHost(options.console.host)}:${consoleServer.port}`;
  log.info({ endpoint, console: boundConsole, partitions: partitions.length, ...threads }, "the node serves");
  return finish(endpoint, boundConsole, credentials);
}

interface ThreadCounts {
  readonly fronts: number;
  readonly buckets: number;
}

/** One front up to 4 cores, then a quarter of the cores; bucket threads: cores less one, within 1 to 8. */
function threadCounts(config: Config): ThreadCounts {
  const cores = availableParallelism();
  return {
    fronts: config.front.threads === "auto" ? (cores <= 4 ? 1 : Math.floor(cores / 4)) : config.front.threads,
    buckets: config.threads.buckets === "auto" ? Math.min(8, Math.max(1, cores - 1)) : config.threads.buckets,
  };
}

/** As many as the process may have open beside its files; says so when that is much less than the product's own limit. */
function connectionsPerFront(fronts: number, log: Log): number {
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

/** The host as it stands in a URL: loopback for "any address", brackets around IPv6. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

async function openControl(directory: DataDirectory, log: Log, fatal: (reason: unknown) => void) {
  const environment = openControlEnvironment({ directory: directory.controlPath, clock: systemClock, onFatal: fatal });
  const store = new EmbeddedControlStore({ environment, clock: systemClock, random: systemRandom });
  const actor = await ControlActor.open({
    store,
    clock: systemClock,
    random: systemRandom,
    partitions: directory.partitions,
    passwords: scryptPasswords(systemRandom),
    log,
  });
  return { store, actor };
}

/**
 * Makes every partition's environment and keeps it open, unused, for life: all threads of a process share LMDB's one
 * handle, and it must have been opened for writing first, whatever the order in which the threads come and go.
 */
function openEnvironments(
  directory: DataDirectory,
  unsafe: readonly UnsafeName[],
  onFatal: (error: Error) => void,
): Metadata[] {
  return Array.from({ length: directory.partitions }, (_, index) =>
    openMetadata({ directory: directory.metadataPath(index), clock: systemClock, onFatal, ...unsafeLmdb(unsafe) }),
  );
}

function partitionsOf(directory: DataDirectory, bucketThreads: number) {
  return Array.from({ length: directory.partitions }, (_, index) => ({
    directory: directory.partitionPath(index),
    metadata: directory.metadataPath(index),
    owner: index % bucketThreads,
  }));
}

function shareMemory(directory: DataDirectory, { fronts, buckets }: ThreadCounts, slabBytes: number) {
  const readEpochs = ReadEpochs.create(directory.partitions, fronts).shared;
  const uploadEpochs = ReadEpochs.create(directory.partitions, fronts).shared;
  const segmentMarks = SegmentMarks.create(directory.partitions, buckets).shared;
  const slabs = Slabs.create(fronts, slabClasses(slabBytes));
  return {
    front: { slabs, readEpochs, uploadEpochs },
    threads: { readEpochs, uploadEpochs, segmentMarks },
  };
}

function startFronts(
  count: number,
  data: FrontData,
  askControl: AskControl,
  fatal: (reason: unknown) => void,
): AnyFront[] {
  if (count > 1) return Array.from({ length: count }, (_, index) => new FrontThread(index, data, askControl, fatal));
  const front = new Front(0, data, askControl);
  return [
    {
      connect: (thread, port) => front.connect(thread, port),
      disconnect: (thread) => front.disconnect(thread),
      listen: (port) => front.listen(port),
      drain: () => front.drain(),
      close: () => front.close(),
      finishDeletion: (bucket) => front.finishDeletion(bucket),
      report: () => Promise.resolve({ sums: front.takeSums(), snapshot: front.snapshot() }),
    },
  ];
}
