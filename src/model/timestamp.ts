/** Timestamps as S3 reads and writes them. In memory they are Unix ms. */

import type { TimestampFormat } from "./shape.ts";

/** `2026-11-23T04:58:00.000Z`. */
export const formatDateTime = (ms: number): string => new Date(ms).toISOString();

let cachedSecond = Number.NaN;
let cachedText = "";

/** `Mon, 23 Nov 2026 04:58:00 GMT`; the last answer is kept, since a busy second is asked for often. Source: RFC 9110 5.6.7. */
export const formatHttpDate = (ms: number): string => {
  const second = Math.floor(ms / 1000);
  if (second !== cachedSecond) {
    cachedText = new Date(second * 1000).toUTCString();
    cachedSecond = second;
  }
  return cachedText;
};

const dateTimePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const fixdate = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC|\+0000)$/;
const rfc850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/;
const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;

const utc = (year: number, month: string, day: number, hour: number, minute: number, second: number): number | null => {
  const index = months.indexOf(month);
  if (index < 0 || hour > 23 || minute > 59 || second > 60) return null;
  const ms = Date.UTC(year, index, day, hour, minute, second);
  return new Date(ms).getUTCDate() === day || second === 60 ? ms : null;
};

/** The three forms of an HTTP date. @returns Unix ms, or null when `text` is none of them. Source: RFC 9110 5.6.7. */
export const parseHttpDate = (text: string): number | null => {
  const fix = fixdate.exec(text);
  if (fix !== null) {
    const [, day, month = "", year, hour, minute, second] = fix;
    return utc(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  }
  const old = rfc850.exec(text);
  if (old !== null) {
    const [, day, month = "", year, hour, minute, second] = old;
    const century = Number(year) < 70 ? 2000 : 1900;
    return utc(century + Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  }
  const ancient = asctime.exec(text);
  if (ancient === null) return null;
  const [, month = "", day, hour, minute, second, year] = ancient;
  return utc(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
};

/** RFC 3339 with any offset. @returns Unix ms, or null. */
export const parseDateTime = (text: string): number | null => {
  if (!dateTimePattern.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
};

/** S3 takes either form in either place. @returns Unix ms, or null. */
export const parseTimestamp = (text: string, preferred: TimestampFormat): number | null =>
  preferred === "http-date"
    ? (parseHttpDate(text) ?? parseDateTime(text))
    : (parseDateTime(text) ?? parseHttpDate(text));
