/**
 * Owns the flow of one request body from a server library to its sink: what arrives before `consume` or during a pause is
 * held, a sink sees exactly one of `end` and `aborted`, and a sender below the minimum rate is found.
 */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { BodySink, RequestBody } from "../model/http.ts";
import { sweepsOf } from "./idle-watch.ts";

/** The library's side: stops and restarts reading from the connection. Not called after the body is complete or cut. */
export interface IntakePort {
  pauseBody(): void;
  resumeBody(): void;
}

/**
 * The bytes held for all connections of a listener. uWebSockets.js goes on to deliver what the kernel has while each read
 * fills its 512 KiB buffer, whatever `pause` says: some MB as a rule, 100 MB seen from a client on the same machine.
 */
export class HeldBytes {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns false when `count` more would pass the bound; nothing is taken then */
  take(count: number): boolean {
    if (this.#bytes + count > this.#bytesMax) return false;
    this.#bytes += count;
    return true;
  }

  give(count: number): void {
    this.#bytes -= count;
  }
}

/** A body of no bytes; `end` is called within `consume`. */
export const emptyBody: RequestBody = {
  contentLength: 0,
  consume: (sink) => sink.end(),
  pause: () => undefined,
  resume: () => undefined,
};

export class BodyIntake implements RequestBody {
  readonly contentLength: number | null;
  readonly #port: IntakePort;
  readonly #budget: HeldBytes;
  #sink: BodySink | null = null;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #receivedBytes = 0;
  #isPaused = false;
  #isPortPaused: boolean;
  #isComplete = false;
  #isOver = false;
  #isDelivering = false;
  #windowSweeps = 0;
  #windowStartBytes = 0;

  /** @param isPortPaused whether the library delivers nothing until the first `resumeBody` */
  constructor(contentLength: number | null, port: IntakePort, budget: HeldBytes, isPortPaused: boolean) {
    this.contentLength = contentLength;
    this.#port = port;
    this.#budget = budget;
    this.#isPortPaused = isPortPaused;
  }

  /** True when the last byte has arrived from the client, whether or not the sink has seen it. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** True while the library has been told not to read. */
  get isPortPaused(): boolean {
    return this.#isPortPaused;
  }

  /** Bytes still to come; Infinity when the length is unknown. */
  get remainingBytes(): number {
    if (this.#isComplete) return 0;
    return this.contentLength === null ? Number.POSITIVE_INFINITY : this.contentLength - this.#receivedBytes;
  }

  /**
   * Takes the next bytes, valid during this call only unless `isOwned`.
   * @returns false when the bytes had to be held and there is no room for them: the request must be given up
   */
  arrived(chunk: Uint8Array, isLast: boolean, isOwned: boolean): boolean {
    this.#receivedBytes += chunk.length;
    if (isLast) this.#complete();
    if (this.#isOver) return true;
    if (this.#sink !== null && !this.#isPaused && this.#held.length === 0) {
      this.#isDelivering = true;
      if (chunk.length > 0) this.#sink.data(chunk);
      this.#isDelivering = false;
      this.#settle();
      return true;
    }
    if (!isLast) this.#pausePort();
    if (chunk.length === 0) return true;
    if (!this.#budget.take(chunk.length)) return false;
    this.#held.push(isOwned ? chunk : new Uint8Array(chunk));
    this.#heldBytes += chunk.length;
    return true;
  }

  /** The connection is gone, or the answer was sent before the body was read: the sink gets no more of it. */
  cut(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = [];
    this.#budget.give(this.#heldBytes);
    this.#heldBytes = 0;
    this.#sink?.aborted();
  }

  consume(sink: BodySink): void {
    assert(this.#sink === null, "a body is consumed once");
    this.#sink = sink;
    if (this.#isOver) {
      sink.aborted();
      return;
    }
    this.#deliver();
  }

  pause(): void {
    this.#isPaused = true;
    if (!this.#isComplete && !this.#isOver) this.#pausePort();
  }

  resume(): void {
    this.#isPaused = false;
    this.#deliver();
  }

  /** Lets the rest of an unread body pass unseen, and the connection be read again: a body can end while it is paused. */
  discard(): void {
    if (!this.#isPortPaused) return;
    this.#isPortPaused = false;
    this.#port.resumeBody();
  }

  /** Called every `limits.idleSweepMs`; true when the client has sent less than the minimum over a whole window. */
  isTooSlow(): boolean {
    if (this.#isPortPaused || this.#isComplete) {
      this.#startWindow();
      return false;
    }
    this.#windowSweeps += 1;
    if (this.#windowSweeps < sweepsOf(limits.bodyIdleMs)) return false;
    const bytesMin = (limits.bodyRateBytesPerSecondMin * limits.bodyIdleMs) / 1000;
    const isSlow = this.#receivedBytes - this.#windowStartBytes < bytesMin;
    this.#startWindow();
    return isSlow;
  }

  /** A library may deliver to the end in spite of a pause, and would then never read the connection's next request. */
  #complete(): void {
    this.#isComplete = true;
    if (!this.#isPortPaused) return;
    this.#isPortPaused = false;
    this.#port.resumeBody();
  }

  #startWindow(): void {
    this.#windowSweeps = 0;
    this.#windowStartBytes = this.#receivedBytes;
  }

  #pausePort(): void {
    if (this.#isPortPaused) return;
    this.#isPortPaused = true;
    this.#port.pauseBody();
  }

  /** Hands over what is held until the sink pauses, then lets the library read again. A sink may pause and resume within. */
  #deliver(): void {
    if (this.#isDelivering || this.#isOver || this.#sink === null) return;
    this.#isDelivering = true;
    while (this.#held.length > 0 && !this.#isPaused && !this.#isOver) {
      const chunk = this.#held.shift();
      if (chunk === undefined) break;
      this.#heldBytes -= chunk.length;
      this.#budget.give(chunk.length);
      this.#sink.data(chunk);
    }
    this.#isDelivering = false;
    this.#settle();
  }

  /** After a delivery: ends the sink, or lets the library read on, unless the sink has paused. */
  #settle(): void {
    if (this.#isPaused || this.#isOver || this.#held.length > 0) return;
    if (this.#isComplete) {
      this.#isOver = true;
      this.#sink?.end();
    } else if (this.#isPortPaused) {
      this.#isPortPaused = false;
      this.#startWindow();
      this.#port.resumeBody();
    }
  }
}
