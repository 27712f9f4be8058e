/** Who may end what another user signs in with: its sessions, tokens, second factor. In its own account, below its own role only. */

import type { Outcome } from "../base/outcome.ts";
import type { Actor, Role, UserRecord } from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import { type FoundUser, maySignIn } from "./identity-provider.ts";
import { isBelow, lineageInStore } from "./lineage.ts";
import { readUser, type SignInPorts } from "./sign-in-ports.ts";

const ranks: Readonly<Record<Role, number>> = { root: 2, admin: 1, user: 0 };

export interface HelpRules {
  /** The user may do it without help. */
  readonly self: boolean;
  /** It may be done by one who acts as another. */
  readonly acting: boolean;
}

/**
 * The user whom `by` helps. The roles are read anew: who was demoted a moment ago helps nobody. The product itself may help
 * everybody. Refuses with AccessDenied, and with NoSuchEntity who may help in that account.
 */
export async function judgeHelp(
  ports: SignInPorts,
  request: { readonly by: Actor; readonly accountId: string; readonly userName: string },
  rules: HelpRules,
): Promise<Outcome<FoundUser>> {
  const { by, accountId, userName } = request;
  const helper = await helperOf(ports, by);
  if (helper === null) return refused("AccessDenied");
  const isSelf = helper !== "system" && by.accountId === accountId && by.name === userName;
  const isAllowed = isSelf ? rules.self && by.original === null : mayHelpIn(helper, by, accountId, rules);
  if (!isAllowed) return refused("AccessDenied");
  const found = await readUser(ports.store, accountId, userName);
  if (found === null) return refused("NoSuchEntity");
  const isBelowHelper = helper === "system" || isSelf || ranks[found.user.role] < ranks[helper.role];
  return isBelowHelper ? accepted(found) : refused("AccessDenied");
}

function mayHelpIn(helper: UserRecord | "system", by: Actor, accountId: string, rules: HelpRules): boolean {
  if (helper === "system") return true;
  if (helper.accountId !== accountId || helper.role === "user") return false;
  return rules.acting || by.original === null;
}

/** The identity in force of who asks; null when it has none that could help. */
async function helperOf(ports: SignInPorts, by: Actor): Promise<UserRecord | "system" | null> {
  if (by.kind === "system") return "system";
  if (by.kind === "role") return null;
  if (by.original !== null && !(await mayStillAct(ports, by.original, by.accountId))) return null;
  const found = await readUser(ports.store, by.accountId, by.name);
  // The Root of an account below is acted as even before its owner has signed in for the first time.
  const isUsable = found !== null && (by.original !== null || (await maySignIn(ports.store, found.user)));
  return isUsable ? found.user : null;
}

async function mayStillAct(
  ports: SignInPorts,
  original: NonNullable<Actor["original"]>,
  accountId: string,
): Promise<boolean> {
  const found = await readUser(ports.store, original.accountId, original.name);
  if (found === null || found.user.role !== "root" || !(await maySignIn(ports.store, found.user))) return false;
  const accounts = await lineageInStore(ports.store, accountId);
  return accounts !== null && isBelow(accounts, original.accountId);
}
