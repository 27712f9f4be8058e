/** Starts, watches, kills and restarts one real node of the product for the suites. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type ListenOptions, type Server } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const rootDirectory = fileURLToPath(new URL("../../../", import.meta.url));
export const testKeys = {
  accessKeyId: "TROUPETESTKEY0000001",
  secretAccessKey: "suite/secret/that/is/forty/characters+ok",
};

export interface NodeOptions {
  readonly data: string;
  readonly port?: number;
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Path of the server's own output; default: next to the data directory. */
  readonly logFile?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Node.js binary; default: TROUPE_TEST_NODE, else the one that runs the suite. */
  readonly execPath?: string;
  readonly readyMs?: number;
  /** Directory that holds the product's `dist`; default: this repository. */
  readonly root?: string;
}

/** Below the range that systems take ports from by themselves, as for the client's end of a connection. */
const portsFrom = 20_000;
const portsCount = 10_000;

/**
 * A port for a server that is started later. Nobody else gets it meanwhile: the tests that run beside this one see the claim
 * of its number, a socket without a file that stands as long as this thread.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = portsFrom + randomInt(portsCount);
    const claim = await listening({ path: `\0troupe-test-port-${port}` });
    if (claim === null) continue;
    claim.unref();
    const probe = await listening({ port, host: "127.0.0.1" });
    if (probe === null) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
  throw new Error("no port is free");
}

/** A server at an address; null when somebody has it. */
function listening(where: ListenOptions): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(null) : reject(error),
    );
    server.listen(where, () => resolve(server));
  });
}

/** Nodes that run: a suite that fails or is cut short leaves none behind. */
const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

export class NodeProcess {
  readonly endpoint: string;
  readonly consoleEndpoint: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly exited: Promise<number | string>;

  private constructor(child: ChildProcess, endpoint: string, consoleEndpoint: string) {
    this.#child = child;
    living.add(child);
    child.on("exit", () => living.delete(child));
    this.pid = child.pid ?? 0;
    this.endpoint = endpoint;
    this.consoleEndpoint = consoleEndpoint;
    this.exited = new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal ?? "unknown")));
  }

  /** Spawns a node and waits until /health/ready answers 200 on both ports. Rejects with the log's tail when it exits or is late; then it is ended. */
  static async start(options: NodeOptions): Promise<NodeProcess> {
    const node = await NodeProcess.spawn(options);
    try {
      await node.ready(options.readyMs ?? 60_000, options.logFile ?? `${options.data}.log`);
      return node;
    } catch (error) {
      // Nobody else knows of it, and the thread of the test would live as long as it.
      node.signal("SIGKILL");
      throw error;
    }
  }

  static async spawn(options: NodeOptions): Promise<NodeProcess> {
    const port = options.port ?? (await freePort());
    const consolePort = await freePort();
    mkdirSync(options.data, { recursive: true });
    const log = openSync(options.logFile ?? `${options.data}.log`, "a");
    const child = spawn(
      options.execPath ?? process.env["TROUPE_TEST_NODE"] ?? process.execPath,
      [
        join(options.root ?? rootDirectory, "dist/main.js"),
        "serve",
        "--data",
        options.data,
        "--s3",
        `127.0.0.1:${port}`,
        "--console",
        `127.0.0.1:${consolePort}`,
        ...(options.tls ? ["--tls-cert", options.tls.cert, "--tls-key", options.tls.key] : []),
        ...(options.arguments ?? []),
      ],
      {
        stdio: ["ignore", log, log],
        env: {
          ...process.env,
          UV_THREADPOOL_SIZE: "16",
          TROUPE_ACCESS_KEY: testKeys.accessKeyId,
          TROUPE_SECRET_KEY: testKeys.secretAccessKey,
          TROUPE_ROOT_EMAIL: "root@example.com",
          TROUPE_ROOT_PASSWORD: "a password of the suites",
          TROUPE_STORAGE_BALLAST_BYTES: "0",
          ...options.environment,
        },
      },
    );
    const scheme = options.tls ? "https" : "http";
    return new NodeProcess(child, `${scheme}://127.0.0.1:${port}`, `http://127.0.0.1:${consolePort}`);
  }

  async ready(withinMs: number, logFile: string): Promise<void> {
    const deadline = Date.now() + withinMs;
    let gone: number | string | null = null;
    this.exited.then((code) => {
      gone = code;
    });
    while (Date.now() < deadline && gone === null) {
      // The console port opens after the S3 port.
      if ((await isReady(this.endpoint)) && (await isReady(this.consoleEndpoint))) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const tail = readFileSync(logFile, "utf8").slice(-2000);
    throw new Error(`the node ${gone === null ? "is not ready" : `exited with ${gone}`}\n${tail}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** kill -9, and waits until the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | string> {
    this.#child.kill("SIGTERM");
    return this.exited;
  }

  /** Anonymous and shared memory of the node in bytes: what it costs, without mapped files. */
  memoryBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
    return (kilobytes("RssAnon") + kilobytes("RssShmem")) * 1024;
  }

  openFiles(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** CPU time of the process so far, in microseconds (user + system). */
  cpuMicros(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    const ticksPerSecond = 100;
    return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1_000_000;
  }
}

async function isReady(endpoint: string): Promise<boolean> {
  const { request } = await import(endpoint.startsWith("https") ? "node:https" : "node:http");
  return new Promise((resolve) => {
    const probe = request(
      `${endpoint}/health/ready`,
      { rejectUnauthorized: false, timeout: 2000 },
      (answer: { statusCode?: number; resume(): void }) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    probe.on("error", () => resolve(false));
    probe.on("timeout", () => probe.destroy());
    probe.end();
  });
}
