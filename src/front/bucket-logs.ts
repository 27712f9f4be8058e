/**
 * Server access logging: the lines of each logged bucket are gathered here and written as objects of its target bucket, every
 * `limits.bucketLogFlushMs`, when many have gathered, and at the end. As at AWS it is best effort: a front that dies takes
 * with it what it had gathered, and what the target does not take for long is dropped and counted.
 */

import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { ConfiguredBucket } from "../bucket/configuration-reader.ts";
import type { BucketRecord } from "../control/records.ts";
import type { ReportedItem } from "../operations/context.ts";
import { type BucketLogging, type LoggedRequest, logKey, logLine } from "../s3/bucket-logging.ts";
import { queryWithoutSecrets } from "./access-log.ts";
import type { Exchanged } from "./exchanged.ts";

export interface BucketLogsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hostId: string;
  /** Of buckets without a LocationConstraint. */
  readonly region: string;
  /** A live bucket by name, as of now. */
  readonly bucket: (name: string) => BucketRecord | undefined;
  readonly canonicalIdOf: (accountId: string) => string;
  /** As it was judged by last; null: it never was. */
  readonly configurationOf: (bucket: BucketRecord) => ConfiguredBucket | null;
  /** Whether the bucket would lock what is put into it, as of now. */
  readonly locksByDefault: (bucket: BucketRecord) => boolean;
  /** Stores an object of text. */
  readonly put: (bucket: BucketRecord, key: string, body: Buffer) => Promise<void>;
}

/** Lines of one bucket for one target. */
interface Batch {
  readonly source: BucketRecord;
  readonly logging: BucketLogging;
  /** Unix ms of the first line. */
  readonly firstMs: number;
  readonly lines: string[];
  bytes: number;
}

const uniqueBytes = 8;

export class BucketLogs {
  readonly #options: BucketLogsOptions;
  readonly #flusher: Timer;
  readonly #underWay = new Set<Promise<void>>();
  #batches = new Map<string, Batch>();
  #bytes = 0;
  /** By id of the source. */
  readonly #bytesOf = new Map<string, number>();
  #droppedLines = 0;

  constructor(options: BucketLogsOptions) {
    this.#options = options;
    this.#flusher = options.clock.every(limits.bucketLogFlushMs, () => this.#flush());
  }

  /** Lines that no target has taken. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** Takes a finished request, refused or not; without effect when its bucket has no log. */
  note(exchange: Exchanged): void {
    if (exchange.bucket === null) return;
    const source = exchange.target ?? this.#options.bucket(exchange.bucket);
    if (source === undefined) return;
    const logging = this.#options.configurationOf(source)?.get("logging") ?? null;
    if (logging === null) return;
    const timeMs = this.#options.clock.nowMs() - exchange.durationMs;
    const request = this.#requestOf(source, exchange, timeMs);
    this.#add(source, logging, request);
    for (const item of exchange.items?.() ?? []) this.#add(source, logging, itemOf(request, item));
  }

  #add(source: BucketRecord, logging: BucketLogging, request: LoggedRequest): void {
    const line = logLine(request);
    // Whoever floods one bucket's log hides nothing of another's.
    const held = this.#bytesOf.get(source.id) ?? 0;
    if (
      this.#bytes + line.length > limits.bucketLogsBytesMax ||
      held + line.length > limits.bucketLogsPerBucketBytesMax
    ) {
      this.#droppedLines += 1;
      return;
    }
    this.#bytesOf.set(source.id, held + line.length);
    const batch = this.#batchOf(source, logging, request.timeMs);
    batch.lines.push(line);
    batch.bytes += line.length;
    this.#bytes += line.length;
    if (batch.bytes >= limits.bucketLogBytesMax) this.#flush();
  }

  /** Writes what has gathered, and stops. */
  async close(): Promise<void> {
    this.#flusher.cancel();
    this.#flush();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** A change of the configuration begins another object. */
  #batchOf(source: BucketRecord, logging: BucketLogging, firstMs: number): Batch {
    const name = `${source.id} ${JSON.stringify(logging)}`;
    let batch = this.#batches.get(name);
    if (batch === undefined) {
      batch = { source, logging, firstMs, lines: [], bytes: 0 };
      this.#batches.set(name, batch);
    }
    return batch;
  }

  #flush(): void {
    const batches = this.#batches;
    this.#batches = new Map();
    for (const batch of batches.values()) {
      const written: Promise<void> = this.#write(batch).finally(() => {
        this.#underWay.delete(written);
        this.#forget(batch);
      });
      this.#underWay.add(written);
    }
  }

  #forget({ source, bytes }: Batch): void {
    this.#bytes -= bytes;
    const left = (this.#bytesOf.get(source.id) ?? 0) - bytes;
    if (left === 0) this.#bytesOf.delete(source.id);
    else this.#bytesOf.set(source.id, left);
  }

  async #write({ source, logging, firstMs, lines }: Batch): Promise<void> {
    const { bucket, locksByDefault, put, clock, random, region, log } = this.#options;
    const unique = random.bytes(uniqueBytes).toString("hex").toUpperCase();
    const of = { accountId: source.accountId, region: source.location ?? region, bucket: source.name };
    const key = logKey(logging, of, clock.nowMs(), firstMs, unique);
    try {
      const target = bucket(logging.targetBucket);
      if (target?.accountId !== source.accountId) throw new Error("the target bucket is gone, or another account's");
      if (locksByDefault(target)) throw new Error("the target bucket has a default retention of its Object Lock");
      await put(target, key, Buffer.from(lines.join("")));
    } catch (error) {
      this.#droppedLines += lines.length;
      log.warn(
        { bucket: source.name, target: logging.targetBucket, lines: lines.length, error },
        "a log was not written",
      );
    }
  }

  #requestOf(source: BucketRecord, exchange: Exchanged, timeMs: number): LoggedRequest {
    const { request, requestId, key, status, errorCode, bytesOut, durationMs } = exchange;
    const { headers, rawPath, rawQuery } = request;
    const query = queryWithoutSecrets(rawQuery);
    const short = (text: string | undefined): string | null => text?.slice(0, limits.bucketLogTextCharsMax) ?? null;
    return {
      ownerId: this.#options.canonicalIdOf(source.accountId),
      bucket: source.name,
      timeMs,
      remoteAddress: request.remoteAddress,
      requester: exchange.requester,
      requestId,
      operation: `REST.${copies.has(exchange.operation) ? "COPY" : request.method}.${resourceOf(exchange)}`,
      key,
      requestLine: `${request.method} ${rawPath}${query === "" ? "" : `?${query}`}`.slice(
        0,
        limits.bucketLogTextCharsMax,
      ),
      status,
      errorCode,
      bytesSent: bytesOut,
      objectBytes: objectBytesOf(exchange),
      totalMs: durationMs,
      referer: short(headers.get("referer")),
      userAgent: short(headers.get("user-agent")),
      versionId: key === null ? null : namedVersion(rawQuery),
      hostId: this.#options.hostId,
      ...signingOf(exchange),
      host: short(headers.get("host")),
    };
  }
}

/** Source: "Amazon S3 server access log format", "Access log information for copy operations". */
const copies: ReadonlySet<string> = new Set(["CopyObject", "UploadPartCopy"]);

/** An object of a list, beside the line of its request. Source: "Amazon S3 server access log format", Operation. */
const itemOf = (request: LoggedRequest, { key, versionId, error }: ReportedItem): LoggedRequest => ({
  ...request,
  operation: "BATCH.DELETE.OBJECT",
  // One that is too long to be a key is reported too.
  key: key.slice(0, limits.keyBytesMax),
  requestLine: null,
  status: error?.status ?? doneStatus,
  errorCode: error?.code ?? null,
  bytesSent: 0,
  objectBytes: null,
  totalMs: null,
  referer: null,
  userAgent: null,
  versionId: versionId?.slice(0, limits.bucketLogTextCharsMax) ?? null,
});

/** As a DeleteObject is answered. */
const doneStatus = 204;

/** Size of the object or part that was stored, or of the object that was read; of others it is not told here. */
function objectBytesOf(exchange: Exchanged): number | null {
  const { operation, status } = exchange;
  if (operation === "GetObject" || operation === "HeadObject") return readBytes(exchange);
  // The length of a form is not its object's.
  if (status !== 200 || exchange.request.method !== "PUT") return null;
  return operation === "PutObject" || operation === "UploadPart" ? sentBytes(exchange) : null;
}

function sentBytes({ request: { headers } }: Exchanged): number | null {
  const bytes = Number(headers.get("x-amz-decoded-content-length") ?? headers.get("content-length"));
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The whole object's, whatever range of it was asked for. */
function readBytes({ answer, status }: Exchanged): number | null {
  if (answer === null || (status !== 200 && status !== 206)) return null;
  const range = answer.headers.find(([name]) => name === "content-range")?.[1];
  const total = range === undefined ? undefined : /\/(\d+)$/.exec(range)?.[1];
  if (total !== undefined) return Number(total);
  return answer.contentLength ?? answer.body?.length ?? null;
}

function namedVersion(rawQuery: string): string | null {
  return /(?:^|&)versionId=([^&]+)/.exec(rawQuery)?.[1]?.slice(0, limits.bucketLogTextCharsMax) ?? null;
}

/** Operations whose resource is not named by their sub-resource. */
const resources: Readonly<Record<string, string>> = {
  AbortMultipartUpload: "UPLOAD",
  CompleteMultipartUpload: "UPLOAD",
  CopyObject: "OBJECT",
  CreateMultipartUpload: "UPLOADS",
  DeleteObjects: "MULTI_OBJECT_DELETE",
  DeleteBucketPolicy: "BUCKETPOLICY",
  GetBucketLogging: "LOGGING_STATUS",
  GetBucketPolicy: "BUCKETPOLICY",
  ListMultipartUploads: "UPLOADS",
  ListObjectVersions: "VERSIONS",
  ListParts: "UPLOAD",
  PutBucketLogging: "LOGGING_STATUS",
  PutBucketPolicy: "BUCKETPOLICY",
  UploadPart: "PART",
  UploadPartCopy: "PART",
};

/** Words of a query that name a sub-resource stand first and without a value. */
function resourceOf({ operation, request, key }: Exchanged): string {
  const named = resources[operation];
  if (named !== undefined) return named;
  const word = /^([a-zA-Z-]+)=?(?:&|$)/.exec(request.rawQuery)?.[1];
  if (word !== undefined) return word.toUpperCase().replaceAll("-", "_");
  return key === null ? "BUCKET" : "OBJECT";
}

function signingOf({ request, accessKeyId }: Exchanged) {
  if (accessKeyId === null) return { signatureVersion: null, authType: null } as const;
  const authorization = request.headers.get("authorization");
  const isVersion2 =
    authorization === undefined ? !request.rawQuery.includes("X-Amz-") : !authorization.startsWith("AWS4");
  return {
    signatureVersion: isVersion2 ? ("SigV2" as const) : ("SigV4" as const),
    authType: authorization === undefined ? ("QueryString" as const) : ("AuthHeader" as const),
  };
}
