/** The row of usage: by bucket or account and UTC day, as JSON or CSV. */

import { z } from "zod";
import {
  averageBytes,
  parseDay,
  parseDayRange,
  type UsageQuery,
  type UsageRow,
  usageOfAccounts,
} from "../account/usage.ts";
import { usageCsvHeader, usageCsvLines } from "../account/usage-csv.ts";
import { limits } from "../base/limits.ts";
import { requestClasses } from "../storage/counters.ts";
import type { AdminContext } from "./context.ts";
import { anyProof, declareAdmin } from "./declaration.ts";
import { AdminError } from "./problem.ts";
import { accountId, nothing } from "./schemas.ts";

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be a day such as 2026-01-02");

const query = z.strictObject({
  from: day.describe("The first day, UTC."),
  to: day.describe("The last day, included."),
  group: z.enum(["day", "total"]).default("total").describe("One row for each day, or one for all of them."),
  by: z.enum(["bucket", "account"]).default("bucket"),
  account: accountId.optional().describe("The own one or one below. Default: the own one and all below."),
  format: z.enum(["json", "csv"]).default("json"),
});
type Query = z.output<typeof query>;

const usageForm = z.strictObject({
  from: z.string(),
  to: z.string(),
  accountId,
  bucket: z.string().nullable().describe("null = all buckets of the account."),
  storedBytes: z.int().describe("At the end of the last day; logical bytes, all versions."),
  objects: z.int(),
  versions: z.int(),
  averageBytes: z.int().describe("Bytes held on average over the days."),
  byteMilliseconds: z.string().describe("Bytes held x milliseconds: a whole number in digits, which sums exactly."),
  ingressBytes: z.int(),
  egressBytes: z.int(),
  requests: z.record(z.enum(requestClasses), z.int()),
});

function showUsage(row: UsageRow): z.input<typeof usageForm> {
  const days = (parseDay(row.toDay) ?? 0) - (parseDay(row.fromDay) ?? 0) + 1;
  return {
    from: row.fromDay,
    to: row.toDay,
    accountId: row.accountId,
    bucket: row.bucket,
    storedBytes: row.storedBytes,
    objects: row.objects,
    versions: row.versions,
    averageBytes: averageBytes(row.byteMs, days),
    byteMilliseconds: String(row.byteMs),
    ingressBytes: row.ingressBytes,
    egressBytes: row.egressBytes,
    requests: { ...row.requests },
  };
}

/** The accounts whose usage the caller is shown. @throws AdminError NoSuchEntity */
function accountsOf({ caller, reader }: AdminContext, wanted: string | undefined): string[] {
  const own = caller.account.accountId;
  if (wanted !== undefined) {
    if (wanted === own || reader.isBelow(wanted, own)) return [wanted];
    throw new AdminError("NoSuchEntity", "There is no such account below yours.");
  }
  const found = [own];
  for (const parent of found) {
    for (let after = ""; ; ) {
      const page = reader.childAccounts(parent, { after, limit: limits.directoryPageMax });
      found.push(...page.items.map((account) => account.accountId));
      if (page.next === null) break;
      after = page.next;
    }
  }
  return found;
}

/** @throws AdminError InvalidInput */
function usageQuery({ from, to, group, by }: Query): UsageQuery {
  const range = parseDayRange(from, to);
  if (typeof range !== "string") return { fromDay: range.fromDay, toDay: range.toDay, group, by };
  const [member = "", detail = ""] = range.split(": ", 2);
  const faults = member.split(", ").map((name) => ({ pointer: `?${name}`, detail }));
  throw new AdminError("InvalidInput", "", { faults });
}

export const GetUsage = declareAdmin({
  name: "GetUsage",
  method: "GET",
  path: "/usage",
  group: "Usage",
  summary: "What was stored, sent, received and asked, of the own account and those below.",
  admits: { who: anyProof, role: "admin", scope: "usage", whileActing: true, action: null },
  params: nothing,
  query,
  body: null,
  reply: { kind: "json or csv", json: z.strictObject({ items: z.array(usageForm) }) },
  status: 200,
  errors: ["NoSuchEntity", "LimitExceeded"],
}).handledBy(async (input, context) => {
  const asked = usageQuery(input.query);
  const isCsv = input.query.format === "csv";
  const rowsMax = isCsv ? limits.adminUsageCsvRowsMax : limits.adminUsageRowsMax;
  const lines = [usageCsvHeader];
  const items: z.input<typeof usageForm>[] = [];
  let count = 0;
  for await (const rows of usageOfAccounts(context.services.usage, accountsOf(context, input.query.account), asked)) {
    count += rows.length;
    // A cut list must not look whole.
    if (count > rowsMax) throw new AdminError("LimitExceeded", `More than ${rowsMax} rows: choose less.`);
    if (isCsv) lines.push(usageCsvLines(rows));
    else items.push(...rows.map(showUsage));
  }
  if (!isCsv) return { items };
  context.setHeader("content-disposition", 'attachment; filename="usage.csv"');
  return lines.join("");
});
