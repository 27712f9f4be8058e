/** Who may act on whose buckets, until the policy engine decides. Pure. */

import { builtInPolicyArn } from "../control/identity-ids.ts";
import type { AccountRecord } from "../control/identity-records.ts";
import type { Principal } from "../control/records.ts";

/** The managed policy that allows everything inside the user's own account. */
const administratorAccess = builtInPolicyArn("AdministratorAccess");

/** False for a reseller: its keys, and what was presigned with them, do not work. */
export function mayUseKeys(account: AccountRecord): boolean {
  return account.kind !== "reseller";
}

/**
 * True when `principal` may do everything in the account `ownerAccountId`: it belongs to that account, the account may use
 * keys, and it is Root or an admin or has AdministratorAccess. False means AccessDenied.
 */
export function mayActOn(principal: Principal, ownerAccountId: string): boolean {
  const { account, user } = principal;
  if (!mayUseKeys(account) || account.accountId !== ownerAccountId || user.accountId !== account.accountId)
    return false;
  if (user.role === "root" || user.role === "admin") return true;
  return user.attached.includes(administratorAccess);
}
