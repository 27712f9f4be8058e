/** The public access blocks of accounts. Part of the control actor. */

import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import { type AccountRecord, identityKeys } from "./identity-records.ts";
import { accepted, type ControlReply, type ControlRequest, refused } from "./messages.ts";
import type { ControlStore } from "./store.ts";
import { getTyped, putTyped } from "./typed-records.ts";

type Message = "account.setPublicAccessBlock";

/** AccessDenied for an account that is not active, ServiceUnavailable. */
export async function setPublicAccessBlock(
  store: ControlStore,
  { accountId, block }: ControlRequest<Message>,
): Promise<Outcome<ControlReply<Message>>> {
  const key = identityKeys.publicAccessBlock(accountId);
  for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
    const account = await getTyped<AccountRecord>(store, identityKeys.account(accountId));
    // What is being deleted must not leave a record behind.
    if (account.value?.status !== "active") return refused("AccessDenied");
    const { revision } = await getTyped(store, key);
    const compared = [
      { key: identityKeys.account(accountId), revision: account.revision },
      { key, revision },
    ];
    if (block === null && revision === 0n) return accepted({});
    const change = block === null ? ({ kind: "remove", key } as const) : putTyped(key, block);
    if (await store.txn(compared, [change])) return accepted({});
  }
  return refused("ServiceUnavailable");
}
