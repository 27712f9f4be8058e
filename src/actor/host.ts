/**
 * What runs inside a bucket thread: one mailbox, the virtual actors of the partitions that the thread owns, and its body
 * lane. The only place where a message meets an actor. It never awaits between a message and its turn.
 */

import { assert } from "../base/assert.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Outcome } from "../base/outcome.ts";
import type { BodyLane } from "./body-lane.ts";
import { type ActorAddress, type AskEnvelope, refusal, type ToThread } from "./envelope.ts";
import { failureOf } from "./failure.ts";
import { Mailbox, type MailboxMessage } from "./mailbox.ts";
import { ReplyPort } from "./port.ts";
import { type Defer, endOfTick, type Transport } from "./transport.ts";

/** An actor as the host sees it. Messages of one actor begin in the order they came; a turn begins inside `handle`. */
export interface VirtualActor {
  /** Answers a message. Throws or rejects with S3Error for an answer; anything else ends the thread. */
  handle(type: string, request: unknown, turn: TurnContext): unknown;
  /** True when nothing but the memory of its state would be lost by passivation. */
  isIdle(): boolean;
  /** Called once, when no message waits or runs; the next message activates a new one, after this has settled. */
  passivate(): void | Promise<void>;
}

export interface TurnContext {
  readonly requestId: string;
}

/** Makes the actor of an address on its first message; nothing else creates actors. */
export type Activate = (address: ActorAddress) => VirtualActor;

export interface BucketHostOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly activate: Activate;
  /** Partitions that this thread owns. */
  readonly owns: (partition: number) => boolean;
  /** null in a thread that stores no bodies. */
  readonly lane: BodyLane | null;
  /** Ends the thread; the host has stopped serving. */
  readonly onCrash: (error: unknown) => void;
  readonly defer?: Defer;
}

export interface BucketHostSnapshot {
  readonly waiting: number;
  readonly expired: number;
  readonly refused: number;
  readonly turnsInFlight: number;
  readonly turns: number;
  readonly actors: number;
  readonly lane: ReturnType<BodyLane["snapshot"]> | null;
}

interface Waiting extends MailboxMessage {
  readonly port: ReplyPort;
  readonly ask: AskEnvelope;
}

interface Activation {
  readonly actor: VirtualActor;
  turnsInFlight: number;
  usedMs: number;
}

type State = "serving" | "closing" | "closed" | "crashed";

export class BucketHost {
  readonly #options: BucketHostOptions;
  readonly #defer: Defer;
  readonly #ports = new Set<ReplyPort>();
  readonly #actors = new Map<BucketId, Activation>();
  readonly #passivating = new Set<Promise<void>>();
  readonly #mailbox: Mailbox<Waiting>;
  readonly #sweep: Timer;
  #state: State = "serving";
  #isScheduled = false;
  #turnsInFlight = 0;
  #turns = 0;
  #onQuiet: (() => void) | null = null;

  constructor(options: BucketHostOptions) {
    this.#options = options;
    this.#defer = options.defer ?? endOfTick;
    this.#mailbox = new Mailbox(({ port, ask }) => port.reply(ask.id, refusal("SlowDown")));
    options.lane?.start(
      (error) => this.#crash(error, { part: "body lane" }),
      () => this.#schedule(),
    );
    this.#sweep = options.clock.every(limits.passivateIdleMs / 4, () => this.#passivateIdle());
  }

  /** Serves a front until its end of the transport closes. */
  serve(transport: Transport): void {
    const port = new ReplyPort(transport, this.#defer);
    this.#ports.add(port);
    port.start(
      (batch) => this.#receive(port, batch),
      () => {
        this.#ports.delete(port);
        this.#options.lane?.forget(port);
      },
    );
  }

  /** Serves what was accepted, refuses what comes, passivates every actor and closes the ports. Bodies still open are dropped. */
  async close(): Promise<void> {
    assert(this.#state === "serving", "a host closes once");
    this.#state = "closing";
    this.#sweep.cancel();
    this.#schedule();
    await new Promise<void>((resolve) => {
      this.#onQuiet = resolve;
      this.#schedule();
    });
    await this.#options.lane?.close();
    for (const bucket of this.#actors.keys()) this.#passivate(bucket);
    await Promise.all(this.#passivating);
    this.#state = "closed";
    for (const port of this.#ports) port.close();
  }

  /** True when no message and no body waits for this thread. */
  get isQuiet(): boolean {
    return this.#mailbox.size === 0 && this.#options.lane?.isReady !== true;
  }

  /**
   * A message of the thread's own, which begins at once and has no place in the mailbox; null when it cannot begin now: the
   * host is not serving, or the bucket's actor is being passivated. Resolves with the outcome; an error that ends the thread
   * settles nothing.
   */
  runInside(address: ActorAddress, type: string, request: unknown): Promise<Outcome<unknown>> | null {
    if (this.#state !== "serving" || this.#mailbox.isBlocked(address.bucket)) return null;
    this.#turns++;
    const activation = this.#activation(address);
    const context = { requestId: "", type, bucketId: address.bucket };
    activation.turnsInFlight++;
    this.#turnsInFlight++;
    return new Promise((resolve) => {
      const finish = (outcome: Outcome<unknown> | null): void => {
        if (this.#hasCrashed || outcome === null) return;
        this.#release(activation);
        resolve(outcome);
      };
      const handle = async (): Promise<unknown> => activation.actor.handle(type, request, { requestId: "" });
      handle().then(
        (value) => finish({ ok: true, value }),
        (error: unknown) => finish(this.#outcomeOf(error, context)),
      );
    });
  }

  snapshot(): BucketHostSnapshot {
    return {
      ...this.#mailbox.snapshot(),
      turnsInFlight: this.#turnsInFlight,
      turns: this.#turns,
      actors: this.#actors.size,
      lane: this.#options.lane?.snapshot() ?? null,
    };
  }

  #receive(port: ReplyPort, batch: readonly ToThread[]): void {
    if (this.#state === "crashed" || this.#state === "closed") return;
    for (const message of batch) {
      if (message.kind === "ask") this.#accept(port, message);
      else if (this.#options.lane !== null) this.#options.lane.offer(port, message);
      else if (message.kind === "body.open") port.reply(message.id, refusal("ServiceUnavailable"));
    }
    // Without a backlog the batch is served now; with one, its place is behind it.
    if (!this.#isScheduled) this.#work();
  }

  #accept(port: ReplyPort, ask: AskEnvelope): void {
    const { bucket, partition } = ask.address;
    if (this.#state !== "serving" || !this.#options.owns(partition)) {
      port.reply(ask.id, refusal("ServiceUnavailable"));
      return;
    }
    const cost = limits.turnCostBytes + ask.slotBytes;
    const isAccepted = this.#mailbox.offer({ bucket, cost, deadlineMs: ask.deadlineMs, port, ask });
    if (!isAccepted) port.reply(ask.id, refusal("SlowDown"));
  }

  /** One slice: turns up to their share, then body work up to its share, then the event loop gets in. */
  #work(): void {
    if (this.#state === "crashed" || this.#state === "closed") return;
    const nowMs = this.#options.clock.nowMs();
    for (let cost = 0; cost < limits.bodySliceBytes && this.#turnsInFlight < limits.turnsInFlightMax; ) {
      const next = this.#mailbox.take(nowMs);
      if (next === undefined) break;
      cost += next.cost;
      this.#begin(next);
      if (this.#hasCrashed) return;
    }
    this.#runLane();
    if (this.#hasWork) this.#schedule();
    this.#checkQuiet();
  }

  #runLane(): void {
    try {
      this.#options.lane?.run(limits.bodySliceBytes);
    } catch (error) {
      this.#crash(error, { part: "body lane" });
    }
  }

  get #hasCrashed(): boolean {
    return this.#state === "crashed";
  }

  get #hasWork(): boolean {
    const mayTurn = this.#mailbox.isReady && this.#turnsInFlight < limits.turnsInFlightMax;
    return mayTurn || this.#options.lane?.isReady === true;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#defer(() => {
      this.#isScheduled = false;
      this.#work();
    });
  }

  #begin({ port, ask }: Waiting): void {
    this.#turns++;
    try {
      const activation = this.#activation(ask.address);
      const answer = activation.actor.handle(ask.type, ask.request, { requestId: ask.requestId });
      if (!(answer instanceof Promise)) {
        port.reply(ask.id, { ok: true, value: answer });
        return;
      }
      activation.turnsInFlight++;
      this.#turnsInFlight++;
      answer.then(
        (value: unknown) => this.#finish(port, ask, activation, { ok: true, value }),
        (error: unknown) => this.#finish(port, ask, activation, this.#outcomeOf(error, contextOf(ask))),
      );
    } catch (error) {
      const outcome = this.#outcomeOf(error, contextOf(ask));
      if (outcome !== null) port.reply(ask.id, outcome);
    }
  }

  #finish(port: ReplyPort, ask: AskEnvelope, activation: Activation, outcome: Outcome<unknown> | null): void {
    if (this.#hasCrashed || outcome === null) return;
    port.reply(ask.id, outcome);
    this.#release(activation);
  }

  #release(activation: Activation): void {
    activation.turnsInFlight--;
    this.#turnsInFlight--;
    if (this.#hasWork) this.#schedule();
    this.#checkQuiet();
  }

  /** @returns null when the error ends the thread */
  #outcomeOf(error: unknown, context: object): Outcome<never> | null {
    const failure = failureOf(error);
    if (failure === null) this.#crash(error, context);
    else if (failure.isFault) this.#options.log.error({ ...context, error }, "a turn failed");
    return failure?.outcome ?? null;
  }

  #crash(error: unknown, context: object): void {
    if (this.#hasCrashed) return;
    this.#state = "crashed";
    this.#sweep.cancel();
    // What is committed is acknowledged; the rest fails when the thread has ended.
    for (const port of this.#ports) port.flush();
    this.#options.log.fatal({ ...context, error }, "a bucket thread ends on an error of its own");
    this.#options.onCrash(error);
  }

  #activation(address: ActorAddress): Activation {
    let activation = this.#actors.get(address.bucket);
    if (activation === undefined) {
      activation = { actor: this.#options.activate(address), turnsInFlight: 0, usedMs: 0 };
      this.#actors.set(address.bucket, activation);
    }
    activation.usedMs = this.#options.clock.monotonicMs();
    return activation;
  }

  #passivateIdle(): void {
    const before = this.#options.clock.monotonicMs() - limits.passivateIdleMs;
    for (const [bucket, { actor, turnsInFlight, usedMs }] of this.#actors) {
      if (usedMs > before || turnsInFlight > 0 || this.#mailbox.has(bucket) || !actor.isIdle()) continue;
      this.#passivate(bucket);
    }
  }

  /** While an actor passivates, its bucket's messages keep their order and wait. */
  #passivate(bucket: BucketId): void {
    const activation = this.#actors.get(bucket);
    if (activation === undefined) return;
    this.#actors.delete(bucket);
    try {
      const passivated = activation.actor.passivate();
      if (!(passivated instanceof Promise)) return;
      this.#mailbox.block(bucket);
      const settled: Promise<void> = passivated.then(
        () => {
          this.#passivating.delete(settled);
          this.#mailbox.unblock(bucket);
          if (this.#hasWork) this.#schedule();
        },
        (error: unknown) => this.#crash(error, { bucketId: bucket, type: "passivate" }),
      );
      this.#passivating.add(settled);
    } catch (error) {
      this.#crash(error, { bucketId: bucket, type: "passivate" });
    }
  }

  #checkQuiet(): void {
    if (this.#onQuiet === null || this.#turnsInFlight > 0 || this.#mailbox.size > 0) return;
    this.#onQuiet();
    this.#onQuiet = null;
  }
}

/** Of a message, for the log. */
function contextOf({ requestId, type, address }: AskEnvelope): object {
  return { requestId, type, bucketId: address.bucket };
}
