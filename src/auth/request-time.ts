/** The time that a signed request claims: ISO 8601 basic form, and how far it may be from ours. Pure. */

import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";

const basicPattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

let lastText = "";
let lastMs: number | null = null;

/**
 * Reads `x-amz-date`. The last answer is kept, since most requests of a second bear the same text.
 * @param text `20130524T000000Z`
 * @returns Unix ms, or null when it is not a time of that form
 */
export function parseBasicTime(text: string): number | null {
  if (text === lastText) return lastMs;
  const match = basicPattern.exec(text);
  let ms: number | null = null;
  if (match !== null) {
    const [, year, month, day, hour, minute, second] = match.map(Number);
    const utc = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
    if (formatBasicTime(utc) === text) ms = utc;
  }
  lastText = text;
  lastMs = ms;
  return ms;
}

/** @returns `20130524T000000Z` for a Unix time in ms, cut to seconds. */
export function formatBasicTime(ms: number): string {
  return formatSeconds(ms).replace(/[-:]/g, "");
}

/** @returns `2013-05-24T00:00:00Z` for a Unix time in ms, cut to seconds: the form in S3's error details. */
export function formatSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/**
 * Bounds replay of header-signed requests.
 * @param text the time as the client wrote it, for the error
 * @throws S3Error RequestTimeTooSkewed when the times are more than `limits.clockSkewMs` apart
 */
export function checkSkew(text: string, requestMs: number, nowMs: number): void {
  if (Math.abs(nowMs - requestMs) <= limits.clockSkewMs) return;
  throw new S3Error("RequestTimeTooSkewed", {
    RequestTime: text,
    ServerTime: formatSeconds(nowMs),
    MaxAllowedSkewMilliseconds: String(limits.clockSkewMs),
  });
}
