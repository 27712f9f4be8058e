/** The measured process: starts a node or the bare front, and reads its CPU time and memory from the operating system. */

import { type ChildProcess, fork, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Target } from "./request.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const keys = { accessKeyId: "TROUPEBENCHKEY000001", secretAccessKey: "a/secret/of/forty/characters/for/benches" };
const microsPerTick = 10_000;

export interface Server {
  readonly name: string;
  readonly target: Target;
  /** null for an endpoint that is not ours: its CPU time is unknown. */
  readonly pid: number | null;
  stop(): Promise<void>;
}

export function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * microsPerTick;
}

/** RssAnon + RssShmem in bytes. */
export function memoryBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
  return (kilobytes("RssAnon") + kilobytes("RssShmem")) * 1024;
}

const freePort = (): Promise<number> =>
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

const ended = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once("exit", () => resolve()));

export async function startNode(name: string, data: string): Promise<Server> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      join(here, "../main.js"),
      "serve",
      "--data",
      data,
      "--s3",
      `127.0.0.1:${port}`,
      "--console",
      `127.0.0.1:${await freePort()}`,
    ],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...process.env,
        UV_THREADPOOL_SIZE: "16",
        TROUPE_ACCESS_KEY: keys.accessKeyId,
        TROUPE_SECRET_KEY: keys.secretAccessKey,
      },
    },
  );
  await answers(port);
  return {
    name,
    target: { host: "127.0.0.1", port, ...keys },
    pid: child.pid ?? null,
    stop: async () => {
      child.kill("SIGTERM");
      await ended(child);
    },
  };
}

export async function startBareFront(): Promise<Server> {
  const child = fork(join(here, "bare-front.js"), { env: { ...process.env, UWS_HTTP_MAX_HEADERS_SIZE: "16384" } });
  const { port } = await new Promise<{ port: number }>((resolve) =>
    child.once("message", (message) => resolve(message as { port: number })),
  );
  return {
    name: "bare front",
    target: { host: "127.0.0.1", port, ...keys },
    pid: child.pid ?? null,
    stop: async () => {
      child.disconnect();
      await ended(child);
    },
  };
}

/** Waits until /health/ready answers 200, at most 20 s. */
async function answers(port: number): Promise<void> {
  const ready = (): Promise<boolean> =>
    new Promise((resolve) => {
      const probe = request({ host: "127.0.0.1", port, path: "/health/ready" }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      });
      probe.on("error", () => resolve(false));
      probe.end();
    });
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await ready()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the node is not ready after 20 s");
}
