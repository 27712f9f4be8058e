/** Bit rot: single bits of chunk files, segments and metadata are flipped on the disk; no read may return wrong bytes. */

import { closeSync, copyFileSync, fstatSync, openSync, readdirSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../support/journal.ts";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite } from "../support/suite.ts";

const bucket = "bit-rot";

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((name) => statSync(name).isFile());
}

/** Flips one random bit of a non-zero byte, so that it is in written space. */
function flipBit(file: string): boolean {
  const fd = openSync(file, "r+");
  try {
    const { size } = fstatSync(fd);
    const byte = Buffer.alloc(1);
    for (let attempt = 0; attempt < 2000; attempt++) {
      const at = Math.floor(Math.random() * size);
      readSync(fd, byte, 0, 1, at);
      if (byte[0] === 0) continue;
      byte[0] = (byte[0] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
      writeSync(fd, byte, 0, 1, at);
      return true;
    }
    return false;
  } finally {
    closeSync(fd);
  }
}

await runSuite("bit-rot", async ({ directory, option, say, check }) => {
  const data = join(directory, "data");
  const count = option("files", 150);
  let node = await NodeProcess.start({ data });
  let client = new S3Client({ endpoint: node.endpoint, ...testKeys });
  await client.send("PUT", `/${bucket}`);
  const expected = new Map<string, string>();
  for (let number = 0; number < count; number++) {
    const body = Buffer.alloc([1500, 3000, 40_000, 200_000, 1_400_000][number % 5] ?? 0, 1 + (number % 250));
    body.writeUInt32LE(number + 1, 0);
    expected.set(`key-${number}`, digestOf(body));
    await client.send("PUT", `/${bucket}/key-${number}`, { body });
  }
  await node.stop();
  const partition = join(data, "partitions", "0000");
  const chunkFiles = filesBelow(join(partition, "chunks"));
  const segments = filesBelow(join(partition, "segments"));
  let flips = 0;
  for (const file of chunkFiles) if (flipBit(file)) flips += 1;
  for (const file of segments) for (let n = 0; n < 20; n++) if (flipBit(file)) flips += 1;
  say(`${flips} bits flipped in ${chunkFiles.length} chunk files and ${segments.length} segments`);
  const reads = async (): Promise<{ whole: number; refused: number; missing: number; wrong: number }> => {
    const result = { whole: 0, refused: 0, missing: 0, wrong: 0 };
    for (const [key, digest] of expected) {
      const answer = await client.send("GET", `/${bucket}/${key}`).catch(() => null);
      if (answer === null || answer.status >= 500) result.refused += 1;
      else if (answer.status === 404) result.missing += 1;
      else if (answer.status === 200 && digestOf(answer.body) === digest) result.whole += 1;
      else result.wrong += 1;
    }
    return result;
  };
  node = await NodeProcess.start({ data });
  client = new S3Client({ endpoint: node.endpoint, ...testKeys });
  const first = await reads();
  say(`chunks: ${first.whole} whole, ${first.refused} refused, ${first.wrong} wrong`);
  check("no wrong byte is sent from a damaged chunk", first.wrong === 0);
  check("nothing is missing", first.missing === 0);
  check("damaged chunk files are refused", first.refused >= chunkFiles.length);
  check("the node lives", (await node.stop()) === 0);
  // Metadata: each round damages a fresh copy; a node that refuses to open, or stops, is as good as one that refuses the read.
  // LMDB's pages have no checksums: a flip in a page's own structure can hide a key (404), which only a second site can tell.
  const environment = filesBelow(partition).find((file) => file.endsWith("data.mdb")) ?? "";
  const pristine = join(directory, "data.mdb");
  copyFileSync(environment, pristine);
  const sum = { whole: 0, refused: 0, missing: 0, wrong: 0 };
  let unopened = 0;
  for (let round = 0; round < option("rounds", 10); round++) {
    copyFileSync(pristine, environment);
    for (let flip = 0; flip < 12; flip++) flipBit(environment);
    const opened = await NodeProcess.start({ data, readyMs: 8000 }).catch(() => null);
    if (!opened) {
      unopened += 1;
      continue;
    }
    client = new S3Client({ endpoint: opened.endpoint, ...testKeys });
    const result = await reads();
    for (const kind of ["whole", "refused", "missing", "wrong"] as const) sum[kind] += result[kind];
    client.close();
    await opened.kill();
  }
  say(
    `metadata: ${sum.whole} whole, ${sum.refused} refused, ${sum.missing} not found, ${sum.wrong} wrong; ${unopened} times not opened`,
  );
  check("no wrong byte is sent from damaged metadata", sum.wrong === 0);
  check("the flips hit what is read", sum.refused - first.refused * (option("rounds", 10) - unopened) > 0);
});
