/**
 * A 3 GiB file goes up by multipart and comes back by ranged GETs with the same sha256, while the server's memory
 * (RssAnon + RssShmem) stays under 400 MB. `--gib N` for other sizes.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite } from "../support/suite.ts";

const MiB = 1024 * 1024;
const partBytes = 16 * MiB;
const parallel = 4;
const memoryBytesMax = 400_000_000;

/** The bytes of part `number`, made again whenever they are needed. */
function part(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(partBytes);
  const block = createHash("sha512").update(`part ${number}`).digest();
  for (let at = 0; at < partBytes; at += block.length) block.copy(bytes, at);
  for (let at = 0; at < partBytes; at += 4096) bytes.writeUInt32LE(at ^ number, at);
  return bytes;
}

await runSuite("large", async ({ directory, option, say, check }) => {
  const parts = Math.ceil((option("gib", 3) * 1024 * MiB) / partBytes);
  const node = await NodeProcess.start({ data: join(directory, "data") });
  const client = new S3Client({ endpoint: node.endpoint, ...testKeys, connections: parallel });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  say(`idle memory ${(node.memoryBytes() / 1e6).toFixed(0)} MB`);
  check("idle memory is under 150 MB", node.memoryBytes() < 150_000_000);
  let memoryMax = 0;
  const watch = setInterval(() => {
    memoryMax = Math.max(memoryMax, node.memoryBytes());
  }, 100);
  await client.send("PUT", "/large");
  const created = (await client.send("POST", "/large/file", { query: { uploads: "" } })).body.toString();
  const uploadId = /<UploadId>([^<]+)</.exec(created)?.[1] ?? "";
  const tags: string[] = [];
  const sent = createHash("sha256");
  for (let first = 1; first <= parts; first += parallel) {
    const numbers = Array.from({ length: Math.min(parallel, parts - first + 1) }, (_, index) => first + index);
    await Promise.all(
      numbers.map(async (number) => {
        const query = { partNumber: String(number), uploadId };
        const answer = await client.send("PUT", "/large/file", { query, body: part(number), timeoutMs: 120_000 });
        if (answer.status !== 200) throw new Error(`part ${number}: ${answer.status} ${answer.body.toString()}`);
        tags[number - 1] = String(answer.headers["etag"]);
      }),
    );
    for (const number of numbers) sent.update(part(number));
  }
  const list = tags
    .map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`)
    .join("");
  const body = Buffer.from(`<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`);
  const completed = await client.send("POST", "/large/file", { query: { uploadId }, body });
  check(`Complete answers 200: ${completed.body.toString().slice(0, 200)}`, completed.status === 200);
  // Ranges that match neither the parts nor the chunks.
  const rangeBytes = 13 * MiB + 777;
  const total = parts * partBytes;
  const received = createHash("sha256");
  for (let start = 0; start < total; start += rangeBytes) {
    const end = Math.min(start + rangeBytes, total) - 1;
    const answer = await client.send("GET", "/large/file", {
      headers: { range: `bytes=${start}-${end}` },
      onData: (piece) => void received.update(piece),
    });
    if (answer.status !== 206) throw new Error(`range ${start}: ${answer.status}`);
  }
  clearInterval(watch);
  say(`${parts} parts, ${total} bytes; memory at most ${(memoryMax / 1e6).toFixed(0)} MB`);
  check("the sha256 is equal", sent.digest("hex") === received.digest("hex"));
  check("memory stays under 400 MB", memoryMax < memoryBytesMax);
  check("the node stops cleanly", (await node.stop()) === 0);
});
