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

/** What the console offers beside the menu; the rows themselves decide. Read anew with each request. */
export function capabilitiesOf(context: AdminContext) {
  const { account, role, isActing, proof } = context.caller;
  const isRootAbove = account.kind !== "customer" && role === "root";
  return {
    createBuckets: context.allows("s3:CreateBucket", "*"),
    createUsers: context.allows("iam:CreateUser", "*"),
    createPolicies: context.allows("iam:CreatePolicy", "*"),
    createAccounts: isRootAbove,
    actAs: isRootAbove && !isActing && proof === "session",
    setAccountAddresses: role !== "user",
    editAccount: role === "root",
    readAudit: role !== "user",
    diagnose: account.kind === "operator" && role === "root",
    changeCredentials: proof === "session" && !isActing,
  };
}
