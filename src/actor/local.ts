/** Bucket hosts inside the calling thread: the same actors, mailbox, lanes and links without threads, for tests and simulation. */

import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { BucketHost } from "./host.ts";
import { ThreadLink } from "./port.ts";
import { type SharedSlabs, Slabs } from "./slabs.ts";
import { RestartIntensity } from "./supervisor.ts";
import type { ThreadHooks, ThreadParts } from "./thread-task.ts";
import { type Defer, endOfTick, localTransports } from "./transport.ts";

export interface LocalThreadsOptions {
  /** How many hosts stand in for threads. */
  readonly threads: number;
  readonly clock: Clock;
  readonly slabs: SharedSlabs;
  /** Builds the host of an index, at the start and after each crash. */
  readonly build: (index: number, hooks: ThreadHooks, isRestart: boolean) => ThreadParts;
  /** A thread crashed too often, or met a fatal fault. */
  readonly escalate: (reason: string) => void;
  readonly defer?: Defer;
}

export interface LocalThreads {
  /** By thread number: what a front uses. */
  readonly links: readonly ThreadLink[];
  /** The front's slabs. */
  readonly slabs: Slabs;
  /** The host that serves now. */
  host(index: number): BucketHost;
  close(): Promise<void>;
}

export function startLocalThreads(options: LocalThreadsOptions): LocalThreads {
  const { clock, threads, build, escalate, defer = endOfTick } = options;
  const slabs = Slabs.attach(options.slabs, 0, clock);
  const links = Array.from({ length: threads }, (_, thread) => new ThreadLink({ thread, clock, slabs, defer }));
  const parts: ThreadParts[] = [];
  let isClosing = false;

  function start(link: ThreadLink, intensity: RestartIntensity): void {
    const [front, thread] = localTransports(defer);
    const hooks: ThreadHooks = {
      onFatal: escalate,
      onLine: () => undefined,
      // As a thread would: what it had not answered fails, then another takes its place.
      onCrash: (error) =>
        defer(() => {
          thread.close();
          link.exited();
          if (isClosing) return;
          if (intensity.mayRestart(clock.monotonicMs())) start(link, intensity);
          else escalate(String(error));
        }),
    };
    const built = build(link.thread, hooks, parts[link.thread] !== undefined);
    parts[link.thread] = built;
    built.host.serve(thread);
    link.attach(front);
  }

  for (const link of links) start(link, new RestartIntensity());
  return {
    links,
    slabs,
    host: (index) => {
      const { host } = parts[index] ?? {};
      assert(host !== undefined, "a local thread has a host");
      return host;
    },
    close: async () => {
      isClosing = true;
      await Promise.all(
        parts.map(async (part) => {
          await part.host.close();
          await part.close();
        }),
      );
      for (const link of links) {
        link.exited();
        link.close();
      }
    },
  };
}
