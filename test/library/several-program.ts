/**
 * Three nodes side by side in one process, each with its own traffic, closed in random order while the others go on; then
 * one directory opened and closed many times. Prints what is left of them as one line of JSON and ends by itself.
 */

import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNode, type TroupeNode } from "#src/library.ts";
import { S3Client } from "../support/s3-client.ts";

const restarts = 20;
const directory = mkdtempSync(join(tmpdir(), "troupe-several-"));
const listeners = (): Record<string, number> =>
  Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
const openFiles = (): number => readdirSync("/proc/self/fd").length;
const threads = (): number => readdirSync("/proc/self/task").length;

async function memoryBytes(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0) * 1024;
}

/** A body that belongs to one node and key, of a size that reaches all tiers. */
function bodyOf(name: string, key: number): Buffer {
  const sizes = [0, 40, 3000, 30_000, 300_000, 1_500_000];
  const seed = createHash("sha256").update(`${name}/${key}`).digest();
  return Buffer.alloc(sizes[key % sizes.length] ?? 0, seed);
}

const faults: string[] = [];

async function send(client: S3Client, ...request: Parameters<S3Client["send"]>): ReturnType<S3Client["send"]> {
  const answer = await client.send(...request);
  if (answer.status >= 300) faults.push(`${request[0]} ${request[1]}: ${answer.status} ${answer.body.toString()}`);
  return answer;
}

/** Writes, overwrites, reads and deletes until told to stop, and then reads everything once more. */
async function traffic(node: TroupeNode, name: string, isOver: () => boolean): Promise<void> {
  const client = new S3Client({ endpoint: node.endpoint, ...node.credentials, connections: 8 });
  await send(client, "PUT", "/same-name");
  // More than the library's own limit of 4 KiB.
  await send(client, "PUT", "/same-name/headers", { headers: { "x-filler": "y".repeat(9000) } });
  const work = async (worker: number): Promise<void> => {
    for (let round = 0; round < 1 || !isOver(); round++) {
      for (let key = worker; key < 48; key += 8) {
        await send(client, "PUT", `/same-name/${key}`, { body: bodyOf(name, key) });
        const read = await send(client, "GET", `/same-name/${key}`);
        if (!read.body.equals(bodyOf(name, key))) faults.push(`${name} reads another body at ${key}`);
        if (key % 5 === 0) await send(client, "DELETE", `/same-name/${key}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, worker) => work(worker)));
  client.close();
}

async function side(seed: number): Promise<void> {
  const names = ["first", "second", "durable"];
  const nodes = await Promise.all(
    names.map((name) => startNode({ front: "uws", data: name === "durable" ? join(directory, `d${seed}`) : "memory" })),
  );
  const over = names.map(() => false);
  const running = nodes.map((node, index) => traffic(node, names[index] ?? "", () => over[index] === true));
  const order = [0, 1, 2].sort(() => Math.random() - 0.5);
  for (const index of order) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    over[index] = true;
    await running[index];
    await nodes[index]?.close();
  }
  const again = await startNode({ data: join(directory, `d${seed}`) });
  const client = new S3Client({ endpoint: again.endpoint, ...again.credentials, connections: 1 });
  for (let key = 1; key < 48; key += 7) {
    const { status, body } = await client.send("GET", `/same-name/${key}`);
    if (key % 5 === 0 ? status !== 404 : !body.equals(bodyOf("durable", key))) faults.push(`${key} was not kept`);
  }
  client.close();
  await again.close();
}

const listenersBefore = listeners();
const environmentBefore = JSON.stringify(process.env);
for (let round = 0; round < 2; round++) await side(round);

const openFilesByRestart: number[] = [];
const threadsByRestart: number[] = [];
const memoryByRestart: number[] = [];
for (let restart = 0; restart < restarts; restart++) {
  const node = await startNode({ data: join(directory, "same"), front: "uws" });
  const client = new S3Client({ endpoint: node.endpoint, ...node.credentials, connections: 4 });
  await send(client, "PUT", `/bucket-${restart}`);
  await Promise.all(
    Array.from({ length: 12 }, (_, key) =>
      send(client, "PUT", `/bucket-${restart}/${key}`, { body: bodyOf("same", key) }),
    ),
  );
  for (let earlier = 0; earlier <= restart; earlier++) {
    const { body } = await send(client, "GET", `/bucket-${earlier}/4`);
    if (!body.equals(bodyOf("same", 4))) faults.push(`restart ${restart} reads another body of ${earlier}`);
  }
  client.close();
  await node.close();
  memoryByRestart.push(await memoryBytes());
  openFilesByRestart.push(openFiles());
  threadsByRestart.push(threads());
}
rmSync(directory, { recursive: true });
console.log(
  JSON.stringify({
    faults,
    openFilesByRestart,
    threadsByRestart,
    memoryByRestart,
    listenersBefore,
    listenersAfter: listeners(),
    isEnvironmentSame: JSON.stringify(process.env) === environmentBefore,
  }),
);
