/** Owns one request on node:http, with the same behaviour as on uWebSockets.js. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { AssertionError } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { ResponseBody, ResponseHead } from "../model/http.ts";
import type { BodyIntake, IntakePort } from "./body-intake.ts";
import { type Afterwards, Exchange, type FrontPorts } from "./exchange.ts";
import { protocolErrors } from "./protocol-error.ts";
import { statusText } from "./response-head.ts";

/**
 * node:http keeps a written piece until the kernel has taken all of it and says nothing in between, so pieces are small:
 * within `limits.responseIdleMs` a client must take one of them.
 */
const pieceBytesMax = 128 * 1024;

export class NodeExchange extends Exchange implements IntakePort {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #onClosed: () => void;
  /** The client waits for 100 Continue before it sends the body. */
  #awaitsContinue: boolean;
  #isReading = false;

  /** @param onClosed called once when the answer has been handed to the kernel, or the connection is gone */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    ports: FrontPorts,
    options: { awaitsContinue: boolean; onClosed: () => void },
  ) {
    super(ports, request.method ?? "GET");
    this.#request = request;
    this.#response = response;
    this.#awaitsContinue = options.awaitsContinue;
    this.#onClosed = options.onClosed;
    // For a graceful stop the request is in flight until the kernel has its answer, not only node.
    ports.inFlight.begin();
    response.on("close", () => {
      this.gone();
      ports.inFlight.end();
      this.#onClosed();
    });
  }

  receive(intake: BodyIntake): void {
    this.expectBody(intake);
  }

  pauseBody(): void {
    this.#request.pause();
  }

  /** The first call starts the reading: before it, node keeps at most its own buffer. */
  resumeBody(): void {
    if (!this.#isReading) {
      this.#isReading = true;
      if (this.#awaitsContinue && !this.#response.headersSent) this.#response.writeContinue();
      this.#awaitsContinue = false;
      const intake = this.intake;
      this.#request.on("data", (chunk: Uint8Array) => {
        if (intake?.arrived(chunk, false, true) === false) this.giveUp(protocolErrors.bodiesHeld);
      });
      this.#request.on("end", () => intake?.arrived(new Uint8Array(0), true, true));
    }
    this.#request.resume();
  }

  /** Nothing to put off: node's own time-outs are switched off. */
  protected override keepAlive(): void {}

  protected override closeConnection(): void {
    this.#request.socket.destroy();
  }

  protected override sendHead(head: ResponseHead, length: number | null, afterwards: Afterwards): void {
    const own = length === null ? [] : ["Content-Length", String(length)];
    this.#writeHead(head, own, afterwards);
    // Flushed alone, Node writes the head as UTF-8, not byte for byte: only an answer that is held back needs it.
    if (afterwards === "linger") this.#response.flushHeaders();
    this.#finishAnswer(afterwards);
  }

  protected override sendWhole(head: ResponseHead, bytes: Uint8Array, afterwards: Afterwards): void {
    if (bytes.length > pieceBytesMax) {
      this.sendStream(head, new Whole(bytes), afterwards);
      return;
    }
    this.#writeHead(head, ["Content-Length", String(bytes.length)], afterwards);
    // Node keeps a reference until the kernel has taken the bytes, which belong to the caller after this call.
    if (bytes.length > 0) this.#response.write(Buffer.from(bytes));
    this.sentBytes = bytes.length;
    this.#finishAnswer(afterwards);
  }

  protected override sendStream(head: ResponseHead, body: ResponseBody, afterwards: Afterwards): void {
    this.ports.watch.add(this);
    this.#writeHead(head, ["Content-Length", String(body.length)], afterwards);
    this.#writeNext(body, 0, afterwards);
  }

  protected override sendOpen(head: ResponseHead, afterwards: Afterwards): void {
    this.#writeHead(head, ["Transfer-Encoding", "chunked"], afterwards);
  }

  protected override writeOpen(piece: Uint8Array | string): void {
    // The head goes with the first piece, and would take a text's encoding.
    this.#response.write(typeof piece === "string" ? Buffer.from(piece) : Buffer.from(piece));
  }

  protected override endOpen(): void {
    this.#response.end();
    this.completed();
  }

  #writeHead(head: ResponseHead, own: readonly string[], afterwards: Afterwards): void {
    const lines: string[] = [];
    // Node writes a character as one byte: UTF-8 goes out as its bytes.
    for (const [name, value] of head.headers) lines.push(name, Buffer.from(value, "utf8").toString("latin1"));
    lines.push(...own);
    // A client that was not told to continue may or may not send the body it announced: nothing can follow it.
    if (afterwards !== "keep" || this.#awaitsContinue) lines.push("Connection", "close");
    this.#response.writeHead(head.status, statusText(head.status), lines);
  }

  #writeNext(body: ResponseBody, offset: number, afterwards: Afterwards): void {
    if (this.isOver) return;
    if (offset === body.length) {
      this.#finishAnswer(afterwards);
      return;
    }
    const bytesMax = Math.min(pieceBytesMax, body.length - offset);
    let piece: Uint8Array | Promise<Uint8Array>;
    try {
      piece = body.read(bytesMax);
    } catch (error) {
      this.readFailed(error);
      return;
    }
    const write = (bytes: Uint8Array): void => {
      if (this.isOver) return;
      if (bytes.length === 0 || bytes.length > bytesMax) {
        this.readFailed(new AssertionError(`a piece of 1 to ${bytesMax} bytes was due, not of ${bytes.length}`));
        return;
      }
      this.isBlocked = true;
      // The piece is the body's again only when it is written.
      this.#response.write(bytes, () => {
        // Of a piece that the kernel took in part when its client went, nothing is counted.
        if (!this.isOver) this.sentBytes = offset + bytes.length;
        this.progressed();
        this.#writeNext(body, offset + bytes.length, afterwards);
      });
    };
    if (piece instanceof Uint8Array) write(piece);
    else piece.then(write, (error: unknown) => this.readFailed(error));
  }

  /** Everything is written. To linger is to hold the end of the message back until the client has sent its body. */
  #finishAnswer(afterwards: Afterwards): void {
    const response = this.#response;
    this.completed();
    if (afterwards !== "linger" || this.#awaitsContinue) {
      response.end();
      return;
    }
    const deadline = this.ports.clock.after(limits.lingerMs, () => response.end());
    const end = (): void => {
      deadline.cancel();
      response.end();
    };
    this.#request.once("end", end);
    this.#request.once("close", end);
  }
}

/** A body at hand, copied because its caller may reuse it. */
class Whole implements ResponseBody {
  readonly length: number;
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    this.#rest = new Uint8Array(bytes);
  }

  read(bytesMax: number): Uint8Array {
    const piece = this.#rest.subarray(0, bytesMax);
    this.#rest = this.#rest.subarray(bytesMax);
    return piece;
  }

  close(): void {}
}
