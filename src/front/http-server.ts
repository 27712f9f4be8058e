/** Owns the choice of the server library: the rest of the product listens through this file and does not know which runs. */

import { type Clock, systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { HttpHandler, HttpServer, HttpServerOptions } from "../model/http.ts";
import { HeldBytes } from "./body-intake.ts";
import type { FrontPorts } from "./exchange.ts";
import { IdleWatch } from "./idle-watch.ts";
import { InFlight } from "./in-flight.ts";
import { listenNode } from "./node-http.ts";
import { type ProtocolErrorRenderer, xmlProtocolErrors } from "./protocol-error.ts";
import { listenUws, loadUws } from "./uws.ts";

export interface ListenOptions extends HttpServerOptions {
  /** "auto": uWebSockets.js, or node:http where its binary cannot be loaded. */
  readonly implementation: "auto" | "uws" | "node";
  /** Lets several listeners (threads) bind one port; default false. node:http does not support it. */
  readonly sharesPort?: boolean;
  /** Connections beyond this are closed at once; default `limits.connectionsMax`. */
  readonly connectionsMax?: number;
  /** Makes the answers to requests that the front itself refuses; default S3 XML with a random request id. */
  readonly renderError?: ProtocolErrorRenderer;
  readonly clock?: Clock;
}

/**
 * Finds out once for a node which library serves, and says so when it is not the one that was hoped for.
 * Loading uWebSockets.js here, in the main thread, also fixes its settings for all threads of the process.
 * @throws Error when "uws" was asked for and cannot be loaded
 */
export async function chooseImplementation(wanted: ListenOptions["implementation"], log: Log): Promise<"uws" | "node"> {
  return wanted === "node" || (await loadOrExplain(wanted, log)) === null ? "node" : "uws";
}

/**
 * Binds and starts to serve. `handler` is called once per request whose head is sound, and must answer or destroy it.
 * @throws ListenError; Error when a TLS file is not usable, or "uws" was asked for and cannot be loaded
 */
export async function listen(options: ListenOptions, handler: HttpHandler, log?: Log): Promise<HttpServer> {
  const clock = options.clock ?? systemClock;
  const uws = options.implementation === "node" ? null : await loadOrExplain(options.implementation, log);
  const ports: FrontPorts = {
    handler,
    clock,
    watch: new IdleWatch(clock),
    inFlight: new InFlight(),
    held: new HeldBytes(limits.heldBodyBytesMax),
    renderError: options.renderError ?? xmlProtocolErrors(),
    log: log ?? null,
  };
  const bounds = {
    ...options,
    connectionsMax: options.connectionsMax ?? limits.connectionsMax,
    sharesPort: options.sharesPort ?? false,
  };
  try {
    return uws === null ? await listenNode(bounds, ports) : await listenUws(uws, bounds, ports);
  } catch (error) {
    ports.watch.close();
    throw error;
  }
}

async function loadOrExplain(
  implementation: "auto" | "uws",
  log: Log | undefined,
): Promise<Awaited<ReturnType<typeof loadUws>> | null> {
  try {
    return await loadUws();
  } catch (error) {
    // Expected where the package has no binary for this Node version, system or C library.
    if (implementation === "uws") throw error;
    log?.warn(
      { error },
      "uWebSockets.js cannot be loaded here: serving with node:http, which takes more CPU per request",
    );
    return null;
  }
}
