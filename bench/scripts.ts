/** The requests of a round, signed and laid out before its clock starts. */

import { randomFillSync } from "node:crypto";
import { canonicalQuery, objectPath, sha256, signedHead, type Target, unsignedPayload } from "./request.ts";
import { listedKeys, mixPattern, type Operation } from "./workload.ts";

/** What a round of one load process is; plain data. */
export interface DriverTask {
  readonly target: Target;
  /** FILL writes every key of `folder` once. */
  readonly operation: Operation | "FILL";
  /** Below the prefix; where the keys are. */
  readonly folder: string;
  /** Requests are spread over them. */
  readonly buckets: readonly string[];
  /** Of every key; ends in "/". */
  readonly prefix: string;
  readonly sizeBytes: number;
  /** Keys that exist, or that are written. */
  readonly keyCount: number;
  readonly connections: number;
  /** Of how many load processes this is which: each takes its share of the keys. */
  readonly share: { readonly index: number; readonly count: number };
  /** null: every request is sent once. */
  readonly seconds: number | null;
  /** A round is over when its time is, but not before so many requests. */
  readonly requestsMin: number;
  readonly signsPayload: boolean;
}

export interface WireRequest {
  readonly head: Buffer;
  /** null when it went into `head`. */
  readonly body: Buffer | null;
  readonly isHead: boolean;
}

/** Small bodies are sent with their head in one piece. */
const joinedBytesMax = 65_536;
/** Different bodies of a size. */
const bodiesBytesMax = 64 << 20;

interface Body {
  readonly bytes: Buffer;
  readonly hash: string;
}

const bodiesBySize = new Map<number, Body[]>();

/** Random bytes, so that neither compression nor deduplication makes one server's work less; no two bodies are equal. */
function bodies(size: number): Body[] {
  const made = bodiesBySize.get(size);
  if (made !== undefined) return made;
  const base = randomFillSync(Buffer.allocUnsafe(size));
  const list = Array.from({ length: Math.min(256, Math.max(4, bodiesBytesMax / Math.max(1, size))) }, (_, index) => {
    const bytes = Buffer.from(base);
    if (size >= 4) bytes.writeUInt32LE(index, 0);
    return { bytes, hash: sha256(bytes) };
  });
  bodiesBySize.set(size, list);
  return list;
}

const emptyHash = sha256("");

/** Signs requests for a task. */
class Signer {
  readonly #task: DriverTask;
  #nextBody = 0;

  constructor(task: DriverTask) {
    this.#task = task;
  }

  plain(method: "GET" | "HEAD" | "DELETE", bucket: string, key: string): WireRequest {
    const options = { method, path: objectPath(bucket, key), payloadHash: emptyHash };
    return { head: signedHead(this.#task.target, options), body: null, isHead: method === "HEAD" };
  }

  put(bucket: string, key: string): WireRequest {
    const { target, sizeBytes, signsPayload } = this.#task;
    const list = bodies(sizeBytes);
    const { bytes, hash } = list[this.#nextBody++ % list.length] as Body;
    const head = signedHead(target, {
      method: "PUT",
      path: objectPath(bucket, key),
      bodyBytes: bytes.length,
      payloadHash: signsPayload ? hash : unsignedPayload,
    });
    return bytes.length <= joinedBytesMax
      ? { head: Buffer.concat([head, bytes]), body: null, isHead: false }
      : { head, body: bytes, isHead: false };
  }

  list(bucket: string): WireRequest {
    const { target, prefix, folder } = this.#task;
    const words = { "list-type": "2", "max-keys": String(listedKeys), prefix: `${prefix}${folder}/` };
    const query = canonicalQuery(words);
    const options = { method: "GET", path: objectPath(bucket), query, payloadHash: emptyHash };
    return { head: signedHead(target, options), body: null, isHead: false };
  }

  bare(): WireRequest {
    const head = Buffer.from(`GET /size-${this.#task.sizeBytes} HTTP/1.1\r\nHost: bench\r\n\r\n`);
    return { head, body: null, isHead: false };
  }
}

/** Keys of this process's share, each in its bucket. */
function* places(task: DriverTask): Generator<readonly [bucket: string, key: string]> {
  for (let index = task.share.index; index < task.keyCount; index += task.share.count) {
    const key = `${task.prefix}${task.folder}/key-${String(index).padStart(6, "0")}`;
    yield [task.buckets[index % task.buckets.length] ?? "", key];
  }
}

/** @returns one PUT for every key of the task */
export function fillScript(task: DriverTask): WireRequest[] {
  const signer = new Signer(task);
  return [...places(task)].map(([bucket, key]) => signer.put(bucket, key));
}

/** @returns the requests that all connections take turns in */
export function sharedScript(task: DriverTask): WireRequest[] {
  const signer = new Signer(task);
  const { operation, buckets } = task;
  if (operation === "BARE") return [signer.bare()];
  if (operation === "LIST") return buckets.map((bucket) => signer.list(bucket));
  if (operation === "PUT" || operation === "FILL") return fillScript(task);
  if (operation === "MIX") return [];
  return [...places(task)].map(([bucket, key]) => signer.plain(operation, bucket, key));
}

/**
 * One connection's own requests of a mix. It repeats a pattern in which every key it deletes was written by it before, so
 * that no answer is an error however the connections overtake each other.
 */
export function mixScript(task: DriverTask, connection: number): WireRequest[] {
  const signer = new Signer(task);
  const known = [...places(task)];
  const bucket = task.buckets[0] ?? "";
  const own = (name: string): string =>
    `${task.prefix}mix-${task.sizeBytes}/${task.share.index}-${connection}/${name}`;
  let at = connection;
  const next = (): readonly [string, string] => known[at++ % known.length] ?? [bucket, ""];
  const reads = (gets: number, heads: number): WireRequest[] => [
    ...Array.from({ length: gets }, () => signer.plain("GET", ...next())),
    ...Array.from({ length: heads }, () => signer.plain("HEAD", ...next())),
  ];
  const rest = { gets: mixPattern.GET - 6, heads: mixPattern.HEAD - 4 };
  const round = (): WireRequest[] => [
    signer.put(bucket, own("a")),
    ...reads(3, 2),
    signer.plain("DELETE", bucket, own("a")),
    signer.put(bucket, own("b")),
    ...reads(3, 2),
    signer.plain("DELETE", bucket, own("b")),
    signer.put(...next()),
    ...reads(rest.gets, rest.heads),
  ];
  return Array.from({ length: 4 }, round).flat();
}
