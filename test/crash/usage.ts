/**
 * Usage against the client's own count, through kill -9: stored bytes, objects, versions and the ingress of acknowledged
 * writes are exact after every kill (a request without an answer is settled by reading back what it did); egress and requests
 * lack at most what the last second before the kill brought, and never exceed what was sent; after SIGTERM they are exact.
 * What was counted is read from the data directory, as a front reads it. `--kills N` (3), `--seconds N` (2.5) of load between
 * two kills, `--late-ms N` (1500): a hand-over every second, and time for its commit.
 */

import { writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import type { UsageRow } from "#src/account/usage.ts";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite } from "../support/suite.ts";
import { Ledger, newBody, type Totals, type Transfer } from "../support/usage-ledger.ts";
import { UsageWorker } from "../support/usage-load.ts";
import { type Counted, readAccountUsage, readUsage } from "../support/usage-read.ts";

const MiB = 1024 * 1024;
const threads = 2;
const cutBucket = "usage-cut";
const cutBytes = 12 * MiB;

function isExact(counted: Counted, known: Totals): boolean {
  return (["storedBytes", "objects", "versions", "ingressBytes"] as const).every(
    (name) => counted[name] === known[name],
  );
}

function isWithin(counted: Transfer, least: Transfer, most: Transfer): boolean {
  const within = (value: number, low: number, high: number): boolean => value >= low && value <= high;
  const each = counted.requests.map((count, index) => [count, least.requests[index], most.requests[index]] as const);
  return (
    within(counted.egressBytes, least.egressBytes, most.egressBytes) &&
    each.every(([count, low = 0, high = 0]) => within(count, low, high))
  );
}

async function expectOk(answer: Promise<{ readonly status: number; readonly body: Buffer }>): Promise<number> {
  const { status, body } = await answer;
  if (status > 299) throw new Error(`${status} ${body.toString()}`);
  return body.length;
}

async function prepare(endpoint: string, ledgers: readonly Ledger[]): Promise<void> {
  const client = new S3Client({ endpoint, ...testKeys });
  const enabled = Buffer.from("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
  for (const ledger of ledgers) {
    await expectOk(client.send("PUT", `/${ledger.bucket}`));
    if (!ledger.isVersioned) continue;
    await expectOk(client.send("PUT", `/${ledger.bucket}`, { query: { versioning: "" }, body: enabled }));
    ledger.calls.push({ kind: "write", endedAt: performance.now(), receivedBytes: 0, bytesMax: 0 });
  }
  await expectOk(client.send("PUT", `/${cutBucket}`));
  await expectOk(client.send("PUT", `/${cutBucket}/large`, { body: newBody(cutBytes) }));
  client.close();
}

/** Begins to read a large object and goes away. @returns bytes that came */
async function cutRead(endpoint: string): Promise<number> {
  const client = new S3Client({ endpoint, ...testKeys, connections: 1 });
  let received = 0;
  const read = client.send("GET", `/${cutBucket}/large`, {
    onData: (piece) => {
      received += piece.length;
      if (received > 100_000) throw new Error("enough");
    },
  });
  await read.catch(() => undefined);
  client.close();
  return received;
}

const goneBucket = "usage-gone";
const goneBytes = 1234;

/** A bucket that comes and goes, with four requests to it. */
async function visit(endpoint: string): Promise<void> {
  const client = new S3Client({ endpoint, ...testKeys });
  const path = `/${goneBucket}/object`;
  await expectOk(client.send("PUT", `/${goneBucket}`));
  await expectOk(client.send("PUT", path, { body: newBody(goneBytes) }));
  await expectOk(client.send("GET", path));
  await expectOk(client.send("DELETE", path));
  await expectOk(client.send("DELETE", `/${goneBucket}`));
  client.close();
}

/** Of the account that owns all buckets, and of the one that is gone. */
function isWhole({ buckets, account }: Awaited<ReturnType<typeof readAccountUsage>>): boolean {
  const gone = buckets.find(({ bucket }) => bucket === goneBucket);
  const sum = (pick: (row: UsageRow) => number): number => buckets.reduce((total, row) => total + pick(row), 0);
  const requests = (row: UsageRow): number => Object.values(row.requests).reduce((total, count) => total + count, 0);
  const picks = [
    (row: UsageRow) => row.storedBytes,
    (row: UsageRow) => row.objects,
    (row: UsageRow) => row.ingressBytes,
    (row: UsageRow) => row.egressBytes,
    requests,
  ];
  return (
    gone?.storedBytes === 0 &&
    gone.ingressBytes === goneBytes &&
    gone.egressBytes === goneBytes &&
    requests(gone) === 4 &&
    picks.every((pick) => pick(account) === sum(pick))
  );
}

function metricsOf(consoleEndpoint: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`${consoleEndpoint}/metrics`, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("end", () => resolve(Buffer.concat(pieces).toString()));
    }).on("error", reject);
  });
}

await runSuite("usage", async ({ directory, option, say, check }) => {
  const data = join(directory, "data");
  const kills = option("kills", 3);
  const loadMs = option("seconds", 2.5) * 1000;
  const lateMs = option("late-ms", 1500);
  const config = join(directory, "config.json");
  const settings = { front: { threads }, threads: { buckets: threads }, storage: { partitions: threads } };
  writeFileSync(config, JSON.stringify({ ...settings, metrics: { open: true, usage: true } }));
  const ledgers = [
    new Ledger("usage-plain", false),
    new Ledger("usage-versions", true),
    new Ledger("usage-more", false),
  ];
  const names = [...ledgers.map(({ bucket }) => bucket), cutBucket];
  const workers = ledgers.flatMap((ledger) =>
    Array.from({ length: 4 }, (_, index) => new UsageWorker(ledger, `w${index}`)),
  );
  let lostRequests = 0;
  let cutReceived = 0;
  let cutReads = 0;

  const compareTotals = async (when: string): Promise<void> => {
    const counted = await readUsage(data, names);
    for (const ledger of ledgers) {
      const found = counted.get(ledger.bucket);
      const isRight = found !== undefined && isExact(found, ledger.totals());
      check(`${when}: what ${ledger.bucket} holds and was sent is exact`, isRight);
      if (!isRight) say(JSON.stringify({ found, known: ledger.totals() }));
    }
  };

  /** Of a node that has stopped. */
  const compareTransfer = async (when: string, untilMs: number): Promise<void> => {
    const counted = await readUsage(data, names);
    for (const ledger of ledgers) {
      const found = counted.get(ledger.bucket);
      if (found === undefined) throw new Error(`nothing is counted of ${ledger.bucket}`);
      const [least, most] = [ledger.least(untilMs), ledger.most()];
      const isFair = isWithin(found, least, most);
      check(`${when}: egress and requests of ${ledger.bucket} are within what was sent`, isFair);
      if (!isFair) say(JSON.stringify({ found, least, most }));
      const total = (transfer: Transfer) => transfer.requests.reduce((sum, count) => sum + count, 0);
      lostRequests += total(most) - total(found);
      ledger.settle(found);
    }
    const cut = counted.get(cutBucket);
    if (untilMs !== Number.POSITIVE_INFINITY || cut === undefined) return;
    const isFair = cut.egressBytes >= cutReceived && cut.egressBytes < cutReads * cutBytes;
    check("reads that were cut count what was sent of them", isFair);
    if (!isFair) say(JSON.stringify({ cut, cutReceived, most: cutReads * cutBytes }));
  };

  for (let round = 0; round <= kills; round++) {
    const node = await NodeProcess.start({ data, arguments: ["--config", config] });
    if (round === 0) await prepare(node.endpoint, ledgers);
    for (const worker of workers) {
      worker.connect(node.endpoint);
      await worker.settle();
    }
    if (round > 0) await compareTotals(`kill ${round}`);
    if (round < kills) {
      const until = performance.now() + loadMs * (0.8 + Math.random() * 0.4);
      const load = Promise.all(workers.map((worker) => worker.run(() => false)));
      await new Promise((resolve) => setTimeout(resolve, until - performance.now()));
      const killedAt = performance.now();
      await node.kill();
      await load;
      // What unanswered requests did is read back from the next node: only then are the totals known.
      await compareTransfer(`kill ${round + 1}`, killedAt - lateMs);
      continue;
    }
    const until = performance.now() + loadMs;
    await Promise.all(workers.map((worker) => worker.run(() => performance.now() > until)));
    for (let index = 0; index < 3; index++) {
      cutReceived += await cutRead(node.endpoint);
      cutReads += 1;
    }
    await visit(node.endpoint);
    const metrics = await metricsOf(node.consoleEndpoint);
    for (const ledger of ledgers) {
      const shown = new RegExp(`troupe_usage_bytes\\{account="\\d+",bucket="${ledger.bucket}"\\} (\\S+)`).exec(metrics);
      check(`the metric shows what ${ledger.bucket} holds`, Number(shown?.[1]) === ledger.totals().storedBytes);
    }
    check("SIGTERM drains and exits 0", (await node.stop()) === 0);
    await compareTotals("after SIGTERM");
    await compareTransfer("after SIGTERM", Number.POSITIVE_INFINITY);
    const account = await readAccountUsage(data);
    check("a deleted bucket keeps its usage, and the account's is the sum of its buckets'", isWhole(account));
    if (!isWhole(account)) say(JSON.stringify(account, (_, value) => (typeof value === "bigint" ? `${value}` : value)));
  }

  for (const worker of workers) worker.close();
  const unexpected = workers.flatMap((worker) => worker.unexpected);
  const acknowledged = workers.reduce((sum, worker) => sum + worker.acknowledged, 0);
  for (const line of unexpected.slice(0, 10)) say(`unexpected: ${line}`);
  check("every request was answered as the client's own count expects", unexpected.length === 0);
  check("the load was acknowledged", acknowledged > 100 * (kills + 1));
  say(`${kills} kills, ${acknowledged} steps acknowledged, ${lostRequests} requests not counted in all`);
});
