/**
 * Bucket threads as operating system threads: one single-thread Piscina each, whose one long-lived `run()` serves
 * MessagePorts. Piscina owns the thread, never its messages.
 */

import { MessageChannel, type MessagePort, type ResourceLimits } from "node:worker_threads";
import { Piscina } from "piscina";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { SharedSlabs } from "./slabs.ts";
import type { ControlReport, ControlRequest, ThreadTask } from "./thread-task.ts";

export interface ThreadExit {
  /** True when the thread ended because it was told to. */
  readonly wasStopped: boolean;
  /** What ended it otherwise. */
  readonly error: unknown;
}

/** A thread that neither served nor ended in time. It cannot be ended safely: the process must exit. */
export class ThreadStartTimeout extends Error {
  override readonly name = "ThreadStartTimeout";
}

/** A thread that runs or has run. A restart is a new one. */
export interface ThreadHandle {
  /** Resolves when it serves; rejects when it ends before, or with `ThreadStartTimeout` after `limits.threadStartMs`. */
  readonly ready: Promise<void>;
  /** Resolves when the thread has ended for good: nothing of it touches shared memory any more. */
  readonly exited: Promise<ThreadExit>;
  /** Numbers for metrics; null when the thread does not answer within a second. */
  snapshot(): Promise<unknown>;
  /** Lets it finish what it has accepted, then ends it. @throws Error when it has not within `limits.drainMs` */
  stop(): Promise<void>;
}

export interface ThreadOptions {
  readonly index: number;
  readonly isRestart: boolean;
  /** Ends of the channels towards the fronts, by front; they are transferred. */
  readonly ports: readonly MessagePort[];
  readonly onFatal: (reason: string) => void;
}

/** Starts the thread of an index, every time it is called. */
export type StartThread = (options: ThreadOptions) => ThreadHandle;

export interface PoolOptions {
  /** Module whose default export takes a `ThreadTask`. */
  readonly entry: URL;
  readonly slabs: SharedSlabs;
  /** Plain data for the entry. */
  readonly data: unknown;
  readonly clock: Clock;
  readonly resourceLimits?: ResourceLimits;
  /** As in `ThreadTask`; default false. */
  readonly isGuest?: boolean;
  /** Takes the log lines of threads that send theirs here. */
  readonly onLine?: (line: string) => void;
}

export function threadPool(options: PoolOptions): StartThread {
  return (thread) => new PiscinaThread(options, thread);
}

const snapshotMs = 1000;

class PiscinaThread implements ThreadHandle {
  readonly ready: Promise<void>;
  readonly exited: Promise<ThreadExit>;
  readonly #clock: Clock;
  readonly #pool: Piscina;
  readonly #control: MessagePort;
  readonly #snapshots = new Map<number, (snapshot: unknown) => void>();
  #finished: Promise<unknown> = Promise.resolve();
  #error: unknown = null;
  #isStopping = false;
  #hasExited = false;
  #nextSnapshot = 1;

  constructor(options: PoolOptions, thread: ThreadOptions) {
    const { entry, slabs, data, clock, resourceLimits, isGuest = false } = options;
    const { index, isRestart, ports, onFatal } = thread;
    this.#clock = clock;
    this.#pool = new Piscina({
      filename: entry.href,
      // Piscina must not start a replacement by itself: restarts are the supervisor's.
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // No waiting on a futex between messages: the thread's event loop belongs to its ports.
      atomics: "disabled",
      recordTiming: false,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    const { port1, port2 } = new MessageChannel();
    this.#control = port1;
    this.#pool.on("error", (error) => this.#failed(error));
    const task: ThreadTask = { index, isRestart, ports, control: port2, isGuest, slabs, data };
    this.#finished = this.#pool.run(task, { transferList: [...ports, port2] }).catch((error) => this.#failed(error));
    this.exited = this.#watchExit();
    this.ready = this.#watchReady(onFatal, options.onLine);
    // A start that fails is also seen through `exited`; who does not wait for `ready` need not handle it.
    this.ready.catch(() => {});
  }

  snapshot(): Promise<unknown> {
    if (this.#hasExited) return Promise.resolve(null);
    const id = this.#nextSnapshot++;
    return new Promise((resolve) => {
      const settle = (snapshot: unknown) => {
        timer.cancel();
        this.#snapshots.delete(id);
        resolve(snapshot);
      };
      const timer = this.#clock.after(snapshotMs, () => settle(null));
      this.#snapshots.set(id, settle);
      this.#post({ kind: "snapshot", id });
    });
  }

  async stop(): Promise<void> {
    if (this.#hasExited) return;
    this.#isStopping = true;
    this.#post({ kind: "stop" });
    await this.#within(limits.drainMs, this.#finished, new Error("a bucket thread did not stop in time"));
    // The thread has closed its environments; nothing is cut off.
    await this.#pool.destroy();
    await this.exited;
  }

  #post(request: ControlRequest): void {
    this.#control.postMessage(request);
  }

  #failed(error: unknown): void {
    this.#error ??= error;
  }

  #watchExit(): Promise<ThreadExit> {
    const [worker] = this.#pool.threads;
    assert(worker !== undefined, "a task starts its thread at once");
    return new Promise((resolve) => {
      worker.once("exit", (code) => {
        this.#hasExited = true;
        this.#control.close();
        for (const settle of [...this.#snapshots.values()]) settle(null);
        const wasStopped = this.#isStopping;
        // A main thread that was busy hears of the error and of the end in one turn: what the error rejects runs after it.
        setImmediate(() => {
          const error = this.#error ?? new Error(`a bucket thread ended with code ${code}`);
          resolve({ wasStopped, error: wasStopped ? null : error });
        });
      });
    });
  }

  #watchReady(onFatal: (reason: string) => void, onLine: PoolOptions["onLine"]): Promise<void> {
    const started = new Promise<void>((resolve) => {
      this.#control.on("message", (report: ControlReport) => {
        if (report.kind === "ready") resolve();
        else if (report.kind === "fatal") onFatal(report.reason);
        else if (report.kind === "log") onLine?.(report.line);
        else this.#snapshots.get(report.id)?.(report.snapshot);
      });
    });
    const ended = this.exited.then(({ error }) => {
      throw error ?? new Error("a bucket thread was stopped before it served");
    });
    const late = new ThreadStartTimeout("a bucket thread did not start in time");
    return this.#within(limits.threadStartMs, Promise.race([started, ended]), late);
  }

  #within<R>(waitMs: number, work: Promise<R>, late: Error): Promise<R> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(waitMs, () => reject(late));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
