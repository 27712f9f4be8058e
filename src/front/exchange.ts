/**
 * Owns the rules of one request and its answer that hold for every server library: what a handler may call when, how a
 * connection ends, and that each abort listener, sink and streamed body hears of its end exactly once.
 */

import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { HttpHandler, HttpResponse, ResponseBody, ResponseHead } from "../model/http.ts";
import type { BodyIntake, HeldBytes } from "./body-intake.ts";
import { type IdleWatch, sweepsOf, type Watched } from "./idle-watch.ts";
import type { InFlight } from "./in-flight.ts";
import { type ProtocolError, type ProtocolErrorRenderer, protocolErrors } from "./protocol-error.ts";
import { checkHead, isBodiless } from "./response-head.ts";

/** What every exchange of a listener shares. */
export interface FrontPorts {
  readonly handler: HttpHandler;
  readonly clock: Clock;
  readonly watch: IdleWatch;
  readonly inFlight: InFlight;
  readonly renderError: ProtocolErrorRenderer;
  readonly held: HeldBytes;
  readonly log: Log | null;
}

/**
 * How the connection goes on after the answer: "keep" serves another request; "close" ends it; "linger" announces the
 * end but reads what the client still sends for a while, so that the client gets to see the answer instead of a reset.
 */
export type Afterwards = "keep" | "close" | "linger";

type Phase = "waiting" | "answering" | "over";

export abstract class Exchange implements HttpResponse, Watched {
  readonly ports: FrontPorts;
  readonly isHead: boolean;
  #phase: Phase = "waiting";
  #isAborted = false;
  #intake: BodyIntake | null = null;
  #streamed: ResponseBody | null = null;
  #listeners: (() => void)[] | null = null;
  #closesAfter = false;
  #idleSweeps = 0;
  /** True while the client takes no bytes of the answer. */
  protected isBlocked = false;
  /** Body bytes of the answer that the connection has taken. */
  protected sentBytes = 0;
  #whenOver: ((sentBytes: number) => void) | null = null;

  constructor(ports: FrontPorts, method: string) {
    this.ports = ports;
    this.isHead = method === "HEAD";
    ports.inFlight.begin();
  }

  get aborted(): boolean {
    return this.#isAborted;
  }

  /** True when the answer has been handed to the library in full, or the client has gone. */
  get isOver(): boolean {
    return this.#phase === "over";
  }

  protected get intake(): BodyIntake | null {
    return this.#intake;
  }

  send(head: ResponseHead, body?: Uint8Array | string, contentLength?: number): void {
    if (!this.#begin(head)) return;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (this.isHead || isBodiless(head.status)) {
      this.sendHead(head, head.status === 204 ? null : (contentLength ?? bytes?.length ?? null), this.#afterwards());
    } else {
      assert(
        contentLength === undefined || contentLength === (bytes?.length ?? 0),
        "contentLength is the body's length",
      );
      this.sendWhole(head, bytes ?? new Uint8Array(0), this.#afterwards());
    }
    this.#dropBody();
  }

  stream(head: ResponseHead, body: ResponseBody): void {
    let isStarted = false;
    try {
      isStarted = this.#begin(head);
    } finally {
      if (!isStarted) body.close();
    }
    if (!isStarted) return;
    this.#streamed = body;
    if (this.isHead || isBodiless(head.status)) {
      this.sendHead(head, head.status === 204 ? null : body.length, this.#afterwards());
    } else {
      this.ports.watch.add(this);
      this.sendStream(head, body, this.#afterwards());
    }
    this.#dropBody();
  }

  open(head: ResponseHead): { write(piece: Uint8Array | string): void; end(piece?: Uint8Array | string): void } {
    if (!this.#begin(head)) return { write: () => undefined, end: () => undefined };
    if (this.isHead || isBodiless(head.status)) {
      this.sendHead(head, null, this.#afterwards());
    } else {
      this.sendOpen(head, this.#afterwards());
    }
    this.#dropBody();
    return {
      write: (piece) => {
        if (this.#phase === "answering" && piece.length > 0) this.#writePiece(piece);
      },
      end: (piece) => {
        if (this.#phase !== "answering") return;
        if (piece !== undefined && piece.length > 0) this.#writePiece(piece);
        this.endOpen();
      },
    };
  }

  whenOver(run: (sentBytes: number) => void): void {
    if (this.#phase === "over") run(this.sentBytes);
    else this.#whenOver = run;
  }

  closeAfter(): void {
    this.#closesAfter = true;
  }

  destroy(): void {
    if (this.#phase === "over") return;
    this.closeConnection();
    this.gone();
  }

  onAborted(run: () => void): void {
    if (this.#isAborted) run();
    else if (this.#listeners === null) this.#listeners = [run];
    else this.#listeners.push(run);
  }

  /** Refuses a request that the handler has not seen, and closes the connection. */
  refuse(error: ProtocolError): void {
    const { head, body } = this.ports.renderError(error);
    this.closeAfter();
    if (this.isHead) this.send(head);
    else this.send(head, body);
  }

  /** Called by the idle watch while a request body or an answer is in transfer. */
  sweep(): void {
    if (this.#phase === "over") return;
    const body = this.#intake;
    if (body?.isTooSlow()) {
      this.giveUp(protocolErrors.slowBody);
      return;
    }
    if (this.isBlocked) {
      this.#idleSweeps += 1;
      if (this.#idleSweeps >= sweepsOf(limits.responseIdleMs)) {
        this.destroy();
        return;
      }
    }
    // Also after the body's end: resuming it has started the library's clock again, and an answer may take long.
    if (this.isBlocked || body?.isPortPaused === false) this.keepAlive();
  }

  /** The request has a body; it is watched until the exchange is over. */
  protected expectBody(intake: BodyIntake): void {
    this.#intake = intake;
    this.ports.watch.add(this);
  }

  /** The client took bytes of the answer. */
  protected progressed(): void {
    this.isBlocked = false;
    this.#idleSweeps = 0;
  }

  /** The connection is gone before the answer was complete. Idempotent. */
  protected gone(): void {
    if (this.#phase === "over") return;
    this.#isAborted = true;
    this.#finish();
    this.#abort();
  }

  /** Ends a request whose body cannot be taken; says why when nothing has been answered yet. For the handler the client has gone. */
  protected giveUp(error: ProtocolError): void {
    if (this.#phase !== "waiting") {
      this.destroy();
      return;
    }
    this.refuse(error);
    this.#abort();
  }

  /** The answer has been handed to the library in full: nothing of this exchange touches the connection any more. */
  protected completed(): void {
    if (this.#phase !== "over") this.#finish();
  }

  /** A streamed body could not be read to its end: the connection is destroyed, so that it does not look whole. */
  protected readFailed(error: unknown): void {
    if (this.#phase === "over") return;
    this.ports.log?.error({ error }, "a body could not be read while it was sent: the connection is destroyed");
    this.destroy();
  }

  /** Sends a head without a body. `length` is announced when it is not null. */
  protected abstract sendHead(head: ResponseHead, length: number | null, afterwards: Afterwards): void;
  /** Sends a whole answer. `bytes` belong to the caller again when this returns. */
  protected abstract sendWhole(head: ResponseHead, bytes: Uint8Array, afterwards: Afterwards): void;
  protected abstract sendStream(head: ResponseHead, body: ResponseBody, afterwards: Afterwards): void;
  protected abstract sendOpen(head: ResponseHead, afterwards: Afterwards): void;
  protected abstract writeOpen(piece: Uint8Array | string): void;
  protected abstract endOpen(): void;
  /** Destroys the connection at once. */
  protected abstract closeConnection(): void;
  /** Puts off the library's own idle time-out: the deadlines are this class's. */
  protected abstract keepAlive(): void;

  #begin(head: ResponseHead): boolean {
    if (this.#isAborted) return false;
    assert(this.#phase === "waiting", "a request is answered once");
    checkHead(head);
    this.#phase = "answering";
    return true;
  }

  #writePiece(piece: Uint8Array | string): void {
    this.writeOpen(piece);
    this.sentBytes += typeof piece === "string" ? Buffer.byteLength(piece) : piece.length;
  }

  #afterwards(): Afterwards {
    const remainingBytes = this.#intake?.remainingBytes ?? 0;
    const closes = this.#closesAfter || this.ports.inFlight.isDraining || remainingBytes > limits.earlyBodyBytesMax;
    if (!closes) return "keep";
    return remainingBytes === 0 ? "close" : "linger";
  }

  #abort(): void {
    this.#isAborted = true;
    const listeners = this.#listeners ?? [];
    this.#listeners = null;
    for (const run of listeners) run();
  }

  /** What has not arrived of the request's body when its answer begins is not wanted any more. */
  #dropBody(): void {
    const intake = this.#intake;
    if (intake === null) return;
    intake.cut();
    intake.discard();
  }

  #finish(): void {
    this.#phase = "over";
    this.ports.watch.delete(this);
    this.ports.inFlight.end();
    const streamed = this.#streamed;
    this.#streamed = null;
    streamed?.close(this.sentBytes);
    const run = this.#whenOver;
    this.#whenOver = null;
    run?.(this.sentBytes);
    this.#intake?.cut();
  }
}
