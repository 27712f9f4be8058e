/** Timestamps as S3 reads and writes them. In memory they are Unix ms. */

import type { TimestampFormat } from "./shape.ts";

const dayMs = 86_400_000;
const digits2 = Array.from({ length: 100 }, (_value, index) => String(index).padStart(2, "0"));
let cachedDay = Number.NaN;
let cachedDate = "";

/** `2026-11-23T04:58:00.000Z`, for times from 1970 on. The date of the last answer is kept: neighbours in a listing share it. */
export const formatDateTime = (ms: number): string => {
  const day = Math.floor(ms / dayMs);
  if (day !== cachedDay) {
    cachedDate = new Date(day * dayMs).toISOString().slice(0, -"00:00:00.000Z".length);
    cachedDay = day;
  }
  const inDay = Math.floor(ms - day * dayMs);
  const seconds = Math.floor(inDay / 1000);
  const fraction = inDay - seconds * 1000;
  const time = `${digits2[Math.floor(seconds / 3600)]}:${digits2[Math.floor(seconds / 60) % 60]}:${digits2[seconds % 60]}`;
  return `${cachedDate}${time}.${Math.floor(fraction / 100)}${digits2[fraction % 100]}Z`;
};

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
