/**
 * Keeps the bucket threads alive: starts them, connects each to every front, restarts one that ends, and gives up when one
 * ends too often. Crash-only: a thread is never repaired, and never terminated while it serves.
 */

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { type StartThread, type ThreadExit, type ThreadHandle, ThreadStartTimeout } from "./pool.ts";

/** A front as the supervisor sees it: a thread with one `ThreadLink` per bucket thread, or a proxy to it. */
export interface FrontConnections {
  /** The thread serves the other end of `port`. */
  connect(thread: number, port: MessagePort): void;
  /** The thread has ended for good: fail what is pending, take back its slots. Always before its next `connect`. */
  disconnect(thread: number): void;
}

/** Why the node cannot go on. `fatal`: exit at once. `restarts`: drain what still works, then exit. */
export type Escalation =
  | { readonly kind: "fatal"; readonly thread: number; readonly reason: string }
  | { readonly kind: "restarts"; readonly thread: number; readonly error: unknown };

export interface SupervisorOptions {
  readonly threads: number;
  /** By front number. */
  readonly fronts: readonly FrontConnections[];
  readonly start: StartThread;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once. */
  readonly escalate: (escalation: Escalation) => void;
}

export interface SupervisorSnapshot {
  /** Restarts since the start, by thread. */
  readonly restarts: readonly number[];
  readonly isUp: readonly boolean[];
}

/** Counts restarts of one thread in a sliding window. */
export class RestartIntensity {
  readonly #times: number[] = [];

  /** @returns false when this restart is one more than `limits.restartsMax` within `limits.restartWindowMs` */
  mayRestart(nowMs: number): boolean {
    while ((this.#times[0] ?? nowMs) <= nowMs - limits.restartWindowMs) this.#times.shift();
    this.#times.push(nowMs);
    return this.#times.length <= limits.restartsMax;
  }
}

interface Slot {
  readonly intensity: RestartIntensity;
  handle: ThreadHandle | null;
  restarts: number;
  isUp: boolean;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: readonly Slot[];
  #isStopping = false;
  #hasEscalated = false;

  constructor(options: SupervisorOptions) {
    assert(options.threads >= 1, "there is a bucket thread");
    this.#options = options;
    const slot = (): Slot => ({ intensity: new RestartIntensity(), handle: null, restarts: 0, isUp: false });
    this.#slots = Array.from({ length: options.threads }, slot);
  }

  /** Resolves when every thread serves. Rejects when one does not start; the caller then stops the node. */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((_, thread) => this.#start(thread)));
  }

  /** Stops every thread after what it has accepted is done. Rejects when one does not end in time: exit the process then. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#slots.map(({ handle }) => handle?.stop()));
  }

  /** Starts no thread again: the node has given up, and its threads are left as they are. */
  abandon(): void {
    this.#isStopping = true;
  }

  /** What each thread says of itself, by thread; null for one that is down or does not answer. */
  threadSnapshots(): Promise<unknown[]> {
    return Promise.all(this.#slots.map(({ handle }) => handle?.snapshot() ?? null));
  }

  snapshot(): SupervisorSnapshot {
    return { restarts: this.#slots.map(({ restarts }) => restarts), isUp: this.#slots.map(({ isUp }) => isUp) };
  }

  async #start(thread: number): Promise<void> {
    const slot = this.#slots[thread];
    assert(slot !== undefined, "a thread has a slot");
    const channels = this.#options.fronts.map(() => new MessageChannel());
    const handle = this.#options.start({
      index: thread,
      isRestart: slot.restarts > 0,
      ports: channels.map(({ port2 }) => port2),
      onFatal: (reason) => this.#escalate({ kind: "fatal", thread, reason }),
    });
    slot.handle = handle;
    void handle.exited.then((exit) => this.#exited(thread, slot, exit));
    await handle.ready;
    slot.isUp = true;
    for (const [front, connections] of this.#options.fronts.entries()) {
      const port = channels[front]?.port1;
      assert(port !== undefined, "each front has a channel");
      connections.connect(thread, port);
    }
    this.#options.log.info({ thread, restarts: slot.restarts }, "a bucket thread serves");
  }

  #exited(thread: number, slot: Slot, { wasStopped, error }: ThreadExit): void {
    slot.isUp = false;
    slot.handle = null;
    for (const front of this.#options.fronts) front.disconnect(thread);
    if (wasStopped || this.#isStopping || this.#hasEscalated) return;
    this.#options.log.error({ thread, error }, "a bucket thread has ended");
    if (!slot.intensity.mayRestart(this.#options.clock.monotonicMs())) {
      this.#escalate({ kind: "restarts", thread, error });
      return;
    }
    slot.restarts++;
    // A start that fails ends its thread, which brings us here again.
    this.#start(thread).catch((reason: unknown) => {
      if (reason instanceof ThreadStartTimeout) this.#escalate({ kind: "fatal", thread, reason: reason.message });
    });
  }

  #escalate(escalation: Escalation): void {
    if (this.#hasEscalated) return;
    this.#hasEscalated = true;
    this.#options.log.fatal({ ...escalation }, "the node cannot go on");
    this.#options.escalate(escalation);
  }
}
