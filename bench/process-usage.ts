/** CPU time and memory of a process and its descendants, read from Linux's /proc. Sources: proc(5), sched-stats. */

import { readdirSync, readFileSync } from "node:fs";

/** Length of a clock tick: USER_HZ is 100 on every architecture Node.js runs on. */
const microsPerTick = 10_000;

/** CPU times at one moment. */
export interface CpuTimes {
  /** User and system time of all threads that ever ran, in µs, to one tick. By process id. */
  readonly processes: ReadonlyMap<number, number>;
  /** Time on a CPU of the threads that live, in µs, to the last switch. By thread id; null where the kernel does not say. */
  readonly threads: ReadonlyMap<number, number> | null;
}

/** Fields of /proc/PID/stat: the name in parentheses may itself hold spaces and parentheses. */
export function parseStat(text: string): { readonly parent: number; readonly cpuMicros: number } {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number);
  if (parent === undefined || user === undefined || system === undefined || Number.isNaN(parent + user + system))
    throw new Error(`not a line of /proc/PID/stat: ${text}`);
  return { parent, cpuMicros: (user + system) * microsPerTick };
}

/** RssAnon + RssShmem of /proc/PID/status in bytes: memory that is the process's own, without mapped files. */
export function parseMemory(text: string): number {
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  return (kilobytes("RssAnon") + kilobytes("RssShmem")) * 1024;
}

/**
 * CPU time spent between two moments, in µs. Threads' times are used when they are whole, because they are finer than a
 * tick; when a thread ended in between its time is only in its process's, which is then used.
 */
export function cpuMicrosBetween(before: CpuTimes, after: CpuTimes): number {
  const isWhole =
    before.threads !== null && after.threads !== null && [...before.threads.keys()].every((id) => after.threads?.has(id));
  const [from, to] = isWhole
    ? [before.threads ?? new Map<number, number>(), after.threads ?? new Map<number, number>()]
    : [before.processes, after.processes];
  let sum = 0;
  for (const [id, micros] of to) sum += micros - (from.get(id) ?? 0);
  return sum;
}

/** What a read of /proc finds gone: the process or thread ended meanwhile. */
function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return null;
    throw error;
  }
}

/** @returns the ids and its descendants' ids that live */
export function processTree(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readIfThere(`/proc/${name}/stat`);
    if (stat === null) continue;
    const { parent } = parseStat(stat);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = new Set<number>();
  const open = roots.filter((id) => readIfThere(`/proc/${id}/stat`) !== null);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...(children.get(id) ?? []));
  }
  return [...found];
}

export function readCpuTimes(ids: readonly number[]): CpuTimes {
  const processes = new Map<number, number>();
  let threads: Map<number, number> | null = new Map();
  for (const id of ids) {
    const stat = readIfThere(`/proc/${id}/stat`);
    if (stat === null) continue;
    processes.set(id, parseStat(stat).cpuMicros);
    for (const thread of readdirSync(`/proc/${id}/task`)) {
      const schedule = readIfThere(`/proc/${id}/task/${thread}/schedstat`);
      if (schedule === null) threads = null;
      else threads?.set(Number(thread), Number(schedule.split(" ")[0]) / 1000);
    }
  }
  return { processes, threads };
}

/** Of all the processes together, in bytes. */
export function readMemory(ids: readonly number[]): number {
  return ids.reduce((sum, id) => sum + parseMemory(readIfThere(`/proc/${id}/status`) ?? ""), 0);
}
