/**
 * Asks and replies over a transport, one array per tick. `ThreadLink` is a front's end towards one bucket thread,
 * `ReplyPort` the thread's end. Every ask ends: by its reply, its deadline, or the thread's end.
 */

import type { BodyPlan } from "../auth/body-plan.ts";
import { assert } from "../base/assert.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { StoredChunk } from "../storage/location.ts";
import {
  decodeFromThread,
  decodeToThread,
  encodeFromThread,
  encodeToThread,
  type WireFromThread,
  type WireToThread,
} from "./codec.ts";
import { type ActorAddress, refusal, type ToThread } from "./envelope.ts";
import type { Slabs, SlotId } from "./slabs.ts";
import { type Defer, endOfTick, type Transport } from "./transport.ts";

export interface AskOptions {
  readonly requestId: string;
  /** Mandatory: from now until the ask fails with ServiceUnavailable. The turn may still happen if it has begun. */
  readonly timeoutMs: number;
  /**
   * The held slot that the request names, with the bytes in it. The link owns it from this call on, whatever the outcome:
   * it is free again when the reply arrives or the thread has ended, never at the deadline.
   */
  readonly slot?: { readonly id: SlotId; readonly length: number } | null;
}

interface Pending {
  /** null once the asker has been answered and only the slot waits for the reply. */
  settle: ((outcome: Outcome<unknown>) => void) | null;
  /** Monotonic ms of this thread. */
  deadlineMs: number;
  readonly slot: SlotId | null;
}

export interface ThreadLinkOptions {
  /** Number of the bucket thread. */
  readonly thread: number;
  readonly clock: Clock;
  readonly slabs: Slabs;
  readonly defer?: Defer;
  /** Most asks and bodies that wait for an answer. */
  readonly outboxMessagesMax?: number;
}

export interface ThreadLinkSnapshot {
  readonly thread: number;
  readonly isUp: boolean;
  readonly pending: number;
  readonly asks: number;
  readonly refused: number;
  readonly timedOut: number;
}

/** A body that travels to a lane. Its reply comes once: when it is stored, or as soon as it fails. */
export interface BodyChannel {
  readonly reply: Promise<Outcome<unknown>>;
  /** Sends a held slot; `onReturn` runs when the lane has consumed it, or the thread has ended. */
  data(slot: SlotId, length: number, onReturn: () => void): void;
  /** No data follows; the reply is due within `limits.askMs`. */
  end(): void;
  /** The client has gone: the lane forgets the body. */
  abort(): void;
}

export class ThreadLink {
  readonly thread: number;
  readonly #clock: Clock;
  readonly #slabs: Slabs;
  readonly #defer: Defer;
  readonly #pendingMax: number;
  readonly #pending = new Map<number, Pending>();
  readonly #sweep: Timer;
  #transport: Transport | null = null;
  #outbox: WireToThread[] = [];
  #nextId = 1;
  #asks = 0;
  #refused = 0;
  #timedOut = 0;

  constructor(options: ThreadLinkOptions) {
    this.thread = options.thread;
    this.#clock = options.clock;
    this.#slabs = options.slabs;
    this.#defer = options.defer ?? endOfTick;
    this.#pendingMax = options.outboxMessagesMax ?? limits.outboxMessagesMax;
    this.#sweep = options.clock.every(limits.askSweepMs, () => this.#failLate());
  }

  /** True while a thread serves the other end. */
  get isUp(): boolean {
    return this.#transport !== null;
  }

  /** Connects to a thread that has started; until then every ask fails with ServiceUnavailable. */
  attach(transport: Transport): void {
    assert(this.#transport === null, "a link has one transport");
    this.#transport = transport;
    transport.start(
      (batch) => {
        if (this.#transport === transport) this.#receive(batch as readonly WireFromThread[]);
      },
      () => {
        if (this.#transport === transport) this.#detach();
      },
    );
  }

  /** The thread has ended (its exit event): every pending ask fails, and the slots lent to it are free again. */
  exited(): void {
    this.#transport?.drain();
    this.#detach();
    this.#slabs.reclaim(this.thread);
  }

  /** Ends the link at shutdown. */
  close(): void {
    this.#sweep.cancel();
    this.#detach();
  }

  /**
   * Asks a virtual actor on the other end. Never rejects.
   * Outcomes of its own: SlowDown (too much is unanswered), ServiceUnavailable (thread not up or ended, or deadline).
   */
  ask(address: ActorAddress, type: string, request: unknown, options: AskOptions): Promise<Outcome<unknown>> {
    const slot = options.slot ?? null;
    const refused = this.#refuse();
    if (refused !== null) {
      if (slot !== null) this.#slabs.release(slot.id);
      return Promise.resolve(refused);
    }
    this.#asks++;
    const id = this.#nextId++;
    if (slot !== null) this.#slabs.lend(slot.id, this.thread);
    const deadlineMs = this.#clock.nowMs() + options.timeoutMs;
    const slotBytes = slot?.length ?? 0;
    this.#send({ kind: "ask", id, address, type, request, requestId: options.requestId, deadlineMs, slotBytes });
    return this.#expect(id, options.timeoutMs, slot?.id ?? null);
  }

  /** Opens a body on the lane of this thread, or says why not. */
  openBody(plan: BodyPlan, requestId: string): BodyChannel | Outcome<never> {
    const refused = this.#refuse();
    if (refused !== null) return refused;
    const id = this.#nextId++;
    this.#send({ kind: "body.open", id, requestId, plan });
    // While bytes come, the uploader's idle rule is the deadline.
    const reply = this.#expect(id, Number.POSITIVE_INFINITY, null);
    return {
      reply,
      data: (slot, length, onReturn) => this.#sendData(id, slot, length, onReturn),
      end: () => {
        const pending = this.#pending.get(id);
        if (pending === undefined) return;
        pending.deadlineMs = this.#clock.monotonicMs() + limits.askMs;
        this.#send({ kind: "body.end", id });
      },
      abort: () => {
        if (!this.#pending.delete(id)) return;
        this.#send({ kind: "body.abort", id });
      },
    };
  }

  /** Tells the lane that the chunks of a body it stored will never be named by a record. */
  dropBody(partition: number, chunks: readonly StoredChunk[]): void {
    this.#send({ kind: "body.drop", partition, chunks });
  }

  snapshot(): ThreadLinkSnapshot {
    return {
      thread: this.thread,
      isUp: this.isUp,
      pending: this.#pending.size,
      asks: this.#asks,
      refused: this.#refused,
      timedOut: this.#timedOut,
    };
  }

  #refuse(): Outcome<never> | null {
    if (this.#transport === null) return refusal("ServiceUnavailable");
    if (this.#pending.size < this.#pendingMax) return null;
    this.#refused++;
    return refusal("SlowDown");
  }

  #expect(id: number, timeoutMs: number, slot: SlotId | null): Promise<Outcome<unknown>> {
    const deadlineMs = this.#clock.monotonicMs() + timeoutMs;
    return new Promise((settle) => {
      this.#pending.set(id, { settle, deadlineMs, slot });
    });
  }

  #sendData(id: number, slot: SlotId, length: number, onReturn: () => void): void {
    if (this.#transport === null || !this.#pending.has(id)) {
      this.#slabs.release(slot);
      onReturn();
      return;
    }
    this.#slabs.lend(slot, this.thread, onReturn);
    this.#send({ kind: "body.data", id, slot, length });
  }

  #send(message: ToThread): void {
    if (this.#transport === null) return;
    this.#outbox.push(encodeToThread(message));
    if (this.#outbox.length === 1) this.#defer(() => this.#flush());
  }

  #flush(): void {
    const batch = this.#outbox;
    if (batch.length === 0) return;
    this.#outbox = [];
    this.#transport?.post(batch);
  }

  #receive(batch: readonly WireFromThread[]): void {
    for (const wire of batch) {
      const message = decodeFromThread(wire);
      if (message.kind === "slots") {
        for (const slot of message.slots) this.#slabs.release(slot, this.thread);
      } else {
        this.#settle(message.id, message.outcome);
      }
    }
  }

  #settle(id: number, outcome: Outcome<unknown>): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (pending.slot !== null) this.#slabs.release(pending.slot, this.thread);
    pending.settle?.(outcome);
  }

  #failLate(): void {
    const now = this.#clock.monotonicMs();
    for (const [id, pending] of this.#pending) {
      if (pending.deadlineMs > now || pending.settle === null) continue;
      this.#timedOut++;
      const { settle } = pending;
      pending.settle = null;
      // An ask without a slot has nothing left to wait for; its late reply is ignored.
      if (pending.slot === null) this.#pending.delete(id);
      settle(refusal("ServiceUnavailable"));
    }
  }

  #detach(): void {
    this.#transport?.close();
    this.#transport = null;
    this.#outbox = [];
    const unanswered = [...this.#pending.values()];
    this.#pending.clear();
    // Their slots stay lent until the thread has ended.
    for (const { settle } of unanswered) settle?.(refusal("ServiceUnavailable"));
  }
}

/** A bucket thread's end towards one front. */
export class ReplyPort {
  readonly #transport: Transport;
  readonly #defer: Defer;
  #replies: WireFromThread[] = [];
  #slots: SlotId[] = [];
  #isScheduled = false;
  #isClosed = false;

  constructor(transport: Transport, defer: Defer = endOfTick) {
    this.#transport = transport;
    this.#defer = defer;
  }

  /** Starts delivery; `onClose` runs when the front has gone. */
  start(onMessages: (batch: readonly ToThread[]) => void, onClose: () => void): void {
    this.#transport.start(
      (batch) => onMessages((batch as readonly WireToThread[]).map(decodeToThread)),
      () => {
        this.#isClosed = true;
        onClose();
      },
    );
  }

  /** Sends the one reply of an ask or a body, at the end of the tick. */
  reply(id: number, outcome: Outcome<unknown>): void {
    this.#replies.push(encodeFromThread({ kind: "reply", id, outcome }));
    this.#schedule();
  }

  /** Gives a slot back whose bytes are consumed. */
  returnSlot(slot: SlotId): void {
    this.#slots.push(slot);
    this.#schedule();
  }

  /** Sends at once what waits for the end of the tick. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#isClosed || this.#replies.length + this.#slots.length === 0) return;
    const batch = this.#replies;
    if (this.#slots.length > 0) batch.unshift(encodeFromThread({ kind: "slots", slots: this.#slots }));
    this.#replies = [];
    this.#slots = [];
    this.#transport.post(batch);
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
    this.#transport.close();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#defer(() => this.flush());
  }
}
