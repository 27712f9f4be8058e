/**
 * `npm run bench`: durable PUT, GET and LIST by size, as operations per second, latency and CPU time of the server per
 * request, beside the ceilings of the same run. The first round of every row is dropped.
 *   --seconds N (2)   --rounds N (3)   --connections N (32)   --sizes 4096,65536   --long   --json FILE   --write
 */

import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DriverResult, DriverTask } from "./driver.ts";
import type { PartCost } from "./parts.ts";
import { type Row, report } from "./report.ts";
import { signedRequest } from "./request.ts";
import { cpuMicros, memoryBytes, type Server, startBareFront, startNode } from "./server.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const word = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : process.argv[at + 1];
};
const seconds = Number(word("seconds") ?? 2);
const rounds = Number(word("rounds") ?? 3);
const connections = Number(word("connections") ?? 32);
const sizes = (word("sizes") ?? "4096,65536,1048576,16777216").split(",").map(Number);
const bucketNames = ["bench-0", "bench-1", "bench-2", "bench-3", "bench-4", "bench-5", "bench-6", "bench-7"];

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

function runDriver(task: DriverTask): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    const child = fork(join(here, "driver.js"));
    child.once("message", (result) => {
      resolve(result as DriverResult);
      child.disconnect();
    });
    child.once("error", reject);
    child.send(task);
  });
}

interface Measured extends DriverResult {
  readonly cpuMicrosPerRequest: number;
}

async function measure(server: Server, task: Omit<DriverTask, "target">): Promise<Measured> {
  const before = server.pid ? cpuMicros(server.pid) : 0;
  const result = await runDriver({ ...task, target: server.target });
  const used = server.pid ? cpuMicros(server.pid) - before : 0;
  return { ...result, cpuMicrosPerRequest: used / Math.max(1, result.requests) };
}

/** One row: the medians of all rounds but the first. */
async function row(server: Server, name: string, task: Omit<DriverTask, "target" | "seconds">): Promise<Row> {
  const measured: Measured[] = [];
  for (let round = 0; round <= rounds; round++) {
    process.stderr.write(`\r${name}: round ${round + 1} of ${rounds + 1}   `);
    const result = await measure(server, { ...task, seconds });
    if (round > 0) measured.push(result);
  }
  process.stderr.write("\n");
  const of = (pick: (result: Measured) => number): number => median(measured.map(pick));
  const perSecond = of((result) => result.requests / result.seconds);
  return {
    name,
    perSecond,
    megabytesPerSecond: (perSecond * (task.operation === "LIST" ? 0 : task.sizeBytes)) / 1e6,
    p50Ms: of((result) => result.p50Ms),
    p99Ms: of((result) => result.p99Ms),
    cpuMicros: of((result) => result.cpuMicrosPerRequest),
    errors: measured.reduce((sum, result) => sum + result.errors, 0),
    memoryBytes: server.pid ? memoryBytes(server.pid) : 0,
  };
}

async function createBuckets(server: Server): Promise<void> {
  for (const bucket of bucketNames) {
    const { host, port } = server.target;
    const raw = signedRequest(server.target, "PUT", `/${bucket}`, "", Buffer.alloc(0));
    const { connect } = await import("node:net");
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, host, () => socket.write(raw));
      socket.once("data", () => {
        socket.destroy();
        resolve();
      });
      socket.once("error", reject);
    });
  }
}

function measurePartsApart(directory: string): Promise<PartCost[]> {
  return new Promise((resolve, reject) => {
    const child = fork(join(here, "parts.js"), [directory], { env: { ...process.env, UV_THREADPOOL_SIZE: "16" } });
    child.once("message", (costs) => {
      resolve(costs as PartCost[]);
      child.disconnect();
    });
    child.once("error", reject);
  });
}

const name = (size: number): string => (size >= 1 << 20 ? `${size >> 20} MiB` : `${size >> 10} KiB`);
const busy = (size: number): number => (size >= 1 << 24 ? 4 : size >= 1 << 20 ? 8 : connections);
const keyCount = (size: number): number => (size >= 1 << 24 ? 4 : size >= 1 << 20 ? 16 : 256);

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "troupe-bench-"));
  const parts = await measurePartsApart(join(directory, "parts"));
  const bare = await startBareFront();
  const node = await startNode("node", join(directory, "data"));
  const rows: Row[] = [];
  try {
    await createBuckets(node);
    const idleBytes = node.pid ? memoryBytes(node.pid) : 0;
    for (const size of sizes) {
      const task = {
        buckets: bucketNames.slice(0, 1),
        keysPerBucket: keyCount(size),
        sizeBytes: size,
        connections: busy(size),
      };
      rows.push(await row(bare, `bare front ${name(size)}`, { ...task, operation: "RAW" }));
      rows.push(await row(node, `PUT ${name(size)}`, { ...task, operation: "PUT" }));
      rows.push(await row(node, `GET ${name(size)}`, { ...task, operation: "GET" }));
    }
    const many = { buckets: bucketNames, keysPerBucket: 32, sizeBytes: 4096, connections };
    rows.push(await row(node, "PUT 4 KiB, 8 buckets", { ...many, operation: "PUT" }));
    const list = { buckets: bucketNames.slice(0, 1), keysPerBucket: 1, sizeBytes: 4096, connections: 8 };
    await measure(node, { ...list, keysPerBucket: 1000, operation: "PUT", seconds: 1, connections });
    rows.push(await row(node, "LIST 1000 keys", { ...list, operation: "LIST" }));
    if (process.argv.includes("--long")) {
      const task = { buckets: bucketNames.slice(0, 1), keysPerBucket: 256, sizeBytes: 4096, connections };
      await measure(node, { ...task, operation: "PUT", seconds: 60 });
      rows.push(await row(node, "PUT 4 KiB after 60 s of overwrites", { ...task, operation: "PUT" }));
    }
    const page = report({
      machine: `${cpus().length} × ${cpus()[0]?.model}`,
      node: process.version,
      idleBytes,
      rows,
      parts,
    });
    console.log(page);
    const json = word("json");
    if (json) writeFileSync(json, JSON.stringify({ rows, parts, idleBytes }, null, 2));
    if (process.argv.includes("--write")) writeFileSync(join(here, "../../docs/BENCHMARK.md"), page);
  } finally {
    await node.stop();
    await bare.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
