/**
 * The queue of outgoing mail: bounded, in memory, one message at a time. Posting takes no time, so that an answer does not tell
 * whether a mail was sent. A stopped process loses what waits: users ask for another link.
 */

import { BoundedQueue } from "../base/bounded-queue.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { type Mail, MailError, type MailMessage } from "./mail.ts";

export interface OutboxOptions {
  readonly mail: Mail;
  readonly clock: Clock;
  readonly log: Log;
}

interface Posted {
  readonly message: MailMessage;
  /** Monotonic ms. */
  readonly deadlineMs: number;
  failures: number;
}

export class Outbox {
  readonly #mail: Mail;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting = new BoundedQueue<Posted>(limits.mailQueueMax);
  /** Failed at least once, each with the timer of its next try. */
  readonly #later = new Map<Posted, Timer>();
  #isSending = false;
  #isClosed = false;

  constructor({ mail, clock, log }: OutboxOptions) {
    this.#mail = mail;
    this.#clock = clock;
    this.#log = log;
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
    const posted: Posted = { message, deadlineMs: this.#clock.monotonicMs() + limits.mailDeadlineMs, failures: 0 };
    if (this.#isClosed || this.length >= limits.mailQueueMax || !this.#waiting.push(posted)) {
      this.#log.error(
        { subject: message.subject, waiting: this.length },
        "a mail was dropped: the outbox takes no more",
      );
      return false;
    }
    void this.#drain();
    return true;
  }

  /** Drops what waits, with a line in the log when that is anything. */
  close(): void {
    this.#isClosed = true;
    const dropped = this.length;
    for (const timer of this.#later.values()) timer.cancel();
    this.#later.clear();
    this.#waiting.drain();
    this.#mail.close();
    if (dropped > 0) this.#log.warn({ dropped }, "mails were dropped: the node stops");
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
      this.#log.error(fields, "a mail was given up");
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
