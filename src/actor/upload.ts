/** One request body on its way into slots and to a lane. It never waits for a slot while it holds one, so uploads cannot block each other. */

import type { BodyPlan } from "../auth/body-plan.ts";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { BodySink, RequestBody } from "../model/http.ts";
import { fromOutcome } from "../s3/errors.ts";
import type { StoredBody } from "../storage/body.ts";
import type { BodySource } from "./body-source.ts";
import { refusal } from "./envelope.ts";
import type { LanePlace, LanePlacement } from "./placement.ts";
import type { BodyChannel, ThreadLink } from "./port.ts";
import type { Slabs, SlotId } from "./slabs.ts";

/** What uploads of one front share. */
export interface UploadPool {
  readonly slabs: Slabs;
  readonly clock: Clock;
  readonly placement: LanePlacement;
  /** Bytes that one body may have in slots lent to its lane before the client is paused. */
  inFlightBytesMax(): number;
  /** Claims heap for bytes that came while no slot was free. @returns false when the front's bound is reached */
  takeOverflow(bytes: number): boolean;
  giveOverflow(bytes: number): void;
}

export interface UploadResult {
  readonly source: BodySource;
  /** The thread that stored the body; null for a slot. */
  readonly link: ThreadLink | null;
}

interface CurrentSlot {
  readonly id: SlotId;
  readonly bytes: Uint8Array;
  filled: number;
}

export class Upload implements BodySink {
  readonly #pool: UploadPool;
  readonly #body: RequestBody;
  readonly #plan: BodyPlan;
  readonly #requestId: string;
  #current: CurrentSlot | null = null;
  #place: LanePlace | null = null;
  #channel: BodyChannel | null = null;
  /** Copies of bytes that found no slot, in order. */
  #overflow: Uint8Array[] = [];
  #receivedBytes = 0;
  #inFlightBytes = 0;
  #wantedBytes: number;
  #lastByteMs: number;
  #isPaused = false;
  #isWaiting = false;
  #hasEnded = false;
  /** The end has been passed on; `end` with bytes in overflow comes first. */
  #isCompleted = false;
  #isSettled = false;
  #resolve: (result: UploadResult) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(pool: UploadPool, body: RequestBody, plan: BodyPlan, requestId: string) {
    this.#pool = pool;
    this.#body = body;
    this.#plan = plan;
    this.#requestId = requestId;
    this.#wantedBytes = Math.min(plan.wireBytes ?? limits.slabMediumBytes, pool.slabs.largestBytes);
    this.#lastByteMs = pool.clock.monotonicMs();
  }

  /** Consumes the body. @throws S3Error */
  run(): Promise<UploadResult> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      // Nothing is read before there is a slot for it.
      if (this.#acquire()) this.#body.consume(this);
      else this.#waitForSlot(() => this.#body.consume(this));
    });
  }

  data(chunk: Uint8Array): void {
    if (this.#isSettled || chunk.length === 0) return;
    this.#lastByteMs = this.#pool.clock.monotonicMs();
    this.#receivedBytes += chunk.length;
    const copied = this.#overflow.length > 0 ? 0 : this.#fill(chunk);
    if (this.#isSettled) return;
    if (copied < chunk.length) this.#keep(chunk.subarray(copied));
    else if (this.#inFlightBytes >= this.#pool.inFlightBytesMax()) this.#pause();
  }

  end(): void {
    this.#hasEnded = true;
    if (!this.#isSettled && this.#overflow.length === 0 && !this.#isCompleted) this.#complete();
  }

  aborted(): void {
    // Once all bytes are here, the client's leaving changes nothing.
    if (!this.#hasEnded) this.#fail(refusal("IncompleteBody"));
  }

  /** Called every few ms: passes on a slot whose body pauses, and ends a body whose client is silent. */
  checkIdle(nowMs: number, flushIdleMs: number): void {
    if (this.#isSettled || this.#hasEnded) return;
    const idleMs = nowMs - this.#lastByteMs;
    if (this.#current !== null && idleMs >= flushIdleMs) {
      // A slow client gets small slots from now on.
      this.#wantedBytes = 1;
      if (this.#current.filled > 0) this.#flush();
      else this.#releaseCurrent();
    }
    if (!this.#isPaused && !this.#isWaiting && idleMs >= limits.bodyIdleMs) this.#fail(refusal("RequestTimeout"));
  }

  #acquire(): boolean {
    const id = this.#pool.slabs.acquireNear(this.#wantedBytes);
    if (id !== null) this.#hold(id);
    return id !== null;
  }

  /** Read through a method, because flushing and acquiring change it. */
  #currentOrNull(): CurrentSlot | null {
    return this.#current;
  }

  #hold(id: SlotId): void {
    const { slabs } = this.#pool;
    this.#current = { id, bytes: slabs.view(id, slabs.capacity(id)), filled: 0 };
  }

  /** Copies into slots while there are any. @returns how many bytes */
  #fill(chunk: Uint8Array): number {
    let copied = 0;
    while (copied < chunk.length && !this.#isSettled) {
      if (this.#current !== null && this.#current.filled === this.#current.bytes.length) this.#flush();
      if (this.#current === null && !this.#acquire()) break;
      const current = this.#currentOrNull();
      if (current === null) break;
      const piece = chunk.subarray(copied, copied + current.bytes.length - current.filled);
      current.bytes.set(piece, current.filled);
      current.filled += piece.length;
      copied += piece.length;
    }
    this.#flushIfFull();
    return copied;
  }

  /** A full slot goes at once, unless it may be the whole of a small body. */
  #flushIfFull(): void {
    const current = this.#current;
    if (current === null || current.filled < current.bytes.length) return;
    const { wireBytes } = this.#plan;
    const isMoreDue = this.#channel !== null || current.filled > limits.slabMediumBytes;
    if (isMoreDue || (wireBytes !== null && wireBytes > this.#receivedBytes)) this.#flush();
  }

  #flush(): void {
    const current = this.#current;
    const channel = this.#openChannel();
    if (current === null || channel === null) return;
    const length = current.filled;
    this.#current = null;
    if (length === current.bytes.length) this.#wantedBytes = Math.min(length * 4, this.#pool.slabs.largestBytes);
    this.#inFlightBytes += length;
    channel.data(current.id, length, () => {
      this.#inFlightBytes -= length;
      this.#pump();
    });
  }

  #openChannel(): BodyChannel | null {
    if (this.#channel !== null || this.#isSettled) return this.#channel;
    this.#place = this.#pool.placement.place(this.#plan);
    const opened = this.#place?.link.openBody(this.#plan, this.#requestId) ?? refusal("ServiceUnavailable");
    if ("ok" in opened) {
      this.#fail(opened);
      return null;
    }
    this.#channel = opened;
    void opened.reply.then((outcome) => this.#answered(outcome as Outcome<StoredBody>));
    return opened;
  }

  #keep(rest: Uint8Array): void {
    if (!this.#pool.takeOverflow(rest.length)) {
      this.#fail(refusal("SlowDown"));
      return;
    }
    this.#overflow.push(rest.slice());
    this.#pause();
    this.#pump();
  }

  /** Moves on after a slot came free: first what is kept, then the client, then the end. */
  #pump(): void {
    // The slot that is waited for may be granted already; another one now would be lost.
    if (this.#isWaiting) return;
    while (!this.#isSettled) {
      const piece = this.#overflow[0];
      if (piece === undefined) break;
      const copied = this.#fill(piece);
      this.#pool.giveOverflow(copied);
      if (copied < piece.length) {
        this.#overflow[0] = piece.subarray(copied);
        this.#waitForSlot(() => this.#pump());
        return;
      }
      this.#overflow.shift();
    }
    if (this.#isSettled) return;
    if (this.#hasEnded) {
      if (!this.#isCompleted) this.#complete();
      return;
    }
    if (this.#inFlightBytes < this.#pool.inFlightBytesMax()) this.#resume();
  }

  #waitForSlot(proceed: () => void): void {
    if (this.#isWaiting || this.#isSettled) return;
    this.#isWaiting = true;
    void this.#pool.slabs.acquireOrWait(1).then((id) => {
      this.#isWaiting = false;
      if (this.#isSettled) {
        if (id !== null) this.#pool.slabs.release(id);
        return;
      }
      if (id === null) {
        this.#fail(refusal("SlowDown"));
        return;
      }
      assert(this.#current === null, "who waits for a slot holds none");
      this.#lastByteMs = this.#pool.clock.monotonicMs();
      this.#hold(id);
      proceed();
    });
  }

  #complete(): void {
    this.#isCompleted = true;
    const length = this.#current?.filled ?? 0;
    if (this.#channel === null && length <= limits.slabMediumBytes) {
      if (this.#current !== null || this.#acquire()) this.#finishInSlot(length);
      // An empty body whose slot had gone back.
      else this.#waitForSlot(() => this.#finishInSlot(0));
      return;
    }
    if (length > 0) this.#flush();
    else this.#releaseCurrent();
    this.#channel?.end();
  }

  #finishInSlot(length: number): void {
    const slot = this.#current?.id;
    assert(slot !== undefined, "a body in a slot has one");
    this.#isSettled = true;
    this.#current = null;
    this.#resolve({ source: { kind: "slot", slot, length, plan: this.#plan }, link: null });
  }

  #answered(outcome: Outcome<StoredBody>): void {
    const link = this.#place?.link ?? null;
    this.#channel = null;
    if (!outcome.ok) {
      this.#fail(outcome);
      return;
    }
    this.#leave();
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#resolve({ source: { kind: "stored", body: outcome.value }, link });
  }

  #fail(outcome: Outcome<never>): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#channel?.abort();
    this.#channel = null;
    this.#leave();
    this.#releaseCurrent();
    for (const piece of this.#overflow) this.#pool.giveOverflow(piece.length);
    this.#overflow = [];
    // What still comes is ignored, so that the connection stays usable.
    this.#resume();
    try {
      fromOutcome(outcome);
    } catch (error) {
      this.#reject(error);
    }
  }

  #leave(): void {
    this.#place?.leave();
    this.#place = null;
  }

  #releaseCurrent(): void {
    if (this.#current !== null) this.#pool.slabs.release(this.#current.id);
    this.#current = null;
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#body.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#lastByteMs = this.#pool.clock.monotonicMs();
    this.#body.resume();
  }
}
