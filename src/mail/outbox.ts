/**
 * The queue of outgoing mail: bounded, one message at a time. Posting takes no time, so that an answer does not tell whether a
 * mail was sent. With a keeper, what waits survives a stop; a mail that was under way then may come twice.
 */

import { BoundedQueue } from "../base/bounded-queue.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { MailKeeper } from "./kept-mail.ts";
import { type Mail, MailError, type MailMessage } from "./mail.ts";

const idBytes = 8;

export interface OutboxOptions {
  readonly mail: Mail;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  /** Absent: what waits ends with the process. */
  readonly keeper?: MailKeeper;
}

interface Posted {
  readonly id: string;
  readonly message: MailMessage;
  /** Monotonic ms. */
  readonly deadlineMs: number;
  failures: number;
}

export class Outbox {
  readonly #mail: Mail;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: Random;
  readonly #keeper: MailKeeper | null;
  /** Ends with the keeper's last work so far, which comes in order: a mail is kept before it is removed. */
  #keeping: Promise<void> = Promise.resolve();
  readonly #waiting = new BoundedQueue<Posted>(limits.mailQueueMax);
  /** Failed at least once, each with the timer of its next try. */
  readonly #later = new Map<Posted, Timer>();
  #isSending = false;
  #isClosed = false;

  constructor({ mail, clock, log, random, keeper }: OutboxOptions) {
    this.#mail = mail;
    this.#clock = clock;
    this.#log = log;
    this.#random = random;
    this.#keeper = keeper ?? null;
  }

  /** Takes up what an earlier run has left, as far as its deadline has not passed. @throws Error of the operating system */
  async resume(): Promise<void> {
    if (this.#keeper === null) return;
    const nowMs = this.#clock.nowMs();
    for (const { id, message, untilMs } of await this.#keeper.load()) {
      // A clock that was put back must not keep a link waiting for longer than it would have been tried.
      const leftMs = Math.min(untilMs - nowMs, limits.mailDeadlineMs);
      const posted = { id, message, deadlineMs: this.#clock.monotonicMs() + leftMs, failures: 0 };
      if (leftMs <= 0)
        this.#giveUp(posted, { subject: message.subject, reason: "its deadline passed while the node was stopped" });
      else if (this.#isClosed || this.length >= limits.mailQueueMax || !this.#waiting.push(posted)) break;
    }
    void this.#drain();
  }

  /** Messages that are neither delivered nor given up. */
  get length(): number {
    return this.#waiting.length + this.#later.size + (this.#isSending ? 1 : 0);
  }

  /**
   * Queues `message`, which is tried until `limits.mailDeadlineMs` from now, at growing intervals. False, and a line in the
   * log, when there are `limits.mailQueueMax` already or the outbox is closed.
   */
  post(message: MailMessage): boolean {
    const id = this.#random.bytes(idBytes).toString("hex");
    const deadlineMs = this.#clock.monotonicMs() + limits.mailDeadlineMs;
    const posted: Posted = { id, message, deadlineMs, failures: 0 };
    if (this.#isClosed || this.length >= limits.mailQueueMax || !this.#waiting.push(posted)) {
      this.#log.error(
        { subject: message.subject, waiting: this.length },
        "a mail was dropped: the outbox takes no more",
      );
      return false;
    }
    const kept = { id, message, untilMs: this.#clock.nowMs() + limits.mailDeadlineMs };
    this.#keep((keeper) => keeper.put(kept), "a mail is not kept: a stop of the node loses it");
    void this.#drain();
    return true;
  }

  /** Drops what waits, or leaves it to the next start; says in the log when that is anything. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const left = this.length;
    for (const timer of this.#later.values()) timer.cancel();
    this.#later.clear();
    this.#waiting.drain();
    this.#mail.close();
    if (left > 0 && this.#keeper === null) this.#log.warn({ dropped: left }, "mails were dropped: the node stops");
    if (left > 0 && this.#keeper !== null) this.#log.info({ waiting: left }, "mails wait for the next start");
    if (this.#keeper === null) return;
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#clock.after(limits.mailSendMs, resolve);
    });
    await Promise.race([this.#keeping, late]);
    timer?.cancel();
  }

  #keep(work: (keeper: MailKeeper) => Promise<void>, complaint: string): void {
    const keeper = this.#keeper;
    if (keeper === null) return;
    this.#keeping = this.#keeping
      .then(() => work(keeper))
      .catch((error: unknown) => this.#log.error({ error }, complaint));
  }

  #forget({ id }: Posted): void {
    this.#keep((keeper) => keeper.remove(id), "a kept mail could not be removed: it may come again");
  }

  #giveUp(posted: Posted, fields: object): void {
    this.#log.error(fields, "a mail was given up");
    this.#forget(posted);
  }

  async #drain(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    for (let posted = this.#waiting.shift(); posted !== undefined; posted = this.#waiting.shift()) {
      await this.#attempt(posted);
    }
    this.#isSending = false;
  }

  /** Never rejects: what a driver throws, and a driver that hangs, is a failed try. */
  async #attempt(posted: Posted): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.#clock.after(limits.mailSendMs, () => reject(new MailError("no end of it in time", false)));
    });
    try {
      await Promise.race([this.#mail.send(posted.message), late]);
      this.#forget(posted);
    } catch (error) {
      this.#failed(posted, error);
    } finally {
      timer?.cancel();
    }
  }

  #failed(posted: Posted, error: unknown): void {
    if (this.#isClosed) return;
    posted.failures += 1;
    const fields = { error, subject: posted.message.subject, failures: posted.failures };
    const delayMs = Math.min(limits.mailRetryMsMax, limits.mailRetryMs * 2 ** Math.min(posted.failures - 1, 20));
    const isLate = this.#clock.monotonicMs() + delayMs >= posted.deadlineMs;
    if (isLate || (error instanceof MailError && error.isPermanent)) {
      this.#giveUp(posted, fields);
      return;
    }
    this.#log.warn(fields, "a mail was not delivered and is tried again");
    const timer = this.#clock.after(delayMs, () => {
      this.#later.delete(posted);
      this.#waiting.push(posted);
      void this.#drain();
    });
    this.#later.set(posted, timer);
  }
}
