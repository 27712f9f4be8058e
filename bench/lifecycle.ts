/**
 * `node dist/bench/lifecycle.js`: what a lifecycle pass over a bucket of a million objects costs, and what clients of the
 * same bucket notice of it: p99 of PUT and GET while passes run to p99 without, in rounds that take turns; and the same
 * while a tenth of the objects is removed. The load is paced, so that the machine is not full of it.
 *   --objects N (1000000)   --rounds N (7)   --seconds N (10, of a round)   --connections N (16)   --pause MS (5, between
 *   two requests of a connection)   --fill N (64, connections)   --data DIR (kept)
 */

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { call } from "./bucket.ts";
import { BenchError } from "./failure.ts";
import { Connection, putMany } from "./listing-fill.ts";
import { cpuMicrosBetween, processTree, readCpuTimes } from "./process-usage.ts";
import { objectPath, sha256, signedHeaders, signedRequest } from "./request.ts";
import { type Server, startNode } from "./server.ts";
import { Histogram, ratioSpread, type Spread } from "./statistics.ts";

export interface LifecycleOptions {
  /** A tenth of them is removed in the end. */
  readonly objects: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly pauseMs: number;
  readonly fillConnections: number;
  readonly data: string;
  readonly tell: (line: string) => void;
}

interface Latencies {
  /** p99 in ms. */
  readonly put: number;
  readonly get: number;
  readonly requests: number;
}

const bucket = "lifecycle-bench";
const foregroundKeys = 1000;
const removalRoundsMax = 200;
const body = Buffer.alloc(1024, "x");

const keyOf = (index: number): string =>
  `${index % 10 === 0 ? "due" : "stay"}/${createHash("md5").update(String(index)).digest("hex")}`;

const rule = (id: string, filter: string, action: string): string =>
  `<Rule><ID>${id}</ID><Filter>${filter}</Filter><Status>Enabled</Status>${action}</Rule>`;
/** Every object is looked at, and none is due. */
const lookingRules = [
  rule("all", "", "<Expiration><Days>3000</Days></Expiration>"),
  rule("tagged", "<Tag><Key>a</Key><Value>b</Value></Tag>", "<Expiration><Days>4000</Days></Expiration>"),
  rule("large", "<ObjectSizeGreaterThan>1000000</ObjectSizeGreaterThan>", "<Expiration><Days>30</Days></Expiration>"),
].join("");
const removingRules = rule(
  "due",
  "<Prefix>due/</Prefix>",
  "<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration>",
);

class Bench {
  readonly #options: LifecycleOptions;
  readonly #server: Server;
  readonly #consolePort: number;

  constructor(options: LifecycleOptions, server: Server, consolePort: number) {
    this.#options = options;
    this.#server = server;
    this.#consolePort = consolePort;
  }

  async fill(): Promise<void> {
    const { objects, fillConnections, tell } = this.#options;
    await this.#done({ method: "PUT", bucket });
    let told = performance.now();
    const report = (done: number): void => {
      if (performance.now() - told < 10_000) return;
      told = performance.now();
      tell(`${done} of ${objects} objects`);
    };
    const { target } = this.#server;
    await putMany(target, bucket, objects, keyOf, { connections: fillConnections, tell: report });
    await putMany(target, bucket, foregroundKeys, foregroundKey, { connections: 1, tell: () => undefined });
  }

  async configure(rules: string | null): Promise<void> {
    const document = `<LifecycleConfiguration>${rules}</LifecycleConfiguration>`;
    if (rules === null) await this.#done({ method: "DELETE", bucket, query: { lifecycle: "" } });
    else await this.#put("lifecycle", document);
  }

  /** One pass with nothing else to do. */
  async passAlone(): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
    const before = await this.passes();
    const ids = processTree(this.#server.pids);
    const cpu = readCpuTimes(ids);
    const started = performance.now();
    await this.configure(lookingRules);
    while ((await this.passes()) === before) await pause(50);
    return { wallMs: performance.now() - started, cpuMs: cpuMicrosBetween(cpu, readCpuTimes(ids)) / 1000 };
  }

  /** Runs the load for a round. @param during goes on until it is told to stop */
  async load(during: (isOver: () => boolean) => Promise<void> = async () => undefined): Promise<Latencies> {
    const { seconds, connections, pauseMs } = this.#options;
    const { target } = this.#server;
    const end = performance.now() + seconds * 1000;
    const latencies = { PUT: new Histogram(), GET: new Histogram() };
    let next = 0;
    const work = async (): Promise<void> => {
      const connection = new Connection(target);
      try {
        while (performance.now() < end) {
          const index = next++;
          const method = index % 2 === 0 ? "PUT" : "GET";
          const sent = method === "PUT" ? body : Buffer.alloc(0);
          const path = objectPath(bucket, foregroundKey((index >> 1) % foregroundKeys));
          const request = signedRequest(target, method, path, "", sent);
          const started = performance.now();
          await connection.send(request);
          latencies[method].record(performance.now() - started);
          await pause(pauseMs);
        }
      } finally {
        connection.close();
      }
    };
    await Promise.all([...Array.from({ length: connections }, work), during(() => performance.now() >= end)]);
    const { PUT, GET } = latencies;
    return { put: PUT.quantile(0.99), get: GET.quantile(0.99), requests: PUT.count + GET.count };
  }

  /** Watches the passes, which costs something too, and begins one whenever one has ended, or none. */
  async watch(isOver: () => boolean, isPassing: boolean): Promise<void> {
    for (let ended = await this.passes(); !isOver(); await pause(500)) {
      const now = await this.passes();
      if (isPassing && now > ended) await this.configure(lookingRules);
      ended = now;
    }
  }

  async dueLeft(): Promise<boolean> {
    const query = { "list-type": "2", prefix: "due/", "max-keys": "1" };
    const { text } = await this.#done({ method: "GET", bucket, query });
    return text.includes("<Contents>");
  }

  async passes(): Promise<number> {
    const found = /^troupe_lifecycle_passes (\d+)$/m.exec(await textOf(this.#consolePort, "/metrics"));
    return Number(found?.[1] ?? 0);
  }

  async #done(request: Parameters<typeof call>[1]): ReturnType<typeof call> {
    const answer = await call(this.#server.target, request);
    if (answer.status < 300) return answer;
    throw new BenchError(`${request.method} ${request.bucket} was answered ${answer.status} ${answer.code}`);
  }

  /** A configuration has to come with a digest. */
  async #put(word: string, document: string): Promise<void> {
    const { target } = this.#server;
    const bytes = Buffer.from(document);
    const headers = signedHeaders(target, {
      method: "PUT",
      path: objectPath(bucket),
      query: `${word}=`,
      bodyBytes: bytes.length,
      payloadHash: sha256(bytes),
      headers: { "content-md5": createHash("md5").update(bytes).digest("base64") },
    });
    const answer = await fetch(`http://${target.host}:${target.port}/${bucket}?${word}=`, {
      method: "PUT",
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(host|content-length)$/i.test(name))),
      body: bytes,
    });
    if (answer.status !== 200)
      throw new BenchError(`PUT ?${word} was answered ${answer.status} ${await answer.text()}`);
  }
}

const foregroundKey = (index: number): string => `foreground/${index}`;

function textOf(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => resolve(text));
    }).on("error", reject);
  });
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });

const ratioText = ({ median, low, high, count }: Spread): string =>
  `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}, ${count} rounds)`;

/** @throws BenchError when the server refuses something */
export async function benchLifecycle(options: LifecycleOptions): Promise<readonly string[]> {
  const { objects, rounds, seconds, data, tell } = options;
  const consolePort = await freePort();
  const main = fileURLToPath(new URL("../main.js", import.meta.url));
  const server = await startNode({
    name: "node",
    data,
    command: `'${process.execPath}' '${main}' serve --data {data} --s3 127.0.0.1:{port} --console 127.0.0.1:${consolePort}`,
    environment: { TROUPE_METRICS_OPEN: "true" },
  });
  const lines: string[] = [];
  const say = (line: string): void => {
    lines.push(line);
    tell(line);
  };
  try {
    const bench = new Bench(options, server, consolePort);
    await bench.fill();
    const alone = await bench.passAlone();
    const perObject = (alone.cpuMs * 1000) / objects;
    say(
      `a pass over ${objects} objects alone: ${(alone.wallMs / 1000).toFixed(1)} s, ${(alone.cpuMs / 1000).toFixed(2)} s of CPU, ${perObject.toFixed(2)} µs an object`,
    );
    await bench.load();
    const quiet: Latencies[] = [];
    const passing: Latencies[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const isPassing of round % 2 === 0 ? [false, true] : [true, false]) {
        await bench.configure(isPassing ? lookingRules : null);
        const measured = await bench.load((isOver) => bench.watch(isOver, isPassing));
        (isPassing ? passing : quiet).push(measured);
        const { put, get: read, requests } = measured;
        tell(
          `round ${round}, ${isPassing ? "passes run" : "quiet"}: p99 of PUT ${put.toFixed(2)} ms, of GET ${read.toFixed(2)} ms, ${Math.round(requests / seconds)} requests a second`,
        );
      }
    }
    const ratio = (pick: (latencies: Latencies) => number) =>
      ratioText(ratioSpread(quiet.map(pick), passing.map(pick)));
    say(`p99 while passes run to p99 without: PUT ${ratio(({ put }) => put)}, GET ${ratio(({ get: read }) => read)}`);
    const removing: Latencies[] = [];
    await bench.configure(removingRules);
    const started = performance.now();
    while (await bench.dueLeft()) {
      if (removing.length > removalRoundsMax) throw new BenchError("what is due is not removed");
      removing.push(await bench.load());
    }
    const removedMs = performance.now() - started;
    const perSecond = Math.round(objects / 10 / (removedMs / 1000));
    say(
      `${objects / 10} objects are removed in at most ${(removedMs / 1000).toFixed(0)} s, ${perSecond} a second, under load`,
    );
    const quietPut = quiet.map(({ put }) => put);
    const quietGet = quiet.map(({ get: read }) => read);
    const removals = removing.slice(0, Math.max(1, removing.length - 1));
    say(
      `p99 while objects are removed to p99 without: PUT ${ratioText(
        ratioSpread(
          quietPut,
          removals.map(({ put }) => put),
        ),
      )}, GET ${ratioText(
        ratioSpread(
          quietGet,
          removals.map(({ get: read }) => read),
        ),
      )}`,
    );
    return lines;
  } finally {
    await server.stop();
  }
}

async function main(): Promise<void> {
  const word = (name: string): string | undefined => {
    const at = process.argv.indexOf(`--${name}`);
    return at === -1 ? undefined : process.argv[at + 1];
  };
  const count = (name: string, normal: number): number => Number(word(name) ?? normal);
  const kept = word("data");
  const data = kept ?? mkdtempSync(join(tmpdir(), "troupe-lifecycle-"));
  try {
    const lines = await benchLifecycle({
      objects: count("objects", 1_000_000),
      rounds: count("rounds", 7),
      seconds: count("seconds", 10),
      connections: count("connections", 16),
      pauseMs: count("pause", 5),
      fillConnections: count("fill", 64),
      data,
      tell: (line) => process.stderr.write(`${line}\n`),
    });
    for (const line of lines) console.log(line);
  } finally {
    if (kept === undefined) rmSync(data, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
