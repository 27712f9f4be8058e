/**
 * The body work of a bucket thread: takes bodies from slab slots, decodes, hashes and stores them, for any partition, in
 * slices between the thread's turns. Never touches metadata: the owner's turn gets places, sizes and digests.
 */

import { BodyDecoder } from "../auth/body-decoder.ts";
import type { BodyEncryption, BodyPlan } from "../auth/body-plan.ts";
import { assert, unreachable } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Outcome } from "../base/outcome.ts";
import { opaqueMd5 } from "../keyring/data-key.ts";
import type { StoredBody } from "../storage/body.ts";
import type { BodyWriter } from "../storage/body-writer.ts";
import type { ChunkStore } from "../storage/chunk-store.ts";
import type { StoredChunk } from "../storage/location.ts";
import { type BodyEnvelope, refusal } from "./envelope.ts";
import { failureOf } from "./failure.ts";
import { FairQueue } from "./mailbox.ts";
import type { ReplyPort } from "./port.ts";
import type { Slabs, SlotId } from "./slabs.ts";

export interface BodyLaneOptions {
  readonly slabs: Slabs;
  /** This thread's chunk store of a partition. @throws AssertionError for a partition that is not there */
  readonly chunks: (partition: number) => Pick<ChunkStore, "write" | "drop">;
  readonly log: Log;
}

export interface BodyLaneSnapshot {
  readonly openBodies: number;
  readonly finishingBodies: number;
  /** Messages and bytes that wait for a slice. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Wire bytes taken since the start, slots of asks included. */
  readonly takenBytes: number;
  readonly storedBodies: number;
  readonly failedBodies: number;
}

interface Body {
  readonly port: ReplyPort;
  readonly id: number;
  readonly requestId: string;
  readonly plan: BodyPlan;
  work: { readonly decoder: BodyDecoder; readonly writer: BodyWriter } | null;
  /** In order of arrival. Each has one token in the fair queue, or is parked. */
  readonly jobs: Job[];
  /** Tokens taken while the disk had a backlog of this body. */
  parked: Job[] | null;
  /** A body that is gone has failed, was aborted or is answered: what still waits for it only returns its slots. */
  state: "open" | "finishing" | "gone";
}

type Job = { readonly kind: "data"; readonly slot: SlotId; readonly length: number } | { readonly kind: "end" };

export class BodyLane {
  readonly #options: BodyLaneOptions;
  readonly #bodies = new Map<ReplyPort, Map<number, Body>>();
  /** One token per waiting job; which job of the body it stands for is decided when its turn comes. */
  readonly #queue = new FairQueue<Body>();
  readonly #finishing = new Set<Promise<void>>();
  #onCrash: (error: unknown) => void = (error) => {
    throw error;
  };
  #onReady: () => void = () => {};
  #openBodies = 0;
  #waitingBytes = 0;
  #takenBytes = 0;
  #storedBodies = 0;
  #failedBodies = 0;

  constructor(options: BodyLaneOptions) {
    this.#options = options;
  }

  /**
   * Connects the lane to its host.
   * @param onCrash ends the thread: a body met a programmer error outside `run`
   * @param onReady work that had to wait for the disk may be run again
   */
  start(onCrash: (error: unknown) => void, onReady: () => void): void {
    this.#onCrash = onCrash;
    this.#onReady = onReady;
  }

  /** True while `run` has something to do. */
  get isReady(): boolean {
    return this.#queue.isReady;
  }

  /** Takes a message of a body; the work waits for `run`, an abort does not. */
  offer(port: ReplyPort, message: BodyEnvelope): void {
    switch (message.kind) {
      case "body.open":
        this.#open(port, message.id, message.requestId, message.plan);
        return;
      case "body.drop":
        this.#drop(message.partition, message.chunks);
        return;
      case "body.data":
        this.#offerData(port, message.id, message.slot, message.length);
        return;
      case "body.end": {
        const body = this.#bodies.get(port)?.get(message.id);
        if (body !== undefined) this.#enqueue(body, { kind: "end" });
        return;
      }
      case "body.abort": {
        const body = this.#bodies.get(port)?.get(message.id);
        if (body?.state === "open") this.#discard(body);
        return;
      }
      default:
        unreachable(message);
    }
  }

  /**
   * Does one slice: at least one job if any waits, then more until `bytesMax` bytes are taken.
   * @throws anything that is neither an S3 error nor one of the disk: the thread must end
   */
  run(bytesMax: number): void {
    for (let bytes = 0; bytes < bytesMax; ) {
      const body = this.#queue.take();
      if (body === undefined) return;
      const job = body.jobs.shift();
      assert(job !== undefined, "a token stands for a job");
      if (body.parked !== null) {
        body.parked.push(job);
        continue;
      }
      bytes += weight(job);
      if (job.kind === "data") this.#takeData(body, job.slot, job.length);
      else if (body.state === "open") this.#finish(body);
    }
  }

  /**
   * Decodes and verifies a body that lies whole in one slot, in the calling turn. An inline body may be a view of the slot,
   * good until the ask is answered; of any other, all bytes are consumed when it returns.
   * @returns the body itself when it is inline, else a promise that resolves when it is durable
   * @throws S3Error of the body (also by rejection), DiskError
   */
  decodeSlot(slot: SlotId, length: number, plan: BodyPlan): StoredBody | Promise<StoredBody> {
    const wire = this.#options.slabs.view(slot, length);
    this.#takenBytes += length;
    // Decoded bytes are never more than wire bytes.
    const isInline = (plan.decodedBytes ?? length) <= plan.inlineBytesMax;
    return isInline ? decodeInline(wire, plan) : this.#decodeStored(wire, plan);
  }

  /** Drops the bodies of a front that has gone. */
  forget(port: ReplyPort): void {
    for (const body of [...(this.#bodies.get(port)?.values() ?? [])]) if (body.state === "open") this.#discard(body);
  }

  /** Resolves when bodies whose end was taken are answered; others are dropped. */
  async close(): Promise<void> {
    for (const port of [...this.#bodies.keys()]) this.forget(port);
    this.run(Number.POSITIVE_INFINITY);
    await Promise.all(this.#finishing);
  }

  snapshot(): BodyLaneSnapshot {
    return {
      openBodies: this.#openBodies,
      finishingBodies: this.#finishing.size,
      waiting: this.#queue.size,
      waitingBytes: this.#waitingBytes,
      takenBytes: this.#takenBytes,
      storedBodies: this.#storedBodies,
      failedBodies: this.#failedBodies,
    };
  }

  #open(port: ReplyPort, id: number, requestId: string, plan: BodyPlan): void {
    if (this.#openBodies >= limits.bodiesPerLaneMax) {
      port.reply(id, refusal("SlowDown"));
      return;
    }
    let bodies = this.#bodies.get(port);
    if (bodies === undefined) {
      bodies = new Map();
      this.#bodies.set(port, bodies);
    }
    bodies.set(id, { port, id, requestId, plan, work: null, jobs: [], parked: null, state: "open" });
    this.#openBodies++;
  }

  #offerData(port: ReplyPort, id: number, slot: SlotId, length: number): void {
    const body = this.#bodies.get(port)?.get(id);
    if (body === undefined) {
      port.returnSlot(slot);
      return;
    }
    this.#waitingBytes += length;
    this.#enqueue(body, { kind: "data", slot, length });
  }

  #enqueue(body: Body, job: Job): void {
    body.jobs.push(job);
    this.#queue.push(body.plan.bucket, weight(job), body);
  }

  /** Lets the disk catch up: what waits for this body waits on, other bodies do not. */
  #parkUntil(body: Body, backlog: Promise<void>): void {
    body.parked = [];
    void backlog.then(() => {
      const { jobs, parked } = body;
      body.parked = null;
      // The parked jobs came before those that still have a token.
      jobs.unshift(...(parked ?? []));
      for (const job of parked ?? []) this.#queue.push(body.plan.bucket, weight(job), body);
      this.#onReady();
    });
  }

  #takeData(body: Body, slot: SlotId, length: number): void {
    this.#waitingBytes -= length;
    try {
      if (body.state !== "open") return;
      this.#takenBytes += length;
      const { decoder, writer } = this.#workOf(body);
      decoder.push(this.#options.slabs.view(slot, length), (plain) => writer.write(plain));
      const backlog = writer.backlog();
      if (backlog !== null) this.#parkUntil(body, backlog);
    } catch (error) {
      this.#fail(body, error);
    } finally {
      body.port.returnSlot(slot);
    }
  }

  #workOf(body: Body): { readonly decoder: BodyDecoder; readonly writer: BodyWriter } {
    body.work ??= { decoder: new BodyDecoder(body.plan), writer: this.#openWriter(body.plan) };
    return body.work;
  }

  #openWriter(plan: BodyPlan): BodyWriter {
    const store = this.#options.chunks(plan.partition);
    const { bucket, addressKey, decodedBytes: expectedBytes, encryption } = plan;
    return store.write({ bucket, addressKey, dataKey: encryption?.dataKey ?? null, expectedBytes });
  }

  #finish(body: Body): void {
    try {
      const { decoder, writer } = this.#workOf(body);
      const decoded = decoder.finish();
      body.state = "finishing";
      const settled: Promise<void> = writer.finish().then(
        (chunks) => {
          this.#finishing.delete(settled);
          this.#storedBodies++;
          this.#answer(body, { ok: true, value: storedBody(decoded, chunks, body.plan) });
        },
        (error: unknown) => {
          this.#finishing.delete(settled);
          try {
            this.#fail(body, error);
          } catch (crash) {
            this.#onCrash(crash);
          }
        },
      );
      this.#finishing.add(settled);
    } catch (error) {
      this.#fail(body, error);
    }
  }

  /** Answers a body's error at once. @throws the error when it is neither an S3 error nor one of the disk */
  #fail(body: Body, error: unknown): void {
    const failure = failureOf(error);
    if (failure === null) throw error;
    const { requestId, plan } = body;
    if (failure.isFault) this.#options.log.error({ requestId, bucketId: plan.bucket, error }, "a body was not stored");
    this.#failedBodies++;
    // A writer that failed to finish has cleaned up after itself.
    if (body.state === "open") body.work?.writer.abort();
    this.#answer(body, failure.outcome);
  }

  #answer(body: Body, outcome: Outcome<StoredBody>): void {
    this.#remove(body);
    body.port.reply(body.id, outcome);
  }

  #discard(body: Body): void {
    body.work?.writer.abort();
    this.#remove(body);
  }

  #remove(body: Body): void {
    body.state = "gone";
    body.work = null;
    const bodies = this.#bodies.get(body.port);
    if (bodies?.delete(body.id) === true) this.#openBodies--;
    if (bodies?.size === 0) this.#bodies.delete(body.port);
  }

  #drop(partition: number, chunks: readonly StoredChunk[]): void {
    const store = this.#options.chunks(partition);
    for (const { place, address } of chunks) store.drop(place, address);
  }

  #decodeStored(wire: Uint8Array, plan: BodyPlan): Promise<StoredBody> {
    const writer = this.#openWriter(plan);
    let decoded: Decoded;
    try {
      const decoder = new BodyDecoder(plan);
      decoder.push(wire, (plain) => writer.write(plain));
      decoded = decoder.finish();
    } catch (error) {
      writer.abort();
      throw error;
    }
    return writer.finish().then((chunks) => storedBody(decoded, chunks, plan));
  }
}

function weight(job: Job): number {
  return limits.turnCostBytes + (job.kind === "data" ? job.length : 0);
}

type Decoded = ReturnType<BodyDecoder["finish"]>;

/** The body is a view of the slot when it lies there in one piece: the slot is the ask's until its answer. */
function decodeInline(wire: Uint8Array, plan: BodyPlan): StoredBody {
  const decoder = new BodyDecoder(plan);
  const pieces: Uint8Array[] = [];
  decoder.push(wire, (piece) => pieces.push(piece));
  const [first = new Uint8Array(0)] = pieces;
  return bodyOf(decoder.finish(), pieces.length <= 1 ? first : Buffer.concat(pieces), [], plan.encryption);
}

function storedBody(decoded: Decoded, chunks: readonly StoredChunk[], { encryption }: BodyPlan): StoredBody {
  return bodyOf(decoded, decoded.sizeBytes === 0 ? new Uint8Array(0) : null, chunks, encryption);
}

/** Written out: a spread makes an object of a new hidden class each time, and every reader of it is slow then. */
function bodyOf(
  { sizeBytes, md5, checksum }: Decoded,
  inline: Uint8Array | null,
  chunks: readonly StoredChunk[],
  encryption: BodyEncryption | null,
): StoredBody {
  if (encryption === null || !encryption.hidesMd5) return { sizeBytes, md5, checksum, inline, chunks };
  return { sizeBytes, md5: opaqueMd5(encryption.dataKey, md5), checksum, inline, chunks };
}
