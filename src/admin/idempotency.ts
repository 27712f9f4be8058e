/**
 * Remembers what POST requests with an Idempotency-Key were answered, so that a repeat after a lost answer does nothing
 * twice. For `limits.idempotencyMs`, in memory, the oldest forgotten first when there are too many; a restart forgets all.
 * A refused request is not remembered: it may be tried again.
 */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { AdminError } from "./problem.ts";

/** An answer as it is sent again. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
  /** It is given once and not kept. */
  readonly hasSecret: boolean;
}

interface Remembered {
  readonly fingerprint: string;
  readonly endsMs: number;
  readonly bytes: number;
  /** null: the answer held a secret and is not given twice. */
  readonly answer: Promise<AdminAnswer> | AdminAnswer | null;
}

const keyPattern = /^[\x21-\x7e]{1,255}$/;

export class IdempotencyStore {
  readonly #clock: Clock;
  /** In order of insertion, which is the order of their ends. */
  readonly #remembered = new Map<string, Remembered>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#remembered.size;
  }

  /**
   * Runs `work` once for a caller, row and key; repeats, also at the same time, get the first one's answer.
   * @param fingerprint of path, query and body
   * @throws AdminError InvalidInput (not a key), IdempotencyMismatch, AlreadyDone (the answer held a secret), and those of `work`
   */
  async once(
    request: { readonly scope: string; readonly key: string; readonly fingerprint: string },
    work: () => Promise<AdminAnswer>,
  ): Promise<AdminAnswer> {
    if (!keyPattern.test(request.key)) {
      throw new AdminError("InvalidInput", "Idempotency-Key must be 1 to 255 printable ASCII characters.");
    }
    this.#forgetOld();
    const name = `${request.scope}\n${request.key}`;
    const before = this.#remembered.get(name);
    if (before !== undefined) {
      if (before.fingerprint !== request.fingerprint) throw new AdminError("IdempotencyMismatch");
      const first = await before.answer;
      if (first === null || first.hasSecret) throw new AdminError("AlreadyDone");
      return first;
    }
    const { fingerprint } = request;
    const endsMs = this.#clock.nowMs() + limits.idempotencyMs;
    const answer = work();
    this.#remember(name, { fingerprint, endsMs, bytes: name.length, answer });
    try {
      const done = await answer;
      const kept = done.hasSecret ? null : done;
      // Where it stood: the order of ends stays.
      this.#replace(name, { fingerprint, endsMs, bytes: name.length + (kept?.body?.length ?? 0), answer: kept });
      return done;
    } catch (error) {
      this.#forget(name);
      throw error;
    }
  }

  #remember(name: string, entry: Remembered): void {
    this.#remembered.set(name, entry);
    this.#bytes += entry.bytes;
    while (this.#remembered.size > limits.idempotencyKeysMax || this.#bytes > limits.idempotencyBytesMax) {
      const [oldest] = this.#remembered.keys();
      if (oldest === undefined) return;
      this.#forget(oldest);
    }
  }

  #replace(name: string, entry: Remembered): void {
    const before = this.#remembered.get(name);
    if (before === undefined) return;
    this.#bytes -= before.bytes;
    this.#remember(name, entry);
  }

  #forget(name: string): void {
    this.#bytes -= this.#remembered.get(name)?.bytes ?? 0;
    this.#remembered.delete(name);
  }

  #forgetOld(): void {
    const nowMs = this.#clock.nowMs();
    for (const [name, { endsMs }] of this.#remembered) {
      if (endsMs > nowMs) return;
      this.#forget(name);
    }
  }
}
