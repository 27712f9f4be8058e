/**
 * Delivers what the buckets' outboxes hold, at least once: an event leaves its outbox when each of its targets has taken it, or
 * when it has been tried for `limits.eventAgeMaxMs`, and once at least; then it is kept as a dead letter. A stop forgets only what was tried, and
 * a target that had an event may get it again.
 */

import type { Clock, Timer } from "../base/clock.ts";
import type { BucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { eventMessage, type ObjectEvent, type TestEvent } from "../s3/notification.ts";
import type { EventTarget } from "./target.ts";

/** An event in its outbox. */
export interface PendingEvent {
  readonly bucket: BucketId;
  readonly partition: number;
  /** Names it within its bucket: its place in the outbox. */
  readonly id: string;
  readonly event: ObjectEvent | TestEvent;
  /** Unix ms: its age counts from then on. */
  readonly sinceMs: number;
  /** The rules that it fell under, with the targets that they name. */
  readonly rules: readonly { readonly id: string; readonly target: string }[];
}

export interface DispatcherOptions {
  readonly targets: ReadonlyMap<string, EventTarget>;
  /**
   * Events of all outboxes that are not known yet, oldest first within a bucket, at most `limit`.
   * @param isKnown whether an event is held already
   */
  readonly pending: (limit: number, isKnown: (bucket: BucketId, id: string) => boolean) => PendingEvent[];
  /** Takes events out of a bucket's outbox, into its dead letters or for good. Rejects when it did not. */
  readonly settle: (
    at: { readonly bucket: BucketId; readonly partition: number },
    settled: { readonly delivered: readonly string[]; readonly dead: readonly string[] },
  ) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DispatcherCounts {
  readonly delivered: number;
  readonly failed: number;
  readonly dead: number;
  /** Held now. */
  readonly waiting: number;
}

interface Delivery extends PendingEvent {
  /** Targets that have not taken it. */
  readonly due: Map<string, { readonly ruleId: string; tries: number; notBeforeMs: number }>;
  inFlight: number;
  /** Refused attempts to settle it. */
  settleTries: number;
  settleNotBeforeMs: number;
}

const pauseMs = (tries: number): number => Math.min(limits.eventRetryMs * 2 ** (tries - 1), limits.eventRetryMsMax);

const nameOf = (bucket: BucketId, id: string): string => `${bucket}/${id}`;

export class EventDispatcher {
  readonly #options: DispatcherOptions;
  readonly #held = new Map<string, Delivery>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #busy = new Map<string, number>();
  readonly #timer: Timer;
  #isClosed = false;
  #delivered = 0;
  #failed = 0;
  #dead = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    // Without targets, events of former rules are left to come of age.
    const pollMs = options.targets.size === 0 ? limits.eventIdlePollMs : limits.eventPollMs;
    this.#timer = options.clock.every(pollMs, () => this.#poll());
  }

  get counts(): DispatcherCounts {
    return { delivered: this.#delivered, failed: this.#failed, dead: this.#dead, waiting: this.#held.size };
  }

  /** Lets what is on its way end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer.cancel();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    await Promise.all([...this.#options.targets.values()].map((target) => target.close()));
  }

  #poll(): void {
    const room = limits.eventsHeldMax - this.#held.size;
    if (room > 0) {
      const isKnown = (bucket: BucketId, id: string): boolean => this.#held.has(nameOf(bucket, id));
      for (const event of this.#options.pending(room, isKnown)) this.#hold(event);
    }
    const nowMs = this.#options.clock.nowMs();
    for (const delivery of this.#held.values()) this.#push(delivery, nowMs);
  }

  #hold(event: PendingEvent): void {
    const due: Delivery["due"] = new Map();
    for (const { id, target } of event.rules) due.set(target, { ruleId: id, tries: 0, notBeforeMs: 0 });
    this.#held.set(nameOf(event.bucket, event.id), {
      ...event,
      due,
      inFlight: 0,
      settleTries: 0,
      settleNotBeforeMs: 0,
    });
  }

  /** Sends what is due and not on its way; settles what is over. */
  #push(delivery: Delivery, nowMs: number): void {
    const isHeld = this.#held.get(nameOf(delivery.bucket, delivery.id)) === delivery;
    if (!isHeld || delivery.inFlight > 0 || this.#isClosed) return;
    const due = [...delivery.due.values()];
    const isDead = nowMs - delivery.sinceMs > limits.eventAgeMaxMs && due.every(({ tries }) => tries > 0);
    if (due.length === 0 || isDead) {
      if (delivery.settleNotBeforeMs <= nowMs) this.#track(delivery, this.#settle(delivery));
      return;
    }
    for (const [name, attempt] of delivery.due) {
      if (attempt.notBeforeMs > nowMs || (this.#busy.get(name) ?? 0) >= limits.eventSendsPerTargetMax) continue;
      this.#track(delivery, this.#send(delivery, name));
    }
  }

  #track(delivery: Delivery, work: Promise<void>): void {
    delivery.inFlight += 1;
    const tracked: Promise<void> = work.finally(() => {
      delivery.inFlight -= 1;
      this.#underWay.delete(tracked);
      this.#push(delivery, this.#options.clock.nowMs());
    });
    this.#underWay.add(tracked);
  }

  async #send(delivery: Delivery, name: string): Promise<void> {
    const attempt = delivery.due.get(name);
    if (attempt === undefined) return;
    this.#busy.set(name, (this.#busy.get(name) ?? 0) + 1);
    try {
      const target = this.#options.targets.get(name);
      if (target === undefined) throw new Error("no target of this name is configured");
      await target.send(eventMessage(delivery.event, attempt.ruleId));
      delivery.due.delete(name);
      this.#delivered += 1;
    } catch (error) {
      this.#failed += 1;
      attempt.tries += 1;
      attempt.notBeforeMs = this.#options.clock.nowMs() + pauseMs(attempt.tries);
      this.#options.log.warn({ target: name, tries: attempt.tries, error }, "an event was not delivered");
    } finally {
      this.#busy.set(name, (this.#busy.get(name) ?? 1) - 1);
    }
  }

  async #settle(delivery: Delivery): Promise<void> {
    const { bucket, partition, id, due } = delivery;
    const isDead = due.size > 0;
    try {
      await this.#options.settle(
        { bucket, partition },
        isDead ? { delivered: [], dead: [id] } : { delivered: [id], dead: [] },
      );
      if (isDead) this.#dead += 1;
      this.#held.delete(nameOf(bucket, id));
    } catch (error) {
      // Held on to, so that those who have it do not get it again.
      delivery.settleTries += 1;
      delivery.settleNotBeforeMs = this.#options.clock.nowMs() + pauseMs(delivery.settleTries);
      this.#options.log.warn({ bucketId: bucket, error }, "an event could not be taken out of its outbox");
    }
  }
}
