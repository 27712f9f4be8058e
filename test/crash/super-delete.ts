/**
 * SuperDelete through the admin API: a job that is cancelled gives back what is left, each object of it readable; one that is
 * killed twice (kill -9) goes on, ends at 100 %, and leaves no row and no stored byte of the bucket, while the bucket beside
 * it keeps all it has. `--objects N` (20000) in the bucket, with versions, delete markers and open uploads beside them;
 * `--reads N` (5000) of what is given back, spread over all of it.
 */

import { createHash } from "node:crypto";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openControlSnapshot } from "#src/control/environment.ts";
import { type JobRecord, jobKeys } from "#src/control/job-records.ts";
import { ControlReader } from "#src/control/reader.ts";
import { openSnapshot } from "#src/storage/lmdb.ts";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite } from "../support/suite.ts";
import { connections, expectOk, forEach } from "./requests.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const bucket = "super-deleted";
const beside = "kept-beside";
const uploads = 20;
const keptCount = 25;
const segmentsKept = 2;
const settleMsMax = 60_000;

/** Every tier: in the row, in a segment; every thousandth in a file of its own. */
const sizeOf = (index: number): number => {
  if (index % 1000 === 0) return 3 * MiB;
  return [0, 100, 2 * KiB, 9 * KiB, 50 * KiB][index % 5] ?? 0;
};
const bodyOf = (index: number): Buffer => Buffer.alloc(sizeOf(index), `${index}.`);
const keyOf = (index: number): string => `${String(index % 97).padStart(2, "0")}/object-${index}`;

interface Job {
  readonly jobId: string;
  readonly state: string;
  readonly total: number;
  readonly removed: number;
  readonly progress: number;
  readonly etaSeconds: number | null;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A node's two ports. */
class Clients {
  readonly s3: S3Client;
  readonly #admin: S3Client;

  constructor({ endpoint, consoleEndpoint }: NodeProcess) {
    this.s3 = new S3Client({ endpoint, ...testKeys, connections });
    this.#admin = new S3Client({ endpoint: consoleEndpoint, ...testKeys });
  }

  async job(method: "GET" | "POST", path: string, body?: object): Promise<Job> {
    const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
    const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    const answer = await expectOk(this.#admin.send(method, `/api/v1${path}`, { headers, ...sent }));
    return JSON.parse(answer.body.toString()) as Job;
  }

  begin(): Promise<Job> {
    return this.job("POST", `/buckets/${bucket}/super-delete`, { name: bucket });
  }

  /** Asks until the job has ended. */
  async ended(jobId: string): Promise<Job> {
    for (const deadline = performance.now() + settleMsMax; ; ) {
      const job = await this.job("GET", `/jobs/${jobId}`);
      if (["done", "cancelled", "failed"].includes(job.state)) return job;
      if (performance.now() > deadline) throw new Error(`the job does not end: ${JSON.stringify(job)}`);
      await pause(50);
    }
  }

  close(): void {
    this.s3.close();
    this.#admin.close();
  }
}

/** Objects, a tenth of them overwritten and a twentieth deleted in a versioned bucket, and open uploads. @returns rows */
async function fill(s3: S3Client, objects: number): Promise<number> {
  await expectOk(s3.send("PUT", `/${bucket}`));
  const enabled = Buffer.from("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
  await expectOk(s3.send("PUT", `/${bucket}`, { query: { versioning: "" }, body: enabled }));
  const put = (index: number) => expectOk(s3.send("PUT", `/${bucket}/${keyOf(index)}`, { body: bodyOf(index) }));
  await forEach(objects, put);
  const overwritten = Math.floor(objects / 10);
  await forEach(overwritten, (index) => put(index * 10));
  const deleted = Math.floor(objects / 20);
  await forEach(deleted, (index) => expectOk(s3.send("DELETE", `/${bucket}/${keyOf(index * 20 + 1)}`)));
  await forEach(uploads, async (index) => {
    const path = `/${bucket}/upload-${index}`;
    const created = await expectOk(s3.send("POST", path, { query: { uploads: "" } }));
    const uploadId = /<UploadId>([^<]+)</.exec(created.body.toString())?.[1] ?? "";
    await expectOk(
      s3.send("PUT", path, { query: { uploadId, partNumber: "1" }, body: Buffer.alloc(300 * KiB, index) }),
    );
  });
  return objects + overwritten + deleted;
}

interface Listed {
  readonly key: string;
  readonly versionId: string;
  readonly etag: string;
  readonly isMarker: boolean;
}

async function listVersions(s3: S3Client): Promise<Listed[]> {
  const found: Listed[] = [];
  for (let marker: Record<string, string> = {}; ; ) {
    const answer = await expectOk(s3.send("GET", `/${bucket}`, { query: { versions: "", ...marker } }));
    const text = answer.body.toString();
    const tag = (inside: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(inside)?.[1] ?? "";
    for (const [inside = "", kind] of text.matchAll(/<(Version|DeleteMarker)>.*?<\/\1>/gs)) {
      const [key, versionId] = [tag(inside, "Key"), tag(inside, "VersionId")];
      found.push({ key, versionId, etag: tag(inside, "ETag").replaceAll("&quot;", ""), isMarker: kind !== "Version" });
    }
    if (tag(text, "IsTruncated") !== "true") return found;
    marker = { "key-marker": tag(text, "NextKeyMarker"), "version-id-marker": tag(text, "NextVersionIdMarker") };
  }
}

/** Versions among these that do not read as they were written. */
async function unreadable(s3: S3Client, versions: readonly Listed[]): Promise<string[]> {
  const bad: string[] = [];
  await forEach(versions.length, async (index) => {
    const { key = "", versionId = "", etag = "", isMarker = true } = versions[index] ?? {};
    if (isMarker) return;
    const answer = await s3.send("GET", `/${bucket}/${key}`, { query: { versionId } });
    const digest = createHash("md5").update(answer.body).digest("hex");
    if (answer.status !== 200 || digest !== etag.replaceAll('"', "")) bad.push(`${key} ${versionId} ${answer.status}`);
  });
  return bad;
}

interface Bodies {
  /** Files that hold many chunks each, of 64 MiB. */
  readonly segments: number;
  /** Blocks of files that hold one chunk each, in bytes. */
  readonly chunkBytes: number;
  readonly bytes: number;
}

/** What holds bodies on the disk: all but the metadata, whose pages are used again. */
function bodiesIn(data: string): Bodies {
  const partitions = join(data, "partitions");
  let segments = 0;
  let chunkBytes = 0;
  let bytes = 0;
  for (const name of readdirSync(partitions, { recursive: true, encoding: "utf8" })) {
    const kind = name.split("/")[1];
    try {
      const stat = statSync(join(partitions, name));
      if (kind === "meta" || !stat.isFile()) continue;
      bytes += stat.blocks * 512;
      if (kind === "segments") segments += 1;
      else chunkBytes += stat.blocks * 512;
    } catch (error) {
      // A file that has just been unlinked.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return { segments, chunkBytes, bytes };
}

/** Rows by tree, of all partitions. While no node runs. */
async function rowCounts(data: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of readdirSync(join(data, "partitions"))) {
    const snapshot = openSnapshot({ directory: join(data, "partitions", name, "meta") });
    snapshot.refresh();
    for (const tree of ["current", "versions", "uploads", "refs", "extents", "gc"] as const) {
      const range = { start: Buffer.alloc(1), end: Buffer.alloc(64, 0xff), limit: 1_000_000 };
      counts[tree] = (counts[tree] ?? 0) + snapshot.trees[tree].range(range).length;
    }
    await snapshot.close();
  }
  return counts;
}

/** What a node that was killed has left: the state of the job, and the rows of objects. */
async function atRest(data: string, jobId: string): Promise<{ readonly state: string; readonly rows: number }> {
  const control = new ControlReader(openControlSnapshot({ directory: join(data, "control") }));
  control.refresh();
  const state = control.record<JobRecord>(jobKeys.job(jobId))?.state ?? "none";
  await control.close();
  const { current = 0, versions = 0 } = await rowCounts(data);
  return { state, rows: current + versions - keptCount };
}

await runSuite("super-delete", async ({ directory, option, say, check }) => {
  const objects = option("objects", 20_000);
  const data = join(directory, "data");
  const config = join(directory, "config.json");
  writeFileSync(config, JSON.stringify({ threads: { buckets: 1 }, storage: { partitions: 1 } }));
  const start = () => NodeProcess.start({ data, arguments: ["--config", config] });

  let node = await start();
  let clients = new Clients(node);
  await expectOk(clients.s3.send("PUT", `/${beside}`));
  await forEach(keptCount, (index) => expectOk(clients.s3.send("PUT", `/${beside}/${index}`, { body: bodyOf(index) })));
  clients.close();
  check("a stop is clean", (await node.stop()) === 0);
  const rowsBefore = await rowCounts(data);
  const before = bodiesIn(data);

  node = await start();
  clients = new Clients(node);
  const rows = await fill(clients.s3, objects);
  const full = bodiesIn(data);
  const megabytes = (bytes: number): string => (bytes / MiB).toFixed(1);
  say(`${rows} objects, versions and delete markers, ${uploads} uploads, ${megabytes(full.bytes - before.bytes)} MiB`);

  // Cancelled.
  const first = await clients.begin();
  check("the total is what the bucket holds", first.total === rows);
  await pause(60);
  await clients.job("POST", `/jobs/${first.jobId}/cancel`, {});
  const cancelled = await clients.ended(first.jobId);
  const left = await listVersions(clients.s3);
  say(`cancelled after ${cancelled.removed} of ${rows}; ${left.length} are left`);
  check("a cancelled job ends as such", cancelled.state === "cancelled" && cancelled.progress < 100);
  check("some is removed and some left", cancelled.removed > 0 && left.length > 0);
  check("what was removed and what is left make the whole", cancelled.removed + left.length === rows);
  const stride = Math.ceil(left.length / option("reads", 5000));
  const bad = await unreadable(
    clients.s3,
    left.filter((_, index) => index % stride === 0),
  );
  for (const line of bad.slice(0, 5)) say(`not as written: ${line}`);
  check("what is left reads as it was written", bad.length === 0);
  const refill = await clients.s3.send("PUT", `/${bucket}/after-cancel`, { body: Buffer.from("x") });
  check("the bucket takes writes again", refill.status === 200);

  // Killed twice.
  const begun = await clients.begin();
  check("the second job counts what is left", begun.total === left.length + 1);
  const isHidden = async (): Promise<void> => {
    await pause(20);
    const [read, list, name] = await Promise.all([
      clients.s3.send("GET", `/${bucket}/${left[0]?.key}`),
      clients.s3.send("GET", `/${bucket}`),
      clients.s3.send("PUT", `/${bucket}`),
    ]);
    check("while the job runs, the bucket answers 404", read.status === 404 && list.status === 404);
    check("its name is reserved", name.status === 409 && name.body.includes("OperationAborted"));
  };
  await isHidden();
  for (let kill = 1; kill <= 2; kill++) {
    await node.kill();
    const { state, rows: there } = await atRest(data, begun.jobId);
    say(`kill ${kill}: ${there} of ${begun.total} are left`);
    check(`kill ${kill} hits a job that runs`, state === "running" && there > 0);
    // The next kill follows at once: the job goes on before the node serves.
    node = await start();
  }
  clients.close();
  clients = new Clients(node);
  const done = await clients.ended(begun.jobId);
  check("the job ends at 100 %", done.state === "done" && done.progress === 100 && done.removed === done.total);
  check("the bucket is gone", (await clients.s3.send("HEAD", `/${bucket}`)).status === 404);
  check("its name is free", (await clients.s3.send("PUT", `/${bucket}`)).status === 200);
  const listed = await expectOk(clients.s3.send("GET", `/${bucket}`, { query: { versions: "" } }));
  check("the new bucket of the name is empty", !/<(Version|DeleteMarker)>/.test(listed.body.toString()));
  await expectOk(clients.s3.send("DELETE", `/${bucket}`));

  // A lane keeps the segment that it appends to and a spare one.
  const isBack = (): boolean => {
    const { segments, chunkBytes } = bodiesIn(data);
    return segments <= segmentsKept && chunkBytes === before.chunkBytes;
  };
  const until = performance.now() + settleMsMax;
  while (!isBack() && performance.now() < until) await pause(100);
  const rest = bodiesIn(data);
  say(
    `on the disk: ${Object.entries({ before, full, rest })
      .map(
        ([when, { segments, chunkBytes, bytes }]) =>
          `${when} ${segments} segments, ${megabytes(chunkBytes)} MiB of chunk files, ${megabytes(bytes)} MiB in all`,
      )
      .join("; ")}`,
  );
  check(
    "the bucket had segments and chunk files of its own",
    full.segments > segmentsKept + 1 && full.chunkBytes > before.chunkBytes,
  );
  check("the disk space of the bodies is back", isBack());
  let keptBad = 0;
  await forEach(keptCount, async (index) => {
    const answer = await clients.s3.send("GET", `/${beside}/${index}`);
    if (!answer.body.equals(bodyOf(index))) keptBad += 1;
  });
  check("the bucket beside it keeps what it has", keptBad === 0);
  clients.close();
  check("SIGTERM drains and exits 0", (await node.stop()) === 0);
  const rowsAfter = await rowCounts(data);
  const isSame = JSON.stringify(rowsAfter) === JSON.stringify(rowsBefore);
  check("no row of the bucket is left", isSame);
  if (!isSame) say(JSON.stringify({ rowsBefore, rowsAfter }));
});
