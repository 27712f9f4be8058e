/**
 * Dates of Date conditions. Pure.
 * Sources: https://www.w3.org/TR/NOTE-datetime,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */

const w3c = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d))?)?)?$/;
const epochSeconds = /^\d{1,12}$/;

/**
 * Unix time in ms (with fractions) of a W3C date or of epoch seconds; null when it is neither or names no day or time that exists.
 * Four digits are a year.
 */
export function parseInstant(text: string): number | null {
  const match = w3c.exec(text);
  if (match === null) return epochSeconds.test(text) ? Number(text) * 1000 : null;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((index) =>
    Number(match[index] ?? (index === 2 || index === 3 ? 1 : 0)),
  ) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month - 1) return null;
  const offset = offsetMinutes(match[8] ?? "Z");
  if (offset === null) return null;
  return date.getTime() + Number(`0.${match[7] ?? 0}`) * 1000 - offset * 60_000;
}

function offsetMinutes(zone: string): number | null {
  if (zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (hours > 23 || minutes > 59) return null;
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes);
}
