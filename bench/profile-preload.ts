/**
 * Loaded into every thread of a profiled node before anything else (`--import`): on SIGUSR2 the profiler of each thread
 * starts, on the next it stops and writes its profile into the directory that the bench named.
 * A thread that has started keeps an empty NAME.cpuprofile.part; it becomes NAME.cpuprofile when it is written.
 */

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join } from "node:path";
import { BroadcastChannel, isMainThread, threadId } from "node:worker_threads";

const intervalMicros = 250;
const base = process.env["TROUPE_BENCH_PROFILE"] ?? "";
const session = new Session();
session.connect();
let file: string | null = null;

const fail = (error: Error | null): void => {
  if (error !== null) throw error;
};

function toggle(): void {
  if (file === null) {
    const directory = readFileSync(join(base, "current"), "utf8");
    file = join(directory, `${isMainThread ? "main" : `thread-${threadId}`}.cpuprofile`);
    session.post("Profiler.enable", fail);
    session.post("Profiler.setSamplingInterval", { interval: intervalMicros }, fail);
    session.post("Profiler.start", fail);
    writeFileSync(`${file}.part`, "");
    return;
  }
  const written = file;
  file = null;
  session.post("Profiler.stop", (error, { profile }) => {
    fail(error);
    writeFileSync(`${written}.part`, JSON.stringify(profile));
    renameSync(`${written}.part`, written);
  });
}

const channel = new BroadcastChannel("troupe-bench-profile");
channel.unref();
if (isMainThread)
  process.on("SIGUSR2", () => {
    channel.postMessage("toggle");
    toggle();
  });
else channel.onmessage = toggle;
