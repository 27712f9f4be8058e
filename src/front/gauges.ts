/** The node's gauges: what its parts say of themselves when somebody asks for metrics. */

import type { SupervisorSnapshot } from "../actor/supervisor.ts";
import type { LifecycleSnapshot } from "../bucket/lifecycle-schedule.ts";
import { lifecycleActions } from "../bucket/lifecycle-turns.ts";
import type { DispatcherCounts } from "../events/dispatcher.ts";
import type { GaugeSource } from "./metrics.ts";

/** The numbers that a front reports. */
export interface FrontNumbers {
  readonly openConnections: number;
  readonly tickets: number;
  readonly refusedTickets: number;
  readonly slotsFree: number;
  readonly slotsWaiting: number;
  readonly pendingAsks: number;
  readonly requestsNotBooked: number;
  readonly logLinesDropped: number;
  /** null: another front delivers. */
  readonly events: DispatcherCounts | null;
}

/** What a bucket holds now: logical bytes of versions and open parts. */
export interface HeldNumbers {
  readonly account: string;
  readonly bucket: string;
  readonly bytes: number;
}

/** What a bucket thread says of its lifecycle passes. */
export type LifecycleNumbers = LifecycleSnapshot;

export interface GaugeParts {
  readonly fronts: () => readonly FrontNumbers[];
  readonly supervisor: () => SupervisorSnapshot;
  /** Of the threads that answered. */
  readonly lifecycle: () => readonly LifecycleNumbers[];
  readonly nowMs: () => number;
  /** null: the metrics do not show what buckets hold. */
  readonly held: (() => readonly HeldNumbers[]) | null;
  readonly freeSpace: { readonly freeBytes: number; readonly totalBytes: number; readonly isLow: boolean };
}

export function nodeGauges({ fronts, supervisor, lifecycle, nowMs, freeSpace, held }: GaugeParts): GaugeSource[] {
  const sum = (name: string, help: string, pick: (front: FrontNumbers) => number): GaugeSource => ({
    name,
    help,
    read: () => [{ value: fronts().reduce((total, front) => total + pick(front), 0) }],
  });
  const byThread = (values: readonly (number | boolean)[]) =>
    values.map((value, thread) => ({ value: Number(value), labels: { thread: String(thread) } }));
  return [
    sum("troupe_s3_connections", "Open connections of S3 clients.", (front) => front.openConnections),
    sum("troupe_writes_admitted", "Writes that hold a ticket now.", (front) => front.tickets),
    sum(
      "troupe_writes_refused",
      "Writes refused with SlowDown for want of a ticket since the start.",
      (front) => front.refusedTickets,
    ),
    sum("troupe_slab_slots_free", "Free slots for bodies on their way to disk.", (front) => front.slotsFree),
    sum("troupe_slab_slots_awaited", "Bodies that wait for a slot.", (front) => front.slotsWaiting),
    sum("troupe_asks_pending", "Messages to bucket actors that are not answered yet.", (front) => front.pendingAsks),
    sum(
      "troupe_usage_requests_lost",
      "Requests since the start that no bucket thread has taken, or perhaps not, into its usage.",
      (front) => front.requestsNotBooked,
    ),
    sum(
      "troupe_bucket_log_lines_lost",
      "Lines of buckets' access logs since the start that no target bucket has taken.",
      (front) => front.logLinesDropped,
    ),
    {
      name: "troupe_bucket_thread_up",
      help: "1 while a bucket thread serves.",
      labels: ["thread"],
      read: () => byThread(supervisor().isUp),
    },
    {
      name: "troupe_bucket_thread_restarts",
      help: "Restarts of a bucket thread since the start.",
      labels: ["thread"],
      read: () => byThread(supervisor().restarts),
    },
    {
      name: "troupe_volume_free_bytes",
      help: "Free space of the data volume.",
      read: () => [{ value: freeSpace.freeBytes }],
    },
    {
      name: "troupe_volume_total_bytes",
      help: "Size of the data volume.",
      read: () => [{ value: freeSpace.totalBytes }],
    },
    {
      name: "troupe_volume_low",
      help: "1 while writes are refused for want of space.",
      read: () => [{ value: Number(freeSpace.isLow) }],
    },
    ...eventGauges(fronts),
    ...lifecycleGauges(lifecycle, nowMs),
    ...(held === null ? [] : [usageGauge(held)]),
  ];
}

function eventGauges(fronts: GaugeParts["fronts"]): GaugeSource[] {
  const sum = (pick: (numbers: DispatcherCounts) => number) => () => [
    { value: fronts().reduce((total, { events }) => total + (events === null ? 0 : pick(events)), 0) },
  ];
  return [
    {
      name: "troupe_events_delivered_total",
      help: "Events that a target has taken since the start, once for each target.",
      kind: "counter",
      read: sum(({ delivered }) => delivered),
    },
    {
      name: "troupe_events_failed_total",
      help: "Attempts to deliver an event since the start that a target did not take.",
      kind: "counter",
      read: sum(({ failed }) => failed),
    },
    {
      name: "troupe_events_dead_total",
      help: "Events that have become dead letters since the start.",
      kind: "counter",
      read: sum(({ dead }) => dead),
    },
    {
      name: "troupe_events_waiting",
      help: "Events that were read from their outboxes and wait for a target.",
      read: sum(({ waiting }) => waiting),
    },
  ];
}

function lifecycleGauges(threads: GaugeParts["lifecycle"], nowMs: () => number): GaugeSource[] {
  const sum = (pick: (numbers: LifecycleNumbers) => number): number =>
    threads().reduce((total, numbers) => total + pick(numbers), 0);
  return [
    {
      name: "troupe_lifecycle_removed",
      help: "Objects, versions, delete markers and uploads that lifecycle rules have removed since the start of their threads.",
      labels: ["action"],
      read: () =>
        lifecycleActions.map((action) => ({
          value: sum(({ removed }) => removed[action]),
          labels: { action: action.replaceAll(" ", "_") },
        })),
    },
    {
      name: "troupe_lifecycle_passes",
      help: "Passes over a bucket's objects by its lifecycle rules that came to their end.",
      read: () => [{ value: sum(({ passes }) => passes) }],
    },
    {
      name: "troupe_lifecycle_rows",
      help: "Objects, versions, delete markers and uploads that lifecycle passes have looked at since the start of their threads.",
      read: () => [{ value: sum(({ rows }) => rows) }],
    },
    {
      name: "troupe_lifecycle_buckets_waiting",
      help: "Buckets that wait for a lifecycle pass.",
      read: () => [{ value: sum(({ bucketsWaiting }) => bucketsWaiting) }],
    },
    {
      name: "troupe_lifecycle_last_pass_age_seconds",
      help: "Time since a lifecycle pass came to its end; no value before the first.",
      read: () => {
        const ends = threads().flatMap(({ lastPassMs }) => (lastPassMs === null ? [] : [lastPassMs]));
        return ends.length === 0 ? [] : [{ value: Math.max(0, nowMs() - Math.max(...ends)) / 1000 }];
      },
    },
  ];
}

function usageGauge(held: () => readonly HeldNumbers[]): GaugeSource {
  return {
    name: "troupe_usage_bytes",
    help: "Logical bytes of all versions and open parts of a bucket.",
    labels: ["account", "bucket"],
    read: () => held().map(({ account, bucket, bytes }) => ({ value: bytes, labels: { account, bucket } })),
  };
}
