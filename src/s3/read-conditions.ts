/** Conditions on reads (If-Match and its kin) in S3's order of precedence. Source: RFC 9110 13.2.2; AWS GetObject. */

import { parseHttpDate } from "../model/timestamp.ts";

export interface ReadConditions {
  /** As sent: one or more entity tags, or `*`. */
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  /** Unix ms. */
  readonly ifModifiedSince?: number | undefined;
  readonly ifUnmodifiedSince?: number | undefined;
}

export interface ConditionFault {
  readonly condition: "If-Match" | "If-None-Match" | "If-Modified-Since" | "If-Unmodified-Since";
  /** A GET is answered with 304 when the client has the object already, with 412 otherwise. */
  readonly notModified: boolean;
}

/** An entity tag without quotes and weakness mark. */
export const bareEtag = (etag: string): string => {
  const text = etag.trim().replace(/^W\//, "");
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
};

/** True when a header's list of entity tags, or `*`, holds `etag` (without quotes). */
const etagListHolds = (list: string, etag: string): boolean =>
  list.trim() === "*" || list.split(",").some((item) => bareEtag(item) === etag);

/**
 * Judges If-Range: a range of an object that has changed since is no range of what the client has.
 * @param ifRange one strong entity tag, or a date that must be the object's to the second
 * Source: RFC 9110 13.1.5.
 */
export const holdsRange = (ifRange: string | undefined, etag: string, modifiedMs: number): boolean => {
  if (ifRange === undefined) return true;
  const ms = parseHttpDate(ifRange);
  return ms === null ? ifRange.trim() === `"${etag}"` : Math.floor(ms / 1000) === Math.floor(modifiedMs / 1000);
};

/** Dates in headers have whole seconds. */
const modifiedAfter = (modifiedMs: number, ms: number): boolean =>
  Math.floor(modifiedMs / 1000) > Math.floor(ms / 1000);

/**
 * Judges the conditions: If-Match that holds overrides If-Unmodified-Since, and If-None-Match overrides
 * If-Modified-Since.
 * @param etag of the object, without quotes
 * @returns the condition that failed, or null
 */
export const judgeRead = (conditions: ReadConditions, etag: string, modifiedMs: number): ConditionFault | null => {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!etagListHolds(ifMatch, etag)) return { condition: "If-Match", notModified: false };
  } else if (ifUnmodifiedSince !== undefined && modifiedAfter(modifiedMs, ifUnmodifiedSince)) {
    return { condition: "If-Unmodified-Since", notModified: false };
  }
  if (ifNoneMatch !== undefined) {
    return etagListHolds(ifNoneMatch, etag) ? { condition: "If-None-Match", notModified: true } : null;
  }
  if (ifModifiedSince !== undefined && !modifiedAfter(modifiedMs, ifModifiedSince)) {
    return { condition: "If-Modified-Since", notModified: true };
  }
  return null;
};
