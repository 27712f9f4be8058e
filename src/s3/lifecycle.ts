/**
 * Lifecycle rules: what a bucket keeps of them, and what they make due of an object, a version, a delete marker or an
 * open upload, and when. Pure. Transitions are kept and given back; they make nothing due.
 * Source: AWS "Lifecycle configuration elements", "Expiring objects", "How Amazon S3 handles conflicts in lifecycle
 * configurations".
 */

import { formatHttpDate } from "../model/timestamp.ts";
import { storedTags } from "./tag-set.ts";

/** The last moment that a Date can be. */
const timeMax = 8.64e15;

/** Which objects a rule is for: those for which everything that is given holds. */
export interface LifecycleFilter {
  /** How it was written, for the answer: the rule's own Prefix, an empty Filter, one element of it, or And. */
  readonly form: "rule" | "empty" | "one" | "and";
  /** null: not given. */
  readonly prefix: string | null;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  /** Bytes; the object is larger. null: not given. */
  readonly sizeAbove: number | null;
  /** Bytes; the object is smaller. null: not given. */
  readonly sizeBelow: number | null;
}

/** Of current versions. "markers" concerns delete markers alone; false takes no action. */
export type LifecycleExpiration =
  | { readonly kind: "days"; readonly days: number }
  | { readonly kind: "date"; readonly atMs: number }
  | { readonly kind: "markers"; readonly isExpired: boolean };

export interface LifecycleTransition {
  readonly days: number | null;
  readonly atMs: number | null;
  readonly storageClass: string;
}

export interface NoncurrentTransition {
  readonly days: number;
  readonly newerVersions: number | null;
  readonly storageClass: string;
}

export interface LifecycleRule {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly filter: LifecycleFilter;
  readonly expiration: LifecycleExpiration | null;
  /** `newerVersions`: so many noncurrent versions are kept; null: none. */
  readonly noncurrentExpiration: { readonly days: number; readonly newerVersions: number | null } | null;
  /** Days after an upload's initiation. */
  readonly abortDays: number | null;
  readonly transitions: readonly LifecycleTransition[];
  readonly noncurrentTransitions: readonly NoncurrentTransition[];
}

/** As stored: plain data. */
export interface LifecycleConfiguration {
  /** In the order they were put in; ids differ. */
  readonly rules: readonly LifecycleRule[];
  /** Kept and given back; there are no transitions for it to bound. */
  readonly transitionDefaultMinimumObjectSize: "all_storage_classes_128K" | "varies_by_storage_class";
}

/** When a rule acts. */
export interface Due {
  /** Unix ms: the beginning of a day, UTC. */
  readonly atMs: number;
  readonly ruleId: string;
}

/** What rules ask of an object, current or not. */
export interface ObjectFacts {
  readonly key: string;
  readonly sizeBytes: number;
  /** Unix ms. */
  readonly modifiedMs: number;
  /** Query-encoded, as in x-amz-tagging. Called at most once by a judgement, and only when a rule has tags. */
  readonly tagging: () => string | undefined;
}

export interface NoncurrentFacts extends Omit<ObjectFacts, "modifiedMs"> {
  /** A delete marker has neither tags nor a size: no rule that asks for one is for it. */
  readonly isDeleteMarker: boolean;
  /** When it became noncurrent: when its successor was made. Unix ms. */
  readonly noncurrentMs: number;
  /** Noncurrent versions of the key that are newer and stay. */
  readonly newerNoncurrent: number;
}

/** From when on something is counted, in days of `dayMs`; a date is the same for all. */
type Deadline = { readonly days: number } | { readonly atMs: number };

/** One action of an enabled rule. */
export interface LifecycleAction {
  readonly ruleId: string;
  readonly deadline: Deadline;
  readonly filter: LifecycleFilter;
  /** Of noncurrent versions, how many stay whatever their age; 0 elsewhere. */
  readonly keep: number;
}

/** The actions of all enabled rules, by what they are for; each list in the order of the rules. */
export interface Lifecycle {
  /** Current objects. */
  readonly objects: readonly LifecycleAction[];
  /** Delete markers that are a key's only version. */
  readonly markers: readonly LifecycleAction[];
  readonly noncurrent: readonly LifecycleAction[];
  readonly uploads: readonly LifecycleAction[];
}

/** Makes a configuration ready for judgements. O(rules). */
export function compileLifecycle({ rules }: LifecycleConfiguration): Lifecycle {
  const lifecycle = { objects: [], markers: [], noncurrent: [], uploads: [] } as {
    readonly [L in keyof Lifecycle]: LifecycleAction[];
  };
  for (const { id: ruleId, isEnabled, filter, expiration, noncurrentExpiration, abortDays } of rules) {
    if (!isEnabled) continue;
    const deadline = expiration === null ? null : deadlineOf(expiration);
    if (deadline !== null) {
      const action: LifecycleAction = { ruleId, deadline, filter, keep: 0 };
      if (expiration?.kind !== "markers") lifecycle.objects.push(action);
      if (!asksForContent(filter)) lifecycle.markers.push(action);
    }
    if (noncurrentExpiration !== null) {
      const { days, newerVersions } = noncurrentExpiration;
      lifecycle.noncurrent.push({ ruleId, deadline: { days }, filter, keep: newerVersions ?? 0 });
    }
    if (abortDays !== null) lifecycle.uploads.push({ ruleId, deadline: { days: abortDays }, filter, keep: 0 });
  }
  return lifecycle;
}

/** What has to be old enough, and how old; null: the rule never acts. */
function deadlineOf(expiration: LifecycleExpiration): Deadline | null {
  switch (expiration.kind) {
    case "days":
      return { days: expiration.days };
    case "date":
      return { atMs: expiration.atMs };
    case "markers":
      // A marker may go from the day on that follows it.
      return expiration.isExpired ? { days: 0 } : null;
  }
}

/** When the current object expires, by the rule that comes first; null: never. @param dayMs length of a day */
export function expirationOf({ objects }: Lifecycle, facts: ObjectFacts, dayMs: number): Due | null {
  return earliest(objects, facts, facts.modifiedMs, dayMs);
}

/** When a delete marker that is its key's only version is removed; null: never. */
export function markerExpirationOf(
  { markers }: Lifecycle,
  { key, modifiedMs }: Pick<ObjectFacts, "key" | "modifiedMs">,
  dayMs: number,
): Due | null {
  return earliest(markers, { key, sizeBytes: 0, tagging: noTags }, modifiedMs, dayMs);
}

/** When a noncurrent version, a delete marker too, is removed, as long as what stands above it stays; null: never. */
export function noncurrentExpirationOf({ noncurrent }: Lifecycle, facts: NoncurrentFacts, dayMs: number): Due | null {
  const actions = noncurrent.filter(
    ({ keep, filter }) => facts.newerNoncurrent >= keep && !(facts.isDeleteMarker && asksForContent(filter)),
  );
  return earliest(actions, facts, facts.noncurrentMs, dayMs);
}

/** When an upload that is still open is aborted; null: never. */
export function abortOf(
  { uploads }: Lifecycle,
  { key, initiatedMs }: { readonly key: string; readonly initiatedMs: number },
  dayMs: number,
): Due | null {
  return earliest(uploads, { key, sizeBytes: 0, tagging: noTags }, initiatedMs, dayMs);
}

/**
 * The time before which something must have begun to be due at `nowMs` by one of the actions: nothing younger need be
 * looked at. -Infinity: nothing can be due.
 */
export function dueBefore(actions: readonly LifecycleAction[], nowMs: number, dayMs: number): number {
  const today = Math.floor(nowMs / dayMs) * dayMs;
  let beforeMs = Number.NEGATIVE_INFINITY;
  for (const { deadline } of actions) {
    const isDate = "atMs" in deadline;
    if (isDate && deadline.atMs <= nowMs) return Number.POSITIVE_INFINITY;
    if (!isDate) beforeMs = Math.max(beforeMs, today - deadline.days * dayMs);
  }
  return beforeMs;
}

/**
 * The value of x-amz-expiration.
 * Example: `expiry-date="Fri, 23 Dec 2012 00:00:00 GMT", rule-id="logs%20rule"`.
 */
export function expirationHeader({ atMs, ruleId }: Due): string {
  return `expiry-date="${formatHttpDate(atMs)}", rule-id="${encodeURIComponent(ruleId)}"`;
}

type MatchedFacts = Pick<ObjectFacts, "key" | "sizeBytes" | "tagging">;

/** Of actions that are due at the same time the first one counts. */
function earliest(
  actions: readonly LifecycleAction[],
  facts: MatchedFacts,
  sinceMs: number,
  dayMs: number,
): Due | null {
  let first: LifecycleAction | null = null;
  let firstMs = Number.POSITIVE_INFINITY;
  let tags: ReadonlyMap<string, string> | null = null;
  for (const action of actions) {
    const atMs = dueAt(action.deadline, sinceMs, dayMs);
    const { filter } = action;
    if (atMs >= firstMs || !facts.key.startsWith(filter.prefix ?? "") || !hasSize(filter, facts.sizeBytes)) continue;
    if (filter.tags.length > 0) {
      tags ??= new Map(storedTags(facts.tagging() ?? ""));
      if (!hasTags(filter, tags)) continue;
    }
    first = action;
    firstMs = atMs;
  }
  return first === null ? null : { atMs: firstMs, ruleId: first.ruleId };
}

/** Days are added, then it is the next midnight: 3 days after 15 January 10:30 are over at 19 January 00:00. */
function dueAt(deadline: Deadline, sinceMs: number, dayMs: number): number {
  if ("atMs" in deadline) return deadline.atMs;
  return Math.min((Math.floor((sinceMs + deadline.days * dayMs) / dayMs) + 1) * dayMs, timeMax);
}

function hasSize({ sizeAbove, sizeBelow }: LifecycleFilter, sizeBytes: number): boolean {
  return (sizeAbove === null || sizeBytes > sizeAbove) && (sizeBelow === null || sizeBytes < sizeBelow);
}

function hasTags({ tags }: LifecycleFilter, of: ReadonlyMap<string, string>): boolean {
  return tags.every(({ key, value }) => of.get(key) === value);
}

/** Whether a filter asks for what a delete marker and an open upload do not have. */
export function asksForContent({ tags, sizeAbove, sizeBelow }: LifecycleFilter): boolean {
  return tags.length > 0 || sizeAbove !== null || sizeBelow !== null;
}

function noTags(): undefined {
  return undefined;
}
