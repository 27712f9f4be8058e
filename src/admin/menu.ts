/** What the console's menu shows to whom: by role and kind of account, and by what policies allow a User. */

import type { AdminContext } from "./context.ts";

export type MenuItem = "buckets" | "users" | "policies" | "customers" | "stats" | "audit" | "apiGuide" | "support";

/** The items in the order of the menu. Read anew with each request, so that a promotion shows at once. */
export function menuOf(context: AdminContext): MenuItem[] {
  const { caller } = context;
  const isAbove = caller.account.kind !== "customer" && caller.role !== "user";
  const items: readonly (readonly [item: MenuItem, isShown: boolean])[] = [
    ["buckets", true],
    ["users", context.allows("iam:ListUsers", "*")],
    ["policies", context.allows("iam:ListPolicies", "*")],
    ["customers", isAbove],
    ["stats", true],
    ["audit", caller.role !== "user"],
    ["apiGuide", true],
    ["support", true],
  ];
  return items.filter(([, isShown]) => isShown).map(([item]) => item);
}
