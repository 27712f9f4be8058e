/** CPU profiles of a node's threads during a round, and the flame graph of all of them. */

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BenchError } from "./failure.ts";
import { flameGraph, type FlameFrame, frameTree, type Profile, selfTimes } from "./flame-graph.ts";
import type { Side } from "./measure.ts";
import type { Case } from "./workload.ts";

const settleMs = 300;
const writtenMsMax = 30_000;

/** Variables that let a node be profiled into the directory. */
export function profilingEnvironment(directory: string): Record<string, string> {
  const preload = new URL("profile-preload.js", import.meta.url).href;
  const before = process.env["NODE_OPTIONS"];
  return {
    NODE_OPTIONS: `${before === undefined ? "" : `${before} `}--import=${preload}`,
    TROUPE_BENCH_PROFILE: resolve(directory),
  };
}

/** The role of a thread, by the module that only it runs. */
function roleOf({ nodes }: Profile): string {
  const runs = (file: string): boolean => nodes.some(({ callFrame }) => callFrame.url.endsWith(`/dist/${file}`));
  if (runs("front-thread.js")) return "front";
  return runs("thread.js") ? "bucket" : "thread";
}

/** Gives threads their role's name. @returns the profiles by name */
function named(directory: string): Map<string, Profile> {
  const profiles = new Map<string, Profile>();
  for (const file of readdirSync(directory).filter((name) => name.endsWith(".cpuprofile")).sort()) {
    const profile = JSON.parse(readFileSync(join(directory, file), "utf8")) as Profile;
    const name = file.replace(/\.cpuprofile$/, "").replace(/^thread/, roleOf(profile));
    renameSync(join(directory, file), join(directory, `${name}.cpuprofile`));
    profiles.set(name, profile);
  }
  return profiles;
}

/** Thread by thread: how busy it was, and where its own time went. */
function summary(profiles: ReadonlyMap<string, Profile>, directory: string): string {
  const lines = [`    profiles and flame graph: ${join(directory, "flame.svg")}`];
  for (const [name, profile] of profiles) {
    const { busyShare, functions } = selfTimes(profile);
    if (busyShare < 0.005) continue;
    lines.push(`    ${name}: ${(busyShare * 100).toFixed(0)} % busy`);
    for (const { label, share } of functions.slice(0, 10))
      lines.push(`      ${(share * 100).toFixed(1).padStart(5)} %  ${label}`);
  }
  return lines.join("\n");
}

/** One more round, which counts for nothing, with the profilers on. @returns lines for the terminal @throws BenchError */
export async function profileCase(base: string, side: Side, each: Case, seconds: number): Promise<string> {
  const directory = resolve(base, each.caseId);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(resolve(base), "current"), directory);
  const [pid = 0] = side.server.pids;
  process.kill(pid, "SIGUSR2");
  await pause(settleMs);
  if (readdirSync(directory).length === 0) throw new BenchError("the node's profilers did not start");
  await side.round(each, Math.max(2, seconds), 10_000);
  process.kill(pid, "SIGUSR2");
  for (let waited = 0; readdirSync(directory).some((name) => name.endsWith(".part")); waited += 50) {
    if (waited > writtenMsMax) throw new BenchError("the node's profiles were not written in time");
    await pause(50);
  }
  const profiles = named(directory);
  const trees: FlameFrame[] = [...profiles].map(([name, profile]) => frameTree(name, profile));
  writeFileSync(join(directory, "flame.svg"), flameGraph(`${each.name}, ${each.connections} connections`, trees));
  return summary(profiles, directory);
}
