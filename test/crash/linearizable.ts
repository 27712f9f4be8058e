/**
 * Single-site linearizability: 16 clients on 8 keys with PUT, GET, LIST, DELETE and If-Match, each client reading
 * on one connection and writing on another; two fronts, two bucket threads, and a kill -9 with restart in every fourth history. `--histories N` (20), `--seconds N` (60).
 * `--control no-read-reset` switches the read reset off and expects anomalies.
 */

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import {
  findAnomaly,
  type RegisterCall,
  type RegisterOperation,
  type RegisterValue,
} from "../support/linearizability.ts";
import { freePort, NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite } from "../support/suite.ts";

const bucket = "linearizable";
const clients = 16;
const keyCount = 8;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class History {
  readonly operations = new Map<string, RegisterOperation[]>();
  /** What each ETag stands for: a listing names the value by it. */
  readonly values = new Map<string, string>();
  readonly damaged: string[] = [];
  count = 0;

  add(key: string, operation: RegisterOperation): void {
    const list = this.operations.get(key) ?? [];
    list.push(operation);
    this.operations.set(key, list);
    this.count += 1;
  }
}

/** One client: random operations on random keys until the deadline; each with its own connections. */
async function drive(endpoint: string, history: History, until: number, name: string): Promise<void> {
  const writer = new S3Client({ endpoint, ...testKeys, connections: 1 });
  const reader = new S3Client({ endpoint, ...testKeys, connections: 1 });
  const tags = new Map<string, { value: string; etag: string }>();
  for (let number = 0; performance.now() < until; number++) {
    const key = `key-${Math.floor(Math.random() * keyCount)}`;
    const path = `/${bucket}/${key}`;
    const value = `${name}-${number}`;
    const body = Buffer.from(value.padEnd([20, 3000, 30_000][number % 3] ?? 0, "."));
    history.values.set(createHash("md5").update(body).digest("hex"), value);
    const startedAt = performance.now();
    const dice = Math.random();
    if (dice < 0.03) {
      await list(reader, history, startedAt).catch(() => pause(50));
      continue;
    }
    let call: RegisterCall = { kind: "read", result: null };
    let answered = true;
    try {
      const known = tags.get(key);
      if (dice < 0.45) {
        const answer = await reader.send("GET", path);
        if (answer.status !== 200 && answer.status !== 404) throw new Error(`GET answered ${answer.status}`);
        const result: RegisterValue = answer.status === 200 ? answer.body.toString().replace(/\.+$/, "") : null;
        if (result !== null) judgeBytes(history, key, answer);
        if (result !== null) tags.set(key, { value: result, etag: String(answer.headers["etag"]) });
        call = { kind: "read", result };
      } else if (dice < 0.75) {
        call = { kind: "write", value };
        await expect2xx(writer.send("PUT", path, { body }));
      } else if (dice < 0.85) {
        call = { kind: "write", value: null };
        await expect2xx(writer.send("DELETE", path));
      } else {
        const expected = dice < 0.9 || !known ? null : known.value;
        const headers: Record<string, string> =
          expected === null ? { "if-none-match": "*" } : { "if-match": known?.etag ?? "" };
        call = { kind: "swap", expected, value, applied: null };
        const answer = await writer.send("PUT", path, { body, headers });
        if (![200, 404, 412].includes(answer.status)) throw new Error(`conditional PUT answered ${answer.status}`);
        call = { kind: "swap", expected, value, applied: answer.status === 200 };
      }
    } catch (error) {
      answered = false; // The node was killed or refused: a write may or may not have happened; a read says nothing.
      await pause(50);
      // No connection, no request: counting it as a write that may still happen would cost the checker dearly.
      if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") continue;
    }
    if (answered) history.add(key, { call, startedAt, endedAt: performance.now() });
    else if (call.kind !== "read") history.add(key, { call, startedAt, endedAt: Number.POSITIVE_INFINITY });
  }
  writer.close();
  reader.close();
}

/** One listing is a read of every key. Rejects when it is not answered. */
async function list(reader: S3Client, history: History, startedAt: number): Promise<void> {
  const answer = await reader.send("GET", `/${bucket}`, { query: { "list-type": "2" } });
  if (answer.status !== 200) throw new Error(`LIST answered ${answer.status}`);
  const endedAt = performance.now();
  const found = new Map<string, RegisterValue>();
  for (const [, entry = ""] of answer.body.toString().matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
    const key = /<Key>([^<]+)</.exec(entry)?.[1] ?? "";
    const etag = /<ETag>(?:&quot;|")([0-9a-f]{32})/.exec(entry)?.[1] ?? "";
    found.set(key, history.values.get(etag) ?? `unknown ETag ${etag}`);
  }
  for (let index = 0; index < keyCount; index++) {
    const key = `key-${index}`;
    history.add(key, { call: { kind: "read", result: found.get(key) ?? null }, startedAt, endedAt });
  }
}

/** Bytes that are not those of the ETag beside them are damage, whatever order the operations had. */
function judgeBytes(
  history: History,
  key: string,
  { body, headers }: { body: Buffer; headers: IncomingHttpHeaders },
): void {
  const md5 = createHash("md5").update(body).digest("hex");
  if (headers["etag"] !== `"${md5}"`) history.damaged.push(`${key}: ETag ${headers["etag"]}, body ${md5}`);
}

/** What happened to the key around an anomaly, and who wrote what it read, for whoever has to explain it. */
function explain(history: History, key: string, anomaly: RegisterOperation): string {
  const near = (history.operations.get(key) ?? []).filter(
    ({ startedAt, endedAt }) => startedAt < anomaly.endedAt + 5 && endedAt > anomaly.startedAt - 20,
  );
  const { call } = anomaly;
  const writers = [...history.operations].flatMap(([other, list]) =>
    list
      .filter((each) => each.call.kind !== "read" && call.kind === "read" && each.call.value === call.result)
      .map((each) => ({ key: other, ...each })),
  );
  return JSON.stringify({ key, anomaly, writers, near }, null, 1);
}

async function expect2xx(answer: Promise<{ readonly status: number }>): Promise<void> {
  const { status } = await answer;
  if (status < 200 || status > 299) throw new Error(`answered ${status}`);
}

await runSuite("linearizable", async ({ directory, option, say, check }) => {
  const histories = option("histories", 20);
  const seconds = option("seconds", 60);
  const control = process.argv.includes("--control");
  const config = join(directory, "config.json");
  writeFileSync(config, JSON.stringify({ front: { threads: 2 }, threads: { buckets: 2 } }));
  let anomalies = 0;
  let operations = 0;
  const damaged: string[] = [];
  for (let number = 0; number < histories && !(control && anomalies > 0); number++) {
    const data = join(directory, `data-${number}`);
    const options = {
      data,
      port: await freePort(),
      arguments: ["--config", config],
      environment: control ? { TROUPE_UNSAFE_FOR_TESTS: "no-read-reset" } : {},
    };
    let node = await NodeProcess.start(options);
    const setup = new S3Client({ endpoint: node.endpoint, ...testKeys });
    await setup.send("PUT", `/${bucket}`);
    setup.close();
    const history = new History();
    const until = performance.now() + seconds * 1000;
    const work = Promise.all(
      Array.from({ length: clients }, (_, index) => drive(node.endpoint, history, until, `c${index}`)),
    );
    if (number % 4 === 3) {
      await pause(seconds * 400);
      await node.kill();
      node = await NodeProcess.start(options);
    }
    await work;
    for (const [key, list] of history.operations) {
      const anomaly = findAnomaly(list, null);
      if (anomaly) {
        anomalies += 1;
        say(`history ${number}, ${key}: ${JSON.stringify(anomaly)}`);
        writeFileSync(join(directory, `anomaly-${number}-${key}.json`), explain(history, key, anomaly));
      }
    }
    operations += history.count;
    damaged.push(...history.damaged);
    await node.kill();
  }
  say(
    `${histories} histories, ${operations} operations (${Math.round(operations / (histories * seconds))}/s), ${anomalies} anomalies`,
  );
  if (control) check("without the read reset the checker finds stale reads", anomalies > 0);
  else check("every history is linearizable", anomalies === 0);
  for (const fault of damaged.slice(0, 5)) say(fault);
  check("every body is that of its ETag", damaged.length === 0);
  check("operations were judged", operations > histories * seconds * 20);
});
