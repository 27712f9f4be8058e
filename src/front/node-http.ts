/** Owns the listener on node:http and node:https, which serves where uWebSockets.js cannot be loaded. */

import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { HttpServer, HttpServerOptions, TlsFiles } from "../model/http.ts";
import { BodyIntake, emptyBody } from "./body-intake.ts";
import type { FrontPorts } from "./exchange.ts";
import { HeaderList } from "./header-list.ts";
import { ListenError } from "./listen-error.ts";
import { NodeExchange } from "./node-exchange.ts";
import { type ProtocolError, protocolErrors } from "./protocol-error.ts";
import { withoutMapping } from "./remote-address.ts";
import { announcedLength, findProtocolError } from "./request-checks.ts";
import { statusLine } from "./response-head.ts";
import { readCertificate, readNamedCertificate } from "./tls.ts";

export interface NodeListenOptions extends HttpServerOptions {
  readonly connectionsMax: number;
  readonly sharesPort: boolean;
}

/** A request that waits for the answer to the one before it on its connection. */
type Pipelined = () => void;

interface Connection {
  isBusy: boolean;
  /** True when no further request of this connection is served. */
  isEnding: boolean;
  readonly waiting: Pipelined[];
}

const serverOptions: ServerOptions = {
  maxHeaderSize: limits.headerBytesMax,
  headersTimeout: limits.headersMs,
  // Uploads are bounded by their rate, not by their time.
  requestTimeout: 0,
  keepAliveTimeout: limits.keepAliveMs,
  connectionsCheckingInterval: limits.idleSweepMs,
  // Node's own refusal has no body; the check is made in findProtocolError.
  requireHostHeader: false,
  insecureHTTPParser: false,
  noDelay: true,
};

/** What node's parser reports, as what the client is told; everything else is malformed. */
const parserErrors: ReadonlyMap<string, ProtocolError> = new Map<string, ProtocolError>([
  ["HPE_HEADER_OVERFLOW", protocolErrors.headersTooLarge],
  ["HPE_INVALID_URL", protocolErrors.target],
  ["HPE_INVALID_CONTENT_LENGTH", protocolErrors.contentLength],
  ["ERR_HTTP_REQUEST_TIMEOUT", protocolErrors.slowBody],
]);

/**
 * Binds and serves. HTTP/1.0 is refused like everything else that uWebSockets.js does not take.
 * @throws ListenError; Error when the certificate or its key cannot be used, or the port is to be shared
 */
export async function listenNode(options: NodeListenOptions, ports: FrontPorts): Promise<HttpServer> {
  assert(!options.sharesPort, "node:http cannot share a port between threads: use one front");
  const server = options.tls === undefined ? createServer(serverOptions) : secureServer(options.tls);
  const front = new NodeServer(server, options, ports);
  await front.bind();
  return front;
}

function secureServer(tls: TlsFiles): Server {
  const { cert, key } = readCertificate(tls);
  const server = createSecureServer({ ...serverOptions, cert, key });
  for (const certificate of (tls.further ?? []).map(readNamedCertificate)) {
    for (const name of certificate.names) server.addContext(name, { cert: certificate.cert, key: certificate.key });
  }
  return server;
}

class NodeServer implements HttpServer {
  readonly implementation = "node";
  readonly #server: Server;
  readonly #options: NodeListenOptions;
  readonly #ports: FrontPorts;
  readonly #sockets = new Set<Socket>();
  readonly #connections = new WeakMap<Socket, Connection>();
  #closed: Promise<void> | null = null;

  constructor(server: Server, options: NodeListenOptions, ports: FrontPorts) {
    this.#server = server;
    this.#options = options;
    this.#ports = ports;
    server.maxConnections = options.connectionsMax;
    // Node would drop what is beyond its count without a word; all lines are counted in findProtocolError.
    server.maxHeadersCount = 0;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("request", (request, response) => this.#queue(request, response, false));
    server.on("checkContinue", (request, response) => this.#queue(request, response, true));
    server.on("checkExpectation", (request, response) => this.#queue(request, response, false));
    server.on("clientError", (error: Error & { code?: string }, socket) => this.#refuseRaw(error, socket as Socket));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  bind(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { host, port, socketPath } = this.#options;
      const place = socketPath ?? `${host} port ${port}`;
      const refuse = (error: Error): void =>
        reject(new ListenError(`cannot listen on ${place}: ${error.message}`, { cause: error }));
      this.#server.once("error", refuse);
      const where = socketPath === undefined ? { host, port } : { path: socketPath };
      this.#server.listen({ ...where, backlog: 1024 }, () => {
        this.#server.off("error", refuse);
        resolve();
      });
    });
  }

  openConnections(): number {
    return this.#sockets.size;
  }

  close(drainMs: number): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  async #close(drainMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#ports.inFlight.drain(drainMs, this.#ports.clock);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#ports.watch.close();
  }

  /** Node hands over pipelined requests at once; they are served one after another, none after one that closes. */
  #queue(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    const connection = this.#connectionOf(request.socket);
    const serve = (): void => this.#serve(request, response, awaitsContinue, connection);
    if (connection.isEnding) return;
    if (!connection.isBusy) serve();
    else if (connection.waiting.length < limits.pipelinedMax) connection.waiting.push(serve);
    else request.socket.destroy();
  }

  #connectionOf(socket: Socket): Connection {
    let connection = this.#connections.get(socket);
    if (connection === undefined) {
      connection = { isBusy: false, isEnding: false, waiting: [] };
      this.#connections.set(socket, connection);
    }
    return connection;
  }

  #serve(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean, connection: Connection): void {
    connection.isBusy = true;
    const onClosed = (): void => {
      connection.isBusy = false;
      connection.isEnding ||= !response.writableFinished || !response.shouldKeepAlive || request.socket.destroyed;
      if (!connection.isEnding) connection.waiting.shift()?.();
    };
    const exchange = new NodeExchange(request, response, this.#ports, { awaitsContinue, onClosed });
    const headers = readHeaders(request.rawHeaders);
    const target = Buffer.from(request.url ?? "", "latin1").toString("utf8");
    const mark = target.indexOf("?");
    const rawPath = mark === -1 ? target : target.slice(0, mark);
    const rawQuery = mark === -1 ? "" : target.slice(mark + 1);
    const error =
      request.httpVersion === "1.1" ? findProtocolError(rawPath, rawQuery, headers) : protocolErrors.malformed;
    if (error !== null) {
      connection.isEnding = true;
      exchange.refuse(error);
      return;
    }
    const length = announcedLength(headers);
    const intake = length === 0 ? null : new BodyIntake(length, exchange, this.#ports.held, true);
    if (intake !== null) exchange.receive(intake);
    try {
      this.#ports.handler(
        {
          method: request.method ?? "GET",
          rawPath,
          rawQuery,
          headers,
          remoteAddress: withoutMapping(request.socket.remoteAddress ?? ""),
          secure: this.#options.tls !== undefined,
          body: intake ?? emptyBody,
        },
        exchange,
      );
    } catch (thrown) {
      // A defect in the handler ends in the process's own handler; the client must not wait for an answer.
      exchange.destroy();
      throw thrown;
    }
  }

  /** Answers what node's parser refuses. When an answer has begun on the connection, all that can be done is to cut it. */
  #refuseRaw(error: Error & { code?: string }, socket: Socket): void {
    const connection = this.#connections.get(socket);
    const isAnswerable = socket.writable && error.code !== "ECONNRESET" && connection?.isBusy !== true;
    if (!isAnswerable) {
      socket.destroy();
      return;
    }
    const refusal: ProtocolError = parserErrors.get(error.code ?? "") ?? protocolErrors.malformed;
    const { head, body } = this.#ports.renderError(refusal);
    const lines = head.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.end(
      `HTTP/1.1 ${statusLine(head.status)}\r\n${lines}Content-Length: ${Buffer.byteLength(body)}\r\n` +
        `Date: ${new Date(this.#ports.clock.nowMs()).toUTCString()}\r\nConnection: close\r\n\r\n${body}`,
      () => socket.destroy(),
    );
  }
}

/** Names and values in turn, a character for each byte: the values are decoded as UTF-8, as uWebSockets.js does. */
function readHeaders(rawHeaders: readonly string[]): HeaderList {
  const headers = new HeaderList();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const value = rawHeaders[index + 1] ?? "";
    headers.add((rawHeaders[index] ?? "").toLowerCase(), isAscii(value) ? value : decode(value));
  }
  return headers;
}

function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  return /^[\x00-\x7f]*$/.test(text);
}

function decode(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}
