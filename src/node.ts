/** The composition root: builds a node from its parts in order, and takes it apart in reverse. */

import { resolve } from "node:path";
import { isMainThread } from "node:worker_threads";
import { type FirstCredentials, operatorKey, seedAccounts } from "./account/first-account.ts";
import { threadPool } from "./actor/pool.ts";
import { type Escalation, Supervisor } from "./actor/supervisor.ts";
import { assert } from "./base/assert.ts";
import { systemClock } from "./base/clock.ts";
import { limits } from "./base/limits.ts";
import { createThreadLog, type LogSettings } from "./base/log.ts";
import { systemRandom } from "./base/random.ts";
import { RecentFaults } from "./base/recent-faults.ts";
import { urlHost } from "./cli/address.ts";
import type { ServeOptions } from "./cli/command.ts";
import { readIdentitiesFile } from "./cli/identities-file.ts";
import type { Config } from "./config/schema.ts";
import type { ControlRequest, IdentitiesDocument, IdentityKey } from "./control/messages.ts";
import { listBuckets, restoreRecords, seededRecords } from "./control/seed.ts";
import { requireDrivers } from "./events/targets.ts";
import { chooseImplementation } from "./front/http-server.ts";
import type { AskControl } from "./front/request-services.ts";
import { websiteEndpoints } from "./front/website-host.ts";
import type { FrontData } from "./front-data.ts";
import { JobRunner } from "./jobs/job-runner.ts";
import {
  connectionsPerFront,
  finishInterrupted,
  finishMakings,
  flushNames,
  openControl,
  openEnvironments,
  openRing,
  partitionsOf,
  shareMemory,
  startFronts,
  threadCounts,
} from "./node-parts.ts";
import { Opened } from "./opened.ts";
import { DataDirectory } from "./storage/data-directory.ts";
import { systemDisk } from "./storage/disk.ts";
import { FreeSpace } from "./storage/free-space.ts";
import type { BucketThreadData } from "./thread.ts";
import { noDurability, parseUnsafe, unsafeDisk } from "./unsafe.ts";

export interface NodeParts {
  readonly options: ServeOptions;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The node cannot go on: the process must end with this exit code, at once; a guest has been abandoned instead. */
  readonly onFatal: (exitCode: number, reason: unknown) => void;
  /** When the process belongs to somebody else. */
  readonly guest?: GuestOptions;
}

/** A node in somebody else's process: it ends itself and never the process, and writes nowhere but where it is told to. */
export interface GuestOptions {
  /** Accounts to make or update; they take the place of an identities file. */
  readonly identities: IdentitiesDocument | null;
  /** Takes the lines of the log; null: there is none. */
  readonly onLine: ((line: string) => void) | null;
  /** The data ends with the node: nothing is flushed to the disk. */
  readonly isTemporary: boolean;
  /** How long a stop waits for requests under way. */
  readonly drainMs: number;
}

/** Exit code of a node that stopped itself: sysexits' EX_SOFTWARE. */
const failStopCode = 70;

/** Buckets that a reset empties at the same time. */
const resetAtOnce = 64;

/** What `build` has made. */
interface Built {
  readonly endpoint: string;
  readonly consoleUrl: string | null;
  readonly credentials: FirstCredentials | null;
  readonly implementation: "uws" | "node";
  readonly reset: () => Promise<void>;
  readonly operatorKey: () => Promise<IdentityKey | null>;
}

export class Node {
  readonly endpoint: string;
  /** null: it has no console port. */
  readonly consoleUrl: string | null;
  readonly credentials: FirstCredentials | null;
  readonly implementation: "uws" | "node";
  readonly #built: Built;
  readonly #opened: Opened;

  private constructor(built: Built, opened: Opened) {
    this.endpoint = built.endpoint;
    this.consoleUrl = built.consoleUrl;
    this.credentials = built.credentials;
    this.implementation = built.implementation;
    this.#built = built;
    this.#opened = opened;
  }

  /**
   * Starts a node; resolves when it serves. What was opened is closed again when it cannot be started.
   * @throws DataDirectoryError, DirectoryLockedError, DamagedEnvironmentError, DocumentError, ListenError, Error of the
   * operating system
   */
  static async start(parts: NodeParts): Promise<Node> {
    const opened = new Opened();
    let isBroken = false;
    let breakStart: (error: Error) => void = () => undefined;
    // A commit that has failed settles nothing any more: a start that waits for it would wait for ever.
    const broken = new Promise<never>((_, reject) => {
      breakStart = reject;
    });
    broken.catch(() => undefined);
    const onFatal = (exitCode: number, reason: unknown): void => {
      if (isBroken) return;
      isBroken = true;
      const tell = (): void => parts.onFatal(exitCode, reason);
      if (parts.guest === undefined) {
        tell();
        return;
      }
      opened.abandon().then(tell, tell);
      breakStart(new Error("the node has stopped itself", { cause: reason }));
    };
    try {
      return new Node(await Promise.race([build({ ...parts, onFatal }, opened), broken]), opened);
    } catch (error) {
      if (!isBroken) await opened.close();
      throw error;
    }
  }

  /** Removes all buckets and what they hold, and brings accounts and keys back to what they were at the start. */
  reset(): Promise<void> {
    return this.#built.reset();
  }

  /** A key of an operator's Root, if there is one. */
  operatorKey(): Promise<IdentityKey | null> {
    return this.#built.operatorKey();
  }

  /** Stops accepting, finishes what is under way, closes everything in reverse. */
  stop(): Promise<void> {
    return this.#opened.close();
  }
}

function logSettings(config: Config, guest: GuestOptions | undefined): LogSettings {
  const target = guest === undefined ? "stderr" : guest.onLine === null ? "none" : "main";
  return { level: config.log.level, target };
}

/**
 * uWebSockets.js takes its settings from the environment of the process, which is out of reach for a thread: a guest there
 * would refuse headers that are right.
 */
function wantedImplementation(config: Config, guest: GuestOptions | undefined): "auto" | "uws" | "node" {
  const wanted = config.front.implementation;
  return wanted === "auto" && guest !== undefined && !isMainThread ? "node" : wanted;
}

async function build(parts: NodeParts, opened: Opened): Promise<Built> {
  const { options, environment, onFatal, guest } = parts;
  const { config } = options.loaded;
  const clock = systemClock;
  const logs = logSettings(config, guest);
  const onLine = guest?.onLine ?? (() => undefined);
  const faults = new RecentFaults(clock);
  const log = faults.watch(createThreadLog(logs, onLine));
  const isTemporary = guest?.isTemporary === true;
  const unsafe = isTemporary ? noDurability : parseUnsafe(environment["TROUPE_UNSAFE_FOR_TESTS"]);
  if (unsafe.length > 0 && !isTemporary)
    log.warn({ unsafe }, "safeties are switched off for a test: data will be lost");
  const disk = isTemporary ? unsafeDisk(systemDisk, unsafe) : systemDisk;
  const threads = threadCounts(config);
  const fatal = (reason: unknown): void => {
    log.fatal({ error: reason }, "the node stops itself");
    onFatal(failStopCode, reason);
  };
  const implementation = await chooseImplementation(wantedImplementation(config, guest), log);
  await requireDrivers(config.events.targets);
  const directory = await DataDirectory.open({
    path: resolve(options.dataDirectory),
    partitions: config.storage.partitions === "auto" ? threads.buckets : config.storage.partitions,
    volumes: config.storage.directories.map((volume) => resolve(volume)),
    disk,
    random: systemRandom,
    clock,
    unsafeFs: isTemporary,
  });
  opened.add(() => directory.close());
  const freeSpace = await FreeSpace.open({
    directory: directory.path,
    disk,
    clock,
    ballastPath: directory.ballastPath,
    ballastBytes: config.storage.ballastBytes,
    onEvent: (event) => log.warn({ ...event }, "free space"),
  });
  opened.add(
    () => freeSpace.close(),
    () => void freeSpace.close(),
  );

  const shared = shareMemory(directory, threads, config.slabs.bytes);
  const control = await openControl({
    mark: shared.changeMarks.control,
    directory,
    openRing: openRing({ dataDirectory: directory.path, file: config.keyring.file, isTemporary, log }),
    log,
    unsafe,
    fatal,
  });
  opened.add(() => control.store.close());
  const file = options.identitiesFile;
  const identities = guest !== undefined ? guest.identities : file === null ? null : readIdentitiesFile(file);
  const credentials = await seedAccounts({
    control: control.actor,
    store: control.store,
    random: systemRandom,
    environment,
    identities,
  });
  const seeded = await seededRecords(control.store);
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
  await flushNames(directory, disk);
  opened.add(async () => {
    for (const environment of environments) await environment.close();
  });
  const partitions = partitionsOf(directory, threads.buckets);
  const frontData: FrontData = {
    ...shared.front,
    partitions,
    controlDirectory: directory.controlPath,
    ringKeys: control.keyRing.keys,
    fronts: threads.fronts,
    bucketThreads: threads.buckets,
    listen: {
      host: options.s3.host,
      port: options.s3.port,
      tls: options.tls === null ? null : { ...options.tls, further: config.tls.certificates },
      implementation,
      connectionsMax: connectionsPerFront(threads.fronts, log),
      drainMs: guest?.drainMs ?? limits.drainMs,
    },
    region: config.region,
    defaultOwnership: config.buckets.defaultOwnership,
    eventTargets: config.events.targets,
    dayMs: config.lifecycle.daySeconds * 1000,
    takesVersion2: config.signatures.version2,
    endpoints: config.domain.map((domain) => `s3.${domain}`),
    domains: config.domain,
    websites: {
      endpoints: websiteEndpoints(config.website.endpoints, config.domain, config.region),
      customHosts: config.website.customHosts,
    },
    trustedProxies: config.trustedProxies,
    encryption: config.encryption,
    hostId: Buffer.from(directory.format.nodeEpoch, "hex").toString("base64"),
    tokenKey: Uint8Array.from(systemRandom.bytes(32)),
    log: logs,
    accessLog: config.log.access,
    metersUsage: config.metrics.usage,
    unsafe,
  };
  const fronts = startFronts(threads.fronts, frontData, askControl, fatal, onLine);
  opened.add(
    async () => {
      for (const front of fronts) await front.close();
    },
    async () => {
      await Promise.all(fronts.map((front) => front.abandon()));
    },
  );

  const { dayMs } = frontData;
  const threadData: BucketThreadData = { ...shared.threads, partitions, nodeId: 0, dayMs, log: logs, unsafe };
  const supervisor = new Supervisor({
    threads: threads.buckets,
    fronts,
    start: threadPool({
      entry: new URL("./thread.js", import.meta.url),
      slabs: shared.front.slabs,
      data: threadData,
      clock,
      isGuest: guest !== undefined,
      onLine,
    }),
    clock,
    log,
    escalate: (escalation: Escalation) => fatal(escalation.kind === "fatal" ? escalation.reason : escalation.error),
  });
  opened.add(
    () => supervisor.stop(),
    () => supervisor.abandon(),
  );
  await supervisor.start();
  const first = fronts[0];
  assert(first !== undefined, "a node has a front");
  await finishInterrupted(first, { control, askControl, log });

  const jobs = new JobRunner({
    store: control.store,
    askControl,
    askBucket: (bucket, type, request) => first.askInside(bucket, type, request),
    clock,
    log,
  });
  opened.add(() => jobs.stop());
  await jobs.resume();
  let endpoint = "";
  let consoleUrl: string | null = null;
  if (options.console !== null) {
    // Metrics are nothing that a node without a console should load.
    const { openConsole } = await import("./node-console.ts");
    const { openAdmin } = await import("./node-admin.ts");
    const { nodeDiagnostics } = await import("./node-diagnostics.ts");
    const said = {
      endpoint: () => endpoint,
      isReady: () => endpoint !== "" && supervisor.snapshot().isUp.every((isUp) => isUp),
    };
    const admin = await openAdmin({
      config,
      dataDirectory: directory.path,
      controlDirectory: directory.controlPath,
      keyRing: control.keyRing,
      askControl,
      finishDeletion: (bucket) => first.finishDeletion(bucket),
      setBucketQuota: (bucket, quota) => first.askInside(bucket, "bucket.setQuota", { quota }),
      askBucket: (bucket, type, request) => first.askInside(bucket, type, request),
      askLocked: (bucket, request) => first.askInside(bucket, "bucket.locked", request),
      beginJob: (jobId) => jobs.begin(jobId),
      partitions,
      consoleUrl: () => consoleUrl ?? "",
      diagnostics: nodeDiagnostics({
        ...said,
        loaded: options.loaded,
        supervisor,
        freeSpace,
        faults,
        implementation,
        clock,
      }),
      log,
      unsafe,
    });
    opened.add(() => admin.close());
    const { console } = options;
    // Before the S3 port: its links lead to the port that the console has got.
    const server = await openConsole({
      ...said,
      address: console,
      implementation,
      config,
      fronts,
      supervisor,
      freeSpace,
      log,
      admin: admin.port,
    });
    const close = (): Promise<void> => server.close(limits.drainMs);
    opened.add(close, () => server.close(0));
    consoleUrl = config.console.publicUrl ?? `http://${urlHost(console.host)}:${server.port}`;
  }
  const s3Port = await first.listen(options.s3.port, consoleUrl);
  for (const front of fronts.slice(1)) await front.listen(s3Port, consoleUrl);
  opened.add(async () => {
    await Promise.all(fronts.map((front) => front.drain()));
  });
  endpoint = `${options.tls === null ? "http" : "https"}://${urlHost(options.s3.host)}:${s3Port}`;
  log.info({ endpoint, console: consoleUrl, partitions: partitions.length, ...threads }, "the node serves");
  return {
    endpoint,
    consoleUrl,
    credentials,
    implementation,
    operatorKey: () => operatorKey(control.store, control.secrets),
    reset: async () => {
      await finishMakings(first, { control, askControl, log });
      const buckets = await listBuckets(control.store);
      for (let at = 0; at < buckets.length; at += resetAtOnce) {
        await Promise.all(buckets.slice(at, at + resetAtOnce).map((bucket) => first.deleteBucket(bucket)));
      }
      await restoreRecords(control.store, seeded);
    },
  };
}
