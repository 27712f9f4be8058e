/** An account and the accounts above it. */

import { limits } from "../base/limits.ts";
import { type AccountRecord, identityKeys } from "../control/identity-records.ts";
import type { ControlStore } from "../control/store.ts";
import { getTyped } from "../control/typed-records.ts";

/** The account itself, then its parent, up to one without; null when one is missing or there are more than `limits.accountDepthMax`. */
export type Lineage = readonly AccountRecord[] | null;

export function lineage(read: (accountId: string) => AccountRecord | undefined, accountId: string): Lineage {
  const found: AccountRecord[] = [];
  for (let id: string | null = accountId; id !== null; ) {
    const account = read(id);
    if (account === undefined || found.length >= limits.accountDepthMax) return null;
    found.push(account);
    id = account.parent;
  }
  return found;
}

export async function lineageInStore(store: ControlStore, accountId: string): Promise<Lineage> {
  const found: AccountRecord[] = [];
  for (let id: string | null = accountId; id !== null; ) {
    const { value }: { value: AccountRecord | undefined } = await getTyped<AccountRecord>(
      store,
      identityKeys.account(id),
    );
    if (value === undefined || found.length >= limits.accountDepthMax) return null;
    found.push(value);
    id = value.parent;
  }
  return found;
}

/** Credentials of the account work: neither it nor an account above it is suspended or on its way out. */
export function isInForce(accounts: Lineage): accounts is readonly AccountRecord[] {
  return accounts?.every(({ status }) => status === "active") === true;
}

/** True when the first account of `accounts` stands below `accountId`, at any depth; an account is not below itself. */
export function isBelow(accounts: readonly AccountRecord[], accountId: string): boolean {
  return accounts.slice(1).some((above) => above.accountId === accountId);
}
