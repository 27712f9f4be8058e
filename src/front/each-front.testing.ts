/** Owns the harness of the front's tests: the same test over both server libraries, plain and with TLS, on raw sockets. */

import { connect, type Socket } from "node:net";
import { connect as connectSecurely, createSecureContext } from "node:tls";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import type { Log } from "../base/log.ts";
import type { HttpHandler, HttpRequest, HttpResponse, HttpServer, ResponseBody } from "../model/http.ts";
import { type ListenOptions, listen } from "./http-server.ts";

// Read by the library when it is loaded. Without effect in a worker thread, whose environment is a copy.
process.env["UWS_HTTP_MAX_HEADERS_SIZE"] = "16384";

const fixture = (name: string): string => fileURLToPath(new URL(`../../test/fixtures/tls/${name}`, import.meta.url));
export const tls = { certFile: fixture("cert.pem"), keyFile: fixture("key.pem") };

/** One for all connections: a context of its own costs each of them more than its handshake. */
const secureContext = createSecureContext();

export interface FrontUnderTest {
  readonly implementation: "uws" | "node";
  readonly isSecure: boolean;
  /** Starts a listener that the end of the test closes. */
  listen(handler: HttpHandler, options?: Partial<ListenOptions>, log?: Log): Promise<HttpServer>;
  /** A connection to the listener started last. */
  connect(): Client;
}

/**
 * Declares `run` as four tests: uWebSockets.js and node:http, plain and TLS; as two without TLS, where it makes no difference.
 * @param declare `test.serial` for tests that keep their thread busy: the others would wait for it longer than servers wait
 */
export function testEachFront(
  title: string,
  run: (t: ExecutionContext, front: FrontUnderTest) => Promise<void>,
  transports: readonly ("plain" | "TLS")[] = ["plain", "TLS"],
  declare: (title: string, run: (t: ExecutionContext) => Promise<void>) => void = test,
): void {
  for (const implementation of ["uws", "node"] as const) {
    for (const isSecure of transports.map((transport) => transport === "TLS")) {
      declare(`${title} [${implementation}${isSecure ? ", TLS" : ""}]`, (t) =>
        run(t, startable(t, implementation, isSecure)),
      );
    }
  }
}

function startable(t: ExecutionContext, implementation: "uws" | "node", isSecure: boolean): FrontUnderTest {
  let port = 0;
  return {
    implementation,
    isSecure,
    listen: async (handler, options, log) => {
      const secured = isSecure ? { tls } : {};
      const server = await listen({ host: "127.0.0.1", port: 0, implementation, ...secured, ...options }, handler, log);
      t.teardown(() => server.close(0));
      port = server.port;
      return server;
    },
    connect: () => {
      const client = new Client(port, isSecure);
      t.teardown(() => client.socket.destroy());
      return client;
    },
  };
}

export interface Answer {
  readonly status: number;
  /** Lower-case names; of repeated ones the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly rawHead: string;
  readonly body: Buffer;
}

/** A raw HTTP client: sends what it is told and parses answers strictly, one after another. */
export class Client {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(port: number, isSecure: boolean) {
    this.socket = isSecure
      ? connectSecurely({ port, host: "127.0.0.1", rejectUnauthorized: false, secureContext })
      : connect(port, "127.0.0.1");
    this.socket.setNoDelay(true);
    this.socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    // A reset is an expected end here; "close" follows it.
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** Writes text as latin1, so that a character is a byte. Resolves when the kernel has it, or the connection is gone. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once("close", resolve);
      this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, () => resolve());
    });
  }

  /** Resolves with everything not yet parsed when the server has closed the connection. */
  async closed(): Promise<Buffer> {
    while (!this.#isClosed) await this.#more();
    return this.#received;
  }

  /** Sends a request without a body and reads its answer. */
  async request(head: string, hasBody = !head.startsWith("HEAD ")): Promise<Answer> {
    await this.send(`${head}\r\n\r\n`);
    return this.answer(hasBody);
  }

  /** Reads the next answer. @throws Error when the connection ends before it is whole */
  async answer(hasBody = true): Promise<Answer> {
    const headEnd = await this.#until("\r\n\r\n");
    const rawHead = this.#take(headEnd + 4).toString("utf8");
    const [first = "", ...lines] = rawHead.trimEnd().split("\r\n");
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    const status = Number(first.split(" ")[1]);
    const isBodiless = !hasBody || status === 204 || status === 304 || status === 100;
    const body = isBodiless ? Buffer.alloc(0) : await this.#body(headers);
    return { status, headers, rawHead, body };
  }

  async #body(headers: ReadonlyMap<string, string>): Promise<Buffer> {
    if (headers.get("transfer-encoding") !== "chunked")
      return this.#exactly(Number(headers.get("content-length") ?? 0));
    const parts: Buffer[] = [];
    for (;;) {
      const lineEnd = await this.#until("\r\n");
      const size = Number.parseInt(this.#take(lineEnd + 2).toString("latin1"), 16);
      const part = await this.#exactly(size + 2);
      if (size === 0) return Buffer.concat(parts);
      parts.push(part.subarray(0, size));
    }
  }

  async #exactly(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let due = count;
    while (due > 0) {
      if (this.#received.length === 0) await this.#moreOrFail();
      const part = this.#take(Math.min(due, this.#received.length));
      parts.push(part);
      due -= part.length;
    }
    return Buffer.concat(parts);
  }

  async #until(mark: string): Promise<number> {
    for (;;) {
      const at = this.#received.indexOf(mark);
      if (at !== -1) return at;
      await this.#moreOrFail();
    }
  }

  async #moreOrFail(): Promise<void> {
    if (this.#isClosed) throw new Error(`closed after ${JSON.stringify(this.#received.toString("latin1"))}`);
    await this.#more();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(count: number): Buffer {
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken;
  }
}

/** Resolves with the whole body of a request; rejects with "aborted" when it is cut. */
export function readWhole(request: HttpRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    request.body.consume({
      data: (chunk) => parts.push(Buffer.from(chunk)),
      end: () => resolve(Buffer.concat(parts)),
      aborted: () => reject(new Error("aborted")),
    });
  });
}

/** Answers 200 with text. */
export function sendText(response: HttpResponse, text: string): void {
  response.send({ status: 200, headers: [["content-type", "text/plain"]] }, text);
}

/** A streamed body of a repeating pattern that counts what is read ahead and how often it is closed. */
export class PatternBody implements ResponseBody {
  readonly length: number;
  readonly #isAsync: boolean;
  readBytes = 0;
  closeCount = 0;
  readonly #closed = new Signal<void>();

  constructor(length: number, isAsync: boolean) {
    this.length = length;
    this.#isAsync = isAsync;
  }

  /** Resolves when `close` is called. */
  get closed(): Promise<void> {
    return this.#closed.given;
  }

  read(bytesMax: number): Uint8Array | Promise<Uint8Array> {
    const piece = patternBytes(this.readBytes, bytesMax);
    this.readBytes += bytesMax;
    return this.#isAsync ? new Promise((resolve) => setImmediate(() => resolve(piece))) : piece;
  }

  close(): void {
    this.closeCount += 1;
    this.#closed.give();
  }
}

/** Byte `offset + i` of a pattern whose period, 251, is no power of two: a piece sent twice or left out shows. */
export function patternBytes(offset: number, count: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(count);
  for (let index = 0; index < count; index++) bytes[index] = (offset + index) % 251;
  return bytes;
}

/** A promise that a callback of the test fulfils. */
export class Signal<T> {
  readonly given: Promise<T>;
  give: (value: T) => void = () => undefined;

  constructor() {
    this.given = new Promise((resolve) => {
      this.give = resolve;
    });
  }
}
