/** Owners and initiators as S3 shows them. */

import type { AccountRecord } from "../control/identity-records.ts";
import type { Services } from "./context.ts";

/** @returns the members of an `Owner` or `Initiator` */
export const ownerOf = (account: AccountRecord): { readonly ID: string; readonly DisplayName: string } => ({
  ID: account.canonicalId,
  DisplayName: account.displayName,
});

/** The owner of what an account has; without a name when the account's record is not known here. */
export const ownerOfAccount = (
  control: Services["control"],
  accountId: string,
): { ID: string; DisplayName?: string } => {
  const account = control.account(accountId);
  return account === undefined ? { ID: accountId } : ownerOf(account);
};
