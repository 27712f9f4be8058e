/**
 * Overwriting and collecting while many slow range reads run: no body is wrong or short, and what was overwritten is
 * collected in the end. `--reads N` (default 1000).
 */

import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite } from "../support/suite.ts";

const bucket = "slow-reads";
const keys = 20;
const sizes = [300_000, 2_500_000, 6_000_000];
/** Chunk files that an object of each size takes, at 4 MiB a chunk; what is up to 1 MiB lies in a segment. */
const chunkFiles = [0, 1, 2];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A body whose every byte tells its generation and position, so that any range can be checked alone. */
function body(size: number, generation: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 8 <= size; at += 8) {
    bytes.writeUInt32LE(generation, at);
    bytes.writeUInt32LE(at, at + 4);
  }
  return bytes;
}

await runSuite("slow-reads", async ({ directory, option, say, check }) => {
  const reads = option("reads", 1000);
  const data = join(directory, "data");
  const node = await NodeProcess.start({ data });
  const writer = new S3Client({ endpoint: node.endpoint, ...testKeys });
  const reader = new S3Client({ endpoint: node.endpoint, ...testKeys, connections: 100 });
  await writer.send("PUT", `/${bucket}`);
  const size = (key: number): number => sizes[key % 3] ?? 0;
  let generation = 1;
  for (let key = 0; key < keys; key++)
    await writer.send("PUT", `/${bucket}/key-${key}`, { body: body(size(key), generation) });
  let running = true;
  let overwrites = 0;
  const overwrite = async (): Promise<void> => {
    while (running) {
      const key = Math.floor(Math.random() * keys);
      generation += 1;
      await writer.send("PUT", `/${bucket}/key-${key}`, { body: body(size(key), generation) });
      overwrites += 1;
    }
  };
  let wrong = 0;
  let short = 0;
  let done = 0;
  const read = async (): Promise<void> => {
    while (done < reads) {
      done += 1;
      const key = Math.floor(Math.random() * keys);
      const start = Math.floor((Math.random() * size(key)) / 2 / 8) * 8;
      const end = size(key) - 1;
      const received: Buffer[] = [];
      const status = await reader
        .send("GET", `/${bucket}/key-${key}`, {
          headers: { range: `bytes=${start}-${end}` },
          onData: async (piece) => {
            received.push(piece);
            await pause(3);
          },
        })
        .then(
          (answer) => answer.status,
          (error: unknown) => say(`key-${key} from ${start}: ${String(error)} after ${received.length} pieces`),
        );
      const got = Buffer.concat(received);
      if (status !== 206 || got.length !== end - start + 1) short += 1;
      else {
        const seen = got.readUInt32LE(0);
        const digest = (bytes: Buffer): string => createHash("md5").update(bytes).digest("hex");
        if (digest(got) !== digest(body(size(key), seen).subarray(start))) wrong += 1;
      }
    }
  };
  const writers = Promise.all([overwrite(), overwrite()]);
  await Promise.all(Array.from({ length: 100 }, read));
  running = false;
  await writers;
  say(`${reads} slow range reads, ${overwrites} overwrites: ${wrong} wrong, ${short} short`);
  check("no body is wrong", wrong === 0);
  check("no body is short", short === 0);
  check("overwrites ran beside the reads", overwrites > 20);
  const chunkFilesWanted = Array.from({ length: keys }, (_, key) => chunkFiles[key % 3] ?? 0).reduce(
    (a, b) => a + b,
    0,
  );
  const chunkFilesFound = (): number =>
    readdirSync(join(data, "partitions", "0000", "chunks"), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    ).length;
  for (let wait = 0; wait < 100 && chunkFilesFound() !== chunkFilesWanted; wait++) await pause(200);
  say(`${chunkFilesFound()} chunk files are left, ${chunkFilesWanted} are in use`);
  check("what was overwritten is collected", chunkFilesFound() === chunkFilesWanted);
  check("the node stops cleanly", (await node.stop()) === 0);
});
