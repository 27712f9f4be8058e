/** Owns the listener on uWebSockets.js; the only file that imports it. */

import type * as Uws from "uWebSockets.js";
import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { HttpServer, HttpServerOptions, TlsFiles } from "../model/http.ts";
import { BodyIntake, emptyBody } from "./body-intake.ts";
import type { FrontPorts } from "./exchange.ts";
import { HeaderList } from "./header-list.ts";
import { ListenError } from "./listen-error.ts";
import { addressText } from "./remote-address.ts";
import { announcedLength, findProtocolError } from "./request-checks.ts";
import { type Certificate, readCertificate, readNamedCertificate } from "./tls.ts";
import { UwsExchange } from "./uws-exchange.ts";

export interface UwsListenOptions extends HttpServerOptions {
  readonly connectionsMax: number;
  /** Lets several listeners of the same user bind one port; the kernel spreads connections over them. */
  readonly sharesPort: boolean;
}

/** The library's `listen` takes an address together with options, which its declaration leaves out. */
interface Listener {
  listen(host: string, port: number, options: number, done: (socket: Uws.us_listen_socket | false) => void): unknown;
}

/** Values of the library's ListenOptions, whose declaration does not fit what it exports. */
const listenShared = 0;
const listenExclusively = 1;

/** Read by the library from the environment of the process, once, when its binary is loaded for the first time. */
const headersVariable = "UWS_HTTP_MAX_HEADERS_SIZE";

let loading: Promise<typeof Uws> | null = null;

/**
 * Loads the library's binary, once. For the first time in the main thread: another thread's environment is a copy of its own.
 * Rejects where there is no binary for this Node version, system or C library.
 */
export function loadUws(): Promise<typeof Uws> {
  loading ??= load();
  return loading;
}

/** The variable that the library wants stands in the environment for this moment only: it is not ours to change for good. */
async function load(): Promise<typeof Uws> {
  const before = process.env[headersVariable];
  process.env[headersVariable] = before ?? String(limits.headerBytesMax);
  try {
    return await import("uWebSockets.js");
  } finally {
    if (before === undefined) delete process.env[headersVariable];
  }
}

/**
 * Binds and serves.
 * What the library answers by itself, before any code here runs: 100 Continue to every Expect; HTML for a malformed
 * request line, HTTP/1.0, absolute-form targets, Content-Length with Transfer-Encoding and an invalid Content-Length
 * (400 or 505), and for heads above UWS_HTTP_MAX_HEADERS_SIZE or 98 lines (431). Malformed header lines and requests
 * without Host get no answer, and the connection is closed after about 10 s. A request that arrives before the
 * answer to the one before it closes the connection. Header values lose bytes outside ASCII at their ends.
 * Every answer carries Date and `uWebSockets: 20`.
 * @throws ListenError; Error when the certificate or its key cannot be used
 */
export async function listenUws(uws: typeof Uws, options: UwsListenOptions, ports: FrontPorts): Promise<HttpServer> {
  const secured = options.tls === undefined ? null : secure(options.tls);
  const app = secured === null ? uws.App() : uws.SSLApp(secured.all);
  const server = new UwsServer(uws, app, options, ports, secured?.further ?? []);
  await server.bind();
  return server;
}

/** Read and checked first: the library only says that construction failed. */
interface Secured {
  readonly all: Uws.AppOptions;
  readonly further: readonly Certificate[];
}

const appOptions = ({ files }: Certificate): Uws.AppOptions => ({
  cert_file_name: files.certFile,
  key_file_name: files.keyFile,
});

const secure = (tls: TlsFiles): Secured => ({
  all: appOptions(readCertificate(tls)),
  further: (tls.further ?? []).map(readNamedCertificate),
});

/** The library keeps its handlers for the life of the process; through this they let go of a server that has been closed. */
interface Gate {
  count: ((response: Uws.HttpResponse, change: number) => void) | null;
  serve: ((response: Uws.HttpResponse, request: Uws.HttpRequest) => void) | null;
}

/** Apart from the server, so that the handlers hold the gate and nothing else. */
function install(app: Uws.TemplatedApp, gate: Gate, further: readonly Certificate[]): void {
  app.filter((response: Uws.HttpResponse, change: number) => gate.count?.(response, change));
  const serve = (response: Uws.HttpResponse, request: Uws.HttpRequest): void => {
    if (gate.serve !== null) gate.serve(response, request);
    else cut(response);
  };
  app.any("/*", serve);
  for (const certificate of further) {
    for (const name of certificate.names) {
      app.addServerName(name, appOptions(certificate));
      // The library routes each server name apart.
      app.domain(name).any("/*", serve);
    }
  }
}

/** The library ends the process when its callback returns with a response that has neither an answer nor an abort handler. */
function cut(response: Uws.HttpResponse): void {
  response.onAborted(() => undefined);
  response.close();
}

class UwsServer implements HttpServer {
  readonly implementation = "uws";
  readonly #uws: typeof Uws;
  readonly #app: Uws.TemplatedApp;
  readonly #options: UwsListenOptions;
  readonly #ports: FrontPorts;
  readonly #isSecure: boolean;
  readonly #gate: Gate;
  #listening: Uws.us_listen_socket | null = null;
  #port = 0;
  #connectionCount = 0;
  #closed: Promise<void> | null = null;

  constructor(
    uws: typeof Uws,
    app: Uws.TemplatedApp,
    options: UwsListenOptions,
    ports: FrontPorts,
    further: readonly Certificate[],
  ) {
    this.#uws = uws;
    this.#app = app;
    this.#options = options;
    this.#ports = ports;
    this.#isSecure = options.tls !== undefined;
    this.#gate = {
      count: (response, change) => this.#count(response, change),
      serve: (response, request) => this.#serve(response, request),
    };
    install(app, this.#gate, further);
  }

  #count(response: Uws.HttpResponse, change: number): void {
    this.#connectionCount += change;
    if (change > 0 && this.#connectionCount > this.#options.connectionsMax) response.close();
  }

  get port(): number {
    return this.#port;
  }

  async bind(): Promise<void> {
    const { port, sharesPort } = this.#options;
    this.#listening = await this.#listen(port, sharesPort ? listenShared : listenExclusively);
    this.#port = this.#uws.us_socket_local_port(this.#listening as unknown as Uws.us_socket);
    if (!sharesPort || port !== 0) return;
    // The library does not share a port that the system has chosen: it is bound again by its number.
    this.#uws.us_listen_socket_close(this.#listening);
    this.#listening = await this.#listen(this.#port, listenShared);
  }

  #listen(port: number, mode: number): Promise<Uws.us_listen_socket> {
    const { host } = this.#options;
    const app: unknown = this.#app;
    return new Promise((resolve, reject) => {
      (app as Listener).listen(host, port, mode, (socket) => {
        if (socket !== false) return resolve(socket);
        // Releases what the library holds for the listener that will not be.
        this.#app.close();
        reject(new ListenError(`cannot listen on ${host} port ${port}: in use, not permitted, or not an address here`));
      });
    });
  }

  openConnections(): number {
    return this.#connectionCount;
  }

  close(drainMs: number): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  async #close(drainMs: number): Promise<void> {
    assert(this.#listening !== null, "a listener is closed after it was bound");
    this.#uws.us_listen_socket_close(this.#listening);
    await this.#ports.inFlight.drain(drainMs, this.#ports.clock);
    // Idle connections and, after the deadline, those still busy, whose abort events run within this call.
    this.#app.close();
    this.#gate.serve = null;
    await this.#closeWaiting();
    this.#gate.count = null;
    this.#ports.watch.close();
  }

  /**
   * The library does not find connections whose handshake it has put off: it takes some up in each turn of its loop. What
   * one call leaves, a later one closes; should any be left in the end, `cut` takes them when they ask for something.
   */
  async #closeWaiting(): Promise<void> {
    for (let turn = 0; turn < this.#options.connectionsMax && this.#connectionCount > 0; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#app.close();
    }
  }

  #serve(response: Uws.HttpResponse, request: Uws.HttpRequest): void {
    const method = request.getCaseSensitiveMethod();
    const rawPath = request.getUrl();
    // Undefined without "?", against its declaration.
    const rawQuery = (request.getQuery() as string | undefined) ?? "";
    const headers = new HeaderList();
    request.forEach((name, value) => {
      headers.add(name, value);
    });
    const exchange = new UwsExchange(response, this.#ports, method);
    try {
      const error = findProtocolError(rawPath, rawQuery, headers);
      if (error === null) {
        const remoteAddress = addressText(new Uint8Array(response.getRemoteAddress()));
        const body = this.#receiveBody(response, exchange, announcedLength(headers));
        this.#ports.handler(
          { method, rawPath, rawQuery, headers, remoteAddress, secure: this.#isSecure, body },
          exchange,
        );
      } else {
        exchange.refuse(error);
      }
    } catch (thrown) {
      // A defect in the handler ends in the process's own handler; the client must not wait for an answer.
      exchange.destroy();
      throw thrown;
    } finally {
      exchange.leaveCallback();
      if (!exchange.isOver || exchange.aborted) response.onAborted(() => exchange.connectionLost());
    }
  }

  /** The library forgets bytes for which no data handler was set within the request callback. */
  #receiveBody(
    response: Uws.HttpResponse,
    exchange: UwsExchange,
    length: number | null,
  ): BodyIntake | typeof emptyBody {
    if (length === 0) return emptyBody;
    const intake = new BodyIntake(length, exchange, this.#ports.held, false);
    exchange.receive(intake);
    response.onData((chunk, isLast) => exchange.dataArrived(chunk, isLast));
    return intake;
  }
}
