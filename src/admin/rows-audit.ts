/** Rows of the audit log: a page as JSON, and an interval as CSV. */

import { z } from "zod";
import { auditAfter, type Page, type PageRequest } from "../account/directory.ts";
import { limits } from "../base/limits.ts";
import type { AuditRecord } from "../control/identity-records.ts";
import type { AdminContext } from "./context.ts";
import { csvOf } from "./csv.ts";
import { type Admittance, anyProof, declareAdmin } from "./declaration.ts";
import { pageOf, pageQuery, rangeOf, replyPage } from "./page.ts";
import { AdminError } from "./problem.ts";
import { accountId, atTime, nothing, oneLine, time } from "./schemas.ts";

const group = "Audit";
const readers: Admittance = { who: anyProof, role: "admin", scope: "all", whileActing: true, action: null };

const filter = {
  account: z
    .union([z.literal("all"), accountId])
    .optional()
    .describe("An account below; all = every account, for the operator's Root. Default: the own one."),
  action: oneLine(64).optional().describe("Rows of this action alone."),
  outcome: z.enum(["done", "denied", "failed"]).optional(),
  by: oneLine(128).optional().describe("Rows of this user alone."),
  from: time.optional().describe("Inclusive."),
  to: time.optional().describe("Exclusive."),
};
const filterQuery = z.strictObject(filter);
type Filter = z.output<typeof filterQuery>;

const auditForm = z.strictObject({
  at: time,
  action: z.string(),
  outcome: z.enum(["done", "denied", "failed"]),
  accountId: z.string(),
  target: z.string(),
  by: z.strictObject({
    accountId: z.string(),
    name: z.string(),
    kind: z.enum(["user", "role", "system"]),
    via: z.enum(["key", "session", "token", "system"]),
    original: z.strictObject({ accountId: z.string(), name: z.string() }).nullable(),
    address: z.string().nullable(),
    requestId: z.string().nullable(),
  }),
  detail: z.record(z.string(), z.string()),
});

function showAudit(record: AuditRecord): z.input<typeof auditForm> {
  const { by } = record;
  return {
    at: atTime(record.atMs),
    action: record.action,
    outcome: record.outcome,
    accountId: record.accountId,
    target: record.target,
    by: {
      accountId: by.accountId,
      name: by.name,
      kind: by.kind,
      via: by.via,
      original: by.original === null ? null : { accountId: by.original.accountId, name: by.original.name },
      address: by.address,
      requestId: by.requestId,
    },
    detail: { ...record.detail },
  };
}

/** Whose rows are asked for; null = everybody's. @throws AdminError AccessDenied, NoSuchEntity */
function accountOf({ caller, reader }: AdminContext, wanted: string | undefined): string | null {
  const own = caller.account;
  if (wanted === undefined || wanted === own.accountId) return own.accountId;
  if (wanted === "all") {
    if (own.kind === "operator" && caller.role === "root") return null;
    throw new AdminError("AccessDenied", "Only the operator's Root reads the rows of every account.");
  }
  if (!reader.isBelow(wanted, own.accountId))
    throw new AdminError("NoSuchEntity", "There is no such account below yours.");
  return wanted;
}

function matches(record: AuditRecord, { action, outcome, by }: Filter): boolean {
  return (
    (action === undefined || record.action === action) &&
    (outcome === undefined || record.outcome === outcome) &&
    (by === undefined || record.by.name === by || record.by.original?.name === by)
  );
}

/**
 * The first page of the log with a row that is wanted. Looks at a bounded number of pages, so that a rare filter costs answers
 * with nothing but a cursor, not a long wait.
 */
function search(context: AdminContext, query: Filter, range: PageRequest, order: Order): Page<AuditRecord> {
  const fromMs = query.from === undefined ? 0 : Date.parse(query.from);
  const toMs = query.to === undefined ? Number.POSITIVE_INFINITY : Date.parse(query.to);
  const account = accountOf(context, query.account);
  let after = range.after === "" ? firstPlace(query, order) : range.after;
  for (let pages = 0; pages < limits.adminAuditPagesMax; pages++) {
    const page = context.reader.audit(account, { after, limit: range.limit }, order === "oldest" ? "up" : "down");
    const items = page.items.filter((record) => record.atMs >= fromMs && record.atMs < toMs && matches(record, query));
    const isPast = page.items.some(({ atMs }) => (order === "oldest" ? atMs >= toMs : atMs < fromMs));
    if (isPast || page.next === null) return { items, next: null };
    if (items.length > 0) return { items, next: page.next };
    after = page.next;
  }
  return { items: [], next: after };
}

type Order = "oldest" | "newest";

function firstPlace({ from, to }: Filter, order: Order): string {
  const edge = order === "oldest" ? from : to;
  return edge === undefined ? "" : auditAfter(Date.parse(edge));
}

export const ListAudit = declareAdmin({
  name: "ListAudit",
  method: "GET",
  path: "/audit",
  group,
  summary:
    "The audit log; a filtered page may hold few rows, or none, and yet have a next one. The cursor of one order serves the other too: it leads back.",
  admits: readers,
  params: nothing,
  query: z.strictObject({
    ...pageQuery.shape,
    ...filter,
    order: z.enum(["oldest", "newest"]).default("oldest").describe("Which row comes first."),
  }),
  body: null,
  reply: pageOf(auditForm),
  status: 200,
  errors: ["NoSuchEntity"],
}).handledBy(async ({ query }, context) => replyPage(search(context, query, rangeOf(query), query.order), showAudit));

/** In slices, so that a long file does not keep others waiting. @throws AdminError LimitExceeded: a cut file must not look whole */
async function searchAll(context: AdminContext, query: Filter): Promise<AuditRecord[]> {
  const items: AuditRecord[] = [];
  for (let after = ""; ; ) {
    const page = search(context, query, { after, limit: limits.directoryPageMax }, "oldest");
    items.push(...page.items);
    if (items.length > limits.adminAuditExportMax) {
      throw new AdminError("LimitExceeded", `More than ${limits.adminAuditExportMax} rows: choose less.`);
    }
    if (page.next === null) return items;
    after = page.next;
    await new Promise((resolve) => setImmediate(resolve));
    context.reader.refresh();
  }
}

const columns = ["at", "action", "outcome", "account", "target", "by", "original", "via", "address", "detail"];

export const ExportAudit = declareAdmin({
  name: "ExportAudit",
  method: "GET",
  path: "/audit.csv",
  group,
  summary: "The audit log of an interval as CSV, oldest first.",
  admits: readers,
  params: nothing,
  query: filterQuery,
  body: null,
  reply: { kind: "text", contentType: "text/csv; charset=utf-8" },
  status: 200,
  errors: ["NoSuchEntity", "LimitExceeded"],
}).handledBy(async ({ query }, context) => {
  context.setHeader("content-disposition", 'attachment; filename="audit.csv"');
  const items = await searchAll(context, query);
  const rows = items.map((record) => [
    atTime(record.atMs),
    record.action,
    record.outcome,
    record.accountId,
    record.target,
    `${record.by.accountId}/${record.by.name}`,
    record.by.original === null ? "" : `${record.by.original.accountId}/${record.by.original.name}`,
    record.by.via,
    record.by.address ?? "",
    JSON.stringify(record.detail),
  ]);
  return csvOf(columns, rows);
});
