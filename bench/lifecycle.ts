/**
 * `node dist/bench/lifecycle.js`: what a lifecycle pass over a bucket of a million objects with tags and versions costs,
 * and what clients of the same bucket notice of it: p99 of PUT and GET, at a fixed rate, while a pass runs to p99 while
 * none does. Windows of both kinds take turns, A B, B A; the first two are dropped. Then the same with a pass that
 * removes. Passes walk over current objects and over versions by turns. A day of the rules has a second, so that every
 * object is old enough to be asked for its tags and its size, and one pass follows the other. Without a pass the rules
 * are there as well, for keys that do not exist.
 *   --objects N (1000000)   --rounds N (8, pairs of windows; 0: none)   --removing N (6, pairs)   --seconds N (12, of a window)
 *   --rate N (500, requests a second, half GET, half PUT)   --connections N (16)   --fill N (64, connections)
 *   --data DIR (kept; objects that are there are not put again)
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { call } from "./bucket.ts";
import { BenchError } from "./failure.ts";
import { type Latencies, runLoad } from "./lifecycle-load.ts";
import { type MeteredNode, startMetered } from "./metered-node.ts";
import { cpuMicrosBetween, processTree, readCpuTimes } from "./process-usage.ts";
import { ratioSpread, type Spread } from "./statistics.ts";
import {
  configureLifecycle,
  fillTagged,
  lookingRules,
  type RuleActions,
  removingRules,
  taggedBucket,
  taggedVersions,
} from "./tagged-bucket.ts";

export interface LifecycleOptions {
  /** A tenth of them may be removed in the end. */
  readonly objects: number;
  readonly rounds: number;
  readonly removingRounds: number;
  readonly seconds: number;
  readonly rate: number;
  readonly connections: number;
  readonly fillConnections: number;
  readonly data: string;
  readonly tell: (line: string) => void;
}

/** What a pass did while it was watched. */
interface Work {
  readonly rows: number;
  readonly removed: number;
  readonly seconds: number;
  /** Of the looks at it, the share that found it further than the one before. */
  readonly runningShare: number;
}

interface Window extends Latencies {
  readonly pass: Work;
}

const sampleMs = 250;
const settleMs = 500;
const aloneSeconds = 20;
const passSecondsMax = 1200;
/** Keys that do not exist have rules, and passes have nothing to look at. */
const all: RuleActions = { objects: true, versions: true };
const restingRules = lookingRules(1, all).replace(/<Filter>.*?<\/Filter>/g, "<Filter><Prefix>none/</Prefix></Filter>");
/** What passes of the windows walk over, by turns: one pass over all takes longer than a window. */
const parts: readonly RuleActions[] = [
  { objects: true, versions: false },
  { objects: false, versions: true },
];

class Bench {
  readonly #options: LifecycleOptions;
  readonly #node: MeteredNode;

  constructor(options: LifecycleOptions, node: MeteredNode) {
    this.#options = options;
    this.#node = node;
  }

  async configure(rules: string): Promise<void> {
    await configureLifecycle(this.#node.server.target, rules);
  }

  /** A pass with nothing else to do, watched for a while: a whole one takes as long as its share of the thread lets it. @returns text */
  async passAlone(): Promise<string> {
    const { pids } = this.#node.server;
    await this.#rest();
    await this.configure(lookingRules(1, all));
    await pause(settleMs);
    const cpu = readCpuTimes(processTree(pids));
    const deadline = performance.now() + aloneSeconds * 1000;
    const { rows, seconds, runningShare } = await this.#watch(() => performance.now() > deadline);
    const cpuMs = cpuMicrosBetween(cpu, readCpuTimes(processTree(pids))) / 1000;
    if (rows === 0) throw new BenchError("no pass has looked at anything");
    const share = ((cpuMs / seconds / 1000) * 100).toFixed(0);
    const perRow = ((cpuMs * 1000) / rows).toFixed(1);
    return `a pass alone: ${perSecond(rows, seconds)} rows a second at ${share} % of a CPU, ${perRow} µs a row, ran in ${Math.round(runningShare * 100)} % of the looks at it`;
  }

  /** Rounds of a window without a pass and one with, in turns; the first round is dropped. */
  async compare(
    name: string,
    rules: (days: number, actions: RuleActions) => string,
    rounds: number,
  ): Promise<string[]> {
    const without: Window[] = [];
    const during: Window[] = [];
    for (let round = 0; round <= rounds; round++) {
      for (const isPassing of round % 2 === 0 ? [false, true] : [true, false]) {
        const part = parts[round % parts.length] ?? all;
        const window = await this.#window(isPassing ? rules(1, part) : restingRules);
        this.#options.tell(windowText(round, isPassing ? name : "no pass", window));
        if (round > 0) (isPassing ? during : without).push(window);
      }
    }
    return [ratioText(name, without, during), ...workText(name, without, during)];
  }

  async #window(rules: string): Promise<Window> {
    const { objects, seconds, rate, connections } = this.#options;
    await this.configure(restingRules);
    await this.#rest();
    await this.configure(rules);
    await pause(settleMs);
    let isOver = false;
    const watching = this.#watch(() => isOver);
    try {
      const latencies = await runLoad(this.#node.server.target, { objects, seconds, rate, connections });
      isOver = true;
      return { ...latencies, pass: await watching };
    } finally {
      isOver = true;
      await watching;
    }
  }

  /** Looks at the node's figures from time to time, which costs something too, in both kinds of window. */
  async #watch(isOver: () => boolean): Promise<Work> {
    const first = await this.#counts();
    const started = performance.now();
    let last = first;
    let samples = 0;
    let running = 0;
    while (!isOver()) {
      await pause(sampleMs);
      const now = await this.#counts();
      samples += 1;
      if (now.rows > last.rows) running += 1;
      last = now;
    }
    return {
      rows: last.rows - first.rows,
      removed: last.removed - first.removed,
      seconds: (performance.now() - started) / 1000,
      runningShare: running / samples,
    };
  }

  /** Resolves when no pass looks at anything any more. */
  async #rest(): Promise<void> {
    const deadline = performance.now() + passSecondsMax * 1000;
    for (let seen = -1; ; await pause(sampleMs)) {
      const { rows } = await this.#counts();
      if (rows === seen) return;
      if (performance.now() > deadline) throw new BenchError(`a pass takes longer than ${passSecondsMax} s`);
      seen = rows;
    }
  }

  async dueLeft(): Promise<boolean> {
    const query = { "list-type": "2", prefix: "due-", "max-keys": "1" };
    const { text } = await call(this.#node.server.target, { method: "GET", bucket: taggedBucket, query });
    return text.includes("<Contents>");
  }

  async #counts(): Promise<{ readonly rows: number; readonly removed: number }> {
    const metrics = await this.#node.metrics();
    const count = (name: string): number => metrics.get(`troupe_lifecycle_${name}`) ?? 0;
    return { rows: count("rows"), removed: count("removed") };
  }
}

const perSecond = (count: number, seconds: number): number => Math.round(count / seconds);

function windowText(round: number, name: string, { put, get, requests, pass }: Window): string {
  const { rows, removed, seconds, runningShare } = pass;
  const p99 = `p99 of PUT ${put.p99.toFixed(2)} ms (p50 ${put.p50.toFixed(2)}), of GET ${get.p99.toFixed(2)} ms (p50 ${get.p50.toFixed(2)})`;
  const work = `the pass looked at ${perSecond(rows, seconds)} rows and removed ${perSecond(removed, seconds)} a second, and ran in ${Math.round(runningShare * 100)} % of the looks at it`;
  return `round ${round}, ${name}: ${p99}, ${requests} requests; ${work}`;
}

const spreadText = ({ median, low, high, count }: Spread): string =>
  `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}, ${count} pairs)`;

function ratioText(name: string, without: readonly Window[], during: readonly Window[]): string {
  const ratio = (pick: (window: Window) => number): string =>
    spreadText(ratioSpread(without.map(pick), during.map(pick)));
  return `p99 with ${name} to p99 without: PUT and GET ${ratio(({ all }) => all.p99)}, PUT ${ratio(({ put }) => put.p99)}, GET ${ratio(({ get }) => get.p99)}`;
}

/** That there was a pass, and none where none should be. */
function workText(name: string, without: readonly Window[], during: readonly Window[]): string[] {
  const sum = (windows: readonly Window[], pick: (work: Work) => number): number =>
    windows.reduce((total, { pass }) => total + pick(pass), 0);
  const seconds = sum(during, (work) => work.seconds);
  const least = Math.round(Math.min(...during.map(({ pass }) => pass.runningShare)) * 100);
  const rows = perSecond(
    sum(during, (work) => work.rows),
    seconds,
  );
  const removed = perSecond(
    sum(during, (work) => work.removed),
    seconds,
  );
  const idle = sum(without, (work) => work.rows);
  return [
    `${name} looked at ${rows} rows and removed ${removed} a second, and ran in at least ${least} % of the looks at it in a window; windows without a pass looked at ${idle} rows in all`,
  ];
}

/** @throws BenchError when the server refuses something */
export async function benchLifecycle(options: LifecycleOptions): Promise<readonly string[]> {
  const { objects, rounds, removingRounds, fillConnections, data, tell } = options;
  const node = await startMetered(data, { TROUPE_LIFECYCLE_DAY_SECONDS: "1" });
  const lines: string[] = [];
  const say = (...said: readonly string[]): void => {
    lines.push(...said);
    for (const line of said) tell(line);
  };
  try {
    const bench = new Bench(options, node);
    await fillTagged(node.server.target, { objects, connections: fillConnections, tell });
    await bench.configure(restingRules);
    tell(`${taggedVersions(objects)} versions of ${objects} objects`);
    say(await bench.passAlone());
    if (rounds > 0) say(...(await bench.compare("a pass", lookingRules, rounds)));
    if (removingRounds > 0) {
      if (!(await bench.dueLeft())) throw new BenchError("nothing is left to remove: an earlier run has removed it");
      say(...(await bench.compare("a removing pass", removingRules, removingRounds)));
      if (!(await bench.dueLeft())) say("all that was due was removed before the end: fewer --removing or --seconds");
    }
    await bench.configure(restingRules);
    return lines;
  } finally {
    await node.server.stop();
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
      rounds: count("rounds", 8),
      removingRounds: count("removing", 6),
      seconds: count("seconds", 12),
      rate: count("rate", 500),
      connections: count("connections", 16),
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
