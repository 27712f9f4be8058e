/** The measured servers: a node, the node of any command, the bare front, or one that runs already. */

import { type ChildProcess, fork, spawn } from "node:child_process";
import { request } from "node:http";
import { createServer } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BenchError } from "./failure.ts";
import type { Target } from "./request.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const keys = { accessKeyId: "TROUPEBENCHKEY000001", secretAccessKey: "a/secret/of/forty/characters/for/benches" };
const readyMsMax = 20_000;
const stopMsMax = 60_000;

export interface Server {
  readonly name: string;
  readonly target: Target;
  /** Whose CPU time and memory count, with their descendants; empty for a server elsewhere. */
  readonly pids: readonly number[];
  /** It was started here and keeps its data in a directory of the bench: nothing needs to be deleted from it. */
  readonly isOwn: boolean;
  stop(): Promise<void>;
}

/** A port of this machine that nobody listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });

/** Servers that run: however the bench ends, they end with it. */
const living = new Set<ChildProcess>();
let isWatching = false;

/** An uncaught error ends in "exit" by itself; a signal that nobody listens to does not. */
function watchEnd(): void {
  if (isWatching) return;
  isWatching = true;
  process.on("exit", () => {
    for (const child of living) child.kill("SIGKILL");
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // Who else listens stops its servers in order.
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

function keep(child: ChildProcess): Promise<void> {
  watchEnd();
  living.add(child);
  return new Promise((resolve) =>
    child.once("exit", () => {
      living.delete(child);
      resolve();
    }),
  );
}

export interface NodeOptions {
  readonly name: string;
  readonly data: string;
  /**
   * A shell command that starts a node. {port}, {console} and {data} in it are replaced; without them `serve` and its
   * options are added. Default: this checkout's node.
   */
  readonly command?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** How long it may take to be ready; default 20 s. */
  readonly readyMs?: number;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The shell command that starts a node. Pure. */
export function commandLine(
  command: string,
  places: { readonly port: number; readonly console: number; readonly data: string },
): string {
  const filled = command
    .replaceAll("{port}", String(places.port))
    .replaceAll("{console}", String(places.console))
    .replaceAll("{data}", quoted(places.data));
  if (filled !== command) return `exec ${filled}`;
  const { port, console, data } = places;
  const serve = /(^|\s)serve(\s|$)/.test(command) ? "" : " serve";
  return `exec ${command}${serve} --data ${quoted(data)} --s3 127.0.0.1:${port} --console 127.0.0.1:${console}`;
}

/** @throws BenchError when it ends, or is not ready in time */
export async function startNode({
  name,
  data,
  command,
  environment,
  readyMs = readyMsMax,
}: NodeOptions): Promise<Server> {
  const port = await freePort();
  const own = `${quoted(process.execPath)} ${quoted(join(here, "../main.js"))}`;
  const line = commandLine(command ?? own, { port, console: await freePort(), data });
  // A group of its own: Ctrl-C reaches the bench alone, which then stops the node.
  const child = spawn("sh", ["-c", line], {
    detached: true,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      UV_THREADPOOL_SIZE: process.env["UV_THREADPOOL_SIZE"] ?? "16",
      TROUPE_ACCESS_KEY: keys.accessKeyId,
      TROUPE_SECRET_KEY: keys.secretAccessKey,
      TROUPE_LOG_LEVEL: process.env["TROUPE_LOG_LEVEL"] ?? "error",
      ...environment,
    },
  });
  const exited = keep(child);
  await Promise.race([
    isReady(port, readyMs),
    exited.then(() => {
      throw new BenchError(`the server ended with ${child.exitCode ?? child.signalCode} before it was ready: ${line}`);
    }),
  ]);
  return {
    name,
    target: { host: "127.0.0.1", port, ...keys },
    pids: [child.pid ?? 0],
    isOwn: true,
    stop: async () => {
      child.kill("SIGTERM");
      const stopped = await Promise.race([exited.then(() => true), pause(stopMsMax, false, { ref: false })]);
      if (!stopped) child.kill("SIGKILL");
      await exited;
    },
  };
}

export async function startBareFront(): Promise<Server> {
  const child = fork(join(here, "bare-front.js"), {
    detached: true,
    env: { ...process.env, UWS_HTTP_MAX_HEADERS_SIZE: "16384" },
  });
  const exited = keep(child);
  const { port } = await new Promise<{ port: number }>((resolve) =>
    child.once("message", (message) => resolve(message as { port: number })),
  );
  return {
    name: "bare front",
    target: { host: "127.0.0.1", port, ...keys },
    pids: [child.pid ?? 0],
    isOwn: true,
    stop: async () => {
      child.disconnect();
      await exited;
    },
  };
}

/** A server that runs already. */
export function runningServer(name: string, target: Target, pids: readonly number[]): Server {
  return { name, target, pids, isOwn: false, stop: async () => undefined };
}

/** Waits until the node says it is ready, or, of a server without such an address, until it answers at all. */
async function isReady(port: number, readyMs: number): Promise<void> {
  const status = (): Promise<number> =>
    new Promise((resolve) => {
      const probe = request({ host: "127.0.0.1", port, path: "/health/ready" }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      probe.on("error", () => resolve(0));
      probe.end();
    });
  const deadline = performance.now() + readyMs;
  while (performance.now() < deadline) {
    const found = await status();
    if (found !== 0 && found !== 503) return;
    await pause(50);
  }
  throw new BenchError(`the server is not ready after ${readyMs / 1000} s`);
}
