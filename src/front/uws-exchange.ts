/**
 * Owns one request on uWebSockets.js. That library's response object throws once its request is over, writes only
 * efficiently when corked, and cuts transfers by its own clock: all of that stays in this file.
 */

import { AssertionError } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { ResponseBody, ResponseHead } from "../model/http.ts";
import type { BodyIntake, IntakePort } from "./body-intake.ts";
import { type Afterwards, Exchange, type FrontPorts } from "./exchange.ts";
import { protocolErrors } from "./protocol-error.ts";
import { statusLine } from "./response-head.ts";

/** The part of the library's response object that is used. */
export interface UwsResponse {
  pause(): void;
  resume(): void;
  writeStatus(status: string): unknown;
  writeHeader(name: string, value: string): unknown;
  write(piece: Uint8Array | string): boolean;
  end(body?: Uint8Array | string, closeConnection?: boolean): unknown;
  endWithoutBody(reportedLength?: number, closeConnection?: boolean): unknown;
  tryEnd(piece: Uint8Array, totalLength: number): [isWritten: boolean, isOver: boolean];
  getWriteOffset(): number;
  onWritable(run: (offset: number) => boolean): unknown;
  cork(run: () => void): unknown;
  close(): unknown;
}

/** Answers up to this size are handed over at once: they fit the library's cork buffer. */
const corkBytes = 16 * 1024;

export class UwsExchange extends Exchange implements IntakePort {
  readonly #raw: UwsResponse;
  /** True while the library's request callback runs: it is corked, and its parser may hold a further request. */
  #isInCallback = true;
  #isLost = false;
  #body: ResponseBody | null = null;
  /** What `#body` gave last and the socket has not taken, and its offset in the whole. */
  #piece: Uint8Array | null = null;
  #pieceStart = 0;
  #hasWritable = false;
  /** True while a read or a later turn will go on with the stream by itself. */
  #isDeferred = false;

  constructor(raw: UwsResponse, ports: FrontPorts, method: string) {
    super(ports, method);
    this.#raw = raw;
  }

  /** The library's callback is about to return. */
  leaveCallback(): void {
    this.#isInCallback = false;
  }

  /** The library's abort event: from here on every call of its response object throws. */
  connectionLost(): void {
    this.#isLost = true;
    this.gone();
  }

  receive(intake: BodyIntake): void {
    this.expectBody(intake);
  }

  /** The library's data event. `chunk` is detached after the call. */
  dataArrived(chunk: ArrayBuffer, isLast: boolean): void {
    const intake = this.intake;
    if (intake === null) return;
    this.#isInCallback = true;
    const isWithinBounds = intake.arrived(new Uint8Array(chunk), isLast, false);
    this.#isInCallback = false;
    if (!isWithinBounds) this.giveUp(protocolErrors.bodiesHeld);
  }

  pauseBody(): void {
    if (!this.isOver) this.#raw.pause();
  }

  resumeBody(): void {
    if (!this.isOver) this.#raw.resume();
  }

  protected override keepAlive(): void {
    this.#raw.pause();
    if (this.intake?.isPortPaused !== true) this.#raw.resume();
  }

  protected override closeConnection(): void {
    // The library ends the process when its callback returns with a response that is closed and has no abort handler.
    if (this.#isInCallback) setImmediate(() => this.#closeNow());
    else this.#closeNow();
  }

  #closeNow(): void {
    if (!this.#isLost) this.#raw.close();
  }

  protected override sendHead(head: ResponseHead, length: number | null, afterwards: Afterwards): void {
    // The library can close a connection itself only after an answer with the length 0.
    const isClosedHere = afterwards === "close" && this.isHead && length === null;
    this.#whenClosable(afterwards, () => {
      this.#writeHead(head, afterwards !== "keep" && !isClosedHere);
      if (isClosedHere) {
        this.#raw.endWithoutBody(0, true);
      } else {
        // Not endWithoutBody(length): that leaves the response pending, and the connection's next request kills it.
        if (length !== null) this.#raw.writeHeader("content-length", String(length));
        this.#raw.endWithoutBody();
      }
      this.completed();
    });
  }

  protected override sendWhole(head: ResponseHead, bytes: Uint8Array, afterwards: Afterwards): void {
    const isDelayed = this.#isInCallback && afterwards === "close";
    const kept = isDelayed ? new Uint8Array(bytes) : bytes;
    if (kept.length > corkBytes) {
      this.#whenClosable(afterwards, () => this.#startWhole(head, kept, afterwards));
      return;
    }
    // The way of most answers, without a closure.
    if (this.#isInCallback && !isDelayed) this.#writeWhole(head, kept, afterwards);
    else this.#whenClosable(afterwards, () => this.#writeWhole(head, kept, afterwards));
  }

  protected override sendStream(head: ResponseHead, body: ResponseBody, afterwards: Afterwards): void {
    if (body.length === 0) {
      this.sendWhole(head, new Uint8Array(0), afterwards);
      return;
    }
    this.#corked(() => this.#startStream(head, body, afterwards));
  }

  protected override sendOpen(head: ResponseHead, afterwards: Afterwards): void {
    this.#corked(() => this.#writeHead(head, afterwards !== "keep"));
  }

  protected override writeOpen(piece: Uint8Array | string): void {
    this.#corked(() => this.#raw.write(piece));
  }

  protected override endOpen(): void {
    this.#corked(() => {
      this.#raw.end();
      this.completed();
    });
  }

  /**
   * Runs `send` corked. An answer that closes the connection is put off to after the library's callback, because the
   * library goes on to parse what it has read and would serve a further request on the connection that is to be closed.
   */
  #whenClosable(afterwards: Afterwards, send: () => void): void {
    if (!this.#isInCallback || afterwards !== "close") {
      this.#corked(send);
      return;
    }
    setImmediate(() => {
      if (!this.isOver) this.#corked(send);
    });
  }

  #corked(run: () => void): void {
    if (this.#isInCallback) run();
    else this.#raw.cork(run);
  }

  #writeWhole(head: ResponseHead, bytes: Uint8Array, afterwards: Afterwards): void {
    this.#writeHead(head, afterwards === "linger");
    this.#raw.end(bytes, afterwards === "close");
    this.sentBytes = bytes.length;
    this.completed();
  }

  #writeHead(head: ResponseHead, announcesClose: boolean): void {
    const raw = this.#raw;
    if (head.status !== 200) raw.writeStatus(statusLine(head.status));
    writeHeaders(raw, head.headers);
    if (announcesClose) raw.writeHeader("connection", "close");
    // After the last write the library takes no more calls, and a paused connection would stay so.
    this.intake?.discard();
  }

  #startStream(head: ResponseHead, body: ResponseBody, afterwards: Afterwards): void {
    this.ports.watch.add(this);
    this.#writeHead(head, afterwards !== "keep");
    this.#body = body;
    this.#pump();
  }

  /** Sends bytes at hand; what the socket does not take at once is copied, as they belong to the caller. */
  #startWhole(head: ResponseHead, bytes: Uint8Array, afterwards: Afterwards): void {
    const whole = new WholeBody(bytes);
    this.#startStream(head, whole, afterwards);
    if (this.isOver) return;
    if (this.#piece !== null) this.#piece = new Uint8Array(this.#piece);
    whole.keep();
  }

  /** Writes until the socket is full, the turn's share is used, or bytes must be waited for. @returns false when the socket is full */
  #pump(): boolean {
    const body = this.#body;
    let turnBytes = 0;
    while (body !== null && !this.isOver && !this.#isDeferred) {
      if (turnBytes >= limits.streamTurnBytes) {
        this.#goOnLater();
        return true;
      }
      const piece = this.#nextPiece(body);
      if (piece === null) return true;
      turnBytes += piece.length;
      const [isWritten, isOver] = this.#raw.tryEnd(piece, body.length);
      if (isOver) {
        this.sentBytes = body.length;
        this.completed();
        return true;
      }
      if (isWritten) {
        this.sentBytes = this.#pieceStart + (this.#piece?.length ?? 0);
        this.progressed();
        continue;
      }
      this.sentBytes = this.#raw.getWriteOffset();
      this.#waitWritable();
      return false;
    }
    return true;
  }

  /** What is left of the last piece, or the next one; null when it must be waited for or cannot be had. */
  #nextPiece(body: ResponseBody): Uint8Array | null {
    const offset = this.#raw.getWriteOffset();
    if (this.#piece !== null && offset < this.#pieceStart + this.#piece.length) {
      return this.#piece.subarray(offset - this.#pieceStart);
    }
    const bytesMax = Math.min(limits.streamPieceBytes, body.length - offset);
    let piece: Uint8Array | Promise<Uint8Array>;
    try {
      piece = body.read(bytesMax);
    } catch (error) {
      this.readFailed(error);
      return null;
    }
    if (piece instanceof Uint8Array) return this.#take(piece, bytesMax, offset);
    this.#isDeferred = true;
    piece.then(
      (read) => {
        this.#isDeferred = false;
        if (this.isOver || this.#take(read, bytesMax, offset) === null) return;
        this.#raw.cork(() => this.#pump());
      },
      (error: unknown) => this.readFailed(error),
    );
    return null;
  }

  #take(piece: Uint8Array, bytesMax: number, offset: number): Uint8Array | null {
    if (piece.length === 0 || piece.length > bytesMax) {
      this.readFailed(new AssertionError(`a piece of 1 to ${bytesMax} bytes was due, not of ${piece.length}`));
      return null;
    }
    this.#piece = piece;
    this.#pieceStart = offset;
    return piece;
  }

  #goOnLater(): void {
    this.#isDeferred = true;
    setImmediate(() => {
      this.#isDeferred = false;
      if (!this.isOver) this.#raw.cork(() => this.#pump());
    });
  }

  #waitWritable(): void {
    this.isBlocked = true;
    if (this.#hasWritable) return;
    this.#hasWritable = true;
    this.#raw.onWritable(() => {
      if (this.isOver || this.#isDeferred) return true;
      const before = this.#raw.getWriteOffset();
      const isWritten = this.#pump();
      if (!this.isOver && this.#raw.getWriteOffset() > before) this.progressed();
      if (!this.isOver && !isWritten) this.isBlocked = true;
      return isWritten;
    });
  }
}

/** A body that is at hand as a whole. */
class WholeBody implements ResponseBody {
  readonly length: number;
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    this.#rest = bytes;
  }

  read(bytesMax: number): Uint8Array {
    const piece = this.#rest.subarray(0, bytesMax);
    this.#rest = this.#rest.subarray(bytesMax);
    return piece;
  }

  /** Copies what is not read yet. */
  keep(): void {
    this.#rest = new Uint8Array(this.#rest);
  }

  close(): void {}
}

/**
 * All headers by one call: the library writes a value as it is, so that the lines that follow the first can stand in it.
 * A call for each costs four times as much. `checkHead` has seen that no name or value holds a line end of its own.
 */
function writeHeaders(raw: UwsResponse, headers: ResponseHead["headers"]): void {
  const first = headers[0];
  if (first === undefined) return;
  let lines = first[1];
  for (let index = 1; index < headers.length; index++) {
    const [name, value] = headers[index] as readonly [string, string];
    lines += `\r\n${name}: ${value}`;
  }
  raw.writeHeader(first[0], lines);
}
