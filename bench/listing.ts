/**
 * `node dist/bench/listing.js`: what a page of a listing costs by where it lies, in a bucket of a million keys: page 900
 * against page 1, with and without a delimiter, after a million delete markers, and where a million versions lie under ten
 * keys; how soon a node answers after it was killed; and the same pages of a million objects with tags and versions under
 * lifecycle rules. Costs are CPU time of the server, in turns, so that a busy machine disturbs both sides alike.
 *   --only keys|tagged   --keys N (1000000)   --versions N (1000000)   --page N (900)   --rounds N (9)   --requests N (20, in a round)   --connections N (64)   --data DIR (kept; tagged objects that are there are not put again)
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { call } from "./bucket.ts";
import { BenchError } from "./failure.ts";
import { Connection, markMany, putMany } from "./listing-fill.ts";
import { type MeteredNode, startMetered } from "./metered-node.ts";
import { cpuMicrosBetween, processTree, readCpuTimes } from "./process-usage.ts";
import { canonicalQuery, objectPath, signedRequest, type Target } from "./request.ts";
import { type Server, startNode } from "./server.ts";
import { configureLifecycle, fillTagged, lookingRules, taggedBucket, taggedVersions } from "./tagged-bucket.ts";

export interface ListingOptions {
  /** So many keys, and as many delete markers. */
  readonly keys: number;
  /** Versions of ten keys in another bucket. */
  readonly versions: number;
  /** The page that is compared with page 1; at most nine tenths of all. */
  readonly page: number;
  readonly rounds: number;
  readonly requests: number;
  readonly connections: number;
  /** Data directory of the node. */
  readonly data: string;
  readonly tell: (line: string) => void;
}

export interface ListingRow {
  readonly name: string;
  /** CPU time of the server for one page, in µs: medians. */
  readonly firstMicros: number;
  readonly otherMicros: number;
  /** Median of the rounds' ratios of the second to the first. */
  readonly ratio: number;
}

export interface ListingResult {
  readonly rows: readonly ListingRow[];
  /** From the start of the process after kill -9 to its first answer. */
  readonly readyMs: number;
}

/** None of the objects becomes due by rules that begin so late. */
const lateDays = 3650;
const passSecondsMax = 1200;
/** A pass that looked at nothing for so long is over. */
const restMs = 2000;

type Query = Readonly<Record<string, string>>;

const pageKeys = 1000;
const historyKeys = 10;
const plain = "listing-keys";
const history = "listing-history";
const few = "listing-few";

/** Every tenth key is a group of its own, so that a page with a delimiter has 1,000 elements as well. */
const keyOf = (index: number): string => `k${String(index).padStart(8, "0")}${index % 10 === 0 ? "/x" : ""}`;
/** Between the keys of `keyOf`. */
const markedKeyOf = (index: number): string => `k${String(index).padStart(8, "0")}-gone`;
const historyKeyOf = (index: number): string => `h${index % historyKeys}`;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const v2: Query = { "list-type": "2" };
const v2Grouped: Query = { "list-type": "2", delimiter: "/" };
const allVersions: Query = { versions: "" };

/** What the next page is asked with; null at the end. */
function nextPage(query: Query, xml: string): Query | null {
  const word = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  const token = word("NextContinuationToken");
  if (token !== undefined) return { ...query, "continuation-token": token };
  const key = word("NextKeyMarker");
  if (key === undefined) return null;
  const { "version-id-marker": _last, ...rest } = query;
  const id = word("NextVersionIdMarker");
  return { ...rest, "key-marker": key, ...(id === undefined ? {} : { "version-id-marker": id }) };
}

class Bench {
  readonly #options: ListingOptions;
  readonly #server: Server;
  readonly rows: ListingRow[] = [];

  constructor(options: ListingOptions, server: Server) {
    this.#options = options;
    this.#server = server;
  }

  async create(bucket: string): Promise<void> {
    await this.#done({ method: "PUT", bucket });
  }

  async enableVersioning(bucket: string): Promise<void> {
    const body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await this.#done({ method: "PUT", bucket, query: { versioning: "" }, body });
  }

  async put(what: string, bucket: string, count: number, name: (index: number) => string): Promise<void> {
    const { connections } = this.#options;
    const tell = this.#progress(what, count);
    await putMany(this.#server.target, bucket, count, name, { connections, tell });
  }

  async mark(bucket: string, count: number): Promise<void> {
    await markMany(this.#server.target, bucket, count, markedKeyOf, this.#progress("delete markers", count));
  }

  /** Page 1 of a listing against a later one. */
  async compareDepth(name: string, { bucket, query }: Listing, count: number): Promise<void> {
    const depth = Math.min(this.#options.page, Math.floor((count * 0.9) / pageKeys));
    let there = query;
    for (let passed = 1; passed < depth; passed++) {
      const { text } = await this.#done({ method: "GET", bucket, query: there });
      const next = nextPage(query, text);
      if (next === null) throw new BenchError(`${name}: page ${passed} is the last`);
      there = next;
    }
    await this.compare(`${name}: page ${depth} to page 1`, { bucket, query }, { bucket, query: there });
  }

  /** Rounds in turns; the first is dropped. */
  async compare(name: string, first: Listing, other: Listing): Promise<void> {
    const costs: (readonly [first: number, other: number])[] = [];
    for (let round = 0; round <= this.#options.rounds; round++) {
      // Who goes first changes, so that neither always finds the other's warmth.
      const isSwapped = round % 2 === 1;
      const one = await this.#cost(isSwapped ? other : first);
      const two = await this.#cost(isSwapped ? first : other);
      if (round > 0) costs.push(isSwapped ? [two, one] : [one, two]);
    }
    const row = {
      name,
      firstMicros: median(costs.map(([one]) => one)),
      otherMicros: median(costs.map(([, two]) => two)),
      ratio: median(costs.map(([one, two]) => two / one)),
    };
    this.rows.push(row);
    this.#options.tell(rowText(row));
  }

  /** CPU time of the server for one page, in µs. */
  async #cost({ bucket, query }: Listing): Promise<number> {
    const { requests } = this.#options;
    const { target, pids } = this.#server;
    const request = signedRequest(target, "GET", objectPath(bucket), canonicalQuery(query), Buffer.alloc(0));
    const connection = new Connection(target);
    try {
      await connection.send(request);
      const ids = processTree(pids);
      const before = readCpuTimes(ids);
      for (let sent = 0; sent < requests; sent++) await connection.send(request);
      return cpuMicrosBetween(before, readCpuTimes(ids)) / requests;
    } finally {
      connection.close();
    }
  }

  async #done(request: Parameters<typeof call>[1]): ReturnType<typeof call> {
    const answer = await call(this.#server.target, request);
    if (answer.status === 200) return answer;
    throw new BenchError(`${request.method} ${request.bucket} was answered ${answer.status} ${answer.code}`);
  }

  #progress(what: string, count: number): (done: number) => void {
    const started = performance.now();
    let told = started;
    return (done) => {
      const now = performance.now();
      if (now - told < 10_000) return;
      told = now;
      const perSecond = Math.round((done / (now - started)) * 1000);
      this.#options.tell(`${what}: ${done} of ${count}, ${perSecond} a second`);
    };
  }
}

interface Listing {
  readonly bucket: string;
  readonly query: Query;
}

const rowText = ({ name, firstMicros, otherMicros, ratio }: ListingRow): string =>
  `${name}: ${(otherMicros / 1000).toFixed(2)} to ${(firstMicros / 1000).toFixed(2)} ms of CPU, ratio ${ratio.toFixed(2)}`;

/** @throws BenchError when the server refuses something */
export async function benchListing(options: ListingOptions): Promise<ListingResult> {
  const { keys, versions, data, tell } = options;
  let server = await startNode({ name: "node", data });
  try {
    const bench = new Bench(options, server);
    for (const bucket of [plain, few, history]) await bench.create(bucket);
    await bench.put("keys", plain, keys, keyOf);
    await bench.compareDepth(`${keys} keys`, { bucket: plain, query: v2 }, keys);
    await bench.compareDepth(`${keys} keys, delimiter`, { bucket: plain, query: v2Grouped }, keys);
    await bench.enableVersioning(plain);
    await bench.mark(plain, keys);
    await bench.compareDepth(`${keys} keys among ${keys} delete markers`, { bucket: plain, query: v2 }, keys);
    await bench.compareDepth(
      `${keys} keys among ${keys} delete markers, delimiter`,
      { bucket: plain, query: v2Grouped },
      keys,
    );
    await bench.compareDepth(
      `versions of ${keys} keys and ${keys} delete markers`,
      { bucket: plain, query: allVersions },
      keys,
    );
    await bench.enableVersioning(history);
    await bench.put("few keys", few, historyKeys, historyKeyOf);
    await bench.put("versions", history, versions, historyKeyOf);
    const ofFew = { bucket: few, query: v2 };
    await bench.compare(`${historyKeys} keys of ${versions} versions to ${historyKeys} keys`, ofFew, {
      bucket: history,
      query: v2,
    });
    await bench.compareDepth(
      `${versions} versions of ${historyKeys} keys`,
      { bucket: history, query: allVersions },
      versions,
    );
    for (const pid of processTree(server.pids)) process.kill(pid, "SIGKILL");
    await server.stop();
    const started = performance.now();
    server = await startNode({ name: "node", data });
    const readyMs = performance.now() - started;
    tell(`ready ${Math.round(readyMs)} ms after it was started again`);
    await firstPage(server.target);
    return { rows: bench.rows, readyMs };
  } finally {
    await server.stop();
  }
}

/** Objects with tags and noncurrent versions, under lifecycle rules. @throws BenchError when the server refuses something */
export async function benchTaggedListing(options: ListingOptions): Promise<readonly ListingRow[]> {
  const { keys: objects, connections, data, tell } = options;
  const node = await startMetered(data);
  const { server } = node;
  try {
    const bench = new Bench(options, server);
    await fillTagged(server.target, { objects, connections, tell });
    await passOnce(node);
    const name = `${objects} tagged objects under rules`;
    await bench.compareDepth(name, { bucket: taggedBucket, query: v2 }, objects);
    await bench.compareDepth(`${name}, delimiter`, { bucket: taggedBucket, query: v2Grouped }, objects);
    const versions = taggedVersions(objects);
    await bench.compareDepth(`${versions} versions of ${name}`, { bucket: taggedBucket, query: allVersions }, versions);
    return bench.rows;
  } finally {
    await server.stop();
  }
}

/** The passes that a start and a change of rules begin are over before pages are measured. @throws BenchError */
async function passOnce({ server, metrics }: MeteredNode): Promise<void> {
  const count = async (name: string): Promise<number> => (await metrics()).get(`troupe_lifecycle_${name}`) ?? 0;
  const before = await count("passes");
  await configureLifecycle(server.target, lookingRules(lateDays, { objects: true, versions: true }));
  const deadline = performance.now() + passSecondsMax * 1000;
  for (let seen = -1; ; await pause(restMs)) {
    const rows = await count("rows");
    if (rows === seen && (await count("passes")) > before) return;
    if (performance.now() > deadline) throw new BenchError(`a pass takes longer than ${passSecondsMax} s`);
    seen = rows;
  }
}

/** After a crash the listing is there. @throws BenchError */
async function firstPage(target: Target): Promise<void> {
  const { status, text } = await call(target, { method: "GET", bucket: plain, query: v2 });
  const count = text.split("<Contents>").length - 1;
  if (status !== 200 || count === 0)
    throw new BenchError(`after the crash a page was answered ${status}, ${count} keys`);
}

async function main(): Promise<void> {
  const word = (name: string): string | undefined => {
    const at = process.argv.indexOf(`--${name}`);
    return at === -1 ? undefined : process.argv[at + 1];
  };
  const count = (name: string, normal: number): number => Number(word(name) ?? normal);
  const only = word("only");
  if (![undefined, "keys", "tagged"].includes(only)) throw new BenchError("--only is keys or tagged");
  const kept = word("data");
  const data = kept ?? mkdtempSync(join(tmpdir(), "troupe-listing-"));
  try {
    const options: ListingOptions = {
      keys: count("keys", 1_000_000),
      versions: count("versions", 1_000_000),
      page: count("page", 900),
      rounds: count("rounds", 9),
      requests: count("requests", 20),
      connections: count("connections", 64),
      data,
      tell: (line) => process.stderr.write(`${line}\n`),
    };
    const result = only === "tagged" ? null : await benchListing(options);
    const tagged = only === "keys" ? [] : await benchTaggedListing(options);
    for (const row of [...(result?.rows ?? []), ...tagged]) console.log(rowText(row));
    if (result !== null) console.log(`ready after kill -9: ${Math.round(result.readyMs)} ms`);
  } finally {
    if (kept === undefined) rmSync(data, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
