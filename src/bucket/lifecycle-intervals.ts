/**
 * The keys of a bucket cut where the prefixes of lifecycle rules begin and end: inside an interval the same rules are for
 * every key, and intervals without a rule are passed over with one seek. Pure.
 */

import type { Lifecycle, LifecycleAction } from "../s3/lifecycle.ts";
import { successor } from "../storage/keys.ts";

export interface Interval {
  /** First key's bytes, inclusive. */
  readonly start: Buffer;
  /** Exclusive; null: to the end. */
  readonly end: Buffer | null;
}

const prefixBytes = new WeakMap<LifecycleAction, Buffer>();

function prefixOf(action: LifecycleAction): Buffer {
  let bytes = prefixBytes.get(action);
  if (bytes === undefined) {
    bytes = Buffer.from(action.filter.prefix ?? "");
    prefixBytes.set(action, bytes);
  }
  return bytes;
}

/** Where intervals begin, in order; those before the first boundary have no rule. O(n log n). */
export function boundariesOf(actions: readonly LifecycleAction[]): readonly Buffer[] {
  const found = new Map<string, Buffer>();
  for (const action of actions) {
    const start = prefixOf(action);
    const end = successor(start);
    for (const boundary of end === undefined ? [start] : [start, end]) found.set(boundary.toString("latin1"), boundary);
  }
  return [...found.values()].sort(Buffer.compare);
}

/** The interval that holds `key`, or the first one behind it; null: there are no boundaries. O(log n). */
export function intervalAt(boundaries: readonly Buffer[], key: Buffer): Interval | null {
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(boundaries[middle] ?? key, key) <= 0) low = middle + 1;
    else high = middle;
  }
  const start = boundaries[Math.max(0, low - 1)];
  return start === undefined ? null : { start, end: boundaries[Math.max(0, low - 1) + 1] ?? null };
}

/** The actions that are for the keys of an interval. */
export function actionsIn({ start }: Interval, actions: readonly LifecycleAction[]): readonly LifecycleAction[] {
  return actions.filter((action) => {
    const prefix = prefixOf(action);
    return start.subarray(0, prefix.length).equals(prefix);
  });
}

/** The same rules, those for an interval alone. */
export function lifecycleIn(interval: Interval, lifecycle: Lifecycle): Lifecycle {
  return {
    objects: actionsIn(interval, lifecycle.objects),
    markers: actionsIn(interval, lifecycle.markers),
    noncurrent: actionsIn(interval, lifecycle.noncurrent),
    uploads: actionsIn(interval, lifecycle.uploads),
  };
}
