/**
 * The method: warm up, fill, wait until the server is quiet, then short rounds, the first of them dropped. Two servers
 * take turns, A B, B A, so that what disturbs one round of a pair most likely disturbs the other as well.
 */

import { setTimeout as pause } from "node:timers/promises";
import { Load, type LoadResult } from "./load.ts";
import { type CpuTimes, cpuMicrosBetween, processTree, readCpuTimes, readMemory } from "./process-usage.ts";
import type { DriverTask } from "./scripts.ts";
import type { Server } from "./server.ts";
import { median } from "./statistics.ts";
import { allRows, type Case, chooseCases, keyCount, type Operation } from "./workload.ts";

export interface Round extends LoadResult {
  readonly perSecond: number;
  /** Of the server, for each request that succeeded; null when its process is not known. */
  readonly cpuMicros: number | null;
  /** RssAnon + RssShmem of the server right after; null when its process is not known. */
  readonly memoryBytes: number | null;
}

/** The counted rounds of a case at one server. */
export interface Measured {
  readonly rounds: readonly Round[];
  readonly perSecond: number;
  /** Bytes of objects per second, in MB (10^6); 0 for requests that move none. */
  readonly megabytesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicros: number | null;
  readonly memoryBytes: number | null;
  readonly errors: Readonly<Record<string, number>>;
  readonly busyShare: number;
}

export interface MeasureOptions {
  readonly seconds: number;
  /** Counted ones. */
  readonly rounds: number;
  readonly drivers: number;
  readonly signsPayload: boolean;
  /** Ends everything early. */
  readonly signal: AbortSignal;
}

/** Requests a connection makes at least in a round, so that beginning and end weigh little. */
const requestsPerConnection = 4;
const quietShare = 0.05;
const quietMsMax = 5000;
const quietWindowMs = 100;
/** Keys of the first, dropped round of DELETE; later ones have as many as the round before would have needed. */
const deletions = { first: 1000, min: 200, max: 50_000, spare: 1.3 } as const;

/** Shares of a mix that move an object's bytes. */
const movesBytes: Readonly<Record<Operation, number>> = {
  PUT: 1,
  GET: 1,
  BARE: 1,
  MIX: 12 / 20,
  HEAD: 0,
  LIST: 0,
  DELETE: 0,
};

/** Where the keys of a case are: LIST and DELETE have their own. */
function folderOf({ operation, sizeBytes }: Case): string {
  if (operation === "DELETE" || operation === "LIST") return operation.toLowerCase();
  return `size-${sizeBytes}`;
}

/** One server with the load for it. */
export class Side {
  readonly server: Server;
  readonly #options: MeasureOptions;
  readonly #load: Load;
  readonly #buckets: readonly string[];
  readonly #prefix: string;
  readonly #filled = new Set<string>();

  constructor(server: Server, place: { buckets: readonly string[]; prefix: string }, options: MeasureOptions) {
    this.server = server;
    this.#options = options;
    this.#buckets = place.buckets;
    this.#prefix = place.prefix;
    this.#load = new Load(options.drivers);
  }

  end(): Promise<void> {
    return this.#load.end();
  }

  memoryBytes(): number | null {
    const { pids } = this.server;
    return pids.length === 0 ? null : readMemory(processTree(pids));
  }

  /** Writes the objects that the case reads. */
  async fill(each: Case): Promise<void> {
    if (each.operation === "BARE" || each.operation === "DELETE") return;
    const task = this.#task({ ...each, connections: Math.min(8, each.connections) }, 0, keyCount(each));
    const name = `${task.folder}/${each.buckets}`;
    if (this.#filled.has(name)) return;
    await this.#run({ ...task, operation: "FILL", seconds: null }, "fill");
    this.#filled.add(name);
  }

  /** Waits until the server's own upkeep after earlier rounds is done: CPU use under 5 %, at most 5 s. */
  async quiet(): Promise<void> {
    if (this.server.pids.length === 0) return;
    const ids = processTree(this.server.pids);
    for (let waited = 0; waited < quietMsMax; waited += quietWindowMs) {
      const before = readCpuTimes(ids);
      await pause(quietWindowMs, undefined, { signal: this.#options.signal });
      if (cpuMicrosBetween(before, readCpuTimes(ids)) < quietWindowMs * 1000 * quietShare) return;
    }
  }

  round(each: Case, seconds: number, deletionCount: number): Promise<Round> {
    return this.#run(this.#task(each, seconds, each.operation === "DELETE" ? deletionCount : keyCount(each)), "run");
  }

  #task(each: Case, seconds: number, keys: number): Omit<DriverTask, "share"> {
    const { target } = this.server;
    const { signsPayload } = this.#options;
    return {
      target,
      operation: each.operation,
      folder: folderOf(each),
      buckets: this.#buckets.slice(0, each.buckets),
      prefix: this.#prefix,
      sizeBytes: each.sizeBytes,
      keyCount: keys,
      connections: each.connections,
      seconds,
      requestsMin: each.connections * requestsPerConnection,
      signsPayload,
    };
  }

  async #run(task: Omit<DriverTask, "share">, what: "fill" | "run"): Promise<Round> {
    const { signal } = this.#options;
    const run = await unlessAborted(signal, this.#load.prepare(task));
    const isKnown = this.server.pids.length > 0;
    const times = (): CpuTimes => readCpuTimes(processTree(this.server.pids));
    const before = isKnown ? times() : null;
    const result = await unlessAborted(signal, run());
    const used = before === null ? null : cpuMicrosBetween(before, times());
    return {
      ...result,
      perSecond: result.requests / result.seconds,
      cpuMicros: used === null ? null : used / Math.max(1, result.requests),
      memoryBytes: what === "run" ? this.memoryBytes() : null,
    };
  }
}

/** What `work` comes to, or a rejection as soon as the run is interrupted. */
function unlessAborted<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** @returns the medians of the rounds. Pure. */
export function summary(each: Pick<Case, "operation" | "sizeBytes">, rounds: readonly Round[]): Measured {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const known = (pick: (round: Round) => number | null): number | null => {
    const values = rounds.map(pick).filter((value) => value !== null);
    return values.length === 0 ? null : median(values);
  };
  const errors: Record<string, number> = {};
  for (const round of rounds)
    for (const [name, count] of Object.entries(round.errors)) errors[name] = (errors[name] ?? 0) + count;
  const perSecond = of((round) => round.perSecond);
  return {
    rounds,
    perSecond,
    megabytesPerSecond: (perSecond * each.sizeBytes * movesBytes[each.operation]) / 1e6,
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuMicros: known((round) => round.cpuMicros),
    memoryBytes: known((round) => round.memoryBytes),
    errors,
    busyShare: Math.max(...rounds.map((round) => round.busyShare)),
  };
}

/** @returns how many keys a round of DELETE needs, after rounds at this rate. Pure. */
export function deletionsFor(rates: readonly number[], seconds: number): number {
  const wanted = Math.ceil(Math.max(...rates) * seconds * deletions.spare);
  return Math.min(deletions.max, Math.max(deletions.min, wanted));
}

/**
 * Measures a case at one server or at two in turns.
 * @param tell called before each round with its number, from 0: the dropped one
 * @returns the counted rounds, by side; those of the same index are a pair
 */
export async function measureCase(
  sides: readonly Side[],
  each: Case,
  options: MeasureOptions,
  tell: (round: number) => void,
): Promise<Round[][]> {
  const counted: Round[][] = sides.map(() => []);
  for (const side of sides) await side.fill(each);
  if (each.agedSeconds > 0) for (const side of sides) await side.round(each, each.agedSeconds, 0);
  for (const side of sides) await side.quiet();
  let deletionCount: number = deletions.first;
  for (let round = 0; round <= options.rounds; round++) {
    tell(round);
    const order = sides.map((side, index) => ({ side, index }));
    if (round % 2 === 1) order.reverse();
    const rates: number[] = [];
    for (const { side, index } of order) {
      const result = await side.round(each, options.seconds, deletionCount);
      rates.push(result.perSecond);
      if (round > 0) counted[index]?.push(result);
    }
    if (each.operation === "DELETE") deletionCount = deletionsFor(rates, options.seconds);
  }
  return counted;
}

/** Requests of every kind for so long in all: code that was not compiled yet costs half as much again. */
export async function warmUp(side: Side, seconds: number, connections: number): Promise<void> {
  const ids = ["put-4k", "get-4k", "head-4k", "list-1000", "delete-4k", "mix-64k", "put-1m", "get-1m"];
  const cases = chooseCases({ only: ids, connections: [connections], isLong: false, withCeilings: false });
  if (typeof cases === "string" || seconds === 0) return;
  for (const each of cases) {
    await side.fill(each);
    await side.round(each, seconds / cases.length, deletions.first);
  }
}

/** A short round of the bare front, so that its code is compiled too. */
export async function warmUpBare(side: Side): Promise<void> {
  const bare = allRows.find(({ operation }) => operation === "BARE");
  if (bare !== undefined) await side.round({ ...bare, connections: 8, caseId: bare.id }, 0.5, 0);
}
