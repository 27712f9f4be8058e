/**
 * A mixed load of writes with a journal: puts of every storage tier, overwrites, deletes and multipart uploads.
 * It runs until the node stops answering, and afterwards checks every key through the S3 API.
 */

import { digestOf, type Journal, type KeyState } from "./journal.ts";
import { testKeys } from "./node-process.ts";
import { type S3Answer, S3Client } from "./s3-client.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
/** Sizes that reach every tier: empty, inline, segment; then large segment extents, chunk file, several chunks. */
const smallSizes = [0, 1, 700, 4 * KiB, 9 * KiB, 60 * KiB];
const largeSizes = [200 * KiB, 900 * KiB, 1.5 * MiB, 5 * MiB];

export interface WorkloadOptions {
  readonly endpoint: string;
  /** Workers are spread over these; several fall into several partitions. */
  readonly buckets: readonly string[];
  /** Those of them that keep every version of an object. */
  readonly versionedBuckets?: readonly string[];
  readonly workers: number;
  readonly keysPerWorker: number;
  readonly journal: Journal;
  /** Share of the bodies that are larger than 60 KiB; default 0.06. */
  readonly largeShare?: number;
  /** Share of the operations that are multipart uploads of 5 MiB and more; default 0.005. */
  readonly multipartShare?: number;
}

export interface Violation {
  readonly key: string;
  readonly found: string;
}

export class Workload {
  readonly #options: WorkloadOptions;
  readonly #client: S3Client;
  #stopped = false;
  /** Answers that are neither 2xx nor a refusal that the load provokes. */
  readonly unexpected: string[] = [];

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#client = new S3Client({ endpoint: options.endpoint, ...testKeys, connections: options.workers });
  }

  async createBuckets(): Promise<void> {
    for (const bucket of this.#options.buckets) {
      const answer = await this.#client.send("PUT", `/${bucket}`);
      if (answer.status !== 200) throw new Error(`CreateBucket answered ${answer.status}: ${answer.body.toString()}`);
    }
    const body = Buffer.from("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
    for (const bucket of this.#options.versionedBuckets ?? []) {
      const answer = await this.#client.send("PUT", `/${bucket}`, { query: { versioning: "" }, body });
      if (answer.status !== 200) throw new Error(`PutBucketVersioning answered ${answer.status}`);
    }
  }

  /** Runs until `stop()` or until the connection fails for every worker. */
  async run(): Promise<void> {
    this.#stopped = false;
    await Promise.all(Array.from({ length: this.#options.workers }, (_, worker) => this.#work(worker)));
  }

  stop(): void {
    this.#stopped = true;
  }

  async #work(worker: number): Promise<void> {
    const { journal, buckets, keysPerWorker, multipartShare = 0.005 } = this.#options;
    const bucket = buckets[worker % buckets.length];
    while (!this.#stopped) {
      const key = `${bucket}/w${worker}/key-${Math.floor(Math.random() * keysPerWorker)}`;
      try {
        const dice = Math.random();
        if (dice < 0.12) await this.#delete(key, journal);
        else if (dice < 0.12 + multipartShare) await this.#multipart(key, journal);
        else await this.#put(key, journal);
      } catch {
        return; // The node is gone or hangs: what was attempted stays unanswered.
      }
    }
  }

  #body(): Buffer {
    const sizes = Math.random() < (this.#options.largeShare ?? 0.06) ? largeSizes : smallSizes;
    const size = sizes[Math.floor(Math.random() * sizes.length)] ?? 0;
    // One body in ten repeats a common content, so that chunks are shared and released again.
    if (Math.random() < 0.1) return Buffer.alloc(size, 7);
    const body = Buffer.alloc(size);
    for (let at = 0; at + 8 <= size; at += 509) body.writeDoubleLE(Math.random(), at);
    if (size > 0) body[size - 1] = Math.random() * 256;
    return body;
  }

  async #put(key: string, journal: Journal, body = this.#body()): Promise<void> {
    const state = digestOf(body);
    journal.attempt(key, state);
    this.#judge(key, state, await this.#client.send("PUT", `/${key}`, { body }), journal);
  }

  /**
   * Puts objects of one chunk file one after another and returns as soon as the last is acknowledged: while nothing else
   * is written, only the flush of its directory makes the last file's name durable.
   */
  async putChunkFiles(count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      const key = `${this.#options.buckets[0]}/last/key-${number}`;
      await this.#put(key, this.#options.journal, Buffer.alloc(1.5 * MiB, Math.random() * 1e9));
    }
  }

  async #delete(key: string, journal: Journal): Promise<void> {
    journal.attempt(key, null);
    this.#judge(key, null, await this.#client.send("DELETE", `/${key}`), journal);
  }

  async #multipart(key: string, journal: Journal): Promise<void> {
    const path = `/${key}`;
    const created = await this.#client.send("POST", path, { query: { uploads: "" } });
    const uploadId = /<UploadId>([^<]+)</.exec(created.body.toString())?.[1];
    if (!uploadId) return this.#note(key, created);
    const bodies = [Buffer.alloc(5 * MiB, Math.floor(Math.random() * 256)), this.#body()];
    const tags: string[] = [];
    for (const [index, body] of bodies.entries()) {
      const answer = await this.#client.send("PUT", path, { query: { partNumber: String(index + 1), uploadId }, body });
      if (answer.status !== 200) return this.#note(key, answer);
      tags.push(String(answer.headers["etag"]));
    }
    const parts = tags
      .map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`)
      .join("");
    const body = Buffer.from(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`);
    const state = digestOf(Buffer.concat(bodies));
    journal.attempt(key, state);
    this.#judge(key, state, await this.#client.send("POST", path, { query: { uploadId }, body }), journal);
  }

  #judge(key: string, state: KeyState, answer: S3Answer, journal: Journal): void {
    if (answer.status < 200 || answer.status >= 300 || answer.body.includes("<Error>")) {
      this.#note(key, answer);
      return;
    }
    journal.acknowledge(key, state);
    const versionId = answer.headers["x-amz-version-id"];
    if (typeof versionId === "string") journal.keepVersion(key, versionId, state);
  }

  #note(key: string, answer: S3Answer): void {
    this.unexpected.push(`${key}: ${answer.status} ${answer.body.toString().slice(0, 200)}`);
  }

  /** Reads every key of the journal and returns those that hold what they must not; settles the others. */
  async verify(): Promise<Violation[]> {
    const { journal, buckets } = this.#options;
    const violations: Violation[] = [];
    const listed = new Set<string>();
    for (const bucket of buckets) for (const key of await this.#list(bucket)) listed.add(`${bucket}/${key}`);
    const keys = journal.keys();
    const next = async (): Promise<void> => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
        const answer = await this.#client.send("GET", `/${key}`).catch((error: unknown) => String(error));
        if (typeof answer === "string") {
          violations.push({ key, found: answer });
          continue;
        }
        const state: KeyState = answer.status === 200 ? digestOf(answer.body) : null;
        if (answer.status !== 200 && answer.status !== 404) violations.push({ key, found: `status ${answer.status}` });
        else if (!journal.mayHold(key, state)) violations.push({ key, found: state ?? "absent" });
        else if (listed.has(key) !== (state !== null))
          violations.push({ key, found: "the listing disagrees with GET" });
        else journal.settle(key, state);
      }
    };
    await Promise.all(Array.from({ length: 16 }, next));
    return violations;
  }

  /** Reads the last `countMax` acknowledged versions by their ids and returns those that are not as they were. */
  async verifyVersions(countMax: number): Promise<Violation[]> {
    const violations: Violation[] = [];
    for (const { key, versionId, state } of this.#options.journal.versions.slice(-countMax)) {
      const answer = await this.#client.send("GET", `/${key}`, { query: { versionId } });
      // A delete marker that is named is answered with 405.
      const isRight = state === null ? answer.status === 405 : answer.status === 200 && digestOf(answer.body) === state;
      if (!isRight) violations.push({ key: `${key}?versionId=${versionId}`, found: `status ${answer.status}` });
    }
    return violations;
  }

  async #list(bucket: string): Promise<Set<string>> {
    const keys = new Set<string>();
    let token: string | undefined;
    do {
      const query: Record<string, string> = { "list-type": "2", ...(token ? { "continuation-token": token } : {}) };
      const page = (await this.#client.send("GET", `/${bucket}`, { query })).body.toString();
      for (const match of page.matchAll(/<Key>([^<]+)<\/Key>/g)) keys.add(match[1] ?? "");
      token = /<NextContinuationToken>([^<]+)</.exec(page)?.[1];
    } while (token !== undefined);
    return keys;
  }

  close(): void {
    this.#client.close();
  }
}
