/** Owns answers that a handler gives to a request made inside the product: held back, then sent as part of another answer or dropped. */

import { AssertionError, assert } from "../base/assert.ts";
import type { HttpHandler, HttpRequest, HttpResponse, ResponseBody, ResponseHead } from "../model/http.ts";

/** Exactly one of `sendTo` and `drop` is called. */
export class HeldAnswer {
  readonly head: ResponseHead;
  readonly #body: Uint8Array | ResponseBody | null;
  readonly #hearers: ((sentBytes: number) => void)[];
  #isOver = false;

  constructor(head: ResponseHead, body: Uint8Array | ResponseBody | null, hearers: ((sentBytes: number) => void)[]) {
    this.head = head;
    this.#body = body;
    this.#hearers = hearers;
  }

  header(name: string): string | undefined {
    return this.head.headers.find(([given]) => given.toLowerCase() === name)?.[1];
  }

  /** Text of a body that is at hand: an error's document; "" for a streamed one. */
  get text(): string {
    return this.#body instanceof Uint8Array ? Buffer.from(this.#body).toString("utf8") : "";
  }

  /** Sends the body under `head`. */
  sendTo(response: HttpResponse, head: ResponseHead): void {
    this.#settle();
    const body = this.#body;
    if (body !== null && "read" in body) {
      response.stream(head, body);
      return;
    }
    response.send(head, body ?? undefined);
    response.whenOver((sentBytes) => this.#tell(sentBytes));
  }

  drop(): void {
    this.#settle();
    const body = this.#body;
    if (body !== null && "read" in body) body.close(0);
    this.#tell(0);
  }

  #settle(): void {
    assert(!this.#isOver, "an answer is sent or dropped once");
    this.#isOver = true;
  }

  #tell(sentBytes: number): void {
    for (const hear of this.#hearers) hear(sentBytes);
  }
}

/**
 * Asks `handler` and holds its answer back.
 * @param outer the response that waits for it: what ends it ends this too
 * @returns null when the handler has cut the connection instead of answering
 */
export const holdAnswer = (
  handler: HttpHandler,
  request: HttpRequest,
  outer: HttpResponse,
): Promise<HeldAnswer | null> =>
  new Promise((resolve) => {
    const hearers: ((sentBytes: number) => void)[] = [];
    handler(request, {
      get aborted() {
        return outer.aborted;
      },
      send: (head, body) => {
        const bytes = typeof body === "string" ? Buffer.from(body) : body;
        resolve(new HeldAnswer(head, bytes ?? null, hearers));
      },
      stream: (head, body) => resolve(new HeldAnswer(head, body, hearers)),
      open: () => {
        throw new AssertionError("an answer of unknown length cannot be held back");
      },
      closeAfter: () => outer.closeAfter(),
      destroy: () => {
        outer.destroy();
        resolve(null);
      },
      whenOver: (run) => void hearers.push(run),
      onAborted: (run) => outer.onAborted(run),
    });
  });
