/** Owns the socket by which the command line of its own machine reaches a node. Whoever may open it is the operator. */

import { chmodSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { listen } from "../front/http-server.ts";
import type { HttpHandler, HttpServer } from "../model/http.ts";
import { adminSocketPath, fitsSocket, shorter } from "./socket-path.ts";

export interface AdminSocketOptions {
  /** Locked by this node: what lies there under the socket's name is left over from a node that was killed. */
  readonly dataDirectory: string;
  /** Serves the requests: `AdminPort.handleLocal`. */
  readonly handler: HttpHandler;
  readonly log: Log;
}

export interface AdminSocket {
  /** Removes the socket, then ends as `HttpServer.close` does. */
  close(drainMs: number): Promise<void>;
}

/**
 * Listens on `<data>/admin.sock`, mode 0600. It is bound in a directory that nobody else can enter and moved into place with
 * its mode set, so that at no time anybody else can open it.
 * @returns null when the path is longer than a socket's may be: the node then serves without
 * @throws ListenError, Error of the operating system
 */
export async function openAdminSocket({
  dataDirectory,
  handler,
  log,
}: AdminSocketOptions): Promise<AdminSocket | null> {
  const place = adminSocketPath(dataDirectory);
  const nursery = join(dataDirectory, ".socket");
  const born = shorter(join(nursery, "s"));
  if (!fitsSocket(place) || !fitsSocket(born)) {
    log.warn({ path: place }, "the data directory's path is too long for a socket: the command line has to sign in");
    return null;
  }
  rmSync(nursery, { recursive: true, force: true });
  mkdirSync(nursery, { mode: 0o700 });
  let server: HttpServer | null = null;
  try {
    const connectionsMax = limits.consoleConnectionsMax;
    server = await listen(
      { implementation: "node", host: "", port: 0, socketPath: born, connectionsMax },
      handler,
      log,
    );
    chmodSync(born, 0o600);
    renameSync(born, place);
  } catch (error) {
    await server?.close(0);
    throw error;
  } finally {
    rmSync(nursery, { recursive: true, force: true });
  }
  const opened = server;
  return {
    close: (drainMs) => {
      rmSync(place, { force: true });
      return opened.close(drainMs);
    },
  };
}
