/** CSV for spreadsheets. Source: RFC 4180. */

/** What a spreadsheet would take for a formula gets an apostrophe in front. Source: OWASP, "CSV Injection". */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Lines that end in CR LF, the first of them the columns' names; UTF-8 without a byte order mark. */
export function csvOf(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
