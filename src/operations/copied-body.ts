/** A stored object's bytes as the body of a write: copies go through the same path as uploads. */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { BodySink, RequestBody, ResponseBody } from "../model/http.ts";

/** Bytes handed on before the event loop turns, so that a copy from the page cache does not stop other requests. */
const burstBytes = 4 * limits.slabLargeBytes;

const held = (bytes: Uint8Array): ResponseBody => {
  let at = 0;
  return {
    length: bytes.length,
    read: (bytesMax) => {
      const piece = bytes.subarray(at, at + bytesMax);
      at += piece.length;
      return piece;
    },
    close: () => {},
  };
};

/**
 * Reads a source on demand: nothing before `consume`, nothing while paused, one piece at a time.
 * `close` must be called when the write is over, however it ended; the source's epoch is released by it.
 */
export class CopiedBody implements RequestBody {
  readonly contentLength: number;
  readonly #source: ResponseBody;
  readonly #clock: Clock;
  #sink: BodySink | null = null;
  #due: number;
  #isPaused = false;
  #isReading = false;
  #isClosed = false;
  /** Why the source could not be read. */
  #failure: { readonly error: unknown } | null = null;

  constructor(source: Uint8Array | ResponseBody, clock: Clock) {
    this.#source = source instanceof Uint8Array ? held(source) : source;
    this.#clock = clock;
    this.contentLength = this.#source.length;
    this.#due = this.#source.length;
  }

  consume(sink: BodySink): void {
    this.#sink = sink;
    this.#turn();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#turn();
  }

  /**
   * The write of this body, failing as the source did: a body that is cut short is a client's fault, and this one is none.
   * @param write that was handed this body
   */
  async writtenBy<T>(write: Promise<T>): Promise<T> {
    try {
      return await write;
    } catch (error) {
      throw this.#failure === null ? error : this.#failure.error;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#source.close();
  }

  /** At most one pump runs or is due. */
  #turn(): void {
    if (this.#isReading || this.#sink === null) return;
    this.#isReading = true;
    this.#clock.after(0, () => {
      this.#pump()
        .catch((error: unknown) => {
          // The write is told that its body was cut short, and cleans up.
          this.#failure = { error };
          this.#finish((sink) => sink.aborted());
        })
        .finally(() => {
          this.#isReading = false;
          if (this.#due > 0 && !this.#isPaused && !this.#isClosed) this.#turn();
        });
    });
  }

  async #pump(): Promise<void> {
    let burst = 0;
    while (this.#due > 0 && burst < burstBytes && !this.#isPaused && !this.#isClosed) {
      const read = this.#source.read(Math.min(this.#due, limits.slabLargeBytes));
      const piece = read instanceof Promise ? await read : read;
      this.#due -= piece.length;
      burst += piece.length;
      this.#sink?.data(piece);
    }
    if (this.#due === 0) this.#finish((sink) => sink.end());
  }

  #finish(tell: (sink: BodySink) => void): void {
    const sink = this.#sink;
    this.#sink = null;
    this.close();
    if (sink !== null) tell(sink);
  }
}
