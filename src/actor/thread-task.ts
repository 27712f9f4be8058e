/** What a bucket thread is started with, and its life from there: build, serve, stop. Runs inside the thread. */

import type { MessagePort } from "node:worker_threads";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { BucketHost } from "./host.ts";
import type { SharedSlabs } from "./slabs.ts";
import { portTransport } from "./transport.ts";

/** The argument of the thread's one long-lived `run()`. */
export interface ThreadTask {
  /** Number of the thread, 0-based; also of its body lane. */
  readonly index: number;
  /** False for the first thread of this index in the process: only that one may resume what an earlier process left. */
  readonly isRestart: boolean;
  /** One per front, by front number. */
  readonly ports: readonly MessagePort[];
  readonly control: MessagePort;
  /** True when the process belongs to somebody else: then a fault ends the node and never the process. */
  readonly isGuest: boolean;
  readonly slabs: SharedSlabs;
  /** Plain data from the composition root to its thread entry. */
  readonly data: unknown;
}

/** Main thread → bucket thread. */
export type ControlRequest = { readonly kind: "stop" } | { readonly kind: "snapshot"; readonly id: number };

/** Bucket thread → main thread. */
export type ControlReport =
  | { readonly kind: "ready" }
  | { readonly kind: "fatal"; readonly reason: string }
  | { readonly kind: "log"; readonly line: string }
  | { readonly kind: "snapshot"; readonly id: number; readonly snapshot: unknown };

export interface ThreadParts {
  readonly host: BucketHost;
  /** Closes what the host used, after the host. */
  close(): Promise<void>;
  /** Numbers for metrics; the host's own when absent. Plain data. */
  snapshot?(): unknown;
}

export interface ThreadHooks {
  /** For `BucketHostOptions.onCrash`: ends this thread; the supervisor starts another. */
  readonly onCrash: (error: unknown) => void;
  /**
   * For a fault after which nothing of this node may go on (a failed or stuck commit): the process ends at once. A
   * thread is never terminated for it, because one that ends inside an LMDB transaction blocks the environment for all.
   * In somebody else's process the thread gives up instead: it answers nothing any more and leaves everything as it is.
   */
  readonly onFatal: (reason: string) => void;
  /** Takes a line of the log to the main thread. */
  readonly onLine: (line: string) => void;
}

type Build = (task: ThreadTask, hooks: ThreadHooks) => ThreadParts | Promise<ThreadParts>;

/** Serves until the main thread says stop. The thread entry calls this from the function that Piscina runs. */
export async function serveThread(task: ThreadTask, clock: Clock, build: Build): Promise<void> {
  try {
    await serve(task, clock, build);
  } catch (error) {
    // A rejection would leave the thread to Piscina, idle and never used again.
    endThread(error);
    await new Promise<never>(() => {});
  }
}

/** Ends this thread by an error that nothing catches. */
function endThread(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

async function serve(task: ThreadTask, clock: Clock, build: Build): Promise<void> {
  const report = (message: ControlReport) => task.control.postMessage(message);
  let giveUp: () => void = () => undefined;
  const broken = new Promise<"broken">((resolve) => {
    giveUp = () => resolve("broken");
  });
  const parts = await build(task, {
    onCrash: endThread,
    onFatal: (reason) => {
      report({ kind: "fatal", reason });
      if (task.isGuest) return giveUp();
      // The main thread may be stuck too. SIGKILL: nothing may be written any more, not even by exit handlers.
      clock.after(limits.fatalExitMs, () => process.kill(process.pid, "SIGKILL"));
    },
    onLine: (line) => report({ kind: "log", line }),
  });
  const stopped = new Promise<"stopped">((resolve) => {
    task.control.on("message", (request: ControlRequest) => {
      if (request.kind === "stop") return resolve("stopped");
      const snapshot = parts.snapshot === undefined ? parts.host.snapshot() : parts.snapshot();
      report({ kind: "snapshot", id: request.id, snapshot });
    });
  });
  for (const port of task.ports) parts.host.serve(portTransport(port));
  report({ kind: "ready" });
  if ((await Promise.race([stopped, broken])) !== "broken") {
    await parts.host.close();
    await parts.close();
  }
  task.control.close();
}
