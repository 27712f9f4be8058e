/** The load processes of one server: they are given a task each, run it at the same time, and their results are added up. */

import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DriverAnswer, DriverOrder, DriverResult } from "./driver.ts";
import { BenchError } from "./failure.ts";
import type { DriverTask } from "./scripts.ts";
import { Histogram } from "./statistics.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

/** What all load processes together did in a round. */
export interface LoadResult {
  readonly requests: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the busiest. */
  readonly busyShare: number;
  readonly reconnects: number;
}

/** Adds up what happened at the same time. Pure. */
export function addUp(results: readonly DriverResult[]): LoadResult {
  const latencies = new Histogram();
  const errors: Record<string, number> = {};
  for (const result of results) {
    latencies.merge(result.latencies);
    for (const [name, count] of Object.entries(result.errors)) errors[name] = (errors[name] ?? 0) + count;
  }
  return {
    requests: latencies.count,
    errors,
    seconds: Math.max(...results.map(({ seconds }) => seconds)),
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    busyShare: Math.max(...results.map(({ busyShare }) => busyShare)),
    reconnects: results.reduce((sum, { reconnects }) => sum + reconnects, 0),
  };
}

/** Connections and keys, shared out over load processes; those without a connection are left out. Pure. */
export function shareOut(task: Omit<DriverTask, "share">, count: number): DriverTask[] {
  const used = Math.min(count, task.connections);
  return Array.from({ length: used }, (_, index) => ({
    ...task,
    connections: Math.floor(task.connections / used) + (index < task.connections % used ? 1 : 0),
    requestsMin: Math.ceil(task.requestsMin / used),
    share: { index, count: used },
  }));
}

export class Load {
  readonly #children: ChildProcess[];

  constructor(count: number) {
    this.#children = Array.from({ length: count }, () => fork(join(here, "driver.js")));
  }

  /** Signs and writes what the round needs. @returns what runs it @throws BenchError when the server cannot be reached */
  async prepare(task: Omit<DriverTask, "share">): Promise<() => Promise<LoadResult>> {
    const tasks = shareOut(task, this.#children.length);
    const used = this.#children.slice(0, tasks.length);
    const orders = tasks.map((each): DriverOrder => ({ type: "prepare", task: each }));
    await Promise.all(used.map((child, at) => ask(child, orders[at] ?? { type: "run" })));
    return async () => {
      const answers = await Promise.all(used.map((child) => ask(child, { type: "run" })));
      return addUp(answers.flatMap((answer) => (answer.type === "result" ? [answer.result] : [])));
    };
  }

  /** Ends the processes, whatever they are doing; then nothing of theirs is under way. */
  async end(): Promise<void> {
    await Promise.all(
      this.#children.map((child) => {
        if (child.exitCode !== null || child.signalCode !== null) return undefined;
        const exited = new Promise((resolve) => child.once("exit", resolve));
        if (child.connected) child.disconnect();
        return exited;
      }),
    );
  }
}

function ask(child: ChildProcess, order: DriverOrder): Promise<DriverAnswer> {
  return new Promise((resolve, reject) => {
    const clear = (): void => {
      child.off("message", answered);
      child.off("exit", exited);
    };
    const answered = (answer: DriverAnswer): void => {
      clear();
      if (answer.type === "failed") reject(new BenchError(`the load cannot be made: ${answer.reason}`));
      else resolve(answer);
    };
    const exited = (code: number | null): void => {
      clear();
      reject(new BenchError(`a load process ended with ${code}`));
    };
    child.on("message", answered);
    child.on("exit", exited);
    child.send(order);
  });
}
