/** One front with everything it needs, in the main thread or in one of its own: listener, pipeline, readers, links to the bucket threads. */

import { getHeapStatistics } from "node:v8";
import type { MessagePort } from "node:worker_threads";
import { Principals } from "./account/principals.ts";
import { QuotaBook } from "./account/quota-book.ts";
import { TemporaryCredentials } from "./account/temporary-credentials.ts";
import { Admission } from "./actor/admission.ts";
import { BodyUploader } from "./actor/body-uploader.ts";
import { ThreadLink } from "./actor/port.ts";
import { actorRef } from "./actor/ref.ts";
import { Slabs } from "./actor/slabs.ts";
import { portTransport } from "./actor/transport.ts";
import { assert } from "./base/assert.ts";
import { systemClock, type Timer } from "./base/clock.ts";
import { limits } from "./base/limits.ts";
import { createThreadLog, type Log } from "./base/log.ts";
import { systemRandom } from "./base/random.ts";
import { ConfigurationReader } from "./bucket/configuration-reader.ts";
import type { BucketAddress, BucketProtocol, BucketReply, BucketRequest } from "./bucket/messages.ts";
import { ObjectReader } from "./bucket/read.ts";
import { UsageReader } from "./bucket/usage-reader.ts";
import { openControlSnapshot } from "./control/environment.ts";
import { ControlReader } from "./control/reader.ts";
import type { BucketRecord } from "./control/records.ts";
import { ringSecretBox } from "./control/secret-box.ts";
import type { EventDispatcher } from "./events/dispatcher.ts";
import { openAccessLog } from "./front/access-log.ts";
import { BucketLogs } from "./front/bucket-logs.ts";
import type { Exchanged } from "./front/exchanged.ts";
import type { FrontNumbers, HeldNumbers } from "./front/gauges.ts";
import { listen } from "./front/http-server.ts";
import { KeyUse } from "./front/key-use.ts";
import { RequestCounters, type RequestSums } from "./front/request-counters.ts";
import { type AskControl, type FrontServices, RequestServices } from "./front/request-services.ts";
import { shareOf } from "./front/requester-pays.ts";
import { type BucketSum, type HandedOver, requestClassOf, UsageTally } from "./front/usage-tally.ts";
import { WriteQuotas } from "./front/write-quotas.ts";
import type { FrontData, InsideAsk } from "./front-data.ts";
import { encryptionServices } from "./front-encryption.ts";
import { openDispatcher } from "./front-events.ts";
import { s3Handler } from "./front-handler.ts";
import { KeyRing } from "./keyring/key-ring.ts";
import type { HttpServer } from "./model/http.ts";
import { deleteWithContents, finishDeletion } from "./operations/bucket-deletion.ts";
import { putInside } from "./operations/inside-put.ts";
import { fromOutcome } from "./s3/errors.ts";
import { ChangeMarks } from "./storage/change-marks.ts";
import { ChunkReader } from "./storage/chunk-reader.ts";
import { systemDisk } from "./storage/disk.ts";
import { openSnapshot } from "./storage/lmdb.ts";
import { ReadEpochs } from "./storage/read-epochs.ts";
import { unsafeLmdb } from "./unsafe.ts";

const yieldTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Front {
  readonly #data: FrontData;
  readonly #principals: Principals;
  readonly #temporary: TemporaryCredentials;
  readonly #keyUse: KeyUse;
  readonly #links: readonly ThreadLink[];
  readonly #slabs: Slabs;
  readonly #services: FrontServices;
  readonly #snapshots: ReturnType<typeof openSnapshot>[];
  readonly #chunks: ChunkReader[];
  readonly #counters = new RequestCounters();
  readonly #admission: Admission;
  readonly #usage: UsageTally;
  readonly #usageFlush: Timer;
  readonly #usageReader: UsageReader;
  readonly #accessLog: ReturnType<typeof openAccessLog>;
  readonly #log: Log;
  #server: HttpServer | null = null;
  readonly #bucketLogs: BucketLogs;
  /** null: another front delivers. */
  readonly #events: EventDispatcher | null;
  #isDraining = false;

  /**
   * The partitions' environments exist.
   * @param onLine takes the lines of its log when they go to the main thread
   */
  constructor(index: number, data: FrontData, askControl: AskControl, onLine: (line: string) => void) {
    const clock = systemClock;
    this.#data = data;
    this.#log = createThreadLog(data.log, onLine).child({ front: index });
    this.#slabs = Slabs.attach(data.slabs, index, clock);
    this.#links = Array.from(
      { length: data.bucketThreads },
      (_, thread) => new ThreadLink({ thread, clock, slabs: this.#slabs }),
    );
    this.#snapshots = data.partitions.map(({ metadata }) =>
      openSnapshot({ directory: metadata, ...unsafeLmdb(data.unsafe) }),
    );
    this.#chunks = data.partitions.map(({ directory }) => new ChunkReader({ directory, disk: systemDisk, clock }));
    this.#admission = new Admission(data.fronts);
    this.#accessLog = openAccessLog(data.accessLog);
    this.#usage = new UsageTally((sum) => this.#handOver(sum));
    this.#usageReader = new UsageReader(this.#snapshots);
    this.#usageFlush = clock.every(limits.usageFlushMs, () => this.#usage.flush());
    const ownerOf = (partition: number): number => data.partitions[partition]?.owner ?? 0;
    const keyRing = new KeyRing(data.ringKeys, systemRandom);
    const secrets = ringSecretBox(keyRing);
    const marks = ChangeMarks.attach(data.changeMarks);
    const control = new ControlReader(
      openControlSnapshot({ directory: data.controlDirectory, ...unsafeLmdb(data.unsafe) }),
      marks.control,
    );
    this.#temporary = new TemporaryCredentials({ keyRing, clock, random: systemRandom });
    // A thread with a small heap keeps fewer.
    const keptBytesMax = Math.min(limits.identityCacheBytesMax, Math.floor(getHeapStatistics().heap_size_limit / 8));
    this.#principals = new Principals({ records: control, secrets, temporary: this.#temporary, clock, keptBytesMax });
    this.#keyUse = new KeyUse(clock, (used) => void askControl("key.used", { used }));
    const quotaBook = new QuotaBook({ control, reader: this.#usageReader, clock, yieldTurn });
    this.#services = {
      control,
      askControl,
      links: this.#links,
      ownerOf,
      configurations: new ConfigurationReader(
        this.#snapshots,
        data.partitions.map((_, partition) => marks.partition(partition)),
      ),
      objects: new ObjectReader({
        snapshots: this.#snapshots,
        chunks: this.#chunks,
        epochs: ReadEpochs.attach(data.readEpochs).reader(index),
      }),
      uploader: new BodyUploader({ slabs: this.#slabs, links: this.#links, ownerOf, clock }),
      uploads: ReadEpochs.attach(data.uploadEpochs).reader(index),
      quotas: new WriteQuotas(quotaBook, control),
      encryption: encryptionServices(data, keyRing),
      clock,
      region: data.region,
      defaultOwnership: data.defaultOwnership,
      dayMs: data.dayMs,
      tokenKey: data.tokenKey,
      hostId: data.hostId,
      eventTargets: new Set(data.eventTargets.map(({ name }) => name)),
    };
    this.#bucketLogs = this.#openBucketLogs();
    this.#events = index === 0 ? this.#openDispatcher() : null;
  }

  #openDispatcher(): EventDispatcher {
    const { eventTargets: targets } = this.#data;
    const settle = async ({ bucket, partition }: BucketAddress, settled: BucketRequest<"events.settle">) => {
      const link = this.#links[this.#services.ownerOf(partition)];
      assert(link !== undefined, "every partition has an owner");
      const options = { requestId: "events", timeoutMs: limits.askMs };
      fromOutcome(await actorRef<BucketProtocol>(link, { bucket, partition }).ask("events.settle", settled, options));
    };
    return openDispatcher({ targets, snapshots: this.#snapshots, settle, clock: systemClock, log: this.#log });
  }

  #openBucketLogs(): BucketLogs {
    const { control, configurations } = this.#services;
    const { hostId, region } = this.#data;
    return new BucketLogs({
      clock: systemClock,
      random: systemRandom,
      log: this.#log,
      hostId,
      region,
      bucket: (name) => {
        control.refresh();
        const record = control.bucket(name);
        return record?.state === "live" ? record : undefined;
      },
      canonicalIdOf: (accountId) => control.account(accountId)?.canonicalId ?? accountId,
      configurationOf: ({ id, partition }) => configurations.latest({ bucket: id, partition }),
      locksByDefault: ({ id, partition }) =>
        configurations.of({ bucket: id, partition }).get("objectLock")?.defaultRetention != null,
      put: async (bucket, key, body) => {
        const inside = new RequestServices(this.#services, "inside", null);
        try {
          await putInside(inside, bucket, key, body, "text/plain");
        } finally {
          inside.finish();
        }
      },
    });
  }

  /** Binds the S3 port; several fronts share it. @param consoleUrl null: there is no console @returns the port */
  async listen(port: number, consoleUrl: string | null): Promise<number> {
    const { listen: where, fronts } = this.#data;
    const handler = s3Handler({
      data: this.#data,
      consoleUrl,
      services: this.#services,
      principals: this.#principals,
      temporary: this.#temporary,
      admission: this.#admission,
      keyUse: this.#keyUse,
      log: this.#log,
      port: () => this.#server?.port ?? port,
      isReady: () => this.#isReady(),
      observe: (exchange) => this.#observe(exchange),
    });
    const { host, tls, implementation, connectionsMax } = where;
    const secured = tls === null ? {} : { tls };
    const options = { host, port, implementation, connectionsMax, sharesPort: fronts > 1, ...secured };
    this.#server = await listen(options, handler, this.#log);
    return this.#server.port;
  }

  get implementation(): string {
    return this.#server?.implementation ?? "none";
  }

  connect(thread: number, port: MessagePort): void {
    this.#links[thread]?.attach(portTransport(port));
  }

  disconnect(thread: number): void {
    this.#links[thread]?.exited();
  }

  /** Goes on with a deletion that the last stop has interrupted. */
  finishDeletion(bucket: BucketRecord): Promise<boolean> {
    return finishDeletion(new RequestServices(this.#services, "start", null), bucket);
  }

  takeSums(): RequestSums {
    return this.#counters.take();
  }

  /** What the first `limits.metricSeriesMax` buckets hold, by name; nothing unless the metrics are to show it. In slices. */
  async bucketsHeld(): Promise<HeldNumbers[]> {
    const { control } = this.#services;
    const held: HeldNumbers[] = [];
    for (let after = ""; this.#data.metersUsage && held.length < limits.metricSeriesMax; ) {
      control.refresh();
      const page = control.buckets(after, limits.usageBucketsPerTurn);
      for (const { accountId, name, id, partition } of page) {
        const totals = this.#usageReader.held({ bucket: id, partition });
        held.push({
          account: accountId,
          bucket: name,
          bytes: (totals?.storedBytes ?? 0) + (totals?.openUploadBytes ?? 0),
        });
      }
      const last = page.at(-1);
      if (last === undefined || page.length < limits.usageBucketsPerTurn) break;
      after = last.name;
      await yieldTurn();
    }
    return held.slice(0, limits.metricSeriesMax);
  }

  snapshot(): FrontNumbers {
    const slabs = this.#slabs.snapshot();
    const admission = this.#admission.snapshot();
    return {
      openConnections: this.#server?.openConnections() ?? 0,
      tickets: admission.tickets,
      refusedTickets: admission.refused,
      slotsFree: slabs.slots.reduce((sum, { free }) => sum + free, 0),
      slotsWaiting: this.#slabs.waiting,
      pendingAsks: this.#links.reduce((sum, link) => sum + link.snapshot().pending, 0),
      requestsNotBooked: this.#usage.lostRequests,
      logLinesDropped: this.#bucketLogs.droppedLines,
      events: this.#events?.counts ?? null,
    };
  }

  /** Stops accepting, lets what is under way end, closes the listener. The bucket threads still serve. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#server?.close(this.#data.listen.drainMs);
    this.#keyUse.close();
    this.#usageFlush.cancel();
    await this.#bucketLogs.close();
    await this.#events?.close();
    await this.#usage.drain(() => new Promise((resolve) => systemClock.after(limits.usageDrainPauseMs, resolve)));
  }

  /**
   * Instead of `drain` and `close`, when the node cannot go on: cuts every connection, so that nothing more is answered,
   * and lets go of what keeps a process alive. What is open below stays open: nothing of it can be relied on.
   */
  async abandon(): Promise<void> {
    this.#isDraining = true;
    this.#keyUse.close();
    this.#usageFlush.cancel();
    await this.#server?.close(0);
    this.#services.uploader.close();
    for (const link of this.#links) link.close();
    await this.#accessLog.close();
  }

  /** Goes through a bucket's rows and deletes it with everything in it, for good. */
  async deleteBucket(bucket: BucketRecord): Promise<void> {
    await deleteWithContents(new RequestServices(this.#services, "reset", null), bucket);
  }

  /** Asks a bucket without a request: a job's step, a change by the admin API. */
  askInside<T extends InsideAsk>(bucket: BucketRecord, type: T, request: BucketRequest<T>): Promise<BucketReply<T>> {
    return new RequestServices(this.#services, "inside", null).askBucket(bucket, type, request);
  }

  /** After `drain`, and after the bucket threads have stopped. */
  async close(): Promise<void> {
    this.#services.uploader.close();
    for (const link of this.#links) link.close();
    for (const chunks of this.#chunks) chunks.close();
    await Promise.all(this.#snapshots.map((snapshot) => snapshot.close()));
    await this.#services.control.close();
    await this.#accessLog.close();
  }

  #isReady(): boolean {
    return !this.#isDraining && this.#links.every((link) => link.isUp);
  }

  /** An answer that does not come may hide a turn that was made: only what a thread has refused is sent again. */
  async #handOver({ bucket, egressBytes, requests }: BucketSum): Promise<HandedOver> {
    const link = this.#links[this.#services.ownerOf(bucket.partition)];
    if (link === undefined || !link.isUp) return "refused";
    const address = { bucket: bucket.id, partition: bucket.partition };
    const options = { requestId: "usage", timeoutMs: limits.askMs };
    const { payer } = bucket;
    const change = payer === undefined ? { egressBytes, requests } : { egressBytes, requests, payer };
    const outcome = await actorRef<BucketProtocol>(link, address).ask("usage.add", change, options);
    if (outcome.ok) return "taken";
    if (outcome.code === "SlowDown") return "refused";
    this.#log.warn(
      { bucketId: bucket.id, code: outcome.code, egressBytes, requests },
      "usage may not have been booked",
    );
    return "unknown";
  }

  #observe(exchange: Exchanged): void {
    const { status, errorCode, durationMs, request } = exchange;
    const operation = exchange.operation === "" ? "-" : exchange.operation;
    const { target, payer } = exchange;
    if (target !== null) {
      const booked = payer === null ? target : shareOf(target, payer);
      this.#usage.record(booked, requestClassOf(exchange.operation, request.method), exchange.bytesOut);
    }
    this.#bucketLogs.note(exchange);
    this.#counters.record({
      operation,
      code: errorCode ?? String(status),
      durationMs,
      receivedBytes: exchange.bytesIn,
      sentBytes: exchange.bytesOut,
    });
    if (this.#data.accessLog === "off") return;
    this.#accessLog.write({
      timeMs: systemClock.nowMs() - durationMs,
      requestId: exchange.requestId,
      operation,
      status,
      method: request.method,
      bucket: exchange.bucket,
      key: exchange.key,
      rawQuery: request.rawQuery,
      receivedBytes: exchange.bytesIn,
      sentBytes: exchange.bytesOut,
      durationMs,
      remote: request.remoteAddress,
      accessKeyId: exchange.accessKeyId,
      errorCode,
      userAgent: request.headers.get("user-agent") ?? null,
    });
  }
}
