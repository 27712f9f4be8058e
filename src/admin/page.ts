/** Pages of lists: `after` and `limit` in, `next` out. A cursor is opaque and names the last item, so that pages hold while items come and go. */

import { z } from "zod";
import type { Page, PageRequest } from "../account/directory.ts";
import { limits } from "../base/limits.ts";
import { AdminError } from "./problem.ts";

export const pageQuery = z.strictObject({
  after: z.string().max(limits.adminCursorCharsMax).optional().describe("`next` of the page before."),
  limit: z.int().min(1).max(limits.adminPageMax).default(limits.adminPageDefault).describe("Most items of the page."),
});

/** The reply of a list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({
    items: z.array(item),
    next: z.string().nullable().describe("Cursor of the next page; null = this is the last."),
  });
}

/** @throws AdminError InvalidInput for a cursor that was never given out */
export function rangeOf(query: z.output<typeof pageQuery>): PageRequest {
  const { after, limit } = query;
  if (after === undefined) return { after: "", limit };
  const text = Buffer.from(after, "base64url").toString("utf8");
  if (text === "" || Buffer.from(text).toString("base64url") !== after) {
    throw new AdminError("InvalidInput", "", { faults: [{ pointer: "?after", detail: "is not a cursor" }] });
  }
  return { after: text, limit };
}

export function replyPage<T, R>(page: Page<T>, show: (item: T) => R): { items: R[]; next: string | null } {
  return {
    items: page.items.map(show),
    next: page.next === null ? null : Buffer.from(page.next).toString("base64url"),
  };
}
