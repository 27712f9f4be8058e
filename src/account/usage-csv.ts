/**
 * Usage as CSV: RFC 4180, UTF-8, CRLF, a header line, ISO days in UTC, whole numbers that add up to what API and graph show.
 * Source: https://www.rfc-editor.org/rfc/rfc4180
 */

import { requestClasses } from "../storage/counters.ts";
import { averageBytes, parseDay, type UsageRow } from "./usage.ts";

const columns = [
  "from",
  "to",
  "account",
  "bucket",
  "stored_bytes",
  "objects",
  "versions",
  "average_bytes",
  "byte_milliseconds",
  "ingress_bytes",
  "egress_bytes",
  ...requestClasses.map((name) => `requests_${name}`),
];

export const usageCsvHeader = `${columns.join(",")}\r\n`;

/**
 * The lines of some rows, each with its CRLF.
 * @param nameOf what an account is shown as; by default its id
 */
export function usageCsvLines(rows: readonly UsageRow[], nameOf: (accountId: string) => string = (id) => id): string {
  return rows.map((row) => `${cells(row, nameOf).map(csvCell).join(",")}\r\n`).join("");
}

function cells(row: UsageRow, nameOf: (accountId: string) => string): (string | number | bigint)[] {
  const days = (parseDay(row.toDay) ?? 0) - (parseDay(row.fromDay) ?? 0) + 1;
  return [
    row.fromDay,
    row.toDay,
    nameOf(row.accountId),
    row.bucket ?? "",
    row.storedBytes,
    row.objects,
    row.versions,
    averageBytes(row.byteMs, days),
    row.byteMs,
    row.ingressBytes,
    row.egressBytes,
    ...requestClasses.map((name) => row.requests[name]),
  ];
}

/**
 * One cell. Text that a spreadsheet would take for a formula gets an apostrophe in front: a customer's name must not be run
 * on the operator's machine. Source: https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvCell(value: string | number | bigint): string {
  if (typeof value !== "string") return String(value);
  const text = /^[=+\-@\t\r\n\uFF0B\uFF0D\uFF1D\uFF20]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
