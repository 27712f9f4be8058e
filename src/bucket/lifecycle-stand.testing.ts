/** Lifecycle passes over a bucket in memory, for tests. */

import type { LifecycleConfiguration, LifecycleRule } from "../s3/lifecycle.ts";
import type { ObjectRecord } from "../storage/record.ts";
import { BucketStand } from "./bucket-stand.testing.ts";
import { historiesOf } from "./histories.testing.ts";
import { type LifecycleProgress, type LifecycleRemovals, lifecycleActions, nothingRemoved } from "./lifecycle-turns.ts";
import type { LifecyclePlace } from "./lifecycle-walk.ts";

export const dayMs = 86_400_000;

export const everyKey = { form: "empty", prefix: null, tags: [], sizeAbove: null, sizeBelow: null } as const;

/** A rule for all keys with these members. */
export function ruleOf(members: Partial<LifecycleRule>): LifecycleRule {
  return {
    id: "rule",
    isEnabled: true,
    filter: everyKey,
    expiration: null,
    noncurrentExpiration: null,
    abortDays: null,
    transitions: [],
    noncurrentTransitions: [],
    ...members,
  };
}

export function configurationOf(...rules: readonly LifecycleRule[]): LifecycleConfiguration {
  return { rules, transitionDefaultMinimumObjectSize: "all_storage_classes_128K" };
}

export class LifecycleStand extends BucketStand {
  configure(...rules: readonly LifecycleRule[]): Promise<unknown> {
    return this.ask("bucket.configure", { field: "lifecycle", value: configurationOf(...rules) });
  }

  /** A whole pass. @param between is called after every slice, with the place where it goes on */
  async pass(between: (place: LifecyclePlace) => Promise<void> = async () => undefined) {
    const removed = { ...nothingRemoved } as { -readonly [A in keyof LifecycleRemovals]: number };
    let slices = 0;
    let rows = 0;
    for (let place: LifecyclePlace | null = null; ; ) {
      const progress: LifecycleProgress = await this.ask("bucket.expireSome", { place });
      for (const action of lifecycleActions) removed[action] += progress.removed[action];
      slices += 1;
      rows += progress.rows;
      if (progress.next === null) return { removed, slices, rows };
      place = progress.next;
      await between(place);
    }
  }

  histories(): Map<string, ObjectRecord[]> {
    return historiesOf(this.metadata.trees, this.bucket);
  }

  /** Totals as they are kept, and as the rows add up. */
  async totals() {
    const { storedBytes, objects, versions, openUploadBytes } = await this.ask("bucket.usage", {});
    const all = [...this.histories().values()];
    const current = all.filter(([head]) => head?.isDeleteMarker === false).length;
    const counted = {
      storedBytes: all.flat().reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0),
      objects: current,
      versions: all.flat().length - current,
    };
    return { kept: { storedBytes, objects, versions }, counted, openUploadBytes };
  }
}
