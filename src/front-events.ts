/** Puts the dispatcher of events together, for front-host.ts alone: the first front of a node delivers for all. */

import type { Clock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import { waitingEvents } from "./bucket/event-outbox.ts";
import type { BucketAddress, BucketRequest } from "./bucket/messages.ts";
import { EventDispatcher } from "./events/dispatcher.ts";
import type { EventTarget, TargetSettings } from "./events/target.ts";
import { openTarget } from "./events/targets.ts";
import type { Snapshot } from "./storage/trees.ts";

export interface FrontEventsOptions {
  readonly targets: readonly TargetSettings[];
  /** By partition number. */
  readonly snapshots: readonly Snapshot[];
  readonly settle: (at: BucketAddress, request: BucketRequest<"events.settle">) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export function openDispatcher({ targets, snapshots, settle, clock, log }: FrontEventsOptions): EventDispatcher {
  const drivers = new Map<string, EventTarget>(targets.map((target) => [target.name, openTarget(target, clock)]));
  return new EventDispatcher({
    targets: drivers,
    pending: (limit, isKnown) => {
      const found = [];
      for (const [partition, snapshot] of snapshots.entries()) {
        for (const event of waitingEvents(snapshot, limit - found.length, isKnown)) found.push({ ...event, partition });
        if (found.length >= limit) break;
      }
      return found;
    },
    settle,
    clock,
    log,
  });
}
