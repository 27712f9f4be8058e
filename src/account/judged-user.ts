/** Applies the table of authority to what a user signs in with: its sessions, tokens, password and second factor. */

import type { Outcome } from "../base/outcome.ts";
import type { SignInMessages } from "../control/identity-messages.ts";
import type { Actor, UserRecord } from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import type { ControlCompare, ControlStore } from "../control/store.ts";
import { type Asking, mayDo, type Whom } from "./authority.ts";
import { type FoundUser, maySignIn, readUser, userCompare } from "./identity-provider.ts";
import { isBelow, lineageInStore } from "./lineage.ts";

/** The user that something is done to, and what must still hold when it is done. */
export interface JudgedUser extends FoundUser {
  readonly compare: readonly ControlCompare[];
}

interface Asked {
  readonly asking: Asking;
  /** Record of who asks; null for the product itself and for roles. */
  readonly helper: FoundUser | null;
}

/**
 * The user that `request` is about, when `by` may do `message` to it. Who asks is read anew: one who was demoted or disabled
 * a moment ago may nothing. Refuses with AccessDenied, and with NoSuchEntity only who might have done it.
 */
export async function judgeUser(
  store: ControlStore,
  message: keyof SignInMessages,
  request: { readonly by: Actor; readonly accountId: string; readonly userName: string },
): Promise<Outcome<JudgedUser>> {
  const { by, accountId, userName } = request;
  const asked = await askedBy(store, by);
  if (asked === null) return refused("AccessDenied");
  const found = await readUser(store, accountId, userName);
  const place = by.accountId === accountId ? "own" : "elsewhere";
  if (!mayDo(message, asked.asking, place, whomOf(by, accountId, userName, found?.user)))
    return refused("AccessDenied");
  if (found === null) return refused("NoSuchEntity");
  const helping = asked.helper === null ? [] : [userCompare(asked.helper)];
  return accepted({ user: found.user, revision: found.revision, compare: [userCompare(found), ...helping] });
}

function whomOf(by: Actor, accountId: string, userName: string, user: UserRecord | undefined): Whom {
  if (by.kind === "user" && by.accountId === accountId && by.name === userName) return "self";
  return user?.role ?? "user";
}

/** Null when who asks is not in force. */
async function askedBy(store: ControlStore, by: Actor): Promise<Asked | null> {
  if (by.kind === "system") {
    return by.via === "system" ? { asking: { rank: "system", isActing: false }, helper: null } : null;
  }
  const isActing = by.original !== null;
  if (by.kind === "role") return { asking: { rank: "role", isActing }, helper: null };
  const helper = await readUser(store, by.original?.accountId ?? by.accountId, by.original?.name ?? by.name);
  if (helper === null || !(await maySignIn(store, helper.user))) return null;
  if (!isActing) return { asking: { rank: helper.user.role, isActing }, helper };
  const accounts = await lineageInStore(store, by.accountId);
  const isAbove = helper.user.role === "root" && accounts !== null && isBelow(accounts, helper.user.accountId);
  return isAbove ? { asking: { rank: "root", isActing }, helper } : null;
}
